"""What an account does and what a session key may do, as AgentAccount takes them.

grant = Grant(key, until=now + DAY, uses=100, period=HOUR, targets=(Target.of(token, "transfer(address,uint256)"),),
              limits=(Limit(token, 5 * COIN),))
account.grant_session(grant.args, sender=owner)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ethwire.constants import ZERO_ADDRESS
from keifu.abi.eip712 import ACCOUNT_STATEMENT, BATCH, CALL, SESSION_CALL
from keifu.keys import Domain, keccak256

__all__ = [
    "APPROVABLE",
    "COIN_OF_THE_CHAIN",
    "PAYMENT",
    "AccountDomain",
    "Call",
    "Grant",
    "Limit",
    "Target",
    "selector",
]

PAYMENT = bytes(4)  # a plain payment, which names no function
APPROVABLE = b"\xff" * 4  # not a function: who may be approved
COIN_OF_THE_CHAIN = ZERO_ADDRESS  # as a limit's token


def selector(signature: str) -> bytes:
    """The first four bytes that a call of `name(type,…)` begins with."""
    return keccak256(signature.encode())[:4]


@dataclass(frozen=True)
class Call:
    """One call in the account's name."""

    to: str
    value: int = 0  # wei
    data: bytes = b""

    @property
    def args(self) -> tuple[str, int, bytes]:
        return self.to, self.value, self.data

    @property
    def hash(self) -> bytes:
        return CALL.hash(*self.args)


@dataclass(frozen=True)
class Target:
    """A function that a session may call, or with APPROVABLE somebody whom it may approve."""

    address: str
    selector: bytes = PAYMENT

    @classmethod
    def of(cls, address: str, signature: str) -> Target:
        return cls(address, selector(signature))

    @classmethod
    def named(cls, address: str, function: str) -> Target:
        """As commands name one: a function, "approvable", or nothing for a plain payment."""
        if function == "approvable":
            return cls(address, APPROVABLE)
        return cls.of(address, function) if function else cls(address)


@dataclass(frozen=True)
class Limit:
    """What the account may lose of a token in a period; the zero address stands for the chain's coin."""

    token: str
    amount: int


@dataclass(frozen=True)
class Grant:
    """What a session key may do."""

    key: str
    until: int  # unix seconds
    uses: int
    period: int  # seconds, from multiples of it
    targets: Sequence[Target]
    limits: Sequence[Limit] = ()
    after: int = 0  # unix seconds

    @property
    def args(self) -> tuple[object, ...]:
        return (
            self.key,
            self.after,
            self.until,
            self.uses,
            self.period,
            [(target.address, target.selector) for target in self.targets],
            [(limit.token, limit.amount) for limit in self.limits],
        )


class AccountDomain(Domain):
    """What is signed for one account."""

    def __init__(self, chain_id: int, account: str) -> None:
        super().__init__("Keifu AgentAccount", "1", chain_id, account)

    def batch_digest(self, calls: Sequence[Call], holding: int, nonce: int, deadline: int) -> bytes:
        """What the owner signs so that anybody may bring its calls."""
        return self.digest(BATCH, [call.hash for call in calls], holding, nonce, deadline)

    def session_digest(self, key: str, session: int, call: Call, nonce: int, deadline: int) -> bytes:
        """What a session key signs so that anybody may bring its call; `session` is the session's number."""
        return self.digest(SESSION_CALL, key, session, call.hash, nonce, deadline)

    def statement_digest(self, digest: bytes, holding: int) -> bytes:
        """What the owner signs so that the account's signature over `digest` is valid (ERC-1271)."""
        return self.digest(ACCOUNT_STATEMENT, digest, holding)
