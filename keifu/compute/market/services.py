"""Services at the compute market: what an operator promises about an environment, and what that costs.

Times are unix seconds, reserves wei.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.firsts import paid_out, still, until_done
from keifu.chain.logs import find_events
from keifu.chain.suite import COMPUTE, DISPUTES
from keifu.compute.market.refusals import explained, place_of, send
from keifu.compute.promises import Offer
from keifu.errors import CheckFailed, KeifuError, UsageError
from keifu.staking.actions import lock
from keifu.units import coins

__all__ = [
    "Announced",
    "Served",
    "ServiceState",
    "bind",
    "change_offer",
    "end",
    "lock_coins",
    "offers_of",
    "read_service",
    "serve",
    "served_of",
    "service_reserve",
    "settle",
    "unlock",
    "withdraw",
    "withdraw_each",
]

LONGEST_ENDPOINT = 256  # bytes
SETTLED_AT_ONCE = 16  # of each kind in one call


@dataclass(frozen=True)
class ServiceState:
    """A service as it was promised; all zero when nothing was."""

    since: int  # first second that receipts answer for
    last: int
    until: int  # end of the evidence window
    reserve: int  # 0 once the promise is over

    def runs(self, now: int) -> bool:
        return self.reserve > 0 and now <= self.last

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {"since": self.since, "last": self.last, "until": self.until, "reserve": str(self.reserve)}


@dataclass(frozen=True)
class Announced:
    """An offer, and from when it counts."""

    offer: Offer
    since: int

    def data(self) -> dict[str, Any]:
        return {**self.offer.data(), "since": self.since}


@dataclass(frozen=True)
class Served:
    """A service as its operator said last: where it is found, and until when; it may have ended earlier."""

    since: int
    last: int
    endpoint: str


def serve(chain: Deployer, suite: Deployment, environment: bytes, offer: Offer, endpoint: str, last: int) -> None:
    """Promise that the sender's receipts about an environment are true until `last`, or prolong that promise. A first
    offer counts at once, another one a day later. Raises Revert."""
    if len(endpoint.encode()) > LONGEST_ENDPOINT:
        raise UsageError(f"an endpoint of {len(endpoint)} characters", remedy=f"at most {LONGEST_ENDPOINT} bytes")
    send(chain, suite, COMPUTE, "serve", environment, offer.args, endpoint, last)


def change_offer(
    chain: Deployer, suite: Deployment, environment: bytes, offer: Offer, endpoint: str, last: int = 0
) -> int:
    """Announce another offer of the sender's running service; from when it counts. Raises CheckFailed when none runs,
    and Revert while another offer is under notice."""
    where = place_of(suite, COMPUTE)
    now = ServiceState(*chain.call(where, COMPUTE, "service", chain.sender, environment))
    if not now.runs(chain.now):
        raise CheckFailed(f"{chain.sender} serves no such environment now", remedy="serve it first")
    serve(chain, suite, environment, offer, endpoint, max(now.last, last))
    since: int = chain.call(where, COMPUTE, "offer", chain.sender, environment)[2]
    return since


def end(chain: Deployer, suite: Deployment, environment: bytes, operator: str = "") -> None:
    """End the sender's service early, or another's once the market is removed. Raises Revert."""
    send(chain, suite, COMPUTE, "end", operator or chain.sender, environment)


def settle(
    chain: Deployer, suite: Deployment, operator: str, environments: Sequence[bytes], channels: Sequence[bytes]
) -> None:
    """Free what an operator's services and covers reserve that are over. Raises Revert."""
    due = _due(chain, suite, operator, environments, channels)

    def free(named: list[list[bytes]]) -> None:
        if any(named):
            send(chain, suite, COMPUTE, "settle", operator, *named)

    until_done(due, free)


def lock_coins(chain: Deployer, suite: Deployment, amount: int, contract: str = COMPUTE) -> int:
    """Put so many wei behind the sender's promises; its whole lock. Raises CheckFailed and Revert."""
    return lock(chain, suite, place_of(suite, contract), chain.sender, amount)


