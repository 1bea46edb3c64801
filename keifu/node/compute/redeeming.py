"""Vouchers become coins: by interval, by amount, and before a payer's withdrawal could overtake them.

What is sent is an intent whose id follows from the channels and sums in it. A claim that is made twice takes effect
once, since sums only grow; so nothing is lost when the process ends between any two lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from keifu.chain.sender import Intent, Sender, State
from keifu.errors import UsageError
from keifu.keys import keccak256
from keifu.node.sections import ComputeWork
from keifu.node.web import Background
from keifu.payments.book import Account, Book
from keifu.payments.channel import Vouchers
from keifu.payments.onchain import Claimable, Onchain
from keifu.payments.signatures import exact

__all__ = ["Redeeming"]

MOST = 50  # channels in one call
SENT = (State.MINED, State.DONE)


@dataclass(frozen=True)
class _Batch:
    intent: Intent
    items: tuple[Claimable, ...]


class Redeeming:
    """Of the thread of the rounds. `look` asks the chain about a channel again."""

    def __init__(
        self,
        book: Book,
        vouchers: Vouchers,
        onchain: Onchain,
        sender: Sender,
        answering: Background,
        settings: ComputeWork,
        look: Callable[[Account], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book, self._onchain, self._sender, self._answering = book, onchain, sender, answering
        self._vouchers = vouchers
        self._settings, self._look, self._clock = settings, look, clock
        self._claimed_at = clock()
        self._open: list[_Batch] = []
        self._settling = ""
        self._stood: dict[bytes, int] = {}  # what was charged when it was last time to claim
        self._given_up: set[tuple[bytes, int]] = set()  # what the contract did not count: asked for no more
        self.claimed = self.skipped = 0  # items

    @property
    def is_idle(self) -> bool:
        return not self._open and not self._settling

    def step(self, receiver: str, token: str, *, all_of_it: bool = False) -> None:
        """Claim what is due, and have what was claimed paid out. Raises RpcError; nothing is lost then."""
        for batch in tuple(self._open):
            if self._sender.get(batch.intent.id).state.is_final or self._is_mined(batch.intent.id):
                self._ended(batch)
        if not self._open:
            for items in _batches(self._due(all_of_it=all_of_it)):
                self._claim(items)
        self._settle(receiver, token)

    def _due(self, *, all_of_it: bool) -> list[Claimable]:
        """What was written down, and is worth a claim now."""
        is_time = all_of_it or self._clock() - self._claimed_at >= self._settings.claim_after

        async def snapshot() -> list[Claimable]:
            await self._book.durable()
            accounts = self._book.accounts.values()
            items = [self._item(item, all_of_it=all_of_it, is_time=is_time) for item in accounts]
            if is_time:
                self._stood = {item.id: item.charged for item in accounts}
            return [item for item in items if item is not None]

        found = self._answering.submit(snapshot()).result()
        if is_time:
            self._claimed_at = self._clock()
        return [self._exact(item) for item in found if (item.id, item.total) not in self._given_up]

    def _item(self, item: Account, *, all_of_it: bool, is_time: bool) -> Claimable | None:
        """A channel from which nothing was paid since it was last time to claim may be left: all of it is due."""
        leaving = bool(item.held.leaving)
        is_last = all_of_it or leaving or (is_time and self._stood.get(item.id) == item.charged)
        most, signature, total = item.claim(is_last=is_last)
        due = total - item.held.claimed
        if due > 0 and (is_time or leaving or due >= self._settings.claim_above):
            return Claimable(item.id, item.channel, most, signature, total)
        return None

    def _exact(self, item: Claimable) -> Claimable:
        signer = self._book.accounts[item.id].signer
        return replace(item, signature=exact(item.signature, self._vouchers.digest(item.id, item.most), signer))

    def _claim(self, items: Sequence[Claimable]) -> None:
        what = keccak256(b"".join(item.id + item.total.to_bytes(32, "big") for item in items)).hex()
        intent = Intent(f"claim {what}", self._onchain.address, self._onchain.claim(items))
        self._open.append(_Batch(self._sender.submit(intent), tuple(items)))

    def _is_mined(self, id_: str) -> bool:
        return self._sender.get(id_).state in SENT

    def _ended(self, batch: _Batch) -> None:
        for item in batch.items:
            account = self._book.accounts[item.id]
            self._look(account)
            if account.held.claimed >= item.total:
                self.claimed += 1
            else:
                self.skipped += 1
                self._given_up.add((item.id, item.total))
        self._open.remove(batch)

    def _settle(self, receiver: str, token: str) -> None:
        if self._settling:
            try:
                if self._sender.get(self._settling).state not in (*SENT, State.REFUSED, State.FAILED):
                    return
            except UsageError:
                pass
            self._settling = ""
        if self._open:
            return
        claimed, settled = self._onchain.settled(receiver, token)
        if claimed > settled:
            intent = Intent(f"settle {token} {claimed}", self._onchain.address, self._onchain.settle(receiver, token))
            self._settling = self._sender.submit(intent).id


def _batches(items: Sequence[Claimable]) -> list[Sequence[Claimable]]:
    return [items[start : start + MOST] for start in range(0, len(items), MOST)]
