"""A court on the hub of the hub's edges, over a coin that can be minted: who acts, and how a short way is gone."""

from __future__ import annotations

from typing import Any, ClassVar

from audit.systems._hub_edges import EPOCH, LONGEST_HORIZON, EdgeSystem
from keifu.units import COIN, DAY

__all__ = [
    "DAILY_BLOCKS",
    "FAULT",
    "LARGEST_ASKED",
    "LEAST_ASKED",
    "LEAST_SEATS",
    "MATURITY",
    "RICH",
    "SALT",
    "SEAT",
    "SMALL",
    "CourtEdgeSystem",
]

DAILY_BLOCKS = 4
LEAST_SEATS, SEAT, MATURITY = 400, 2_000 * COIN, 7
FAULT, SALT = b"\1" * 32, b"\2" * 32
LEAST_ASKED, LARGEST_ASKED, SMALL = 400 * COIN, 40_000 * COIN, 2_500 * COIN
RICH = 10**9 * COIN


class CourtEdgeSystem(EdgeSystem):
    """Jurors whose coins count already, a service that accuses, and an operator with more than any case asks."""

    contracts = ("AlignmentCourt",)
    locks: ClassVar[dict[str, int]]  # of those who are jurors from the start
    newcomers: ClassVar[tuple[str, ...]] = ("newcomer",)

    def open(self) -> None:
        evm, hub = self.evm, self.contract("hub")
        box = evm.deploy("MockRandomness", sender=self.owner)
        tokens = {"court": self["token"], "fee_court": self["fee_token"]}
        self.bind(box=box)
        for name, token in tokens.items():
            self.bind(**{name: evm.deploy("AlignmentCourt", token, hub, box, DAILY_BLOCKS, sender=self.owner)})
            self.contract("token").approve(self[name], 2**256 - 1, sender=self["service"])
            self.contract("fee_token").approve(self[name], 2**256 - 1, sender=self["service"])
        for service, multiple in ((self["service"], 4), (self["court"], 0), (self["fee_court"], 0)):
            hub.list_service(service, LONGEST_HORIZON, multiple, sender=self.owner)
        for role in ("operator", *self.locks, *self.newcomers):
            hub.register_operator(0, "", sender=self[role])
        hub.lock(self["service"], self["operator"], RICH, sender=self["operator"])
        for name in tokens:
            for role, amount in self.locks.items():
                hub.lock(self[name], self[role], amount, sender=self[role])
                self.contract(name).join(sender=self[role])
        self.contract("token").approve(self["court"], 2**256 - 1, sender=self["stranger"])
        evm.warp((MATURITY + 1) * EPOCH)
        for name in tokens:
            for role in self.locks:
                self.contract(name).poke(self[role], sender=self["stranger"])
        self.contract("token").mint(self["fee_token"], COIN, sender=self.owner)

    def court(self, function: str, *args: Any, sender: str, fails: str | None = None) -> Any:
        return self.tx(f"court.{function}", *args, sender=self[sender], fails=fails)

    def answer(self, name: str, *args: Any) -> Any:
        return getattr(self.contract("court"), name)(*args)

    def opening(self, amount: int = LEAST_ASKED, fails: str | None = None, **other: Any) -> Any:
        """An accusation by the service; `other` are arguments or a sender that are not the usual ones."""
        values = {"operator": self["operator"], "fault": FAULT, "accuser": self["accuser"], "evidence": b"e"} | other
        args = values["operator"], values["fault"], amount, values["accuser"], values["evidence"]
        return self.court("open", *args, sender=other.get("sender", "service"), fails=fails)

    def later(self, seconds: int) -> None:
        """So long, and all the blocks of that time."""
        self.evm.warp(seconds, max(1, seconds * DAILY_BLOCKS // DAY))

    def entered(self, case: int, hearing: int, phase: int) -> None:
        """The last call took a case into a phase, and said so; views, which have no log, come after it."""
        self.emitted("court.Advanced", case_id=case, hearing=hearing, phase=phase)
        assert self.answer("get_case", case)[8:10] == (hearing, phase)

    def stored(self, role: str) -> int:
        return self.ask("token.balanceOf", self[role])
