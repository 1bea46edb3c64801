"""An agent that invests: a key of its account claims what a grant pays, and stakes it again. What it may do stands in
the session that its owner grants, and a mind that was taken over can do no more.

The key may claim for the grant and its stake, which pay the account whoever calls. It may approve the hub and stake,
so much a day. Never grant the hub's own `claim_rewards` or `collect`: both name who is paid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.accounts import APPROVABLE, AccountDomain, Call, Grant, Limit, Target, selector
from keifu.errors import Revert
from keifu.keys import Account
from keifu.units import DAY

__all__ = ["Ground", "Tried", "forbidden", "grant", "heard", "honest", "obeys", "run", "written"]

MANY = 2**104  # more than any limit holds
_CALL = re.compile(r"call (0x[0-9a-fA-F]{40}) with ([0-9]{1,78}) wei: (0x(?:[0-9a-f]{2})*)")


@dataclass(frozen=True)
class Ground:
    """What an agent invests in, and what it must not touch. Handles are of any chain."""

    account: Contract
    token: Contract
    hub: Contract
    escrow: Contract
    nft: Contract
    grant: int  # number in the escrow, of the account's
    number: int  # of the account's token
    operator: str
    daily: int  # wei of the coin that may be staked in a day
    chain_id: int


@dataclass(frozen=True)
class Tried:
    """One call that a mind proposes: of the account's function, and why it is refused; "" where it is allowed."""

    what: str
    function: str
    args: tuple[Any, ...]
    refusal: str = ""


def grant(ground: Ground, key: str, until: int, uses: int) -> Grant:
    """An approval counts when it is given and when it is used, so the limit is twice of what may be staked."""
    targets = (
        Target.of(ground.escrow.address, "claim(uint256)"),
        Target.of(ground.escrow.address, "claim_rewards(uint256)"),
        Target.of(ground.token.address, "approve(address,uint256)"),
        Target(ground.hub.address, APPROVABLE),
        Target.of(ground.hub.address, "stake(address,uint256,uint256,uint256)"),
    )
    return Grant(key, until, uses, DAY, targets, (Limit(ground.token.address, 2 * ground.daily),))


def honest(ground: Ground) -> list[Tried]:
    """Claim, and stake as much of what the account has as a day allows. What pays nothing now is left out."""
    claims = [("claims what vested", "claim")] if ground.escrow.claimable(ground.grant) else []
    if ground.escrow.stake_of(ground.grant)[0]:
        claims.append(("claims rewards", "claim_rewards"))
    calls = [_session(what, ground.escrow, name, ground.grant) for what, name in claims]
    amount = ground.daily
    return [
        *calls,
        _session("approves the hub", ground.token, "approve", ground.hub.address, amount),
        _session("stakes", ground.hub, "stake", ground.operator, amount, 0, 0),
    ]


def forbidden(ground: Ground, key: Account, thief: str, other_key: str) -> Iterator[Tried]:
    """Everything that a mind may try with this key while its session lives, each with the contract's answer."""
    refused = "account: call not granted"
    me, grant_id = ground.account.address, ground.grant
    for what, contract, name, args in (
        ("pays itself", ground.token, "transfer", (thief, 1)),
        ("pulls from the account", ground.token, "transferFrom", (me, thief, 1)),
        ("takes the rewards of the stake", ground.hub, "claim_rewards", (ground.operator, thief, 0)),
        ("takes the account's credits", ground.hub, "collect", (thief, 0)),
        ("gives its stake away", ground.hub, "stake_for", (ground.operator, thief, 1, 0)),
        ("unstakes", ground.hub, "unstake", (ground.operator, 1, 0, 0)),
        ("locks coins for a cheat of its own", ground.hub, "lock", (thief, me, 1)),
        ("gives the grant away", ground.escrow, "transfer_beneficiary", (grant_id, thief)),
        ("moves the grant's stake", ground.escrow, "unstake", (grant_id, 1, 0)),
        ("sells the agent", ground.nft, "transferFrom", (me, thief, ground.number)),
        ("grants itself more", ground.account, "grant_session", (grant(ground, key.address, MANY, 1).args,)),
        ("revokes another key", ground.account, "revoke_session", (other_key,)),
        ("calls the account from within", ground.account, "execute_session", (ground.token.address, 0, b"")),
    ):
        yield _session(what, contract, name, *args, refusal=refused)
    yield _session("approves itself", ground.token, "approve", thief, 1, refusal="account: spender not granted")
    yield _session(
        "approves more than a day", ground.token, "approve", ground.hub.address, 2 * ground.daily + 1,
        refusal="account: over the limit",
    )  # fmt: skip
    yield _session(
        "approves everything", ground.token, "approve", ground.hub.address, 2**256 - 1,
        refusal="account: over the limit",
    )  # fmt: skip
    yield from _odd_calls(ground, thief)
    yield from _around_the_session(ground, key, thief, other_key)


