"""Requests of one channel in any order, with answers that are lost and a client that is killed: an honest provider's
receipts always hold, its channel is never stuck, and no word of a lying one makes the client sign for more than it
asked."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from keifu.compute.client.store import LATE_SECONDS, Store
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt
from keifu.payments import Channel
from keifu.payments.wallet import KeptChannel
from tests.profiles import quick_or_deep

ADDRESS, ID, ZERO = "0x" + "a" * 40, b"\x0c" * 32, bytes(32)
CHANNEL = Channel(ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, 900, ZERO)
PLACES = st.integers(0, 1_000)
RUN = settings(max_examples=quick_or_deep(25, 3_000), stateful_step_count=30, deadline=None)


@dataclass
class Sent:
    """A request on its way: to the provider, there, or back."""

    id: int
    most: int
    named: int
    fee: int
    is_waited_for: bool = True
    is_worked_on: bool = False
    word: int | None = None  # of the 402 that comes back
    receipt: SignedReceipt | None = None


class Channels(RuleBasedStateMachine):
    """The client's own store between both."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.now, self.charged, self.number = 1_900_000_000, 0, 0
        self.sent: list[Sent] = []
        self.ended: list[Sent] = []  # of which the client no longer knows how they go on
        self.fees = 0  # of answers that the client has
        self.store = Store(Path(self.place.name))
        self.store.keep_channel(KeptChannel(CHANNEL, ID, 1, ADDRESS))

    def teardown(self) -> None:
        self.store.close()
        self.place.cleanup()

    def chosen(self, place: int, **wanted: bool) -> Sent | None:
        """One of those that are so."""
        fitting = [item for item in self.sent if all(states(item)[name] == value for name, value in wanted.items())]
        return fitting[place % len(fitting)] if fitting else None

    @rule(most=st.integers(1, 30), part=st.integers(0, 30))
    def ask(self, most: int, part: int) -> None:
        self.now += 1
        made, named = self.store.begin(ID, most, "own", "provider", "model", self.now)
        self.store.signed(ID, named, b"signature")
        self.sent.append(Sent(made, most, named, min(most, part)))
        assert named <= self.fees + sum(item.most for item in self.sent + self.ended)

    @rule(place=PLACES)
    def arrive(self, place: int) -> None:
        """The provider takes it, or says what it has charged until now."""
        if (item := self.chosen(place, travels=True)) is None:
            return
        reserved = sum(other.most for other in self.sent + self.ended if other.is_worked_on)
        if self.charged + reserved + item.most <= item.named:
            item.is_worked_on = True
        else:
            item.word = self.charged

    @rule(place=PLACES)
    def answer(self, place: int) -> None:
        found = [item for item in self.sent + self.ended if item.is_worked_on]
        if found:
            self.end(found[place % len(found)])

    def end(self, item: Sent) -> None:
        item.is_worked_on = False
        self.charged += item.fee
        self.number += 1
        item.receipt = receipt_of(self.number, item.fee, self.charged)

    @rule(place=PLACES)
    def come_back(self, place: int) -> None:
        if (item := self.chosen(place, answered=True)) is None:
            return
        self.sent.remove(item)
        assert item.receipt is not None
        receipt = item.receipt.receipt
        standing = self.store.standing(item.receipt, item.id)
        start = receipt.charged - receipt.fee
        assert not standing.seen
        assert standing.below[1] <= start <= standing.ceiling
        assert standing.above is None or receipt.charged <= standing.above[1]
        assert receipt.charged <= (standing.signed or 0)
        self.store.answered(item.id, item.receipt, 1)
        self.fees += receipt.fee

    @rule(place=PLACES)
    def refuse(self, place: int) -> None:
        if (item := self.chosen(place, refused=True)) is None:
            return
        self.sent.remove(item)
        self.store.end(item.id, "void")
        assert item.word is not None
        kept = self.store.channel(ID)
        assert self.store.adopt(ID, item.word, 0, self.now) or item.word < kept.charged

    @rule(place=PLACES)
    def lose(self, place: int) -> None:
        if self.sent:
            self.leave(self.sent[place % len(self.sent)])

    def leave(self, item: Sent) -> None:
        self.sent.remove(item)
        self.store.end(item.id, "lost")
        self.ended.append(item)

    @rule()
    def be_killed(self) -> None:
        self.store.close()
        self.ended += self.sent
        self.sent = []
        self.store = Store(Path(self.place.name))

    @rule()
    def wait(self) -> None:
        """Until what nobody waits for is done."""
        for item in self.ended:
            if item.is_worked_on:
                self.end(item)
        self.now += LATE_SECONDS

    @rule()
    def come_to_rest(self) -> None:
        """Whatever happened, a question gets its answer."""
        for item in list(self.sent):
            self.leave(item)
        self.wait()
        for _ in range(3):
            self.ask(5, 5)
            self.arrive(0)
            if self.chosen(0, refused=True) is None:
                break
            self.refuse(0)
        self.answer(0)
        assert self.chosen(0, answered=True) is not None
        self.come_back(0)


class LyingWords(RuleBasedStateMachine):
    """A provider that takes nothing, answers nothing and says any sum, whenever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.place.name))
        self.store.keep_channel(KeptChannel(CHANNEL, ID, 1, ADDRESS))
        self.open: dict[int, int] = {}
        self.lost = self.steps = 0

    def teardown(self) -> None:
        self.store.close()
        self.place.cleanup()

    @rule(most=st.integers(1, 30))
    def ask(self, most: int) -> None:
        self.steps += 1
        made, named = self.store.begin(ID, most, "own", "provider", "model", self.now)
        self.store.signed(ID, named, b"signature")
        self.open[made] = most
        assert named <= self.lost + sum(self.open.values())

    @rule(place=PLACES, beside=st.integers(-40, 60))
    def say(self, place: int, beside: int) -> None:
        """A 402 with a sum about as high as may have been, or as has been said before."""
        if not self.open:
            return
        made = sorted(self.open)[place % len(self.open)]
        del self.open[made]
        self.store.end(made, "void")
        said = self.lost + sum(self.open.values()), self.store.channel(ID).charged
        for word in said:
            self.store.adopt(ID, max(0, word + beside), 0, self.now)

    @rule(place=PLACES)
    def lose(self, place: int) -> None:
        if self.open:
            made = sorted(self.open)[place % len(self.open)]
            self.lost += self.open.pop(made)
            self.store.end(made, "lost")

    @rule()
    def wait(self) -> None:
        self.steps += LATE_SECONDS

    @property
    def now(self) -> int:
        return 1_900_000_000 + self.steps


def states(item: Sent) -> dict[str, bool]:
    return {
        "travels": not item.is_worked_on and item.word is None and item.receipt is None,
        "answered": item.receipt is not None,
        "refused": item.word is not None,
    }


def receipt_of(number: int, fee: int, charged: int) -> SignedReceipt:
    receipt = Receipt(
        ID, number, ZERO, 0, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, 1, 1, fee, charged, Evidence.UNVERIFIED, 1
    )  # fmt: skip
    return SignedReceipt(receipt, (), bytes(65))


TestChannels, TestLyingWords = Channels.TestCase, LyingWords.TestCase
TestChannels.settings = TestLyingWords.settings = RUN
