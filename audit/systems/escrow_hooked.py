"""VestingEscrow over a token that calls back in the middle of every transfer."""

from __future__ import annotations

from typing import Any

from audit.systems.escrow import Escrow
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Index, Who

ENTRIES = ("claim", "revoke", "claim_many", "accept_beneficiary")


class HookedEscrow(Escrow):
    """Whoever is paid comes back at once: no entry of the escrow may let it in."""

    coin = "HookToken"
    contracts = ("VestingEscrow",)

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        self.read_hook = self.read("token.got_through")

    def deploy_token(self, evm: LocalEvm, owner: Any) -> Any:
        token = evm.deploy(self.coin, sender=owner)
        for who in self.roles.values():
            token.mint(who, 10**26, sender=owner)
        return token

    def too_poor(self) -> str:
        return ""

    @action("", Choice(ENTRIES), Index("known"), Who(), weight=8)
    def arm(self, who: str, entry: str, number: int, _: str) -> Steps:
        call = self.contract("escrow").__getattr__(entry).encode([number] if entry == "claim_many" else number)
        yield self.tx("token.arm", self["escrow"], call, sender=who)

    @invariant("ESC-9")
    def nobody_comes_back(self) -> bool:
        """No call from inside a transfer gets through."""
        return self.read_hook() == 0
