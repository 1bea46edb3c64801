"""What the alignment court owes to whom, from a log of what people did, in exact fractions.

    court = CourtModel("court", hub, genesis_block=1, daily_blocks=7_200)
    case = court.open("service", "operator", fault, 400 * COIN, "accuser", b"evidence")
    court.advance(case)

It is written from the rules of a case and from contracts/interfaces/IAlignmentCourt.vyi; of the contract it knows only
encodings: what a seal is the hash of, and what a draw is. Who weighs what is read once, at the accusation; what a case
pays is computed once, from its votes, when it is over. Accounts are addresses, since a draw is a hash of one. Whoever
drives it sets `now` of the hub and `block`, and says with `took` what the hub answered to a penalty. An act that must
be refused raises Refused; the step of its case that was due stands in the model, so drive it with a copy then.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from ethwire.abi import call_encoder
from ethwire.keys import keccak256
from keifu.spec._cases import (
    ACQUITTED,
    ANSWER,
    CALL,
    COMMIT,
    CONVICTED,
    FEES,
    GUILTY,
    INNOCENT,
    OVER,
    QUEUE,
    REVEAL,
    SEALED,
    SEED,
    SETTLED,
    SMALL,
    STRUCK,
    VOID,
    Case,
    Hearing,
    Table,
    Vote,
)
from keifu.spec._jurors import LONGEST_WAIT, SEAT, Juror, Jurors
from keifu.spec.refusals import Refused, check
from keifu.spec.staking import StakingModel
from keifu.units import DAY

__all__ = [
    "ACQUITTED", "ANSWER", "ASKED", "CALL", "COMMIT", "CONVICTED", "FEES", "LONGEST_CASE", "LONGEST_WAIT", "OVER",
    "PERIODS", "QUEUE", "REVEAL", "SEAT", "SEED", "SMALL", "VOID", "Case", "CourtModel", "Hearing", "Juror",
    "Refused", "Table", "Vote", "sealed",
]  # fmt: skip

PERIODS = {ANSWER: DAY, SEED: DAY // 2, COMMIT: 2 * DAY, REVEAL: DAY, CALL: 2 * DAY, QUEUE: LONGEST_WAIT}
LONGEST_CASE = 2 * (PERIODS[ANSWER] + PERIODS[SEED] + PERIODS[COMMIT] + PERIODS[REVEAL]) + PERIODS[CALL] + DAY // 2
LEAST_SEATS = 400
ASKED = (400, 40_000)  # coins
OPEN = Fraction(2, 5)  # of the mature weight: what open re-hearings may ask together
MISSED = 3  # epochs of seeds after the named one, when it will come no more
SCALE_NOTICE = 28 * DAY
UNITS = (10**14, 10**22)
SHOWN = 24  # bytes of a seal that are kept
# Words after words.
_SEALED = call_encoder(b"", ("uint256", "uint256", "address", "bool", "bytes32"))
_DRAW = call_encoder(b"", ("bytes32", "uint256", "uint256", "address"))


def sealed(case: int, hearing: int, juror: str, guilty: bool, salt: bytes) -> bytes:
    """A vote under its seal."""
    return keccak256(_SEALED((case, hearing, juror, guilty, salt)))


class CourtModel(Jurors):
    """The court: every method is one call."""

    def __init__(self, court: str, hub: StakingModel, daily_blocks: int) -> None:
        super().__init__(hub, court)
        self.daily_blocks, self.block = daily_blocks, 0
        self.seeds: dict[int, bytes] = {}
        self.next_seed = 0
        self.cases: dict[int, Case] = {}
        self.waiting: list[int] = []  # cases that wait for their re-hearing, in the order of the calls
        self.paid: defaultdict[str, Fraction] = defaultdict(Fraction)  # account -> all that it had from the court
        self.insurance = "insurance"

    # how a case goes on ----------------------------------------------------------------------------------------------

    def _known(self, number: int) -> Case:
        check(number in self.cases, "court: unknown case")
        return self.cases[number]

    def _enter(self, case: Case, phase: int) -> None:
        case.phase, case.since, case.since_block = phase, self.now, self.block

    def ended(self, case: Case, seconds: int) -> bool:
        """A period is over when its time and half of that time's blocks have passed."""
        blocks = Fraction(seconds * self.daily_blocks, 2 * DAY)
        return self.now >= case.since + seconds and self.block - case.since_block >= int(blocks)

    def _step(self, number: int) -> Case:
        """Take the step that is due."""
        case = self._known(number)
        if case.phase == SEED:
            self._look_for_seed(case)
        elif case.phase == QUEUE:
            self._admit()
            if case.phase == QUEUE and self.ended(case, LONGEST_WAIT):
                self._decide(case, VOID)
        elif case.phase != OVER and self.ended(case, PERIODS[case.phase]):
            self._end_period(number, case)
        return case

    def _end_period(self, number: int, case: Case) -> None:
        if case.phase == ANSWER:
            case.seed_epoch = self.next_seed
            self._enter(case, SEED)
        elif case.phase == COMMIT:
            self._enter(case, REVEAL)
        elif case.phase == CALL:
            self._decide(case, case.first)
        elif case.hearing:
            self._decide(case, case.found(1))
        else:
            case.first = case.found(0)
            if case.first == CONVICTED and case.asked > SMALL * case.unit:
                self._queue(number, case)
            else:
                self._enter(case, CALL)

    def _look_for_seed(self, case: Case) -> None:
        if seed := self.seeds.get(case.seed_epoch):
            case.hearings[-1].seed = seed
            self._enter(case, COMMIT)
        elif self.ended(case, LONGEST_WAIT):
            self._decide(case, VOID)
        elif self.ended(case, PERIODS[SEED]) and self.next_seed >= case.seed_epoch + MISSED:
            case.seed_epoch = self.next_seed

    def _queue(self, number: int, case: Case) -> None:
        self.waiting.append(number)
        self._enter(case, QUEUE)
        self._admit()

    @property
    def asked_by_open(self) -> int:
        """What open re-hearings ask, together."""
        return sum(case.table.weighty for case in self.cases.values() if case.hearing and case.phase != OVER)

    def _admit(self) -> None:
        while self.waiting:
            case = self.cases[self.waiting[0]]
            if case.phase == QUEUE:
                if self.asked_by_open + case.table.weighty > OPEN * sum(self.weights().values()):
                    return
                case.hearings.append(Hearing())
                self._enter(case, ANSWER)
            self.waiting.pop(0)

    def _decide(self, case: Case, verdict: int) -> None:
        case.verdict = verdict
        self._enter(case, OVER)
        due = case.settled(self.insurance)
        brought = case.table.bond(case.repeated) + (case.table.fees(1) if case.caller else 0)
        assert sum(due.values()) + case.wages(0) + case.wages(1) == brought, "a case pays out what bonds brought in"
        for account, amount in due.items():
            self.paid[account] += amount

    def over_up_to(self, case: int) -> bool:
        return all(item.phase == OVER for number, item in self.cases.items() if number <= case)

    # services and parties --------------------------------------------------------------------------------------------

    def last_about(self, service: str, fault: bytes) -> Case | None:
        return next(
            (case for case in reversed(self.cases.values()) if (case.service, case.fault) == (service, fault)), None
        )

    def is_repeated(self, service: str, fault: bytes) -> bool:
        """Whether this fault was acquitted before; refused when it is being judged, or was found."""
        last = self.last_about(service, fault)
        if last is None:
            return False
        check(last.phase == OVER, "court: fault is being judged")
        check(last.verdict != CONVICTED, "court: fault was judged")
        return last.verdict == ACQUITTED or last.repeated

    def open(self, service: str, operator: str, fault: bytes, asked: int, accuser: str, evidence: bytes) -> int:
        check(bool(operator) and bool(accuser), "court: no party")
        check(len(evidence) > 0, "court: no evidence")
        least, most = (coins * self.unit for coins in ASKED)
        check(least <= asked <= most, "court: asks too little or too much")
        listed = self.hub.services.get(service)
        check(listed is not None, "court: not a service of the hub")
        assert listed is not None
        in_time = not listed.removed or self.now + LONGEST_CASE <= listed.removed + listed.horizon
        check(in_time, "court: the service can slash no more")
        check(self.hub.is_listed(self.court), "court: no longer in the hub")
        weights = self.weights()
        check(sum(weights.values()) >= LEAST_SEATS * SEAT * self.unit, "court: too few jurors")
        repeated = self.is_repeated(service, fault)
        self.opened += 1
        self.cases[self.opened] = Case(
            service, operator, fault, asked, self.unit, accuser, repeated, self.hub.epoch, weights, self.now, self.block
        )
        return self.opened

    def concede(self, number: int, who: str) -> None:
        case = self._step(number)
        check(who == case.service, "court: not the service")
        check(case.phase == ANSWER and case.hearing == 0, "court: not the time")
        self._decide(case, CONVICTED)

    def answer(self, number: int, who: str, evidence: bytes) -> None:
        case = self._step(number)
        check(case.phase == ANSWER, "court: not the time")
        check(len(evidence) > 0, "court: no evidence")
        check(who in (case.service, case.operator, case.accuser, case.caller), "court: not a party")

    def rehear(self, number: int, who: str) -> None:
        case = self._step(number)
        check(case.phase == CALL, "court: not the time")
        if who != case.accuser:
            case.caller = who
        self._queue(number, case)

    def advance(self, number: int) -> int:
        return self._step(number).phase

    def rescale(self, unit: int) -> None:
        check(UNITS[0] <= unit <= UNITS[1], "court: out of range")
        self.units = [(0, self.unit), (self.now + SCALE_NOTICE, unit)]

    # votes -----------------------------------------------------------------------------------------------------------

    def drawn(self, number: int, hearing: int, juror: str) -> int:
        """Seats of a juror: its share of the expected ones, and the remainder by chance."""
        case = self.cases.get(number)
        if case is None or hearing > case.hearing or not case.hearings[hearing].seed:
            return 0
        chance = keccak256(_DRAW((case.hearings[hearing].seed, number, hearing, juror)))
        remainder = Fraction(int.from_bytes(chance) % case.total, case.total)
        return int(case.expected(hearing, juror) + remainder)

    def commit(self, number: int, juror: str, seal: bytes) -> int:
        case = self._step(number)
        check(case.phase == COMMIT, "court: not the time")
        votes = case.hearings[-1].votes
        check(juror not in votes, "court: already committed")
        seats = self.drawn(number, case.hearing, juror)
        check(seats > 0, "court: not drawn")
        votes[juror] = Vote(seal[:SHOWN], seats)
        self.jurors[juror].ballots += 1
        return seats

    def _sealed_vote(self, number: int, case: Case, juror: str, guilty: bool, salt: bytes) -> Vote:
        vote = case.hearings[-1].votes.get(juror)
        check(vote is not None and vote.status == SEALED, "court: no sealed ballot")
        assert vote is not None
        seal = sealed(number, case.hearing, juror, guilty, salt)
        check(vote.seal == seal[:SHOWN], "court: not that vote")
        return vote

    def reveal(self, number: int, juror: str, guilty: bool, salt: bytes) -> int:
        case = self._step(number)
        check(case.phase == REVEAL, "court: not the time")
        vote = self._sealed_vote(number, case, juror, guilty, salt)
        vote.status = vote.said = GUILTY if guilty else INNOCENT
        return vote.seats

    def _strike(self, case: Case, hearing: int, juror: str) -> Fraction:
        """A ballot that counts no more loses its deposits."""
        vote = case.hearings[hearing].votes[juror]
        vote.status = STRUCK
        self.jurors[juror].ballots -= 1
        return self._lost(juror, vote.seats * case.table.deposit(hearing))

    def _lost(self, juror: str, amount: Fraction) -> Fraction:
        """The hub executes penalties until the removed court's horizon is over. A juror that took its lock back then
        has nothing to lose; until it does, what it is to lose cannot be taken."""
        slashes = self.hub.may_slash(self.court)
        check(slashes or not amount or not self.locked(juror), "hub: not a slasher")
        return amount

    def report_salt(self, number: int, juror: str, guilty: bool, salt: bytes) -> Fraction:
        """What the juror is to lose."""
        case = self._step(number)
        check(case.phase == COMMIT, "court: not the time")
        self._sealed_vote(number, case, juror, guilty, salt)
        return self._strike(case, case.hearing, juror)

    def show_absent(self, number: int, hearing: int, juror: str) -> Fraction:
        """What the juror is to lose."""
        case, hearing = self._step(number), min(hearing, 1)
        at = (case.hearing, case.phase)
        vote = case.hearings[hearing].votes.get(juror) if hearing <= case.hearing else None
        if vote is None:
            check(case.phase == OVER or at > (hearing, COMMIT), "court: jurors still commit")
            seats = self.drawn(number, hearing, juror)
            check(seats > 0, "court: not drawn")
            case.hearings[hearing].votes[juror] = Vote(b"", seats)
            self.jurors[juror].ballots += 1
        else:
            check(vote.status == SEALED, "court: not absent")
            check(case.phase == OVER or at > (hearing, REVEAL), "court: jurors still reveal")
            case.hearings[hearing].silent += vote.seats
        return self._strike(case, hearing, juror)

    def claim(self, number: int, juror: str) -> tuple[Fraction, Fraction]:
        """What a juror is paid for a case that is over, and what it is to lose."""
        case = self._known(number)
        check(case.phase == OVER, "court: case is not over")
        paid = lost = Fraction(0)
        for hearing, jury in enumerate(case.hearings):
            vote = jury.votes.get(juror)
            if vote is None or vote.status in (STRUCK, SETTLED):
                continue
            if vote.status == case.verdict:
                paid += vote.seats * case.wage(hearing)
            else:
                lost += case.loss(hearing, vote)
            vote.status = SETTLED
            self.jurors[juror].ballots -= 1
        lost = self._lost(juror, lost)
        self.paid[juror] += paid
        return paid, lost
