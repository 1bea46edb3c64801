"""What an operator has promised about an environment, and what of its coins answers for it: read, made, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ethwire.constants import ZERO_ADDRESS
from keifu.chain import Deployer
from keifu.chain.firsts import still, until_done
from keifu.chain.suite import HEARTBEATS, HUB
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.staking import KeyKind
from keifu.staking.actions import lock
from keifu.staking.hotkeys import name_key, retire_at
from keifu.units import coins, day

__all__ = ["Standing", "bind", "leave", "standing_of"]


@dataclass(frozen=True)
class Standing:
    """An operator's binding and lock: amounts in wei, times in unix seconds."""

    operator: str
    last: int  # last second of the binding
    until: int  # end of the evidence window
    reserve: int  # of this binding; 0 when nothing is promised
    locked: int
    reserved: int  # by all bindings
    cost: int  # what one binding reserves

    @property
    def is_bound(self) -> bool:
        return self.reserve > 0

    @property
    def missing(self) -> int:
        """What has to be locked for a binding to the environment."""
        needed = self.reserved + (0 if self.is_bound else self.cost)
        return max(needed - self.locked, 0)

    @property
    def locked_words(self) -> str:
        return f"{coins(self.locked)} coins"

    @property
    def needed_words(self) -> str:
        return f"{coins(self.reserved + (0 if self.is_bound else self.cost))} coins"

    @property
    def missing_words(self) -> str:
        return coins(self.missing)


def standing_of(chain: NodeChain, node: str, environment: bytes) -> Standing:
    """How the operator stands for whom `node` signs heartbeats."""
    now = int(chain.newest().timestamp, 16)
    service = chain.suite.at(chain.client, HEARTBEATS)
    operator = service.operator_of(node, KeyKind.HEARTBEAT, now)
    if operator == ZERO_ADDRESS:
        raise EnvironmentFault(
            f"key {node} signs heartbeats for nobody: it was retired, or named for something else",
            remedy="make the node anew with another key",
        )
    return _standing(chain, operator, environment)


def _standing(chain: NodeChain, operator: str, environment: bytes) -> Standing:
    service, hub = chain.suite.at(chain.client, HEARTBEATS), chain.suite.at(chain.client, HUB)
    _, last, until, reserve = service.binding(operator, environment)
    return Standing(
        operator=operator,
        last=last,
        until=until,
        reserve=reserve,
        locked=hub.lock_of(service.address, operator),
        reserved=service.reserved(operator),
        cost=service.damages() + service.penalty(),
    )


def bind(
    chain: NodeChain,
    deployer: Deployer,
    node: Account,
    environment: bytes,
    last: int,
    *,
    most: int | None = None,
    retire: Sequence[str] = (),
) -> Standing:
    """Promise, as the operator who sends, that what `node` signs about the environment is true until `last`: retire the
    keys that it takes the place of, name it, lock what is missing (no more than `most` wei), and bind. What is done
    already is not done again. Raises Revert and CheckFailed."""
    suite, operator = chain.suite, deployer.sender
    service = suite[HEARTBEATS]
    if deployer.call(suite[HUB], HUB, "operator_state", operator)[-1] == 0:
        raise CheckFailed(f"{operator} is no operator", remedy="keifu staking register --metadata https://…")
    missing = _standing(chain, operator, environment).missing
    if most is not None and missing > most:
        raise CheckFailed(
            f"{coins(missing)} coins have to be locked, {coins(most)} are the most that you give",
            remedy="raise --most; nothing was sent",
        )
    for key in retire:  # first: two machines never act at the same time
        retire_at(deployer, suite, HEARTBEATS, key)
    _name_key(chain, deployer, node)
    if missing:
        lock(deployer, suite, service, operator, missing)
    deployer.call(service, HEARTBEATS, "bind", environment, last)
    return _standing(chain, operator, environment)


def _name_key(chain: NodeChain, deployer: Deployer, node: Account) -> None:
    operator, service = deployer.sender.lower(), chain.suite[HEARTBEATS]
    named, kind, _, until = deployer.call(service, HEARTBEATS, "key", node.address)
    if node.address.lower() == operator or (named.lower() == operator and kind == KeyKind.HEARTBEAT and not until):
        return
    if named != ZERO_ADDRESS:
        raise CheckFailed(
            f"key {node.address} belongs to {named} already, or was retired",
            remedy="make the node anew with another key",
        )
    name_key(deployer, chain.suite, chain.id, node, KeyKind.HEARTBEAT)


def leave(chain: NodeChain, deployer: Deployer, environment: bytes) -> str:
    """End the sender's binding, or take its coins back when the evidence window is over; what was done, and what comes
    next. Raises CheckFailed when there is nothing to end yet."""
    operator, service, now = deployer.sender, chain.suite[HEARTBEATS], deployer.now
    standing = _standing(chain, operator, environment)
    if standing.is_bound and now < standing.last:
        deployer.call(service, HEARTBEATS, "end", operator, environment)
        until = _standing(chain, operator, environment).until
        return f"ended; {coins(standing.reserve)} coins are free after {day(until)}: call this again then"
    if standing.is_bound and now <= standing.until:
        raise CheckFailed(
            f"heartbeats can still be reported until {day(standing.until)}", remedy="call this again then"
        )
    due = still(
        [environment] if standing.is_bound else [],
        lambda item: deployer.call(service, HEARTBEATS, "binding", operator, item)[-1] > 0,
    )
    free = standing.locked - standing.reserved + standing.reserve
    if not free:
        raise CheckFailed(f"{operator} has nothing locked that is free", remedy="nothing is left to do")
    until_done(lambda: [due()], lambda left: deployer.call(service, HEARTBEATS, "unlock", free, *left))
    return f"{coins(free)} coins were freed: keifu staking collect pays them out"
