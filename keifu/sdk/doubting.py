"""What the SDK offers to a client that doubts an answer of a float model: promises, demands, and what is paid for them.

Amounts are coins, as decimal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from keifu.compute.client.store import Store, usual_folder
from keifu.errors import CheckFailed, UsageError
from keifu.reexecution import actions
from keifu.reexecution.doubting import doubt, promise_about
from keifu.reexecution.reading import Reading
from keifu.reexecution.tolerance import Tolerance
from keifu.sdk.amounts import Amount, coins_of, wei_of
from keifu.sdk.verbs import Area, Later, Now, verb

__all__ = ["Doubted", "Doubts"]

M = TypeVar("M", bound=Now | Later)


@dataclass(frozen=True)
class Doubted:
    """A demand: what is due next (`seed`, `draw`, `commit`, `reveal`, `accuse`, `close`, `court`, `pull` or `over`),
    until when in unix seconds (0: without end), the same in words, and how many members answered, and differed."""

    demand: int
    due: str
    until: int
    words: str
    answered: int
    differs: int
    case: int  # 0 for none


class Doubts(Area[M]):
    """Answers of float models, which a panel computes again."""

    @verb
    def accept(self, promise: int, *, most: Amount = 0, pool: int = 0) -> int:
        """Take an offer that costs at most `most`, where its pool has so many mature slots of others; the last second
        of receipts. The client's folder keeps its number. Raises CheckFailed for a dearer one, Revert."""
        link, reading = self._link, self._reading()
        found = reading.promise(promise)
        if found.terms.price > wei_of(most):
            raise CheckFailed(
                f"it costs {coins_of(found.terms.price)} coins", remedy="raise `most`, or ask for another"
            )
        Tolerance.decode(found.terms.tolerance)
        with Store(usual_folder(), beside=True) as store:
            if not found.since:
                actions.accept(link.deployer, link.suite, found, max(pool, found.terms.panel))
            store.keep_promise(promise)
        return found.terms.last

    @verb
    def open(self, *, receipt: str = "", promise: int | None = None) -> Doubted:
        """Have the newest kept answer computed again, or that of a receipt's struct hash (hex); this account pays the
        panel. Raises UsageError where none is kept, or no promise is about it."""
        link, reading = self._link, self._reading()
        with Store(usual_folder(), beside=True) as store:
            kept = list(store.again(_hash(receipt)))
            if not kept:
                raise UsageError("no such answer is kept", remedy="ask for one first, or keifu reexecute kept")
            found = promise_about(reading, store.promises() if promise is None else [promise], kept[-1])
        return self._said(doubt(link.deployer, link.suite, reading, found, kept[-1]).id)

    @verb
    def show(self, demand: int) -> Doubted:
        """Where it stands."""
        return self._said(demand)

    @verb
    def settle(self, demand: int) -> Decimal:
        """Do what anybody may do now, from the seed to the verdict; what was paid to this account."""
        link = self._link
        actions.go_on(link.deployer, link.suite, self._reading(), demand)
        return coins_of(actions.withdraw(link.deployer, link.suite))

    @verb
    def accuse(self, demand: int, *, evidence: bytes = b"") -> int:
        """Bring what the panel found before the court, with its bond; the case."""
        link, reading = self._link, self._reading()
        found = reading.demand(demand)
        return actions.accuse(link.deployer, link.suite, found, reading.promise(found.promise), evidence)

    def _reading(self) -> Reading:
        return Reading(self._link.client, self._link.suite, self._link.record.first_block)

    def _said(self, number: int) -> Doubted:
        reading = self._reading()
        demand = reading.demand(number)
        due = actions.standing(reading, demand, reading.promise(demand.promise), self._link.client.now)
        return Doubted(number, str(due.step), due.until, due.words, demand.answered, demand.differs, demand.case_id)


def _hash(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise UsageError(f"{text[:80]} is no receipt's hash", remedy="64 hex digits, or nothing") from error
