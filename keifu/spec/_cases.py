"""One case before the court: the table of amounts, who voted what, and what every party gets when it is over.

All sums are exact fractions of a wei, computed from what the log says of the case when it is over; nothing is kept in
between. What the bonds bring in is what parties and jurors get: `Case.settled` and `Case.wages` sum up to them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = [
    "ACQUITTED", "ANSWER", "CALL", "COMMIT", "CONVICTED", "GUILTY", "INNOCENT", "OVER", "QUEUE", "REVEAL", "SEALED",
    "SEATS", "SEED", "SETTLED", "SMALL", "STRUCK", "VOID", "Case", "Hearing", "Table", "Vote",
]  # fmt: skip

ANSWER, SEED, COMMIT, REVEAL, CALL, QUEUE, OVER = range(1, 8)
ACQUITTED, CONVICTED, VOID = 1, 2, 3
SEALED, INNOCENT, GUILTY, STRUCK, SETTLED = range(5)
SMALL = 2_500  # coins: amounts of a re-hearing grow above it
SEATS = (11, 151)  # expected
QUORUMS = (5, 51)
FEES = (20, 190)  # of the first jury and of the re-hearing, in a bond
DEPOSITS = (50, 40)
AGAIN = 3  # times the bond, once a fault was acquitted


@dataclass(frozen=True)
class Table:
    """The amounts for `asked` wei, where a coin of the table is `unit` wei."""

    asked: int
    unit: int

    @property
    def scale(self) -> Fraction:
        return max(Fraction(1), Fraction(self.asked, SMALL * self.unit))

    @property
    def weighty(self) -> int:
        """What a re-hearing counts for in the queue, wei."""
        return max(self.asked, SMALL * self.unit)

    def fee(self, hearing: int) -> Fraction:
        return (3 + Fraction(16, 5) * self.scale if hearing else Fraction(7)) * self.unit

    def deposit(self, hearing: int) -> Fraction:
        return Fraction(DEPOSITS[hearing] * self.unit) * (self.scale if hearing else 1)

    def fees(self, hearing: int) -> Fraction:
        """What of a bond pays a hearing."""
        return FEES[hearing] * self.fee(hearing)

    @property
    def lost(self) -> Fraction:
        """Of an accuser's bond, for the accused and insurance, when the accuser is wrong."""
        return Fraction(self.asked, 20)

    def bond(self, repeated: bool) -> Fraction:
        return (self.fees(0) + self.fees(1) + self.lost) * (AGAIN if repeated else 1)


@dataclass
class Vote:
    """What a juror did in a hearing."""

    seal: bytes
    seats: int
    status: int = SEALED
    said: int = SEALED  # what it revealed, also when it is settled


@dataclass
class Hearing:
    """One jury."""

    seed: bytes = b""
    votes: dict[str, Vote] = field(default_factory=dict)

    def seats(self, said: int) -> int:
        return sum(vote.seats for vote in self.votes.values() if vote.said == said)

    @property
    def revealed(self) -> int:
        return self.seats(INNOCENT) + self.seats(GUILTY)

    @property
    def committed(self) -> int:
        """Seats whose vote was sealed and did not become void before the reveal."""
        return sum(vote.seats for vote in self.votes.values() if vote.seal and vote.status != STRUCK) + self.silent

    silent: int = 0  # seats that committed and were shown afterwards not to have revealed


@dataclass
class Case:
    """A case of the log."""

    service: str
    operator: str
    fault: bytes
    asked: int
    unit: int
    accuser: str
    repeated: bool
    epoch: int
    weights: dict[str, int]  # of the jurors that were mature at the accusation
    since: int
    since_block: int
    phase: int = ANSWER
    seed_epoch: int = 0
    caller: str = ""  # of the re-hearing, when it brought a bond
    hearings: list[Hearing] = field(default_factory=lambda: [Hearing()])
    first: int = 0
    verdict: int = 0

    @property
    def table(self) -> Table:
        return Table(self.asked, self.unit)

    @property
    def hearing(self) -> int:
        return len(self.hearings) - 1

    @property
    def total(self) -> int:
        return sum(self.weights.values())

    def expected(self, hearing: int, juror: str) -> Fraction:
        """Seats that a juror's coins draw in expectation."""
        return Fraction(self.weights.get(juror, 0) * SEATS[hearing], self.total)

    # verdicts --------------------------------------------------------------------------------------------------------

    def found(self, hearing: int) -> int:
        """What one jury finds; no quorum leaves the verdict of the jury before, and acquits in the first."""
        jury = self.hearings[hearing]
        guilty, revealed = jury.seats(GUILTY), jury.revealed
        if revealed < QUORUMS[hearing]:
            return self.first if hearing else ACQUITTED
        needed = (
            Fraction(guilty, revealed) > Fraction(1, 2) if hearing else Fraction(guilty, revealed) >= Fraction(2, 3)
        )
        return CONVICTED if needed else ACQUITTED

    @property
    def decided_by(self) -> Hearing:
        jury = self.hearings[-1]
        return jury if jury.revealed >= QUORUMS[self.hearing] or self.hearing == 0 else self.hearings[0]

    @property
    def margin(self) -> Fraction:
        """2 x majority - 1 of the jury that decided; nothing where it was no majority, or nobody voted."""
        jury = self.decided_by
        if self.verdict == VOID or jury.revealed == 0:
            return Fraction(0)
        return max(Fraction(0), Fraction(2 * jury.seats(self.verdict), jury.revealed) - 1)

    # money -----------------------------------------------------------------------------------------------------------

    def wage(self, hearing: int) -> Fraction:
        """Of one coherent seat: its fee, or its part of what the bond has for that hearing."""
        coherent = self.hearings[hearing].seats(self.verdict) if self.verdict != VOID else 0
        return min(self.table.fee(hearing), self.table.fees(hearing) / coherent) if coherent else Fraction(0)

    def wages(self, hearing: int) -> Fraction:
        if hearing > self.hearing or self.verdict == VOID:
            return Fraction(0)
        return self.wage(hearing) * self.hearings[hearing].seats(self.verdict)

    @property
    def caller_pays(self) -> bool:
        """Who called a re-hearing that changed nothing has paid for it."""
        return bool(self.caller) and self.verdict == self.first

    @property
    def costs(self) -> Fraction:
        """What the accuser's bond pays jurors."""
        return self.wages(0) + (0 if self.caller_pays else self.wages(1))

    @property
    def lost(self) -> Fraction:
        return self.table.lost * (AGAIN if self.repeated else 1) if self.verdict == ACQUITTED else Fraction(0)

    def settled(self, insurance: str) -> dict[str, Fraction]:
        """What each party gets at the verdict."""
        due: defaultdict[str, Fraction] = defaultdict(Fraction)
        due[self.accuser] += self.table.bond(self.repeated) - self.costs - self.lost
        if self.caller:
            due[self.caller] += self.table.fees(1) - (self.wages(1) if self.caller_pays else 0)
        due[self.operator] += self.lost * Fraction(4, 5)
        due[insurance] += self.lost * Fraction(1, 5)
        return due

    def loss(self, hearing: int, vote: Vote) -> Fraction:
        """What an incoherent ballot loses, all seats together."""
        whole = vote.seats * self.table.deposit(hearing)
        return whole if vote.said == SEALED else whole * self.margin
