"""Promises, pools and the court that stands still, at their edges."""

from __future__ import annotations

from typing import Any

from audit.reexecuted import (
    DIGEST,
    FEE,
    LOCKED,
    MATURITY,
    PANEL,
    POOL,
    RESERVE,
    REST,
    RULE,
    STAKE,
    TERM,
    WINDOW,
    pool_of,
)
from audit.systems._hub_edges import way
from audit.systems._reexecution import EXECUTORS
from audit.systems._reexecution_edges import CROWD, CROWD_FEE, CROWD_POOL, DRAW, NOTHING, ReExecutionEdgeSystem
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.units import COIN, DAY

__all__ = ["PromiseEdges"]

LONGEST, LONGEST_STAND, SEATS = 180 * DAY, 60 * DAY, 400 * 2_000
NO_OFFER, BAD, SMALL = "reexecution: no offer", "reexecution: bad terms", "reexecution: pool too small"
OVER, OPEN = "reexecution: promise is over", "reexecution: still open to demands"
NO_COURT, POOR = "reexecution: court opens no case", "compute: lock too small"
NOT_FREE, NEEDED, NOT_ITS = (
    f"reexecution: {reason}" for reason in ("no such free slot", "slot is needed", "no slot of the caller")
)
RIGHT: tuple[dict[str, Any], ...] = (
    {"restitution": 800 * COIN}, {"restitution": 20_000 * COIN}, {"fee": COIN}, {"fee": 100 * COIN},
    {"panel": 3, "needed": 2}, {"panel": 3, "needed": 3}, {"panel": 4, "needed": 3}, {"panel": 7, "needed": 4},
    {"panel": 7, "needed": 7}, {"price": 1}, {"last": 0},
)  # fmt: skip
WRONG: tuple[dict[str, Any], ...] = (
    {"digest": NOTHING}, {"tolerance": NOTHING}, {"restitution": 800 * COIN - 1}, {"restitution": 20_000 * COIN + 1},
    {"fee": COIN - 1}, {"fee": 100 * COIN + 1}, {"panel": 2, "needed": 2}, {"panel": 3, "needed": 1},
    {"panel": 3, "needed": 4}, {"panel": 4, "needed": 2}, {"panel": 7, "needed": 3}, {"panel": 7, "needed": 8},
    {"panel": 8, "needed": 5},
)  # fmt: skip


