"""What `keifu staking` does, over any deployer: register, lock, delegate, claim, withdraw, leave. Amounts are wei.

Whatever would be refused is found before anything is sent, so that no approval is left behind by a refused call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from keifu.abi import Contract, Receipt
from keifu.chain import Deployer, Deployment
from keifu.chain.firsts import sent_unless_done
from keifu.chain.logs import said_in
from keifu.chain.suite import HUB, TOKEN
from keifu.errors import CheckFailed, KeifuError, Revert, UsageError
from keifu.units import coins

__all__ = [
    "HUB",
    "TOKEN",
    "Position",
    "Ticket",
    "Withdrawal",
    "claim_rewards",
    "collect",
    "delegate",
    "leave",
    "lock",
    "pay",
    "position",
    "register",
    "reward",
    "set_multiple",
    "take_back",
    "withdraw",
]

LOOK_BACK = 60  # half-periods in which tickets are looked for
OWN = 0  # the sub-account: the account itself
ANY = 0  # no least amount: what a slash of this moment takes is taken
NOT_APPROVED = "token: insufficient allowance"


@dataclass(frozen=True)
class Ticket:
    """Stake that is leaving: its worth, wei, and when it matures, unix seconds."""

    id: int
    amount: int
    at: int

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {"ticket": str(self.id), "amount": str(self.amount), "at": self.at}


@dataclass
class Withdrawal:
    """What `withdraw` and `leave` did: wei asked for now and paid out, and tickets that still wait."""

    asked: int = 0
    paid: int = 0
    waiting: list[Ticket] = field(default_factory=list)


@dataclass(frozen=True)
class Position:
    """What an account has with an operator, wei but for the shares."""

    shares: int
    worth: int
    rewards: int
    tickets: list[Ticket]


def pay(chain: Deployer, suite: Deployment, amount: int, address: str, name: str, function: str, *args: Any) -> Receipt:
    """Call a function that pulls `amount` from the sender, with an approval before it where one is missing.

    Raises CheckFailed when the sender has not enough, and Revert, before the approval is sent, when the call would be
    refused with it, too: contracts of the suite pull coins last.
    """
    balance = chain.call(suite[TOKEN], TOKEN, "balanceOf", chain.sender)
    if balance < amount:
        raise CheckFailed(
            f"{chain.sender} has {coins(balance)} coins, {coins(amount)} are needed",
            remedy="pay the account first; on a local chain: keifu chain fund ADDRESS --coins AMOUNT",
        )
    if chain.call(suite[TOKEN], TOKEN, "allowance", chain.sender, address) < amount:
        try:
            chain.simulate(address, name, function, *args)
        except Revert as refusal:
            if refusal.reason != NOT_APPROVED:
                raise
        chain.call(suite[TOKEN], TOKEN, "approve", address, amount)
    return chain.transact(address, name, function, *args)


def register(chain: Deployer, suite: Deployment, commission_bps: int, metadata: str) -> None:
    """Become an operator, or announce other terms. Raises Revert."""
    known = chain.call(suite[HUB], HUB, "operator_state", chain.sender)[-1] > 0
    chain.call(suite[HUB], HUB, "set_terms" if known else "register_operator", commission_bps, metadata)


def lock(chain: Deployer, suite: Deployment, service: str, operator: str, amount: int) -> int:
    """Put `amount` of the sender's coins behind `service`, as the operator's own; the operator's whole lock there.

    Only the service gives them back. Raises Revert and CheckFailed.
    """
    if amount <= 0:
        raise UsageError("nothing to lock", remedy="give an amount of coins above zero")
    pay(chain, suite, amount, suite[HUB], HUB, "lock", service, operator, amount)
    locked: int = chain.call(suite[HUB], HUB, "lock_of", service, operator)
    return locked


def set_multiple(chain: Deployer, suite: Deployment, service: str, multiple: int) -> int:
    """Say how many times the sender's penalty at `service` its delegators may lose; unix seconds from which that
    counts. Raises Revert."""
    chain.call(suite[HUB], HUB, "set_multiple", service, multiple)
    _, _, current, raised, raised_from, _, lowered_from = chain.call(suite[HUB], HUB, "get_lock", service, chain.sender)
    epoch: int = raised_from if raised == multiple and raised_from else lowered_from
    if not epoch or current == multiple:
        epoch = chain.call(suite[HUB], HUB, "epoch")
    start: int = chain.call(suite[HUB], HUB, "epoch_start", epoch)
    return start


def take_back(chain: Deployer, suite: Deployment, service: str) -> int:
    """Take the sender's lock back from a service that was removed, once its horizon is over, and collect; wei paid.
    Raises Revert."""
    chain.call(suite[HUB], HUB, "take_back", service)
    return collect(chain, suite)


def reward(chain: Deployer, suite: Deployment, operator: str, amount: int) -> None:
    """Pay a fee to an operator and its delegators. Raises Revert and CheckFailed."""
    pay(chain, suite, amount, suite[HUB], HUB, "reward", operator, amount)


def collect(chain: Deployer, suite: Deployment) -> int:
    """Pay out the sender's credit; wei, 0 when there was nothing to send for."""
    return _paid(chain, suite, "Collected", "collect", chain.sender, OWN)


