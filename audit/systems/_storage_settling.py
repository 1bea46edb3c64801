"""What the passing of epochs does to a provider: misses are decided when somebody touches it, and cost a part of the
buffer from the second in a row on (STO-6, STO-7)."""

from __future__ import annotations

from dataclasses import dataclass

from audit.systems._storage import (
    ACCEPTED,
    BUFFER,
    EVIDENCE,
    LONGEST,
    LOST,
    OVER,
    STEP,
    TOP_UP,
    Promise,
    StorageLog,
    Stored,
    Tenure,
)
from ethwire.constants import GWEI

__all__ = ["Settled", "StorageSettling"]

Wrong = tuple[object, str]


@dataclass(frozen=True)
class Settled:
    """A provider as somebody who touches it now finds it."""

    who: str
    epoch: int
    missed: tuple[int, ...]  # since it was touched last
    row: tuple[int, ...]  # missed in a row
    taken: int  # wei
    locked: int  # afterwards
    dry: int

    @property
    def third(self) -> int:
        return self.row[2] if len(self.row) > 2 else 0


class StorageSettling(StorageLog):
    """What settling finds, and what promises ask of a provider."""

    def found(self, who: str) -> Settled:
        """What settling now would find, up to 64 epochs at once."""
        since = self.settled.get(who, self.epoch)
        epoch = min(self.epoch, since + STEP)
        missed = [at for at in range(since, epoch) if self.is_missed(who, at)]
        row, asked = self.row(who), 0
        for at in missed:
            asked += self.draws_from(who, at) * BUFFER // 8 if row else 0
            row = [*row, at]
        locked, dry = self.locked.get(who, 0), self.dry[who]
        taken = 0
        if asked and not self.is_finished:
            free = max(0, locked - self.reserved(who, epoch) * GWEI)
            taken = min(asked, free)
            if taken == free and not dry:
                dry = epoch
        return Settled(who, epoch, tuple(missed), tuple(row), taken, locked - taken, dry)

    def is_missed(self, who: str, epoch: int) -> bool:
        return epoch in self.seen and epoch not in self.proofs[who] and self.draws_from(who, epoch) > 0

    def settle_by(self, found: Settled, caller: str) -> None:
        """Whoever settles gets half of four fifths of a tenth of what misses cost, the pot the other half."""
        who = found.who
        arrived = found.taken // 10 * 4 // 5
        self.settled[who] = found.epoch
        self.missed[who] += found.missed
        self.dry[who] = found.dry
        if who in self.locked:
            self.locked[who] = found.locked
        self.moved[who] -= found.taken
        self.credit_to(caller, arrived // 2)
        self.pot += arrived - arrived // 2

    def in_parts(self, found: Settled) -> Wrong:
        return found.epoch < self.epoch, "storage: settle in parts first"

    def cannot_promise(self, found: Settled, more: int = 0, leaves: int = 0) -> list[Wrong]:
        """Why a provider begins no promise of so many more gwei and leaves (STO-3, STO-8, STO-10)."""
        needed = self.needed(found.who, found.epoch) + more * GWEI + leaves * BUFFER
        return [
            self.in_parts(found),
            (len(found.row) > 1, "storage: prove first"),
            (self.removed, "storage: market not listed"),
            (needed > found.locked, "storage: lock too small"),
        ]

    def is_lost(self, found: Settled, tenure: Tenure) -> bool:
        """STO-11, but for a demand without an answer."""
        missed = 0 < found.third < tenure.end
        return missed or (0 < found.dry < tenure.end and found.dry + TOP_UP <= found.epoch)

    def stop(self, tenure: Tenure) -> None:
        """Pay ends now: with this epoch where it is proven."""
        if tenure.end > self.epoch:
            proven = self.epoch in self.proofs[tenure.provider]
            tenure.end = max(tenure.start, self.epoch + proven)

    def take(self, shard: Stored, who: str) -> None:
        """A provider stores a shard from now on."""
        deal = shard.deal
        data = deal.data[shard.index][1]
        end = min(deal.end, self.epoch + LONGEST)
        ordinal, leaves = len(self.tenures[who]), deal.named[shard.index][2]
        tenure = Tenure(who, ordinal, leaves, deal.price, deal.damages, self.epoch + 1, end, deal.token)
        shard.state = ACCEPTED
        shard.tenures.append(tenure)
        self.tenures[who].append(tenure)
        self.held_data[who].append(data)
        self.dry[who] = 0

    def lose(self, shard: Stored, caller: str) -> None:
        """STO-11: four fifths of the damages are divided: the client first, then whoever said so, then the repairer."""
        deal, tenure = shard.deal, shard.last
        left = 0 if self.is_finished else deal.damages * GWEI * 4 // 5
        if not self.is_finished:
            self.locked[tenure.provider] -= deal.damages * GWEI
            self.moved[tenure.provider] -= deal.damages * GWEI
        self.stop(tenure)
        self.collects(shard, tenure.end)
        tenure.lost, shard.state = True, LOST
        restitution = min(deal.restitution * GWEI, left)
        reward = min(deal.restitution // 10 * GWEI, left - restitution)
        self.credit_to(deal.client, restitution)
        self.credit_to(caller, reward)
        shard.bounty = left - restitution - reward

    def still_answers(self, tenure: Tenure) -> bool:
        return self.epoch < tenure.end + EVIDENCE

    def not_payable(self, token: str) -> list[Wrong]:
        """Why no deal is paid in a token."""
        return [
            (token in self.delisted, "deals: token is not listed"),
            (self.is_frozen(token), "deals: coins were refused"),
        ]

    def pays_in(self, deal: Promise, who: str, epochs: int) -> None:
        """Somebody puts the price of so many epochs of one shard in escrow."""
        if deal.token:
            self.units_moved[deal.token, who] -= deal.price * epochs
        else:
            self.moved[who] -= deal.price * epochs * GWEI

    def refunds(self, shard: Stored) -> None:
        """STO-1, STO-15: the rest goes to the client in the deal's token, what was proven to the provider."""
        deal = shard.deal
        if shard.state == ACCEPTED:
            self.collects(shard, shard.last.end)
        if deal.token:
            self.credit_units(deal.token, deal.client, self.unproven(shard))
        self.credit_to(deal.client, self.escrow(shard))
        shard.state, shard.bounty = OVER, 0
