"""The pool of re-executors in the campaign of re-execution: who takes a slot, asks it back and frees it."""

from __future__ import annotations

from audit.reexecuted import POOL, STAKE
from audit.systems._reexecution import DRAW, EXECUTORS, Held, ReExecutionLog
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.units import COIN

__all__ = ["ReExecutionPool"]


class ReExecutionPool(ReExecutionLog):
    """What holders of slots may do."""

    def able(self, opened: int) -> set[str]:
        """Who may be drawn for what is opened at a second."""
        return {slot.who for slot in self.held if self.may_be_drawn(slot, opened)} - {self["operator"], self["client"]}

    @action("", Choice(tuple(range(10))), sender=EXECUTORS, weight=4)
    def leave(self, who: str, slot: int) -> Steps:
        """REX-3"""
        held = self.slot_of(who)
        done = yield self.call("leave", POOL, slot, sender=who)
        right = held is not None and held.slot == slot and held.left == 0
        if self.expect("REX-3", done, (not right, "reexecution: no slot of the caller")) and held is not None:
            held.left = self.now

    @action("", Choice(tuple(range(10))), weight=4)
    def free_slot(self, who: str, slot: int) -> Steps:
        """REX-3"""
        held = next((item for item in self.held if item.slot == slot), None)
        done = yield self.call("free_slot", POOL, slot, sender=who)
        idle = held is not None and held.left > 0 and self.now > held.left + DRAW and not self.seats_of(held.who)
        if self.expect("REX-3", done, (not idle, "reexecution: slot is needed")) and held is not None:
            self.held.remove(held)

    @action("", Choice(tuple(range(10))), sender=(*EXECUTORS, *["other operator"] * 9), weight=5)
    def take_slot(self, who: str, slot: int) -> Steps:
        """REX-3"""
        taken = any(item.slot == slot for item in self.held)
        there = self.ask("hub.lock_of", self["service"], who)
        done = yield self.call("join", POOL, slot, sender=who)
        if self.expect(
            "REX-3", done,
            (taken, "reexecution: no such free slot"),
            (self.slot_of(who) is not None, "reexecution: holds a slot"),
            (there < STAKE, "compute: lock too small"),
        ):  # fmt: skip
            self.held.append(Held(who, slot, self.now))

    @action("", Choice((COIN, 18_000 * COIN, 20_000 * COIN)), sender=("operator", *EXECUTORS[:3]), weight=3)
    def unlock(self, who: str, amount: int) -> Steps:
        free = self.ask("hub.lock_of", self["service"], who) - self.reserved(who)
        done = yield self.call("unlock", amount, [], sender=who)
        self.expect("REX-11", done, (amount > free, "hub: more than the lock"))
