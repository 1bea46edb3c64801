"""What `ape run staking` does, over any deployer: register, delegate, leave. Amounts are wei."""

from __future__ import annotations

from dataclasses import dataclass, field

from keifu.chain import Deployer, Deployment
from keifu.errors import UsageError

__all__ = ["HUB", "TOKEN", "Exit", "delegate", "leave", "register"]

HUB = "StakingHub"
TOKEN = "KeifuToken"  # noqa: S105
LOOK_BACK = 60  # half-periods in which tickets are looked for


@dataclass
class Exit:
    """What `leave` did: tickets asked for now, wei paid out, and tickets that still wait, with their worth and time."""

    asked: int = 0
    paid: int = 0
    waiting: list[tuple[int, int, int]] = field(default_factory=list)


def _approve(chain: Deployer, suite: Deployment, amount: int) -> None:
    allowed = chain.call(suite[TOKEN], TOKEN, "allowance", chain.sender, suite[HUB])
    if allowed < amount:
        chain.call(suite[TOKEN], TOKEN, "approve", suite[HUB], amount)


def register(chain: Deployer, suite: Deployment, commission_bps: int, metadata: str, bond: int) -> None:
    """Become an operator, or change one's terms, and add `bond` to the own bond. Raises Revert."""
    known = chain.call(suite[HUB], HUB, "operator_state", chain.sender)[-1] > 0
    chain.call(suite[HUB], HUB, "set_terms" if known else "register_operator", commission_bps, metadata)
    if bond:
        _approve(chain, suite, bond)
        chain.call(suite[HUB], HUB, "bond", bond)


def delegate(chain: Deployer, suite: Deployment, operator: str, amount: int) -> int:
    """Stake `amount` with `operator`; the shares that the sender holds there now.

    Refuses to accept fewer shares than coins: a share is never worth more than a coin.
    """
    if amount <= 0:
        raise UsageError("nothing to delegate", remedy="give an amount of coins above zero")
    _approve(chain, suite, amount)
    chain.call(suite[HUB], HUB, "stake", operator, amount, amount)
    shares: int = chain.call(suite[HUB], HUB, "position", operator, chain.sender)[0]
    return shares


def leave(chain: Deployer, suite: Deployment, operator: str, now: int) -> Exit:
    """Ask for everything at `operator`, claim rewards, and withdraw what has matured by `now`. Safe to repeat."""
    hub, done = suite[HUB], Exit()
    shares, worth = chain.call(hub, HUB, "position", operator, chain.sender)
    if shares:
        chain.call(hub, HUB, "claim_rewards", operator, chain.sender)
        chain.call(hub, HUB, "unstake", operator, shares)
        done.asked = worth
    newest = now // (chain.call(hub, HUB, "unbonding") // 2)
    for half in range(max(newest - LOOK_BACK, 0), newest + 2):
        ticket = int(operator, 16) << 96 | half
        amount, maturity = chain.call(hub, HUB, "ticket", chain.sender, ticket)
        if not amount:
            continue
        if maturity <= now:
            chain.call(hub, HUB, "withdraw", ticket)
            done.paid += amount
        else:
            done.waiting.append((ticket, amount, maturity))
    return done