def delegate(chain: Deployer, suite: Deployment, operator: str, amount: int) -> int:
    """Stake `amount` with `operator`; the shares that the sender holds there now. Raises Revert and CheckFailed.

    Refuses to accept fewer shares than coins: a share is never worth more than a coin.
    """
    if amount <= 0:
        raise UsageError("nothing to delegate", remedy="give an amount of coins above zero")
    pay(chain, suite, amount, suite[HUB], HUB, "stake", operator, amount, amount, OWN)
    shares: int = chain.call(suite[HUB], HUB, "position", operator, chain.sender)[0]
    return shares


def claim_rewards(chain: Deployer, suite: Deployment, operator: str) -> int:
    """Pay out the sender's rewards with `operator`; wei, 0 when there was nothing to send for. Raises Revert."""
    return _paid(chain, suite, "RewardsClaimed", "claim_rewards", operator, chain.sender, OWN)


def _paid(chain: Deployer, suite: Deployment, event: str, function: str, *args: Any) -> int:
    """What a call of the hub pays, as its `event` says; nothing is sent for nothing."""
    if not chain.simulate(suite[HUB], HUB, function, *args):
        return 0
    return int(said_in(chain.transact(suite[HUB], HUB, function, *args), event)["amount"])


def withdraw(chain: Deployer, suite: Deployment, operator: str, now: int) -> Withdrawal:
    """Withdraw what has matured by `now` of the sender's stake with `operator`. What the same account withdraws
    elsewhere at the same time counts there. Raises Revert, which then also says what was done before it."""
    hub = suite[HUB]
    tickets = list(_tickets(partial(chain.call, hub, HUB), operator, chain.sender, now))
    done = _send_all(chain, hub, [_redeeming(chain, hub, ticket) for ticket in tickets if ticket.at <= now])
    done.waiting = [ticket for ticket in tickets if ticket.at > now]
    return done


def leave(chain: Deployer, suite: Deployment, operator: str, now: int) -> Withdrawal:
    """Ask for everything at `operator`, claim rewards, and withdraw what has matured by `now`. Safe to repeat, also at
    the same time: what the same account does elsewhere counts there.

    Every call is tried before the first one is sent. When one fails afterwards, as a block in between may make it, the
    error says what was done before it.
    """
    hub, ask, calls = suite[HUB], partial(chain.call, suite[HUB], HUB), list[_Call]()
    shares, worth = ask("position", operator, chain.sender)
    if shares:
        if due := chain.simulate(hub, HUB, "claim_rewards", operator, chain.sender, OWN):
            words = f"rewards of {coins(due)} coins were claimed"
            calls.append(_Call(words, "claim_rewards", (operator, chain.sender, OWN), lambda: False))
        calls.append(
            _Call(
                f"{coins(worth)} coins were asked for",
                "unstake",
                (operator, shares, ANY, OWN),
                lambda: not ask("position", operator, chain.sender)[0],
            )
        )
    tickets = _tickets(ask, operator, chain.sender, now)
    calls += [_redeeming(chain, hub, ticket) for ticket in tickets if ticket.at <= now]
    for call in calls:
        chain.simulate(hub, HUB, call.function, *call.args)
    done = _send_all(chain, hub, calls)
    done.waiting = [ticket for ticket in _tickets(ask, operator, chain.sender, now) if ticket.at > now]
    return done


@dataclass(frozen=True)
class _Call:
    """Of the hub: what it does in words, and whether the same account has done that elsewhere."""

    words: str
    function: str
    args: tuple[Any, ...]
    is_done: Callable[[], bool]


def _redeeming(chain: Deployer, hub: str, ticket: Ticket) -> _Call:
    return _Call(
        f"{coins(ticket.amount)} coins were withdrawn",
        "withdraw",
        (ticket.id, OWN),
        lambda: not chain.call(hub, HUB, "ticket", chain.sender, ticket.id)[0],
    )


def _send_all(chain: Deployer, hub: str, calls: Sequence[_Call]) -> Withdrawal:
    """Send calls; what they asked for and paid. Raises what the first that fails raises, which then also says what was
    done before it."""
    done, sent = Withdrawal(), list[str]()
    for call in calls:
        try:
            receipt = sent_unless_done(partial(chain.transact, hub, HUB, call.function, *call.args), call.is_done)
        except KeifuError as error:
            before = "; ".join(sent) or "nothing was sent before it"
            error.message = f"{before}; then `{call.function}` failed: {error.message}"
            error.remedy = error.remedy or "run it again: what is done is not done twice"
            raise
        if receipt is None:
            continue
        sent.append(call.words)
        done.asked += said_in(receipt, "Unstaked")["amount"] if call.function == "unstake" else 0
        done.paid += said_in(receipt, "Withdrawn")["amount"] if call.function == "withdraw" else 0
    return done


def position(hub: Contract, operator: str, owner: str, now: int) -> Position:
    """What `owner` has with `operator`."""
    shares, worth = hub.position(operator, owner)
    tickets = list(_tickets(lambda name, *args: getattr(hub, name)(*args), operator, owner, now))
    return Position(shares, worth, hub.pending_rewards(operator, owner), tickets)


def _tickets(view: Callable[..., Any], operator: str, owner: str, now: int) -> Iterator[Ticket]:
    """Open tickets, which are numbered by operator and half-period."""
    newest = now // (view("unbonding") // 2)
    for half in range(max(newest - LOOK_BACK, 0), newest + 2):
        ticket = int(operator, 16) << 96 | half
        amount, maturity = view("ticket", owner, ticket)
        if amount:
            yield Ticket(ticket, amount, maturity)
