"""ReExecution at its edges: last seconds, least majorities, each word and each verdict, and all that views, events and
balances say of them.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from audit.reexecuted import ABSENT, COURT_COSTS, FEE, LOCKED, PENALTY, POOL, RESERVE, REST, RESTITUTION, STAKE, WRONG
from audit.systems._hub_edges import way
from audit.systems._reexecution import EXECUTORS
from audit.systems._reexecution_edges import STEP
from audit.systems._reexecution_edges_demands import DemandEdges
from audit.systems._reexecution_edges_promises import OPEN, OVER
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.units import COIN, DAY

__all__ = ["ReExecutionEdges"]

ACQUITTED, CONVICTED, VOID = 1, 2, 3
HORIZON = 40 * DAY
NO_CASE, NO_SEAT = "reexecution: no case", "reexecution: no seat to settle"
FOUND = (2, 2, 2, 1, 0)
# Verdict, votes of both hearings (innocent and guilty), and the word that is denied by it.
HEARINGS = (
    (ACQUITTED, ((4, 0),), 0), (ACQUITTED, ((5, 0),), 2), (ACQUITTED, ((3, 2),), 2), (ACQUITTED, ((2, 2),), 0),
    (ACQUITTED, ((3, 3),), 0), (ACQUITTED, ((4, 6),), 0), (ACQUITTED, ((7, 0), (25, 25)), 2),
    (ACQUITTED, ((0, 7), (26, 25)), 2), (ACQUITTED, ((0, 7), (26, 26)), 0), (ACQUITTED, ((7, 0), (25, 26)), 0),
    (CONVICTED, ((0, 4),), 0), (CONVICTED, ((0, 5),), 1), (CONVICTED, ((2, 3),), 1), (CONVICTED, ((3, 3),), 0),
    (CONVICTED, ((7, 0), (25, 26)), 1), (CONVICTED, ((0, 7), (26, 25)), 0), (CONVICTED, ((0, 7), (50, 0)), 1),
    (VOID, ((7, 0),), 0), (VOID, ((0, 7), (60, 0)), 0), (VOID, ((0, 7),), 0),
)  # fmt: skip


class ReExecutionEdges(DemandEdges):
    """Short ways to what a verdict pays, and to what a seat loses."""

    # verdicts ---------------------------------------------------------------------------------------------------------

    @way(Choice(HEARINGS))
    def words_by_votes(self, who: str, heard: tuple[int, tuple[tuple[int, int], ...], int]) -> Steps:
        """REX-10: a word is denied by the hearing that decided, if it had its quorum and more votes for it."""
        verdict, votes, denied = heard
        panel = yield from self.accused(2, 2, 2, 1, 1)
        yield from self.decides(verdict, COURT_COSTS, *votes)
        yield self.sends("pull", 1)
        self.emitted("service.Closed", demand=1, outcome=verdict, rest_to=self.insurance, rest=0)
        reward = FEE if verdict == CONVICTED else 0
        state = self.view("demand", 1)
        assert (state[6], *state[13:]) == (4, verdict, denied, reward), "REX-10: another word is denied"
        assert self.ask("service.judged", 1, 1) == (verdict != VOID), "REX-8"
        for seat, word in enumerate((2, 2, 2, 1, 1)):
            who = panel.members[seat]
            before = self.locked(who), self.reserved(who), self.credit(who)
            yield self.sends("settle_seat", 1, seat)
            fine = WRONG if word == denied else 0
            self.emitted("service.SeatSettled", demand=1, seat=seat, fine=fine)
            after = (before[0] - fine, before[1] - fine, before[2] + (reward if word == 2 else 0))
            assert (self.locked(who), self.reserved(who), self.credit(who)) == after, "REX-10: another fine"
            left = self.now if fine else 0
            assert self.slot(panel.slots[seat])[2:] == (left, 0, fine // WRONG * 2), "REX-10: another slot"
            assert self.view("seat", 1, seat)[4] is True
            yield self.sends("settle_seat", 1, seat, fails=NO_SEAT)
        yield self.sends("pull", 1, fails=NO_CASE)

    @way(Choice((0, COURT_COSTS - 1, COURT_COSTS)))
    def what_a_conviction_pays(self, who: str, costs: int) -> Steps:
        """REX-7: to the wei, out of the promise's own reserve."""
        yield self.sends("pull", 1, fails=NO_CASE)
        yield from self.promises()
        yield from self.accused(2, 2, 2, 2, 1)
        yield self.sends("pull", 1, fails="reexecution: no verdict")
        yield from self.decides(CONVICTED, costs)
        lock = self.locked("operator")
        yield self.sends("pull", 1)
        paid = RESTITUTION + 5 * FEE + costs
        damages = -(-(paid + 4 * FEE) * 5 // 4)
        self.emitted("service.Restored", demand=1, client=self["client"], arrived=damages * 4 // 5)
        self.emitted("service.Freed", promise=1, reserve=RESERVE)
        self.emitted("hub.Slashed", service=self["service"], operator=self["operator"], damages=damages,
                     penalty=PENALTY)  # fmt: skip
        assert self.credit("client") == damages * 4 // 5 - 4 * FEE, "REX-7"
        assert lock - self.locked("operator") == damages + PENALTY, "REX-7"
        assert self.reserved("operator") == RESERVE, "REX-7: another promise's reserve"
        state = self.view("promise", 1)
        assert (state[6], state[7]) == (0, 0)
        yield self.opens(receipt=self.receipt(number=2), fails=OVER)
        before = self.coins("client")
        answer = yield self.sends("pay", self["client"])
        self.emitted("service.Paid", account=self["client"], receiver=self["client"])
        assert int.from_bytes(answer, "big") == self.coins("client") - before == damages * 4 // 5 - 4 * FEE
        yield self.sends("pay", self["client"], fails="payouts: nothing to pay")

    @way(Choice((1, 0)))
    def withdrawn(self, who: str, by_owner: int) -> Steps:
        """REX-12: a credit goes where its owner says, but to nobody and to the service."""
        panel = yield from self.drawn()
        yield from self.says(panel, 1, 1, 1, 0, 0)
        member = panel.members[0 if by_owner else 4]
        for nobody in (ZERO_ADDRESS, self["service"]):
            yield self.sends("withdraw", nobody, by=member, fails="payouts: no receiver")
        before = self.coins("stranger")
        yield self.sends("withdraw", self["stranger"], by=member, fails=None if by_owner else "payouts: nothing to pay")
        assert self.coins("stranger") - before == FEE * by_owner, "REX-12"

    @way(Choice(((3, 2, (2, 2, 0)), (7, 4, (2, 2, 2, 2, 2, 2, 2)))))
    def costs_beyond_the_reserve(self, who: str, terms: tuple[int, int, tuple[int, ...]]) -> Steps:
        """REX-7: what the court takes more than it could when the promise was made is not taken from others."""
        panel, needed, words = terms
        yield from self.promises(panel=panel, needed=needed)
        self.evm.warp(1)
        yield from self.accused(*words, promise=2, size=panel)
        yield from self.decides(CONVICTED, 10_000 * COIN)
        reserve = self.view("promise", 2)[6]
        lock = self.locked("operator")
        yield self.sends("pull", 1)
        assert lock - self.locked("operator") == reserve, "REX-7: not its own reserve"
        rewards = words.count(2) * FEE
        assert self.credit("client") == (reserve - PENALTY) * 4 // 5 - rewards, "REX-7"
        assert self.view("demand", 1)[15] == FEE
        assert self.reserved("operator") == RESERVE

    @way(Choice((False, True)))
    def conceded(self, who: str, by_operator: bool) -> Steps:
        """REX-6, REX-10: by the operator alone, while there is a case; it measures no word."""
        yield self.sends("concede", 1, by="operator", fails=NO_CASE)
        panel = yield from self.accused(*FOUND)
        if not by_operator:
            yield self.sends("concede", 1, by="client", fails="reexecution: not the operator")
            return
        yield self.sends("concede", 1, by="operator")
        yield self.sends("pull", 1)
        assert self.view("demand", 1)[13:] == (CONVICTED, 0, FEE)
        assert self.credit("client") == RESTITUTION + 5 * FEE
        for seat, fine in enumerate((0, 0, 0, 0, ABSENT)):
            yield self.sends("settle_seat", 1, seat)
            self.emitted("service.SeatSettled", demand=1, seat=seat, fine=fine)
        assert [self.credit(who) for who in panel.members] == [2 * FEE] * 3 + [FEE, 0]
        yield self.sends("concede", 1, by="operator", fails=NO_CASE)

    @way(Choice((HORIZON - 1, HORIZON)))
    def after_the_horizon(self, who: str, seconds: int) -> Steps:
        """REX-9: a removed service takes nothing from its horizon on, and nothing is stuck."""
        panel = yield from self.accused(*FOUND)
        yield self.sends("remove_service", self["service"], by=self.owner, to="hub")
        self.evm.warp(seconds)
        yield from self.decides(CONVICTED, COURT_COSTS)
        takes = seconds < HORIZON
        yield self.sends("pull", 1)
        self.emitted("hub.Slashed", count=int(takes))
        paid = RESTITUTION + 5 * FEE + COURT_COSTS
        self.emitted("service.Restored", demand=1, client=self["client"], arrived=(paid + 3 * FEE) * takes)
        assert self.credit("client") == paid * takes, "REX-9"
        assert self.view("demand", 1)[15] == FEE * takes, "REX-9: a reward that nobody paid"
        assert self.reserved("operator") == 0
        for seat, fine in enumerate((0, 0, 0, WRONG, ABSENT)):
            who = panel.members[seat]
            yield self.sends("settle_seat", 1, seat)
            self.emitted("hub.Slashed", count=int(takes and fine > 0))
            assert self.locked(who) == LOCKED - fine * takes, "REX-9"
            assert self.reserved(who) == STAKE - fine, "REX-9"

    # seats ------------------------------------------------------------------------------------------------------------

    @way()
    def silence_and_hiding(self, who: str) -> Steps:
        """REX-10: half a fine for nothing said, a whole one for what was sealed and not shown."""
        panel = yield from self.drawn()
        for seat in range(4):
            yield self.commits(panel, seat, 1)
        self.evm.warp_to(panel.reveals)
        yield self.reveals(panel, 0, 1)
        self.evm.warp(1)
        yield self.sends("settle_seat", 1, 0, fails=NO_SEAT)
        yield self.sends("close", 1)
        yield self.sends("settle_seat", 1, 5, fails=NO_SEAT)
        yield self.sends("settle_seat", 2, 0, fails=NO_SEAT)
        insurance = self.ask("hub.credit", self.insurance)
        for seat, fine in enumerate((0, WRONG, WRONG, WRONG, ABSENT)):
            yield self.sends("settle_seat", 1, seat)
            self.emitted("service.SeatSettled", demand=1, seat=seat, fine=fine)
            assert self.slot(panel.slots[seat])[4] == fine // ABSENT
        assert self.ask("hub.credit", self.insurance) - insurance == 3 * WRONG + ABSENT, "REX-10: to the insurance"
        assert self.ask("service.judged", 1, 1) == 0
        self.evm.warp(3 * DAY)
        slot, member = panel.slots[1], panel.members[1]
        yield self.sends("free_slot", POOL, slot, fails="reexecution: slot is needed")
        self.evm.warp(1)
        yield self.sends("free_slot", POOL, slot)
        assert self.reserved(member) == 0
        yield self.sends("unlock", LOCKED - WRONG, [], by=member)

    @way()
    def fines_to_the_stake(self, who: str) -> Steps:
        """REX-10: a slot with more fines than its stake loses its stake, and no coin more."""
        yield self.sends("lock", self["service"], self["operator"], 60_000 * COIN, by="operator", to="hub")
        for slot in range(6):
            yield self.sends("leave", POOL, slot, by=EXECUTORS[slot])
        self.evm.warp(1)
        for number in range(2, 14):
            yield self.offers(panel=3, needed=2)
            yield self.sends("accept", number, 3, by="client")
        self.evm.warp(1)
        seats = []
        for demand in range(1, 13):
            seats.append((yield from self.of_three(demand)))
        self.evm.warp(2 * STEP + 1)
        # One that said nothing, then those that hid a word; of the eleventh half a fine is left, of the last none.
        for demand, fine in enumerate((ABSENT, *[WRONG] * 9, ABSENT, 0), 1):
            yield self.sends("close", demand)
            yield self.sends("settle_seat", demand, seats[demand - 1])
            self.emitted("service.SeatSettled", demand=demand, seat=seats[demand - 1], fine=fine)
            assert self.slot(8)[3:] == (12 - demand, min(20, 2 * demand - 1)), "REX-10"
        assert self.locked(EXECUTORS[8]) == LOCKED - STAKE, "REX-10: more than the stake"
        assert self.reserved(EXECUTORS[8]) == 0

    def of_three(self, demand: int) -> Steps:
        """A demand that the last three slots judge, and the seat of the last, which seals a word from the second on."""
        yield self.opens(promise=demand + 1, receipt=self.receipt(number=demand))
        yield self.seeds_are(demand)
        yield self.sends("draw", demand)
        seat = [self.view("seat", demand, seat)[1] for seat in range(3)].index(8)
        if demand > 1:
            yield self.sends("commit", demand, seat, b"\x05" * 32, by=EXECUTORS[8])
        return seat

    # once more --------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, 2)))
    def shown_again(self, who: str, how: int) -> Steps:
        """REX-8: by a void case each time, by silence once, and never a shorter window."""
        self.evm.warp_to(self.window() - 1)
        receipt = self.receipt(time=self.window() - REST)
        for turn in range(3):
            if how < 2:
                yield from self.accused(2, 2, 2, 0, 0, receipt=receipt)
                yield from self.decides(VOID if how == 0 else ACQUITTED, 0, case=turn)
                before = self.window()
                yield self.sends("pull", turn + 1)
                if how == 1:
                    assert self.window() == before, "REX-8: what was judged prolongs nothing"
                    return
            else:
                panel = yield from self.drawn(receipt=receipt, seed=turn + 1)
                yield from self.says(panel, 1, 2, 0, 0, 0)
                self.evm.warp(1)
                before = self.window()
                yield self.sends("close", turn + 1)
            longer = how == 0 or turn == 0
            state = self.view("promise", 1)
            assert self.window() == (self.now + REST if longer else before), "REX-8: another window"
            assert state[8] == (how == 2), "REX-8: prolonged"
            if not longer:
                yield self.opens(receipt=receipt, fails=OVER)
                yield self.sends("settle", 1)
                return
            yield self.sends("settle", 1, fails=OPEN)
            self.evm.warp_to(self.window())
