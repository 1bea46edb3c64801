"""What to do next, decided from what is known: no clock, no node and no database in here.

One rule carries the promise that nothing is paid twice: an intent keeps its nonce until the chain shows that this nonce
went, in a block that is final, to a transaction that is none of the intent's own. Until then every attempt has the same
nonce, and a chain takes one transaction a nonce. So an attempt may be sent again and again, whatever a node says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice

from msgspec.structs import replace

from keifu.chain._pricing import MAX_FEE, raised
from keifu.chain._transaction import Fees
from keifu.chain.sender.intent import OWN_PREFIX, Intent, State

__all__ = ["Attempt", "Book", "Bound", "Policy", "Sight"]

MAX_GAPS = 64  # that are looked at together


@dataclass(frozen=True)
class Policy:
    """How a sender behaves; the defaults are for public chains.

    `depth` blocks on top make a block final (None: what is known of the chain). A transaction that is not mined is
    replaced after `patience` blocks, at no more than `most_fee` wei for a unit of gas. After `again_seconds` one that
    the node has forgotten is sent to it again, and a missing nonce of a foreign transaction is waited for no longer. So
    long a node without new blocks may keep the first in line without counting it. `alone_since` is the account's next
    nonce when this sender was first made, where nobody else may send for it: a transaction of another's ends it then.
    """

    depth: int | None = None
    patience: int = 5
    most_fee: int = MAX_FEE
    in_flight: int = 500
    again_seconds: float = 15.0
    alone_since: int | None = None


@dataclass(frozen=True)
class Sight:
    """What the node says at one moment. `mined` and `pooled` are the account's next nonce after the newest block, and
    after all that waits in the node's pool."""

    head: int
    head_hash: str
    mined: int
    pooled: int
    base_fee: int
    fees: Fees
    block_gas: int
    now: float  # of the sender's clock


@dataclass(frozen=True)
class Attempt:
    """A signed transaction. `block` is the head when it was signed."""

    tx_hash: str
    raw: bytes
    fees: Fees
    gas: int
    block: int


@dataclass
class Bound:
    """An open intent, with what was signed for the nonce it has."""

    number: int
    intent: Intent
    attempts: list[Attempt] = field(default_factory=list)
    sent_at: float = float("-inf")  # when the node got the newest attempt
    known_at: int | None = None  # head at which the node said that it has the newest attempt already
    too_cheap: bool = False  # the node wants more for a replacement
    trouble: str = ""
    refused_since: tuple[int, float] | None = None  # head and time

    @property
    def nonce(self) -> int:
        assert self.intent.nonce is not None
        return self.intent.nonce

    @property
    def is_mined(self) -> bool:
        return self.intent.state is State.MINED

    @property
    def is_filler(self) -> bool:
        """Whether the sender made it, to fill a nonce."""
        return self.intent.id.startswith(OWN_PREFIX)


