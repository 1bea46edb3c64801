"""Whose key is in use, from a log of what people said: who was named, who accepted, what was declared lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.refusals import check
from keifu.units import DAY

__all__ = ["CLOSED", "RECOVERY_NOTICE", "Identities"]

RECOVERY_NOTICE = 7 * DAY
MAX_HOPS = 8
CLOSED = "registry: key was replaced or lost"


@dataclass
class Identities:
    """`closed` and `accepted` by account, proposals by (account, proposer), recovery addresses by account: each a list
    in the order in which it was said, with the second from which it counts."""

    closed: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, list[str]] = field(default_factory=dict)
    proposals: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    recoveries: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def is_open(self, account: str) -> bool:
        return account not in self.closed

    def acting(self, account: str) -> str:
        """The account that acts for this one; nobody when its key is closed and no other was named."""
        for _ in range(MAX_HOPS + 1):
            if self.is_open(account):
                return account
            if account not in self.accepted:
                return ZERO_ADDRESS
            account = self.accepted[account][-1]
        return ZERO_ADDRESS

    def acts(self, actor: str, account: str) -> bool:
        return self.acting(account) == actor

    def recovery(self, account: str, now: int) -> str:
        """The last one named that counts; the one that counted when it was named, until then."""
        named = self.recoveries.get(account, [])
        if not named:
            return ZERO_ADDRESS
        last, since = named[-1]
        if since <= now:
            return last
        # Each naming keeps only what counted at that moment.
        return named[-2][0]

    # what people do -------------------------------------------------------------------------------------------------

    def name_recovery(self, sender: str, recovery: str, now: int) -> None:
        check(self.is_open(sender), CLOSED)
        check(recovery != sender, "registry: not another account")
        before = self.recovery(sender, now)
        start = now + (2 * RECOVERY_NOTICE if before != ZERO_ADDRESS else 0)
        self.recoveries[sender] = [(before, 0), (recovery, start)]

    def propose(self, sender: str, account: str, new: str, now: int) -> None:
        check(new not in (ZERO_ADDRESS, account), "registry: not another account")
        if sender == account:
            check(self.is_open(account), CLOSED)
            self.proposals[account, sender] = (new, now)
        else:
            check(sender == self.recovery(account, now), "registry: not the recovery address")
            self.proposals[account, sender] = (new, now + RECOVERY_NOTICE)

    def accept(self, sender: str, account: str, proposer: str, now: int) -> None:
        new, start = self.proposals.get((account, proposer), (ZERO_ADDRESS, 0))
        check(new == sender, "registry: not the proposed account")
        check(start <= now, "registry: proposal is under notice")
        check(self.is_open(sender), CLOSED)
        own = proposer == account and self.is_open(account)
        check(own or proposer == self.recovery(account, now), "registry: proposal is void")
        del self.proposals[account, proposer]
        self.closed.setdefault(account, now)
        self.accepted.setdefault(account, []).append(sender)

    def declare_lost(self, sender: str, account: str, now: int) -> None:
        allowed = sender in (account, self.recovery(account, now))
        check(allowed, "registry: not the key or its recovery address")
        check(self.is_open(account), CLOSED)
        self.closed[account] = now
