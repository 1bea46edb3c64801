"""What the hub says about operators and services, in records. Amounts are wei, times unix seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import named_in
from keifu.chain.services import SERVICE_INTERFACE
from keifu.errors import KeifuError

__all__ = [
    "OperatorStatus",
    "ServiceStatus",
    "find_operators",
    "find_services",
    "read_operator",
    "read_operators",
    "read_service",
    "read_services",
]


@dataclass(frozen=True)
class OperatorStatus:
    """One operator; `price` is what a share is worth, coins (1 until delegators are slashed)."""

    operator: str
    locked: int  # own coins, at every service that was asked for
    bound: int  # of them, what promises need: this earns
    delegated: int
    capacity: int  # that delegators can still stake
    unbonding: int
    commission_bps: int
    price: float
    credit: int

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {key: str(value) if type(value) is int else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class ServiceStatus:
    """One service, by the hub and by its own word; what it does not say is None."""

    service: str
    horizon: int  # longest time from a fault to its slash
    max_multiple: int  # of delegators' exposure
    removed: int  # 0 while listed
    taken: int  # by its slashes so far
    evidence_window: int | None = None
    rounds: int | None = None  # its own dispute at the longest
    court: str | None = None  # which decides what code cannot
    smallest: int | None = None  # restitution of one promise
    largest: int | None = None

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        named = ("taken", "smallest", "largest")
        amounts = {name: None if (wei := getattr(self, name)) is None else str(wei) for name in named}
        return {**asdict(self), **amounts}


def read_operator(hub: Contract, operator: str, services: Iterable[str] = ()) -> OperatorStatus:
    """Read one operator and its locks behind `services`; an unknown one has nothing at stake."""
    bound, exposure, delegated, shares, _, unbonding, commission, _ = hub.operator_state(operator)
    return OperatorStatus(
        operator=operator,
        locked=sum(hub.lock_of(service, operator) for service in services),
        bound=bound,
        delegated=delegated,
        capacity=max(exposure - delegated, 0),
        unbonding=unbonding,
        commission_bps=commission,
        price=delegated / shares if shares else 1.0,
        credit=hub.credit(operator),
    )


def read_operators(hub: Contract, operators: Iterable[str], services: Iterable[str] = ()) -> list[OperatorStatus]:
    known = list(services)
    return [read_operator(hub, operator, known) for operator in operators]


def read_service(client: ChainClient, hub: Contract, service: str) -> ServiceStatus:
    """Read one service. One that does not answer, or not as an `IService` does, is shown with what the hub knows."""
    known: tuple[int, int, int, int] = hub.service(service)
    listed = ServiceStatus(service, *known)
    try:
        window, rounds, court, smallest, largest = client.at(service, SERVICE_INTERFACE).terms()
    except KeifuError:
        return listed
    said = None if court == ZERO_ADDRESS else court
    return ServiceStatus(service, *known, window, rounds, said, smallest, largest)


def read_services(client: ChainClient, hub: Contract, services: Iterable[str]) -> list[ServiceStatus]:
    return [read_service(client, hub, service) for service in services]


def find_operators(client: ChainClient, hub: Contract, first_block: int = 0) -> list[str]:
    """Every operator that has announced terms, in order of its first announcement."""
    return named_in(client, hub, "TermsAnnounced", first_block)


def find_services(client: ChainClient, hub: Contract, first_block: int = 0) -> list[str]:
    """Every service that was ever listed, in order of its first listing."""
    return named_in(client, hub, "ServiceListed", first_block)
