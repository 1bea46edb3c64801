"""Keys of ProvenanceRegistry that are replaced, recovered and declared lost."""

from __future__ import annotations

from collections.abc import Callable

from audit.systems._registry import CLOSED, Registry
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.refusals import Refused

__all__ = ["RegistryKeys"]


class RegistryKeys(Registry):
    """Who acts for whom is what people said."""

    def start(self) -> None:
        super().start()
        self.claimed: dict[str, bytes] = {}

    def saying(self, say: Callable[[], None]) -> str | None:
        """What the log of what people said makes of it."""
        try:
            say()
        except Refused as refused:
            return str(refused)
        return None

    @action("", Choice("own_or_other"), Choice("addresses"), weight=1)
    def propose_replacement(self, who: str, account: str, new: str) -> Steps:
        fails = self.saying(lambda: self.people.propose(who, account, new, self.now))
        yield self.tx("registry.propose_replacement", account, new, sender=who, fails=fails)

    def proposals(self, who: str) -> list[tuple[str, str]]:
        """(account, proposer) of what was proposed, for oneself twice as often."""
        known = self.people.proposals
        return [key for key, (new, _) in known.items() if new == who] * 2 + list(known) or [(who, who)]

    @action("", Choice("proposals"), weight=2)
    def accept_replacement(self, who: str, named: tuple[str, str]) -> Steps:
        fails = self.saying(lambda: self.people.accept(who, *named, self.now))
        yield self.tx("registry.accept_replacement", *named, sender=who, fails=fails)

    @action("", Choice("addresses"), weight=1)
    def name_recovery(self, who: str, recovery: str) -> Steps:
        fails = self.saying(lambda: self.people.name_recovery(who, recovery, self.now))
        yield self.tx("registry.name_recovery", recovery, sender=who, fails=fails)

    @action("", Choice("addresses"), Choice((0, 0, 0, 1)), weight=1)
    def declare_lost(self, who: str, account: str, sure: int) -> Steps:
        if who == account and not sure:
            return None
        fails = self.saying(lambda: self.people.declare_lost(who, account, self.now))
        yield self.tx("registry.declare_lost", account, sender=who, fails=fails)

    @action("", Choice(("did:web:example.org", "builder@example.org", "")), weight=1)
    def claim_name(self, who: str, name: str) -> Steps:
        fails = None if self.people.is_open(who) else CLOSED
        yield self.tx("registry.claim_name", name, sender=who, fails=fails)
        if fails is None:
            self.claimed[who] = keccak256(name.encode()) if name else bytes(32)

    @invariant("REG-10", at_end=True)
    def identities_follow(self) -> bool:
        """Who acts for whom, since when a key is closed, and its recovery address are what people said."""
        for account in self.addresses:
            acting, closed, recovery, claimed = self.contract("registry").identity_of(account)
            named = self.people.accepted.get(account, [ZERO_ADDRESS])[-1]
            if (acting, closed) != (named, self.people.closed.get(account, 0)):
                return False
            if claimed != self.claimed.get(account, bytes(32)):
                return False
            if recovery != self.people.recovery(account, self.now):
                return False
            if not all(
                bool(self.ask("registry.acts_for", who, account)) == self.people.acts(who, account)
                for who in self.addresses
            ):
                return False
        return True
