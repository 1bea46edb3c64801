"""Services are data: which contracts of the suite stand on the hub, by which terms, how the timelock lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from ethwire.constants import ZERO_ADDRESS
from keifu.chain._deployer import Deployer
from keifu.chain.suite import (
    COMPUTE,
    COURT,
    DISPUTES,
    HEARTBEATS,
    HUB,
    RECORD_PROOF,
    REEXECUTION,
    STORAGE,
    TIMELOCK,
    VERIFIER,
)
from keifu.chain.timelock import advance, operation
from keifu.errors import CheckFailed, KeifuError, UsageError
from keifu.units import duration

__all__ = [
    "NOTHING",
    "SERVICES",
    "SERVICE_INTERFACE",
    "Listing",
    "Service",
    "list_now",
    "list_services",
    "longest_fault",
    "own_horizon",
    "require_horizon",
]

NOTHING: Mapping[str, int] = MappingProxyType({})
SERVICE_INTERFACE = COURT  # a packaged contract with the calls of IService


class _Suite(Protocol):
    def __getitem__(self, name: str) -> str: ...


@dataclass(frozen=True)
class Service:
    """One contract of the suite that operators put coins behind. Its horizon is what its own terms need."""

    contract: str
    max_multiple: int  # most times the penalty that delegators may lose there


SERVICES = (
    Service(COURT, 0),
    Service(HEARTBEATS, 4),
    Service(VERIFIER, 0),
    Service(COMPUTE, 4),
    Service(STORAGE, 4),
    Service(DISPUTES, 4),
    Service(REEXECUTION, 4),
    Service(RECORD_PROOF, 4),
)


@dataclass(frozen=True)
class Listing:
    """Where a service stands: listed, or queued until `ready` (unix seconds)."""

    service: str
    horizon: int
    max_multiple: int
    ready: int  # 0 when it is listed

    @property
    def listed(self) -> bool:
        return self.ready == 0


class _Reader(Protocol):
    def call(self, address: str, name: str, function: str, *args: Any) -> Any: ...


def longest_fault(chain: _Reader, service: str) -> int:
    """Seconds from a fault to its slash at the longest: the evidence window, and the dispute or the court's case.

    Raises CheckFailed when the service, or the court that it names, does not show its terms.
    """
    window, rounds, court, _, _ = _terms(chain, service, "the service")
    if court in (ZERO_ADDRESS, service):
        return int(window) + int(rounds)
    _, longest_case, *_ = _terms(chain, court, "its court")
    return int(window) + max(int(rounds), int(longest_case))


def require_horizon(chain: Deployer, service: str, horizon: int) -> None:
    """Raises UsageError when a fault can be proved after the horizon: then a slash would come too late."""
    needed = longest_fault(chain, service)
    if horizon < needed:
        raise UsageError(
            f"a fault of {service} may be slashed {duration(needed)} after it, the horizon is {duration(horizon)}",
            remedy=f"--horizon {duration(needed)!r}, or longer",
        )


def own_horizon(chain: _Reader, service: Service, address: str, agreed: Mapping[str, int]) -> int:
    """What a service's own terms need, seconds. Raises CheckFailed when something else was agreed to for it."""
    found = longest_fault(chain, address)
    if found != (said := agreed.get(service.contract, found)):
        raise CheckFailed(
            f"{service.contract} needs a horizon of {duration(found)}, and {duration(said)} was agreed to",
            remedy="ask another node: the terms of a service do not change",
        )
    return found


def list_services(
    chain: Deployer, suite: _Suite, services: Sequence[Service] = SERVICES, *, agreed: Mapping[str, int] = NOTHING
) -> list[Listing]:
    """Queue what the timelock has not listed yet, and execute what is ready. Safe to call again; the sender proposes
    and executes in the timelock. `agreed` are the horizons that a plan names, by contract. Raises Revert with the
    timelock's or the hub's reason, CheckFailed when a horizon is another one."""
    return [_list(chain, suite, service, agreed) for service in services]


def list_now(
    chain: Deployer, suite: _Suite, wait: Callable[[int], Any], services: Sequence[Service] = SERVICES
) -> None:
    """`list_services` to its end, where the clock can be turned: `wait(seconds)` lets the timelock's delay pass."""
    if not all(service.listed for service in list_services(chain, suite, services)):
        wait(chain.call(suite[TIMELOCK], TIMELOCK, "get_minimum_delay"))
        list_services(chain, suite, services)


def _list(chain: Deployer, suite: _Suite, service: Service, agreed: Mapping[str, int]) -> Listing:
    hub, address = suite[HUB], suite[service.contract]
    found = chain.call(hub, HUB, "service", address)
    if found[0]:
        return Listing(address, found[0], found[1], 0)
    horizon = own_horizon(chain, service, address, agreed)
    terms = (address, horizon, service.max_multiple)
    call = operation(hub, chain.interface(HUB).function("list_service", len(terms)).encode(terms))
    ready = advance(chain, suite[TIMELOCK], call)
    if 0 < ready <= chain.now:  # the timelock has no delay
        ready = advance(chain, suite[TIMELOCK], call)
    return Listing(address, horizon, service.max_multiple, ready)


def _terms(chain: _Reader, service: str, what: str) -> tuple[int, int, str, int, int]:
    try:
        found: tuple[int, int, str, int, int] = chain.call(service, SERVICE_INTERFACE, "terms")
    except KeifuError as error:
        raise CheckFailed(f"{what} at {service} does not show its terms: {error.message}") from error
    return found
