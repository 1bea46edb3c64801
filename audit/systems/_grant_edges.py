"""GrantProgram at its edges: what every short way starts from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment
from audit.systems._grant_program import (
    ATTESTERS,
    MEMBERS,
    PAID,
    SCHEMAS,
    GrantLog,
    Promised,
)
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from keifu.provenance import Kind
from keifu.units import COIN, DAY

__all__ = ["FAR", "NOTICE", "PROGRAMME", "URI", "GrantEdgeSystem"]

YEAR = 365 * DAY
NOTICE = 3 * DAY
FAR = 2**248
PROGRAMME = 2
URI = "u" * 128
CALLS = ("release", "take_back", "fund", "pay_learner", "claw_back", "lapse", "vote", "object", "propose", "list_token")


class GrantEdgeSystem(GrantLog):
    """Short ways from a programme with three members of whom two are needed."""

    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        grants, owner, funder = self.contract("grants"), self["owner"], self["funder"]
        fee = evm.deploy("FeeToken", sender=evm.account("deployer"))
        vesting = evm.deploy("VestingEscrow", self["other"], ZERO_ADDRESS, sender=evm.account("deployer"))
        hubbed = evm.deploy("VestingEscrow", self["token"], self["hub"], sender=evm.account("deployer"))
        self.bind(fee=fee, vesting=vesting, hubbed=hubbed)
        grants.list_token(self["other"], vesting, True, sender=owner)
        grants.list_token(fee, ZERO_ADDRESS, True, sender=owner)
        self.contract("other").mint(funder, 2**130, sender=owner)
        fee.mint(funder, 10**6 * COIN, sender=owner)
        fee.approve(grants, 2**256 - 1, sender=funder)
        self.contract("token").approve(grants, 2**256 - 1, sender=owner)

    def start(self) -> None:
        super().start()
        self.began = self.now

    def constructors(self) -> Iterator[Deployment]:
        yield from ()

    # calls ------------------------------------------------------------------------------------------------------------

    def sends(self, function: str, *args: Any, by: str = "stranger", fails: str | None = None) -> Any:
        sender = by if by.startswith("0x") else self[by]
        return self.tx(f"grants.{function}", *args, sender=sender, fails=f"grants: {fails}" if fails else None)

    def opens(self, fails: str | None = None, coin: str = "token", **changes: Any) -> Any:
        usual = {"members": [self[role] for role in MEMBERS], "needed": 2, "bps": 1_000, "notice": NOTICE,
                 "last": self.now + 60 * DAY}  # fmt: skip
        return self.sends("open", self[coin], tuple((usual | changes).values()), by="funder", fails=fails)

    def item(self, **changes: Any) -> Promised:
        usual: dict[str, Any] = {
            "amount": PAID, "deadline": self.now + 20 * DAY, "kind": int(Kind.RUN), "sound": False,
            "schema": SCHEMAS[0], "needed": 2, "attesters": tuple(self[role] for role in ATTESTERS),
        }  # fmt: skip
        return Promised(**(usual | changes))

    def proposes(self, *items: Promised, programme: int = PROGRAMME, fails: str | None = None, to: str = "team") -> Any:
        rows = [item.args for item in items]
        return self.sends("propose", programme, self[to], rows, bytes(32), URI, fails=fails)

    def carried(self, *items: Promised, programme: int = PROGRAMME) -> Any:
        """The number of a proposal that two members carried."""
        returned = yield self.proposes(*items, programme=programme)
        number = int.from_bytes(returned, "big")
        for member in MEMBERS[:2]:
            yield self.sends("vote", number, True, by=member)
        return number

    def due(self, *items: Promised, programme: int = PROGRAMME, notice: int = NOTICE) -> Any:
        number = yield from self.carried(*items, programme=programme)
        self.evm.warp(notice + 1)
        return number

    def evidence(self, item: Promised, *, parent: bytes = b"", expiry: int = 0) -> Any:
        known = yield from self.publishing(self["team"], item.kind, parent)
        for who in item.attesters:
            yield from self.saying(who, item.schema, known, expiry)
        return known

    def releases(self, number: int, at: int, record: bytes, fails: str | None = None) -> Any:
        return self.sends("release", number, at, record, by="team", fails=fails)

    def money(self, programme: int = PROGRAMME) -> tuple[int, int]:
        found = self.view("program", programme)
        return found[2], found[3]