def reserve_of(restitution: int, panel: int, fee: int, costs: int) -> int:
    """Five quarters, rounded up, of what a conviction pays, and a tenth of the restitution."""
    return -(-(restitution + 2 * panel * fee + costs) * 5 // 4) + restitution // 10


class PromiseEdges(ReExecutionEdgeSystem):
    """Short ways to what a promise or a pool refuses, and to what it keeps."""

    # what is there ----------------------------------------------------------------------------------------------------

    @way()
    def whom_it_trusts(self, who: str) -> Steps:
        """Addresses and times of the constructor, and what services say of themselves."""
        yield self.sends("see_court")
        for name in ("market", "court", "hub", "token", "channels"):
            assert self.view(name) == self[name], f"another {name}"
        assert self.view("randomness") == self["seeds"]
        assert (self.ask("service.opening_window"), self.ask("service.evidence_window")) == (REST, WINDOW)
        assert tuple(self.view("terms")) == (WINDOW, 0, self["court"], 800 * COIN, 20_000 * COIN)
        for spender in ("hub", "court"):
            assert self.ask("token.allowance", self["service"], self[spender]) == 2**256 - 1
        counts = [self.ask(f"service.{name}") for name in ("promise_count", "demand_count")]
        assert counts == [1, 0]
        assert (self.ask("service.slot_count", POOL), self.ask("service.slot_count", CROWD_POOL)) == (9, CROWD)

    # offers -----------------------------------------------------------------------------------------------------------

    @way()
    def terms_of_an_offer(self, who: str) -> Steps:
        """REX-1: one more and one less than there may be of each."""
        for changes in WRONG:
            yield self.offers(fails=BAD, **changes)
        for number, changes in enumerate(RIGHT, 2):
            answer = yield self.offers(**changes)
            terms = self.world.terms(**changes)
            self.emitted(
                "service.Offered", promise=number, operator=self["operator"], client=self["client"], terms=terms
            )
            assert int.from_bytes(answer, "big") == number == self.ask("service.promise_count"), "REX-1: its number"
            state = self.view("promise", number)
            assert tuple(state[3]) == terms, "REX-1: other terms"
            parties = (self["operator"], self["client"], self.world.channel_id)
            assert (*state[:3], *state[4:]) == (*parties, 0, self.now + DRAW, 0, 0, False), "REX-1: another offer"

    @way()
    def who_is_a_client(self, who: str) -> Steps:
        channel, terms = self.world.channel.values, self.world.terms()
        for payer in (ZERO_ADDRESS, self["operator"]):
            config = (payer, *channel[1:])
            yield self.sends("offer", config, terms, by="operator", fails="reexecution: no client")
        yield self.sends("offer", channel, terms, by="stranger")
        yield self.sends("accept", 2, 0, by="operator", fails="reexecution: not the client")
        yield self.sends("accept", 2, 0, by="client", fails=POOR)
        yield self.sends("accept", 3, 0, by="client", fails="reexecution: not the client")

    @way(Choice((0, 1)))
    def accepted_to_the_second(self, who: str, late: int) -> Steps:
        """REX-1: until the offer's last second, and once."""
        last = self.now + TERM
        yield self.offers(last=last)
        self.evm.warp(DRAW + late)
        yield self.sends("accept", 2, 0, by="client", fails=NO_OFFER if late else None)
        if late:
            return
        self.emitted("service.Accepted", promise=2, since=self.now + 1, reserve=RESERVE)
        self.emitted("hub.Rewarded", count=0)
        assert tuple(self.view("promise", 2)[4:]) == (self.now + 1, last + REST, RESERVE, 0, False), "REX-1"
        assert self.reserved("operator") == 2 * RESERVE, "REX-1: its reserve"
        yield self.sends("accept", 2, 0, by="client", fails=NO_OFFER)

    @way(Choice(((-1, False), (0, False), (1, True), (LONGEST, True), (LONGEST + 1, False))))
    def until_a_last_second(self, who: str, last: tuple[int, bool]) -> Steps:
        seconds, is_right = last
        yield self.offers(last=self.now + seconds)
        yield self.sends("accept", 2, 0, by="client", fails=None if is_right else "compute: bad last day")

    @way(Choice(((COIN * 800, 3, 2, FEE), (COIN * 801 + 3, 5, 3, FEE), (COIN * 1_000 + 1, 4, 3, FEE))))
    def what_is_reserved(self, who: str, terms: tuple[int, int, int, int]) -> Steps:
        """REX-1: what the lock holds to the wei, and not a wei more."""
        restitution, panel, needed, fee = terms
        changes: dict[str, Any] = {"restitution": restitution, "panel": panel, "needed": needed, "fee": fee}
        reserve = reserve_of(restitution, panel, fee, 140 * COIN)
        yield self.sends("unlock", LOCKED - RESERVE - reserve + 1, [], by="operator")
        yield self.offers(**changes)
        yield self.sends("accept", 2, 0, by="client", fails=POOR)
        yield self.sends("lock", self["service"], self["operator"], 1, by="operator", to="hub")
        yield self.sends("accept", 2, 0, by="client")
        assert self.reserved("operator") == self.locked("operator") == RESERVE + reserve
        yield self.sends("unlock", 1, [], by="operator", fails="hub: more than the lock")

    @way(Choice((1, 7 * COIN)))
    def a_price(self, who: str, price: int) -> Steps:
        """It goes through the hub to the operator; what promises need is bound once an epoch."""
        self.evm.warp(DAY)
        yield self.offers(price=price)
        before = self.coins("client"), self.coins("hub")
        yield self.sends("accept", 2, 0, by="client")
        self.emitted("hub.Rewarded", operator=self["operator"], payer=self["service"], amount=price)
        self.emitted("hub.Bound", service=self["service"], operator=self["operator"], amount=2 * RESERVE)
        assert (before[0] - self.coins("client"), self.coins("hub") - before[1]) == (price, price), "REX-1"
        yield from self.promises(price=0)
        self.emitted("hub.Bound", count=0)
        assert self.view("get_lock", self["service"], self["operator"], of="hub")[1] == 2 * RESERVE
        yield self.sends("bind", self["operator"])
        self.emitted("hub.Bound", service=self["service"], operator=self["operator"], amount=3 * RESERVE)

    @way()
    def a_pool_that_is_large_enough(self, who: str) -> Steps:
        """REX-1: mature slots of who is no party, to the second and to the slot."""
        yield self.sends("join", POOL, 9, by="operator")
        yield self.sends("join", POOL, 10, by="other operator")
        yield self.sends("register_operator", 0, "", by="client", to="hub")
        yield self.sends("lock", self["service"], self["client"], STAKE, by="client", to="hub")
        yield self.sends("join", POOL, 11, by="client")
        self.evm.warp(MATURITY - 1)
        yield self.offers()
        yield self.sends("accept", 2, 10, by="client", fails=SMALL)
        self.evm.warp(1)
        yield self.sends("accept", 2, 11, by="client", fails=SMALL)
        yield self.sends("leave", POOL, 8, by=EXECUTORS[8])
        yield self.sends("accept", 2, 10, by="client", fails=SMALL)
        yield self.sends("accept", 2, 9, by="client")
        for slot in range(4):
            yield self.sends("leave", POOL, slot, by=EXECUTORS[slot])
        self.evm.warp(1)
        yield self.offers()
        yield self.sends("accept", 3, 0, by="client")
        yield self.sends("leave", POOL, 4, by=EXECUTORS[4])
        yield self.offers()
        yield self.sends("accept", 4, 0, by="client", fails=SMALL)

    @way(Choice(({"fee": FEE + 1}, {"tolerance": b"\x02" * 32}, {"digest": b"\x03" * 32})))
    def a_pool_of_its_own(self, who: str, changes: dict[str, Any]) -> Steps:
        rule: dict[str, Any] = {"digest": DIGEST, "tolerance": RULE, "fee": FEE}
        key = pool_of(*(rule | changes).values())
        yield self.offers(**changes)
        yield self.sends("accept", 2, 0, by="client", fails=SMALL)
        for slot in range(PANEL):
            yield self.sends("join", key, slot, by=EXECUTORS[slot])
        self.evm.warp(MATURITY)
        yield self.offers(**changes)
        yield self.sends("accept", 3, PANEL, by="client")
        self.evm.warp(1)
        yield self.opens(promise=3, receipt=self.receipt(digest=changes.get("digest", DIGEST)))
        assert self.view("demand", 1)[5] == PANEL, "REX-4: another pool"

    # the court --------------------------------------------------------------------------------------------------------

    def weighs(self, coins: int, unit: int = COIN) -> Any:
        return self.sends("weigh", coins, unit, by=self.owner, to="court")

    @way(Choice((COIN, 2 * COIN, COIN // 3 + 1)))
    def a_court_that_opens_no_case(self, who: str, unit: int) -> Steps:
        """REX-6: the least number of mature seats, at what a coin of its table is worth."""
        yield self.weighs(SEATS * unit - 1, unit)
        assert not int.from_bytes((yield self.sends("see_court")), "big")
        self.emitted("service.CourtSeen", opens=False, stood=0)
        yield self.offers()
        yield self.sends("accept", 2, 0, by="client", fails=NO_COURT)
        yield self.weighs(SEATS * unit, unit)
        yield self.sends("accept", 2, 0, by="client")
        self.emitted("service.CourtSeen", opens=True, stood=0)
        assert int.from_bytes((yield self.sends("see_court")), "big") == 1
        self.emitted("service.CourtSeen", count=0)

    @way(Choice(("court", "service")))
    def taken_from_the_hub(self, who: str, which: str) -> Steps:
        yield self.offers()
        yield self.sends("remove_service", self[which], by=self.owner, to="hub")
        reason = NO_COURT if which == "court" else "compute: market not listed"
        yield self.sends("accept", 2, 0, by="client", fails=reason)
        joins = "reexecution: not listed" if which == "service" else None
        yield self.sends("join", POOL, 9, by="other operator", fails=joins)

    @way(Choice((1, 5 * DAY, LONGEST_STAND, LONGEST_STAND + 1)))
    def windows_stand_still(self, who: str, seconds: int) -> Steps:
        """REX-11: as long as it was seen, and 60 days at most; what is accepted later stands still no longer."""
        until, longer = self.window(), min(seconds, LONGEST_STAND)
        yield self.weighs(0)
        yield self.sends("see_court")
        self.evm.warp(seconds)
        assert self.window() == until + longer
        yield self.weighs(SEATS * COIN)
        yield self.sends("see_court")
        self.emitted("service.CourtSeen", opens=True, stood=seconds)
        self.evm.warp(9)
        assert self.window() == until + longer, "REX-11: another window"
        last = self.now + 1
        yield from self.promises(last=last)
        assert self.window(2) == last + REST
        self.evm.warp_to(max(self.now, until + longer))
        yield self.sends("settle", 1, fails=OPEN if self.now == until + longer else None)
        if self.now == until + longer:
            self.evm.warp(1)
            yield self.sends("settle", 1)

    @way()
    def settling_sees_it(self, who: str) -> Steps:
        self.evm.warp_to(self.window() + 1)
        yield self.weighs(0)
        yield self.sends("settle", 1)
        self.emitted("service.CourtSeen", opens=False, stood=0)

    # ends -------------------------------------------------------------------------------------------------------------

    @way()
    def released(self, who: str) -> Steps:
        """REX-11: by its client, while no demand is open, and once."""
        yield self.sends("release", 1, by="operator", fails="reexecution: not the client")
        with self.evm.anchor():
            yield self.opens()
            yield self.sends("release", 1, by="client", fails="reexecution: demand is open")
        yield self.sends("release", 1, by="client")
        self.emitted("service.Freed", promise=1, reserve=RESERVE)
        assert (self.reserved("operator"), self.view("promise", 1)[6]) == (0, 0)
        yield self.sends("release", 1, by="client", fails=OVER)
        yield self.opens(fails=OVER)
        yield self.sends("release", 2, by="client", fails="reexecution: not the client")

    @way(Choice((True, False)))
    def settled_to_the_second(self, who: str, by_unlocking: bool) -> Steps:
        yield from self.promises(last=self.window() - REST)
        self.evm.warp_to(self.window())
        for number in (1, 2):
            yield self.sends("settle", number, fails=OPEN)
            yield self.sends("unlock", 1, [number], by="operator", fails=OPEN)
        yield self.opens(receipt=self.receipt(time=self.window() - REST))
        self.evm.warp(1)
        yield self.sends("settle", 1, fails="reexecution: demand is open")
        if by_unlocking:
            yield self.sends("unlock", LOCKED - RESERVE, [2], by="operator")
            self.emitted("hub.Unlocked", service=self["service"], operator=self["operator"], amount=LOCKED - RESERVE)
            assert self.locked("operator") == RESERVE, "REX-11"
        else:
            yield self.sends("settle", 2)
            self.emitted("service.Freed", promise=2, reserve=RESERVE)
        yield self.sends("settle", 2, fails=OVER)
        yield self.sends("settle", 3, fails=OVER)

    # pools ------------------------------------------------------------------------------------------------------------

    @way()
    def taking_a_slot(self, who: str) -> Steps:
        """REX-3: the next new one, once, with a stake that is there to the wei."""
        for slot in (0, 8, 10, 127, 128, 2**255):
            yield self.sends("join", POOL, slot, by="other operator", fails=NOT_FREE)
        yield self.sends("join", POOL, 9, by=EXECUTORS[0], fails="reexecution: holds a slot")
        yield self.sends("unlock", LOCKED - STAKE + 1, [], by="other operator")
        yield self.sends("join", POOL, 9, by="other operator", fails=POOR)
        yield self.sends("lock", self["service"], self["other operator"], 1, by="other operator", to="hub")
        self.evm.warp(DAY)
        yield self.sends("join", POOL, 9, by="other operator")
        self.emitted("service.Joined", pool=POOL, executor=self["other operator"], slot=9)
        self.emitted("hub.Bound", service=self["service"], operator=self["other operator"], amount=STAKE)
        assert self.slot(9) == (self["other operator"], self.now, 0, 0, 0), "REX-3: another slot"
        assert (self.ask("service.slot_count", POOL), self.reserved("other operator")) == (10, STAKE)

    @way()
    def the_last_slot(self, who: str) -> Steps:
        """REX-3: a pool has 128, and one that was given back is taken again."""
        yield self.sends("join", CROWD_POOL, CROWD, by=EXECUTORS[0])
        yield self.sends("join", CROWD_POOL, CROWD + 1, by=EXECUTORS[1], fails=NOT_FREE)
        yield self.sends("leave", CROWD_POOL, CROWD, by=EXECUTORS[0])
        self.evm.warp(DRAW + 1)
        yield self.sends("free_slot", CROWD_POOL, CROWD)
        assert self.ask("service.slot_count", CROWD_POOL) == CROWD + 1
        yield self.sends("join", CROWD_POOL, CROWD, by=EXECUTORS[1])
        yield self.sends("join", CROWD_POOL, CROWD, by=EXECUTORS[0], fails=NOT_FREE)
        assert self.ask("service.slot_count", CROWD_POOL) == CROWD + 1
        self.evm.warp(MATURITY)
        yield self.offers(fee=CROWD_FEE)
        yield self.sends("accept", 2, CROWD + 2, by="client", fails=SMALL)
        yield self.sends("accept", 2, CROWD + 1, by="client")

    @way()
    def giving_a_slot_back(self, who: str) -> Steps:
        """REX-3: by its holder, once; free when no panel can be drawn from it any more."""
        holder = EXECUTORS[3]
        yield self.sends("free_slot", POOL, 3, fails=NEEDED)
        for by, slot in (("stranger", 3), (holder, 2), (holder, 9)):
            yield self.sends("leave", POOL, slot, by=by, fails=NOT_ITS)
        yield self.sends("leave", POOL, 3, by=holder)
        self.emitted("service.Left", pool=POOL, executor=self[holder], slot=3)
        left = self.now
        assert self.slot(3)[2] == left
        yield self.sends("leave", POOL, 3, by=holder, fails=NOT_ITS)
        self.evm.warp(DRAW)
        yield self.sends("free_slot", POOL, 3, fails=NEEDED)
        yield self.sends("join", POOL, 9, by=holder, fails="reexecution: holds a slot")
        assert self.reserved(holder) == STAKE
        self.evm.warp(1)
        yield self.sends("free_slot", POOL, 3)
        self.emitted("service.SlotFreed", pool=POOL, executor=self[holder], slot=3)
        assert self.slot(3) == (ZERO_ADDRESS, 0, 0, 0, 0), "REX-3: something stayed"
        assert self.reserved(holder) == 0
        yield self.sends("free_slot", POOL, 3, fails=NEEDED)
        with self.evm.anchor():
            yield self.sends("join", POOL, 3, by=holder)
        yield self.sends("unlock", LOCKED, [], by=holder)
        yield self.sends("join", POOL, 3, by="other operator")
        assert self.ask("service.slot_count", POOL) == len(EXECUTORS)