def unlock(
    chain: Deployer,
    suite: Deployment,
    amount: int,
    environments: Sequence[bytes] = (),
    channels: Sequence[bytes] = (),
    contract: str = COMPUTE,
) -> None:
    """Free so many wei of the sender's lock, after settling what is named; disputes have no environments. Raises
    Revert."""
    due = _due(chain, suite, chain.sender, environments, channels, contract)
    first = 1 if contract == DISPUTES else 0
    until_done(due, lambda named: send(chain, suite, contract, "unlock", amount, *named[first:]))


def bind(chain: Deployer, suite: Deployment, operator: str = "") -> None:
    """Tell the hub what an operator's promises need: that much of its lock earns. Raises Revert."""
    send(chain, suite, COMPUTE, "bind", operator or chain.sender)


def withdraw(chain: Deployer, suite: Deployment, receiver: str = "", contract: str = COMPUTE) -> int:
    """Pay out what the market, its orders, disputes or panels owe the sender; wei, 0 when they owe nothing. Anybody may
    have it paid to the sender: then it is done. Raises Revert."""
    with explained():
        return paid_out(chain, place_of(suite, contract), contract, receiver)


def withdraw_each(chain: Deployer, suite: Deployment, receiver: str, contracts: Sequence[str]) -> int:
    """The same of those of several contracts that the suite has; wei. Raises Revert, which also says what was paid
    before it."""
    paid = 0
    for contract in (name for name in contracts if name in suite.addresses):
        try:
            paid += withdraw(chain, suite, receiver, contract)
        except KeifuError as error:
            if paid:
                error.message = f"{coins(paid)} coins were paid to {receiver or chain.sender}; then {error.message}"
            raise
    return paid


def _due(
    chain: Deployer,
    suite: Deployment,
    operator: str,
    environments: Sequence[bytes],
    channels: Sequence[bytes],
    contract: str = COMPUTE,
) -> Callable[[], list[list[bytes]]]:
    """Finds which services and covers of those are not settled."""
    where = place_of(suite, contract)
    services = still(_few(environments), lambda item: chain.call(where, contract, "service", operator, item)[-1] > 0)
    covers = still(_few(channels), lambda item: chain.call(where, contract, "cover_of", item, operator)[-1] > 0)
    return lambda: [services(), covers()]


# what the chain says ------------------------------------------------------------------------------------------------


def read_service(market: Contract, operator: str, environment: bytes) -> ServiceState:
    return ServiceState(*market.service(operator, environment))


def service_reserve(market: Contract) -> int:
    """Wei of a lock that one service needs."""
    reward: int = market.reward()
    return (reward * 5 + 3) // 4 + reward


def offers_of(
    client: ChainClient, market: Contract, operator: str, environment: bytes, first_block: int = 0
) -> list[Announced]:
    """What a service has cost, oldest first, the offer that is under notice included: compared with the hash that the
    contract has. Raises CheckFailed when the node's log has it not."""
    logs = find_events(client, market, "OfferAnnounced", first_block, operator=operator, environment=environment)
    found = [Announced(Offer(*log.args["offer"]), log.args["effective_from"]) for log in logs]
    _, newest, since = market.offer(operator, environment)
    if found and (found[-1].offer.hash, found[-1].since) == (bytes(newest), since):
        return found
    if not found and not any(newest):
        return []
    raise CheckFailed(
        f"the log of {market.address} has not the offer that {operator} announced last",
        remedy="ask another endpoint, or from the block in which the market was made",
    )


def served_of(
    client: ChainClient, market: Contract, operator: str, environment: bytes, first_block: int = 0
) -> Served | None:
    """What the newest event says; None when the operator never served there."""
    found = None
    for log in find_events(client, market, "Served", first_block, operator=operator, environment=environment):
        found = Served(log.args["since"], log.args["last"], log.args["endpoint"])
    return found


def _few(ids: Sequence[bytes]) -> list[bytes]:
    if len(ids) > SETTLED_AT_ONCE:
        raise UsageError(f"{len(ids)} promises in one call", remedy=f"at most {SETTLED_AT_ONCE} of each kind at a time")
    return list(ids)
