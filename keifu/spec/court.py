"""What the alignment court should do, in plain Python.

`CourtModel` follows contracts/staking/AlignmentCourt.vy to the wei and refuses with the same reasons. It slashes in a
`HubModel`, so that both together answer what anyone holds. Accounts are addresses, since seats are drawn by hashes of
them. All amounts are wei, all times unix seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ethwire.abi import call_encoder
from ethwire.keys import keccak256
from keifu.spec._hub_state import Commitment, Refused, check
from keifu.spec.staking import HubModel

__all__ = ["GUILTY", "INNOCENT", "NO_QUORUM", "VOID", "Ballot", "Case", "CourtModel", "CourtTerms", "Jury", "Refused"]

INNOCENT, GUILTY, NO_QUORUM = 1, 2, 3
VOID = 3  # of a ballot
NO_HASH = bytes(32)
# What is hashed, for a sealed vote and for a seat: both are words after words.
_SEALED = call_encoder(b"", ("uint256", "uint256", "address", "bool", "bytes32"))
_SEAT = call_encoder(b"", ("bytes32", "uint256", "uint256", "address", "uint256"))

Fault = tuple[str, str, bytes]


@dataclass(frozen=True)
class CourtTerms:
    """Arguments of the contract's constructor and constants of its sources; `court` is its address."""

    court: str
    bond: int
    reveal: int
    appeal: int
    seat: int
    penalty: int
    odds: int
    quorum: int
    most_seats: int
    appeals: int
    appeal_factor: int
    fee_divisor: int


@dataclass
class Ballot:
    """What a juror did in one turn; `numbers` are the seats that it took, `seats` how many still count for the pot."""

    commitment: bytes
    numbers: tuple[int, ...]
    seats: int
    vote: int = 0


@dataclass
class Jury:
    """One turn of a case."""

    opened: int
    weighed_at: int
    seed_epoch: int
    appellant: str
    committed: int = 0
    guilty: int = 0
    innocent: int = 0
    ballots: dict[str, Ballot] = field(default_factory=dict)


@dataclass
class Case:
    """What a case is about, its juries, and what is left of the pot."""

    fault: Fault
    accuser: str
    victim: str
    amount: int
    juries: list[Jury]
    verdict: int = 0
    pot: int = 0
    pot_left: int = 0
    taken: int = 0

    @property
    def turn(self) -> int:
        return len(self.juries) - 1


