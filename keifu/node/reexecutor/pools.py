"""The slots that a re-executor holds: one in the pool of each of its models, taken where its lock has the stake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain.sender import State
from keifu.chain.suite import HUB
from keifu.node.alerts import Alerts
from keifu.node.attempts import Attempts
from keifu.node.chain import NodeChain
from keifu.node.final import Final
from keifu.reexecution.computing import OwnModel
from keifu.reexecution.reading import MATURITY, SLOT_STAKE, Slot, slot_of
from keifu.units import coins, day

__all__ = ["Pools"]

LARGEST_POOL = 128


class Pools:
    """Of one member. `facts` says where it stands, by the models' names."""

    def __init__(
        self,
        chain: NodeChain,
        contract: Contract,
        models: Sequence[OwnModel],
        me: str,
        attempts: Attempts,
        alerts: Alerts,
    ) -> None:
        self._contract, self._models, self._me = contract, models, me
        self._attempts, self._alerts = attempts, alerts
        self._hub = chain.suite.at(chain.client, HUB)
        self.facts: dict[str, dict[str, Any]] = {}
        self.trouble = ""

    def look(self, final: Final) -> None:
        """Read every pool, and join where no slot is held."""
        self.trouble = ""
        for model in self._models:
            count = final.view(self._contract.slot_count, model.pool)
            values = final.views([(self._contract.slot, (model.pool, place)) for place in range(count)])
            slots = [slot_of(item) for item in values]
            own = next(((place, slot) for place, slot in enumerate(slots) if slot.executor == self._me), None)
            if own is None:
                self._join(model, slots, final)
            else:
                self._held(model, *own)
            self.facts[model.name] = {"pool": model.pool.hex(), "slots": len(slots)} | _data(own)

    def _held(self, model: OwnModel, place: int, slot: Slot) -> None:
        if slot.left:
            self.trouble = f"slot {place} of {model.name} ended on {day(slot.left)}: it is drawn no more"
            self._alerts.tell(f"slot {model.name} {slot.left}", self.trouble, fines=slot.fines)

    def _join(self, model: OwnModel, slots: Sequence[Slot], final: Final) -> None:
        """Once: a member whose slot has ended looks for itself before it risks coins again."""
        what = f"join {model.pool.hex()}"
        last = self._attempts.last(what)
        if last is not None and last.state not in (State.REFUSED, State.FAILED):
            if last.state.is_final:
                self.trouble = f"the slot of {model.name} was freed: make another node to take one again"
            return
        free = final.view(self._hub.lock_of, self._contract.address, self._me)
        free -= final.view(self._contract.reserved, self._me)
        place = next((place for place, slot in enumerate(slots) if slot.executor == ZERO_ADDRESS), len(slots))
        if free < SLOT_STAKE:
            self.trouble = f"the lock leaves {coins(free)} coins, a slot takes {coins(SLOT_STAKE)}"
        elif place >= LARGEST_POOL:
            self.trouble = f"the pool of {model.name} is full"
        else:
            self._attempts.send(what, self._contract.address, self._contract.join.encode(model.pool, place))


def _data(own: tuple[int, Slot] | None) -> dict[str, Any]:
    if own is None:
        return {"slot": None}
    place, slot = own
    return {"slot": place, "since": day(slot.since), "drawn_from": day(slot.since + MATURITY), "seats": slot.seats,
            "fines": slot.fines, "left": day(slot.left) if slot.left else ""}  # fmt: skip
