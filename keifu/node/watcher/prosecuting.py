"""Replies to canaries, judged by the model itself; what is wrong is disputed, and played to the end.

Where a dispute stands is read from the chain, and replies are in the client's folder: a kill costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.suite import DISPUTES
from keifu.compute.client.disputing import ANOTHER, Dispute, Judge, Judged, cover_answers, reading_of
from keifu.compute.client.kept import KeptReply
from keifu.compute.client.store import Store
from keifu.compute.market import services
from keifu.compute.market.covers import read_cover
from keifu.errors import CheckFailed, InputError, Revert, UsageError
from keifu.inference.disputes.reading import Outcome
from keifu.node.watcher.canary_book import OPEN, OVER, RIGHT, CanaryBook

__all__ = ["Found", "Prosecuting"]


@dataclass(frozen=True)
class Found:
    """Something that the owner hears of: about which receipt and operator, and what."""

    receipt: str
    operator: str
    words: str


class Prosecuting:
    """Of the thread that buys."""

    def __init__(
        self, chain: ChainClient, suite: Deployment, first_block: int, sender: Deployer, store: Store, judge: Judge,
        book: CanaryBook,
    ) -> None:  # fmt: skip
        self._chain, self._suite, self._sender, self._store = chain, suite, sender, store
        self._judge, self._book = judge, book
        self._reading = reading_of(chain, suite, first_block)
        self._open: dict[bytes, tuple[Dispute, Judged]] = {}
        self.waits: dict[str, str] = {}  # receipts that are not judged, or whose dispute does not go on, and why

    @property
    def is_busy(self) -> bool:
        return bool(self._open)

    @property
    def accused(self) -> frozenset[str]:
        """Operators that are in a dispute: they know by now who asks."""
        return frozenset(judged.operator.lower() for dispute, judged in self._open.values() if dispute.opened)

    def judge(self) -> Iterator[Found]:
        """Each reply that was not judged, or whose dispute was not over when the node ended."""
        for reply in self._store.replies():
            receipt = reply.signed.receipt.struct_hash
            if receipt not in self._open and self._book.state(receipt) in ("", OPEN):
                yield from self._judged(reply, receipt)

    def step(self) -> Iterator[Found]:
        """One in each dispute. Raises RpcError."""
        for receipt, (dispute, judged) in list(self._open.items()):
            try:
                if (words := self._moved(dispute, judged)) and dispute.opened is not None:
                    services.withdraw(self._sender, self._suite, self._sender.sender, DISPUTES)
            except (CheckFailed, UsageError, Revert) as error:  # another of the channel may be open, or a coin missing
                self.waits[receipt.hex()] = str(error)
                continue
            self.waits.pop(receipt.hex(), None)
            if words:
                del self._open[receipt]
                self._book.judge(receipt, OVER, words)
                yield Found(receipt.hex(), judged.operator, words)

    def _moved(self, dispute: Dispute, judged: Judged) -> str:
        """What it came to; empty while it goes on."""
        receipt = judged.reply.signed.receipt
        if dispute.opened is None:
            cover = read_cover(self._reading.disputes, receipt.channel_id, judged.operator)
            if not cover_answers(cover, receipt.time, self._chain.now):
                return "nothing is promised for it any more"
            dispute.open()
        found = dispute.step()
        if not isinstance(found, Outcome):
            return ""
        return "convicted" if found.is_convicted else "acquitted"

    def _judged(self, reply: KeptReply, receipt: bytes) -> Iterator[Found]:
        try:
            judged = self._judge.judge(reply)
        except CheckFailed as error:  # the chain may show it later
            self.waits[receipt.hex()] = str(error)
            return
        except (InputError, UsageError) as error:
            self._book.judge(receipt, OVER, str(error))
            return
        self.waits.pop(receipt.hex(), None)
        if judged is None or judged.place is None:
            state, words = (OVER, ANOTHER) if judged is None else (RIGHT, judged.words)
            self._book.judge(receipt, state, words)
            return
        self._book.judge(receipt, OPEN, judged.words)
        self._open[receipt] = Dispute(self._sender, self._chain, self._suite, self._reading, judged), judged
        yield Found(receipt.hex(), judged.operator, judged.words)
