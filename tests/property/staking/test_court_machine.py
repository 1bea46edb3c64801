"""The alignment court beside its model: several cases of one fault at a time, and all that anyone does in them.

Every call is made on both sides, and both must answer or refuse alike; invariants CRT-1 to CRT-5, CRT-9 and CRT-10 are
asserted after each step.
"""

from __future__ import annotations

from typing import Any

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.property.staking.court_and_model import AT_STAKE, JUROR_STAKE, CourtAndModel
from tests.property.staking.courtroom import (
    APPEAL,
    BOND,
    EPOCH,
    GUILTY,
    INNOCENT,
    NO_QUORUM,
    REVEAL,
)

EVIDENCE = (b"\x05" * 32, b"\x06" * 32)
AMOUNTS = (1, COIN, 1_000 * COIN, 1_500 * COIN, 3_000 * COIN, 4_000 * COIN, AT_STAKE)


numbers = st.integers(0, 3)
votes = st.lists(st.sampled_from([None, False, False, True, True]), min_size=4, max_size=4)


class CourtMachine(CourtAndModel):
    """One operator, four jurors with 100 seats each, two faults."""

    def some_case(self, data: st.DataObject) -> int:
        """A recent case more often than an old one, now and then one that nobody opened."""
        count = len(self.model.cases)
        return data.draw(st.sampled_from([*range(1, count + 1), count, max(count - 1, 1), count + 1]))

    # accusing --------------------------------------------------------------------------------------------------------

    @rule(
        by=st.sampled_from([0, 0, 1, 2]),
        amount=st.sampled_from([*AMOUNTS, 0, AT_STAKE + 1]),
        evidence=st.sampled_from([*EVIDENCE, EVIDENCE[0], bytes(32)]),
        victim=st.booleans(),
        drawn=st.sampled_from([True, True, True, False]),
    )
    def open_case(self, by: int, amount: int, evidence: bytes, victim: bool, drawn: bool) -> None:
        self.accuse(self.people[by], amount, evidence, victim, drawn)

    @rule(kind=st.sampled_from(["court", "bystander"]))
    def accuse_nobody(self, kind: str) -> None:
        """A service with another arbiter; an account that never committed."""
        room = self.room
        service = self.court.address if kind == "court" else room.service.address
        accused = room.operator if kind == "court" else room.accuser
        self.both(
            "open_case()",
            lambda: self.model.open_case(room.accuser.address, service, accused.address, "", 1, EVIDENCE[0]),
            lambda: self.court.open_case(service, accused, ZERO_ADDRESS, 1, EVIDENCE[0], sender=room.accuser),
        )

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data())
    def seed_comes(self, data: st.DataObject) -> None:
        self.draw(data.draw(st.sampled_from(sorted(self.model.cases))))

    # voting ----------------------------------------------------------------------------------------------------------

    @rule(data=st.data(), number=numbers, guilty=st.booleans(), most=st.integers(1, 6))
    def commit_vote(self, data: st.DataObject, number: int, guilty: bool, most: int) -> None:
        case, juror = self.some_case(data), self.room.jurors[number]
        self.commit(case, juror, guilty, self.some_seats(case, juror, most))

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), number=numbers, trick=st.sampled_from(["twice", "idle", "beyond", "accused", "unsealed"]))
    def commit_wrongly(self, data: st.DataObject, number: int, trick: str) -> None:
        """CRT-9"""
        case, juror = self.some_case(data), self.room.jurors[number]
        drawn = self.some_seats(case, juror, 2)
        idle = next(seat for seat in range(100) if seat not in self.some_seats(case, juror, 100))
        seats = {"twice": drawn + drawn[-1:], "idle": [idle], "beyond": [100]}.get(trick, drawn)
        if trick == "accused":
            juror = self.room.operator
        self.commit(case, juror, True, seats, bytes(32) if trick == "unsealed" else None)

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), cast=votes, most=st.integers(1, 6))
    def jury_commits(self, data: st.DataObject, cast: list[bool | None], most: int) -> None:
        self.vote(self.some_case(data), cast, most)

    @rule(data=st.data(), number=numbers, guilty=st.booleans())
    def reveal_vote(self, data: st.DataObject, number: int, guilty: bool) -> None:
        self.reveal(self.some_case(data), self.room.jurors[number], guilty)

    @precondition(lambda self: self.voted)
    @rule(data=st.data(), silent=st.sets(numbers, max_size=2))
    def jury_reveals(self, data: st.DataObject, silent: set[int]) -> None:
        self.open_votes(self.some_case(data), silent)

    @rule(data=st.data(), number=numbers, by=numbers, right=st.sampled_from([True, True, False]))
    def report_salt(self, data: st.DataObject, number: int, by: int, right: bool) -> None:
        case, juror = self.some_case(data), self.room.jurors[number]
        guilty = self.voted.get((case, self.turn(case), juror.address), True) == right
        self.call_report(case, juror, guilty, self.room.jurors[by])

    def call_report(self, case: int, juror: Any, guilty: bool, prover: Any) -> None:
        turn, salt = self.turn(case), self.room.salt(juror)
        ok, taken = self.both(
            f"report_salt({case})",
            lambda: self.model.report_salt(case, juror.address, guilty, salt, prover.address),
            lambda: self.court.report_salt(case, juror, guilty, salt, sender=prover),
        )
        self.punished(ok, case, turn, juror.address, taken)

    @rule(data=st.data(), number=numbers, turn=st.sampled_from([0, 0, 1, 2]), by=st.integers(0, 5))
    def penalise(self, data: st.DataObject, number: int, turn: int, by: int) -> None:
        self.call_penalise(self.some_case(data), turn, self.room.jurors[number], self.people[by])

    def call_penalise(self, case: int, turn: int, juror: Any, prover: Any) -> None:
        ok, taken = self.both(
            f"penalise({case})",
            lambda: self.model.penalise(case, turn, juror.address, prover.address),
            lambda: self.court.penalise(case, turn, juror, sender=prover),
        )
        self.punished(ok, case, turn, juror.address, taken)

    def punished(self, ok: bool, case: int, turn: int, juror: str, taken: int) -> None:
        """CRT-4: for each seat of the ballot."""
        if ok:
            seats = len(self.model.cases[case].juries[turn].ballots[juror].numbers)
            assert taken == 50 * COIN * seats
            self.penalties[juror] = self.penalties.get(juror, 0) + taken

    # verdicts --------------------------------------------------------------------------------------------------------

    @rule(data=st.data(), by=st.sampled_from([0, 1]), drawn=st.sampled_from([True, True, False]))
    def appeal(self, data: st.DataObject, by: int, drawn: bool) -> None:
        self.call_appeal(self.some_case(data), self.people[by], drawn)

    @precondition(lambda self: self.within_appeal())
    @rule(data=st.data(), by=st.sampled_from([0, 1]), cast=votes, most=st.sampled_from([2, 3, 12]))
    def appeal_and_sit(self, data: st.DataObject, by: int, cast: list[bool | None], most: int) -> None:
        """CRT-5: the larger jury sits to its end."""
        case = data.draw(st.sampled_from(self.within_appeal()))
        self.call_appeal(case, self.people[by], True)
        self.vote(case, cast, most)
        self.warp_to(self.model.commit_end(self.model.cases[case].juries[-1]))
        self.open_votes(case, set())
        self.warp_to(self.model.reveal_end(self.model.cases[case].juries[-1]))

    def within_appeal(self) -> list[int]:
        now = self.model.now
        ends = {number: self.model.reveal_end(case.juries[-1]) for number, case in self.model.cases.items()}
        return [number for number, end in ends.items() if end <= now < end + APPEAL and self.turn(number) < 2]

    def call_appeal(self, case: int, appellant: Any, drawn: bool) -> None:
        ok, _ = self.both(
            f"appeal({case})",
            lambda: self.model.appeal(case, appellant.address),
            lambda: self.court.appeal(case, sender=appellant),
        )
        if ok:
            self.paid_in += BOND * 3 ** self.model.cases[case].turn
            if drawn:
                self.draw(case)

    @rule(data=st.data())
    def execute(self, data: st.DataObject) -> None:
        self.call_execute(self.some_case(data))

    def call_execute(self, case: int) -> None:
        before = sum(self.court.credits(account) for account in self.people)
        ok, _ = self.both(
            f"execute({case})",
            lambda: self.model.execute(case),
            lambda: self.court.execute(case, sender=self.room.accuser),
        )
        if ok:
            self.check_bonds(case, sum(self.court.credits(account) for account in self.people) - before)

    def check_bonds(self, case: int, returned: int) -> None:
        """CRT-3, CRT-5, from what the chain shows."""
        shown = self.court.get_case(case)
        verdict, turn = shown[7], shown[6]
        event(f"verdict {verdict} in turn {turn}")
        back = {INNOCENT: 0, GUILTY: BOND - BOND // 4, NO_QUORUM: BOND}[verdict]
        for number in range(1, turn + 1):
            guilty, innocent = self.court.get_round(case, number - 1)[5:7]
            if verdict != (GUILTY if guilty > innocent else INNOCENT):
                back += BOND * 3**number
        assert returned == back
        assert shown[8] == sum(BOND * 3**number for number in range(turn + 1)) - back

    @rule(data=st.data(), number=numbers, turn=st.sampled_from([0, 0, 1, 2]))
    def claim_juror(self, data: st.DataObject, number: int, turn: int) -> None:
        self.claim(self.some_case(data), turn, self.room.jurors[number])

    def claim(self, case: int, turn: int, juror: Any) -> None:
        self.both(
            f"claim_juror({case})",
            lambda: self.model.claim_juror(case, turn, juror.address),
            lambda: self.court.claim_juror(case, turn, sender=juror),
        )

    @rule(by=st.integers(0, 5))
    def collect(self, by: int) -> None:
        self.call_collect(self.people[by])

    def call_collect(self, account: Any) -> None:
        before = self.room.token.balanceOf(account)
        _, amount = self.both(
            "collect",
            lambda: self.model.collect(account.address),
            lambda: self.court.collect(account, sender=account),
        )
        assert self.room.token.balanceOf(account) == before + amount
        self.paid_out += amount

    # time and strangers ----------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 3_600, EPOCH]))
    def wait(self, seconds: int) -> None:
        self.warp_to(self.evm.now + seconds)

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), phase=st.integers(0, 2), early=st.sampled_from([0, 0, 1]))
    def to_phase(self, data: st.DataObject, phase: int, early: int) -> None:
        """To the reveal, to its end, to the end of appeals, or the second before."""
        jury = self.model.cases[data.draw(st.sampled_from(sorted(self.model.cases)))].juries[-1]
        end = (self.model.commit_end(jury), self.model.reveal_end(jury), self.model.reveal_end(jury) + APPEAL)[phase]
        self.warp_to(end - early)

    @rule(amount=st.sampled_from([1, COIN, 1_000 * COIN]))
    def donate(self, amount: int) -> None:
        self.room.token.transfer(self.court, amount, sender=self.room.accuser)
        self.donated += amount

    @initialize(
        data=st.data(),
        cast=votes,
        silent=st.sets(numbers, max_size=1),
        most=st.sampled_from([1, 2, 4]),
        leak=st.sampled_from([None, None, 0, 1]),
    )
    def first_trials(
        self, data: st.DataObject, cast: list[bool | None], silent: set[int], most: int, leak: int | None
    ) -> None:
        """Two cases of one fault, side by side to the end of their first juries."""
        for amount in data.draw(st.lists(st.sampled_from(AMOUNTS), min_size=2, max_size=2)):
            self.accuse(self.room.accuser, amount, EVIDENCE[0], True, True)
        for case in self.model.cases:
            self.vote(case, cast, most)
        if leak is not None and cast[leak] is not None:
            self.call_report(1, self.room.jurors[leak], bool(cast[leak]), self.room.accuser)
        self.warp_to(self.evm.now + 2 * EPOCH)
        for case in self.model.cases:
            self.open_votes(case, silent)
        self.warp_to(self.evm.now + REVEAL)

    def teardown(self) -> None:
        """CRT-10: whatever happened, every case ends, every juror is paid or punished, and everyone collects."""
        self.warp_to(self.evm.now + self.court.longest_case())
        for number, case in self.model.cases.items():
            self.call_execute(number)
            for turn, jury in enumerate(case.juries):
                for juror in self.room.jurors:
                    if juror.address in jury.ballots:
                        self.claim(number, turn, juror)
                        self.claim(number, turn, juror)  # never twice
                        self.call_penalise(number, turn, juror, self.room.accuser)
        self.check_all()
        for account in self.people:
            self.call_collect(account)
        self.check_all()
        pots = sum(case.pot_left for case in self.model.cases.values())
        assert self.room.token.balanceOf(self.court) == pots + self.donated
        assert pots <= 12 * len(self.model.cases)  # a wei of rounding for each ballot

    def check_all(self) -> None:
        self.court_holds_what_it_owes()
        self.cases_are_the_model_s()
        self.only_guilty_verdicts_slash()
        self.jurors_lose_their_penalties_only()
        self.a_seat_votes_once()

    # what must always hold -------------------------------------------------------------------------------------------

    @invariant()
    def court_holds_what_it_owes(self) -> None:
        """CRT-10"""
        held = self.room.token.balanceOf(self.court)
        assert held == self.model.owed() + self.donated
        assert held == self.paid_in - self.paid_out + self.donated
        for account in self.people:
            assert self.court.credits(account) == self.model.credits.get(account.address, 0)

    @invariant()
    def cases_are_the_model_s(self) -> None:
        """CRT-5: verdicts, pots and juries."""
        for number, case in self.model.cases.items():
            shown = self.court.get_case(number)
            assert (shown[4], shown[6], shown[7], shown[8]) == (case.amount, case.turn, case.verdict, case.pot)
            for turn, jury in enumerate(case.juries):
                assert self.court.get_round(number, turn) == (
                    jury.opened,
                    jury.weighed_at,
                    jury.seed_epoch,
                    jury.appellant,
                    jury.committed,
                    jury.guilty,
                    jury.innocent,
                )

    @invariant()
    def only_guilty_verdicts_slash(self) -> None:
        """CRT-1, CRT-2, CRT-3: a fault costs what its largest guilty case asked, never more than was committed."""
        operator = self.room.operator
        cost: dict[bytes, int] = {}
        for case in self.model.cases.values():
            if case.verdict == GUILTY:
                cost[case.fault[2]] = max(cost.get(case.fault[2], 0), case.amount)
            else:
                assert case.taken == 0
        lost = AT_STAKE - self.room.hub.operator_state(operator)[0]
        assert lost == min(sum(cost.values()), AT_STAKE)
        assert self.room.hub.effective(self.room.service, operator) == AT_STAKE - lost

    @invariant()
    def jurors_lose_their_penalties_only(self) -> None:
        """CRT-4"""
        for juror in self.room.jurors:
            lost = JUROR_STAKE - self.room.hub.operator_state(juror)[0]
            assert lost == self.penalties.get(juror.address, 0)
            assert self.room.hub.credit(juror) == self.model.hub.credits.get(juror.address, 0)

    @invariant()
    def a_seat_votes_once(self) -> None:
        """CRT-9: counts of a jury are those of different seats that its jurors own."""
        for case in self.model.cases.values():
            for jury in case.juries:
                ballots = jury.ballots.values()
                assert all(len(set(ballot.numbers)) == len(ballot.numbers) for ballot in ballots)
                assert all(seat < JUROR_STAKE // (1_000 * COIN) for ballot in ballots for seat in ballot.numbers)
                for vote, counted in ((GUILTY, jury.guilty), (INNOCENT, jury.innocent)):
                    assert counted == sum(len(ballot.numbers) for ballot in ballots if ballot.vote == vote)


TestCourt = CourtMachine.TestCase
TestCourt.settings = settings(stateful_step_count=50)
