"""What is asked of a service before the timelock lists it: its horizon covers its own words."""

from __future__ import annotations

from ethwire.constants import ZERO_ADDRESS
from keifu.chain import ChainClient
from keifu.errors import CheckFailed, KeifuError, UsageError
from keifu.staking.status import SHOWS_TERMS
from keifu.units import duration

__all__ = ["longest_fault", "require_horizon"]


def longest_fault(client: ChainClient, service: str) -> int:
    """Seconds from a fault to its slash at the longest: the evidence window, and the dispute or the court's case.

    Raises CheckFailed when the service, or the court that it names, does not show its terms.
    """
    window, rounds, court, _, _ = _terms(client, service, "the service")
    if court == ZERO_ADDRESS:
        return int(window) + int(rounds)
    _, longest_case, *_ = _terms(client, court, "its court")
    return int(window) + max(int(rounds), int(longest_case))


def require_horizon(client: ChainClient, service: str, horizon: int) -> None:
    """Raises UsageError when a fault can be proved after the horizon: then a slash would come too late."""
    needed = longest_fault(client, service)
    if horizon < needed:
        raise UsageError(
            f"a fault of {service} may be slashed {duration(needed)} after it, the horizon is {duration(horizon)}",
            remedy=f"--horizon {duration(needed)!r}, or longer",
        )


def _terms(client: ChainClient, service: str, what: str) -> tuple[int, int, str, int, int]:
    try:
        found: tuple[int, int, str, int, int] = client.at(service, SHOWS_TERMS).terms()
    except KeifuError as error:
        raise CheckFailed(f"{what} at {service} does not show its terms: {error.message}") from error
    return found