class CourtModel:
    """The court. `now` is set by whoever drives it; every method is one call of the contract, and refuses before it
    changes anything."""

    def __init__(self, terms: CourtTerms, hub: HubModel) -> None:
        self.terms = terms
        self.hub = hub
        self.seeds: dict[int, bytes] = {}
        self.next_seed = 0
        self.cases: dict[int, Case] = {}
        self.case_of: dict[tuple[Fault, int], int] = {}
        self.taken_for: defaultdict[Fault, int] = defaultdict(int)
        self.credits: defaultdict[str, int] = defaultdict(int)

    @property
    def now(self) -> int:
        return self.hub.now

    @now.setter
    def now(self, seconds: int) -> None:
        self.hub.now = seconds

    def put_seed(self, epoch: int, seed: bytes) -> None:
        self.seeds[epoch] = seed
        self.next_seed = max(self.next_seed, epoch + 1)

    # what the court owes ---------------------------------------------------------------------------------------------

    def bond(self, turn: int) -> int:
        return self.terms.bond * int(self.terms.appeal_factor**turn)

    def owed(self) -> int:
        """Wei that the court must hold: credits, bonds of open cases, pots with what rounding leaves in them."""
        bonds = sum(
            self.bond(turn) for case in self.cases.values() if not case.verdict for turn in range(case.turn + 1)
        )
        return bonds + sum(self.credits.values()) + sum(case.pot_left for case in self.cases.values())

    # juries ----------------------------------------------------------------------------------------------------------

    def seats(self, juror: str, weighed_at: int) -> int:
        if juror not in self.hub.operators:
            return 0
        commitment = self.hub.operators[juror].commitments.get(self.terms.court, Commitment())
        then = commitment.next if weighed_at >= commitment.since else commitment.current
        return min(then, self.hub.effective(self.terms.court, juror)) // self.terms.seat

    def drawn(self, case_id: int, juror: str, seat: int) -> bool:
        """Whether a seat sits in the current turn; its seed must be there."""
        case = self.cases[case_id]
        seed = self.seeds[case.juries[-1].seed_epoch]
        return _sits(seed, case_id, case.turn, juror, seat, self.terms.odds)

    def drawn_seats(self, case_id: int, juror: str) -> list[int]:
        """Every seat that sits, without the contract's bound on a ballot."""
        case = self.cases[case_id]
        jury = case.juries[-1]
        if jury.seed_epoch not in self.seeds:
            return []
        seats = self.seats(juror, jury.weighed_at)
        return list(_sitting(self.seeds[jury.seed_epoch], case_id, case.turn, juror, seats, self.terms.odds))

    def found(self, case: Case, turn: int) -> int:
        jury = case.juries[turn]
        revealed = jury.guilty + jury.innocent
        if revealed < self.terms.quorum << turn or 2 * revealed <= jury.committed:
            return NO_QUORUM
        return GUILTY if jury.guilty > jury.innocent else INNOCENT

    def commit_end(self, jury: Jury) -> int:
        return jury.opened + 2 * self.hub.terms.epoch_length

    def reveal_end(self, jury: Jury) -> int:
        return self.commit_end(jury) + self.terms.reveal

    @staticmethod
    def seal(case_id: int, turn: int, juror: str, guilty: bool, salt: bytes) -> bytes:
        return keccak256(_SEALED((case_id, turn, juror, guilty, salt)))

    def _open(self, case_id: int) -> Case:
        check(case_id in self.cases, "court: unknown case")
        check(self.cases[case_id].verdict == 0, "court: case closed")
        return self.cases[case_id]

    def _jury(self, appellant: str) -> Jury:
        weighed_at = self.hub.terms.genesis + (max(self.hub.epoch, 2) - 2) * self.hub.terms.epoch_length
        return Jury(self.now, weighed_at, self.next_seed, appellant)

    def commit_vote(self, case_id: int, juror: str, seats: Sequence[int], commitment: bytes) -> None:
        case = self._open(case_id)
        jury = case.juries[-1]
        check(self.now < self.commit_end(jury), "court: commit phase over")
        check(commitment != NO_HASH, "court: empty commitment")
        check(juror not in jury.ballots, "court: already committed")
        check(juror != case.fault[1], "court: judge in own case")
        check(len(seats) > 0, "court: no seat")
        check(jury.seed_epoch in self.seeds, "court: no seed yet")
        there, following = self.seats(juror, jury.weighed_at), 0
        for seat in seats:
            check(seat >= following, "court: seats not ascending")
            check(seat < there, "court: no such seat")
            check(self.drawn(case_id, juror, seat), "court: seat not drawn")
            following = seat + 1
        jury.ballots[juror] = Ballot(commitment, tuple(seats), len(seats))
        jury.committed += len(seats)

    def reveal_vote(self, case_id: int, juror: str, guilty: bool, salt: bytes) -> None:
        case = self._open(case_id)
        jury = case.juries[-1]
        ballot = jury.ballots.get(juror, Ballot(NO_HASH, (), 0))
        check(self.now >= self.commit_end(jury), "court: commit phase not over")
        check(self.now < self.reveal_end(jury), "court: reveal phase over")
        check(ballot.vote == 0, "court: already revealed")
        check(ballot.commitment == self.seal(case_id, case.turn, juror, guilty, salt), "court: not that vote")
        ballot.vote = GUILTY if guilty else INNOCENT
        if guilty:
            jury.guilty += ballot.seats
        else:
            jury.innocent += ballot.seats

    def report_salt(self, case_id: int, juror: str, guilty: bool, salt: bytes, prover: str) -> int:
        """Wei taken."""
        case = self._open(case_id)
        jury = case.juries[-1]
        ballot = jury.ballots.get(juror, Ballot(NO_HASH, (), 0))
        check(self.now < self.commit_end(jury), "court: reveal has begun")
        check(prover != juror, "court: not by the juror")
        check(ballot.vote == 0, "court: nothing to penalise")
        check(ballot.commitment == self.seal(case_id, case.turn, juror, guilty, salt), "court: not that vote")
        taken = self._penalise(ballot, juror, prover)
        jury.committed -= ballot.seats
        return taken

    def penalise(self, case_id: int, turn: int, juror: str, prover: str) -> int:
        """Wei taken."""
        juries = self.cases[case_id].juries if case_id in self.cases else []
        ballot = juries[turn].ballots.get(juror) if turn < len(juries) else None
        check(ballot is not None and ballot.seats > 0 and ballot.vote == 0, "court: nothing to penalise")
        assert ballot is not None
        check(self.now >= self.reveal_end(juries[turn]), "court: jury still sits")
        return self._penalise(ballot, juror, prover)

    def _penalise(self, ballot: Ballot, juror: str, prover: str) -> int:
        taken = self.hub.slash(self.terms.court, juror, self.terms.penalty * ballot.seats, "", prover)[0]
        ballot.vote = VOID
        return taken

    # cases -----------------------------------------------------------------------------------------------------------

    def open_case(self, accuser: str, service: str, operator: str, victim: str, amount: int, evidence: bytes) -> int:
        """The case. An empty `victim` is none."""
        check(amount > 0, "court: zero amount")
        check(evidence != NO_HASH, "court: no evidence")
        listed = self.hub.services.get(service)
        check(listed is not None and listed.arbiter == self.terms.court, "court: not its arbiter")
        there = self.hub.effective(service, operator) if operator in self.hub.operators else 0
        check(amount <= there, "court: more than is at stake")
        fault = (service, operator, evidence)
        key = (fault, amount.bit_length() - 1)
        known = self.case_of.get(key)
        check(known is None or self.cases[known].verdict == NO_QUORUM, "court: evidence known")
        case_id = len(self.cases) + 1
        self.case_of[key] = case_id
        self.cases[case_id] = Case(fault, accuser, victim, amount, [self._jury(accuser)])
        return case_id

    def appeal(self, case_id: int, appellant: str) -> None:
        case = self._open(case_id)
        end = self.reveal_end(case.juries[-1])
        check(self.now >= end, "court: jury still sits")
        check(self.now < end + self.terms.appeal, "court: too late to appeal")
        check(case.turn < self.terms.appeals, "court: no appeal left")
        check(self.found(case, case.turn) != NO_QUORUM, "court: nothing to appeal")
        case.juries.append(self._jury(appellant))

    def execute(self, case_id: int) -> int:
        """Wei slashed."""
        case = self._open(case_id)
        verdict, end = self.found(case, case.turn), self.reveal_end(case.juries[-1])
        if case.turn < self.terms.appeals and verdict != NO_QUORUM:
            end += self.terms.appeal
        check(self.now >= end, "court: not final")
        if verdict == NO_QUORUM and case.turn > 0:
            verdict = self.found(case, case.turn - 1)
        case.verdict = verdict
        self._share_bonds(case)
        if verdict == GUILTY:
            case.taken = self._take(case)
        return case.taken

    def _share_bonds(self, case: Case) -> None:
        """The accuser's less the fee if it was right; an appellant's whole if the jury before it was wrong."""
        fee = {NO_QUORUM: 0, GUILTY: self.terms.bond // self.terms.fee_divisor, INNOCENT: self.terms.bond}[case.verdict]
        self.credits[case.accuser] += self.terms.bond - fee
        case.pot = fee
        for turn in range(1, case.turn + 1):
            if self.found(case, turn - 1) != case.verdict:
                self.credits[case.juries[turn].appellant] += self.bond(turn)
            else:
                case.pot += self.bond(turn)
        case.pot_left = case.pot

    def _take(self, case: Case) -> int:
        """All cases of one fault together take what the largest asked."""
        service, operator, _ = case.fault
        listed, before = self.hub.services[service], self.taken_for[case.fault]
        gone = listed.removed and self.now > listed.removed + listed.horizon
        if case.amount <= before or gone:
            return 0
        taken = self.hub.slash(service, operator, case.amount - before, case.victim, case.accuser)[0]
        self.taken_for[case.fault] = before + taken
        return taken

    def claim_juror(self, case_id: int, turn: int, juror: str) -> int:
        """Wei credited."""
        case = self.cases.get(case_id)
        check(case is not None and case.verdict in (INNOCENT, GUILTY), "court: no verdict")
        assert case is not None
        ballot = case.juries[turn].ballots.get(juror) if turn <= case.turn else None
        check(ballot is not None and ballot.seats > 0 and ballot.vote == case.verdict, "court: not coherent")
        assert ballot is not None
        coherent = sum(jury.guilty if case.verdict == GUILTY else jury.innocent for jury in case.juries)
        amount = case.pot * ballot.seats // coherent
        ballot.seats = 0
        case.pot_left -= amount
        self.credits[juror] += amount
        return amount

    def collect(self, account: str) -> int:
        return self.credits.pop(account, 0)


@lru_cache(maxsize=1 << 14)
def _sits(seed: bytes, case_id: int, turn: int, juror: str, seat: int, odds: int) -> bool:
    draw = keccak256(_SEAT((seed, case_id, turn, juror, seat)))
    return int.from_bytes(draw) < (2**256 - 1) // (odds >> turn)


@lru_cache(maxsize=1 << 12)
def _sitting(seed: bytes, case_id: int, turn: int, juror: str, seats: int, odds: int) -> tuple[int, ...]:
    return tuple(seat for seat in range(seats) if _sits(seed, case_id, turn, juror, seat, odds))