class Book:
    """The open intents: those that have a nonce, by nonce, and those that wait for one, in order."""

    def __init__(self, bound: list[Bound], policy: Policy, depth: int, floor: int = 0) -> None:
        self.policy = policy
        self.depth = depth
        self.floor = floor  # the nonce behind the last that is used for good
        self.queued: dict[int, Bound] = {item.number: item for item in bound if item.intent.nonce is None}
        self.sent: dict[int, Bound] = {item.nonce: item for item in bound if item.intent.nonce is not None}
        self._gaps: dict[int, tuple[int, float]] = {}  # nonce: head and time when it was first missed

    # what to ask ---------------------------------------------------------------------------------------------------

    def waiting(self) -> list[Bound]:
        """Those that have a nonce and are in no block yet, by nonce."""
        return [item for _, item in sorted(self.sent.items()) if not item.is_mined]

    def mined(self) -> list[Bound]:
        return [item for item in self.sent.values() if item.is_mined]

    def used(self, sight: Sight) -> list[Bound]:
        """Those whose nonce is used, by what is to be found out."""
        return [item for item in self.waiting() if item.nonce < sight.mined]

    def is_final(self, block: int, sight: Sight) -> bool:
        return max(sight.head, block) - block >= self.depth

    # what to do ----------------------------------------------------------------------------------------------------

    def forgotten(self, sight: Sight) -> list[Bound]:
        """Those that the node's pool does not have, or of which nobody knows whether it does: sent again as they are.
        A pool that knows one says so, and nothing else happens."""
        due = [
            item
            for item in self.waiting()
            if item.nonce >= max(sight.pooled, sight.mined) and sight.now - item.sent_at >= self.policy.again_seconds
        ]
        return due[: self.policy.in_flight]

    def replacements(self, sight: Sight) -> Iterator[tuple[Bound, Fees]]:
        """Those that have waited for too many blocks, and what is offered now: the first in the line, and behind it
        those whose fee no longer pays for a block. A node may also have the first in the line, not count it, and make
        no block: anvil then takes it for one whose nonce is missing, and mines nothing before it gets another."""
        for item in self.waiting():
            last = item.attempts[-1]
            age = sight.head - last.block
            is_first = item.nonce == sight.mined
            is_stuck = age >= self.policy.patience and (
                is_first or last.fees.max_fee < sight.base_fee + sight.fees.priority
            )
            is_kept = (
                is_first
                and sight.pooled <= item.nonce
                and item.known_at == sight.head
                and sight.now - item.sent_at >= self.policy.again_seconds
            )
            if item.nonce < sight.mined or not (is_stuck or is_kept or (item.too_cheap and age > 0)):
                continue
            fees = raised(last.fees, sight.fees, self.policy.most_fee)
            if fees is not None:
                yield item, fees
            else:
                item.trouble = f"not mined after {age} blocks, and the fee is at its most"

    def gaps(self, sight: Sight) -> list[int]:
        """Nonces that nothing of ours has, below one of ours, and that stay unused: everything behind them waits. They
        were a foreign transaction's, which is lost, or a node named too high a nonce."""
        last = max((nonce for nonce, item in self.sent.items() if not item.is_mined), default=sight.mined)
        unknown = (nonce for nonce in range(sight.mined, last) if nonce not in self.sent)
        missing = list(islice(unknown, MAX_GAPS)) if sight.mined >= self.floor else []  # else the node is behind
        self._gaps = {nonce: self._gaps.get(nonce, (sight.head, sight.now)) for nonce in missing}
        return [
            nonce
            for nonce, (head, since) in self._gaps.items()
            if sight.head - head >= self.policy.patience or sight.now - since >= self.policy.again_seconds
        ]

    def room(self) -> int:
        """How many more may be on their way."""
        return max(self.policy.in_flight - len(self.waiting()), 0)

    def nonces(self, sight: Sight) -> Iterator[int]:
        """Nonces for those that wait for one: missing ones first. Never one that an intent of ours has."""
        yield from self.gaps(sight)
        yield from count(max(sight.pooled, sight.mined, self.floor, *(nonce + 1 for nonce in self.sent)))

    def is_refused(self, item: Bound, sight: Sight) -> bool:
        """Whether a refusal is the contract's last word. It is not while something of ours is on its way, on which the
        call may rest, nor for as long as a node may be behind that has not seen what is in a block already."""
        if self.waiting():
            item.refused_since = None
            return False
        head, since = item.refused_since = item.refused_since or (sight.head, sight.now)
        blocks = min(self.depth, self.policy.patience)
        return sight.head - head >= blocks or sight.now - since >= self.policy.again_seconds

    def foreign(self, sight: Sight) -> int:
        """How many transactions of this account the node knows that are not ours."""
        ours = sum(sight.mined <= nonce < sight.pooled for nonce in self.sent)
        return max(sight.pooled - sight.mined, 0) - ours

    def is_alone(self, sight: Sight) -> bool:
        """Whether every nonce that is used since then is one of ours."""
        since = self.policy.alone_since
        return since is None or sight.mined <= max(since, self.floor, *(nonce + 1 for nonce in self.sent))

    # what became of them -------------------------------------------------------------------------------------------

    def in_block(self, item: Bound, receipt: dict[str, object], reason: str, sight: Sight) -> Intent:
        """The intent with what its receipt says; `reason` is why it failed."""
        block, success = int(str(receipt["blockNumber"]), 16), int(str(receipt["status"]), 16) == 1
        final = State.DONE if success else State.FAILED
        return replace(
            item.intent,
            state=final if self.is_final(block, sight) else State.MINED,
            tx_hash=str(receipt["transactionHash"]),
            block=block,
            block_hash=str(receipt["blockHash"]),
            gas_used=int(str(receipt["gasUsed"]), 16),
            reason=reason,
        )

    def is_confirmed(self, item: Bound, receipt: dict[str, object]) -> bool:
        """Whether a receipt says what the intent has from an earlier one."""
        intent = item.intent
        return (str(receipt["transactionHash"]), str(receipt["blockHash"]), int(str(receipt["gasUsed"]), 16)) == (
            intent.tx_hash,
            intent.block_hash,
            intent.gas_used,
        ) and (int(str(receipt["status"]), 16) == 1) == (not intent.reason)

    def out_of_block(self, item: Bound) -> Intent:
        """The intent whose block is not in the chain any more."""
        return replace(item.intent, state=State.SENT, block=None, block_hash="", gas_used=0, reason="")

    def unbound(self, item: Bound) -> Intent:
        """The intent whose nonce has gone to somebody else for good: it gets another. A filler is not needed then."""
        if item.is_filler:
            return replace(item.intent, state=State.DONE, reason="not needed: the nonce is used")
        return replace(item.intent, state=State.QUEUED, nonce=None, tx_hash="")

    def update(self, item: Bound, intent: Intent) -> None:
        """Take over what was written to the database."""
        before, item.intent = item.intent, intent
        if intent.nonce is not None and intent.state.is_final:
            self.floor = max(self.floor, intent.nonce + 1)
        if before.nonce is not None and (intent.nonce is None or intent.state.is_final):
            del self.sent[before.nonce]
        if intent.nonce is not None and not intent.state.is_final:
            self.sent[intent.nonce] = item
            self.queued.pop(item.number, None)
        elif intent.state is State.QUEUED:
            item.attempts, item.trouble, item.too_cheap = [], "", False
            self.queued[item.number] = item
            self.queued = dict(sorted(self.queued.items()))
        else:
            self.queued.pop(item.number, None)