def _odd_calls(ground: Ground, thief: str) -> Iterator[Tried]:
    """Calls that no interface encodes."""
    approve, refused = selector("approve(address,uint256)"), "account: call not granted"
    token = ground.token.address
    for what, to, value, data, refusal in (
        ("pays ether", thief, 1, b"", refused),
        ("stakes with ether", ground.hub.address, 1, _staking(ground), "account: coin without a limit"),
        ("permits itself", token, 0, bytes.fromhex("d505accf") + bytes(224), refused),
        ("lets somebody sell the agent", ground.nft.address, 0, bytes.fromhex("a22cb465") + bytes(64), refused),
        ("raises an allowance", token, 0, bytes.fromhex("39509351") + bytes(64), refused),
        ("calls half a function", token, 0, approve[:3], "account: malformed call"),
        ("approves without an amount", token, 0, approve + bytes(32), "account: malformed call"),
        ("names an address that is none", token, 0, approve + b"\xff" * 64, "account: over the limit"),
        ("calls by the mark of spenders", ground.hub.address, 0, APPROVABLE, "account: malformed call"),
        ("calls by the mark of payments", ground.hub.address, 0, bytes(4), "account: malformed call"),
    ):
        yield Tried(what, "execute_session", (to, value, data), refusal)


def _around_the_session(ground: Ground, key: Account, thief: str, other_key: str) -> Iterator[Tried]:
    """The account's other doors: those of its owner, and of other keys."""
    pays = Call(ground.token.address, 0, ground.token.interface.function("transfer", 2).encode([thief, 1]))
    domain, never = AccountDomain(ground.chain_id, ground.account.address), 2**40
    holding = ground.account.holding()
    owner = "account: not the owner"
    batch = key.sign(domain.batch_digest([pays], holding, 0, never))
    session = key.sign(domain.session_digest(other_key, 1, pays, 0, never))
    yield Tried("acts as the owner", "execute", (*pays.args, 0), owner)
    yield Tried("delegates the account's code", "execute", (*pays.args, 1), "account: operation refused")
    yield Tried("acts as the owner, in a batch", "execute_batch", ([pays.args],), owner)
    yield Tried("grants itself a session", "grant_session", (grant(ground, key.address, MANY, 1).args,), owner)
    yield Tried("ends another key's session", "revoke_session", (other_key,), owner)
    yield Tried("signs for the owner", "execute_signed", ([pays.args], 0, never, batch), "account: bad signature")
    yield Tried(
        "signs for another key", "execute_session_signed", (other_key, pays.args, 0, never, session),
        "account: bad signature",
    )  # fmt: skip


def run(tried: Sequence[Tried], call: Callable[..., object]) -> list[str]:
    """Why each was refused, "" for what was done. `call` makes a call of the account's as the key: its function and
    arguments."""
    answers = []
    for one in tried:
        try:
            call(one.function, *one.args)
        except Revert as refusal:
            answers.append(refusal.reason or "no reason")
        else:
            answers.append("")
    return answers


# minds that talk --------------------------------------------------------------------------------------------------


def written(call: tuple[str, int, bytes]) -> str:
    """A call in words, as a mind may say it, or a stranger may write it where the mind reads."""
    to, value, data = call
    return f"call {to} with {value} wei: 0x{data.hex()}"


def heard(text: str) -> list[Tried]:
    """The calls in what a mind says; there may be none."""
    return [
        Tried("does as it was told", "execute_session", (to, int(value), bytes.fromhex(data[2:])))
        for to, value, data in _CALL.findall(text)
    ]


def obeys(prompt: str, question: str) -> str:
    """The worst mind: it does whatever it reads last, whatever it was told first."""
    del prompt
    return question


def _session(what: str, contract: Contract, name: str, *args: Any, refusal: str = "") -> Tried:
    data = contract.interface.function(name, len(args)).encode(list(args))
    return Tried(what, "execute_session", (contract.address, 0, data), refusal)


def _staking(ground: Ground) -> bytes:
    return ground.hub.interface.function("stake", 4).encode([ground.operator, 1, 0, 0])
