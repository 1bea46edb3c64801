"""What must hold of the storage contracts after whatever people did: the log's sentences, and the five oracles."""

from __future__ import annotations

from functools import partial

from audit.systems._storage import (
    ACCEPTED,
    EVIDENCE,
    FEE,
    FREE,
    LOCK,
    LOST,
    MENDED,
    OVER,
    PROVIDERS,
    SECONDS,
    STEP,
    TOKENS,
    Promise,
    Stored,
    Tenure,
)
from audit.systems._storage_dealing import words_to
from audit.systems._storage_tokens import StorageTokens
from ethwire.constants import GWEI, ZERO_ADDRESS
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from evmstorm.oracles.promise import Claim, check_payable

__all__ = ["StorageOracles"]


class StorageOracles(StorageTokens):
    """Sentences about the whole log."""

    # the log ----------------------------------------------------------------------------------------------------------

    @invariant("STO-1", at_end=True)
    def all_coins_are_the_log_s(self) -> bool:
        """The market holds the escrow of each shard, credits, earnings and the pot; the repairs fees and bonds."""
        open_ones = [shard for shard in self.shards() if shard.state != OVER]
        held = sum(map(self.escrow, open_ones)) + sum(self.credited.values()) + self.pot
        held += sum(self.earned.values()) * GWEI
        fees = sum(FEE for shard in self.shards() if shard.demand)
        bonds = sum(shard.repair[2] for shard in self.shards() if shard.repair)
        credits = all(
            self.ask("market.credits", who) == self.credited[who] and self.ask("repairs.credits", who) == self.owed[who]
            for who in self.addresses
        )
        return (
            credits
            and self.stored(self["market"]) == held
            and self.stored(self["repairs"]) == fees + bonds + sum(self.owed.values())
            and self.ask("market.pot") == self.pot
        )

    @invariant("STO-15", at_end=True)
    def all_units_are_the_log_s(self) -> bool:
        """The deals hold of each token what stands behind open shards, and what was credited and not fetched."""
        for token in TOKENS:
            open_ones = [item for item in self.shards() if item.deal.token == token and item.state != OVER]
            credited = {who: self.units[token, who] for who in self.addresses}
            if any(self.ask("deals.token_credits", who, self[token]) != units for who, units in credited.items()):
                return False
            held = sum(map(self.units_held, open_ones)) + sum(credited.values())
            if self.ask(f"{token}.balanceOf", self["deals"]) != held or self.ask(f"{token}.balanceOf", self["market"]):
                return False
        return self.stored(self["deals"]) == 0

    @invariant("STO-3", at_end=True)
    def ledgers_are_the_log_s(self) -> bool:
        """What a provider stores, owes, reserves and earns is what it did, as of the last call that touched it."""
        for who in self.operators:
            epoch, row = self.settled.get(who, 0), self.row(who)
            tenures, began = self.tenures[who], self.draws_from(who, epoch) if epoch else 0
            pending = sum(item.price for item in tenures if epoch and item.start == epoch + 1 and not item.token)
            wanted = (
                self.leaves_now(who), began, epoch, len(tenures), len(row), self.dry[who],
                row[2] if len(row) > 2 else 0, (who, epoch) in self.given_up, self.reserved(who, epoch),
                self.rate(who, epoch), pending, self.earned[who],
            )  # fmt: skip
            if tuple(self.answer_of("market.ledger", who)) != wanted:
                return False
            there = self.ask("hub.lock_of", self["market"], who)
            if there != self.locked[who] or there < self.reserved(who, epoch) * GWEI:
                return False
            if self.ask("market.reserved", who) != self.needed(who, epoch):
                return False
        return True

    @invariant("STO-4", at_end=True)
    def sequences_are_the_format_s(self) -> bool:
        """Each provider's peaks are those of the slow reference over what it accepted and cleared."""
        for role in PROVIDERS:
            for (height, _), word in self.sequence(self[role]).kept.items():
                if self.ask("market.peak", self[role], height) != word:
                    return False
        return True

    @invariant("STO-5", at_end=True)
    def proofs_are_the_log_s(self) -> bool:
        """Epochs are proven as the log has them; each is paid to one provider a shard."""
        for role in PROVIDERS:
            who, last = self[role], self.epoch + 1
            for begin in (max(1, last - 256 * 63), max(1, last - 3), max(min(last, 255), last - 300)):
                if self.ask("market.proven", who, begin, last) != sum(begin <= at < last for at in self.proofs[who]):
                    return False
        paid = [
            (id(shard), epoch)
            for shard in self.shards()
            for item in shard.tenures
            for epoch in self.proofs[item.provider]
            if item.is_paid_in(epoch)
        ]
        return len(paid) == len(set(paid))

    @invariant("STO-2", at_end=True)
    def deals_are_the_log_s(self) -> bool:
        """Each deal and shard, demand, repair and proposal stands as the log has it."""
        return all(map(self.is_as_promised, self.promised)) and all(map(self.stands, self.shards()))

    def is_as_promised(self, deal: Promise) -> bool:
        over = sum(shard.state == OVER for shard in deal.shards)
        wanted = (
            deal.client, deal.root, deal.accept_by, deal.begin, deal.end, len(deal.shards), deal.closed, deal.masked,
            over, deal.price, deal.restitution, self.token_of(deal).lower(),
        )  # fmt: skip
        return tuple(self.answer_of("deals.deal", deal.id)) == wanted

    def stands(self, shard: Stored) -> bool:
        place = shard.deal.id, shard.index
        found = self.answer_of("deals.shard", *place)
        tenure = shard.tenures[-1] if shard.tenures else Tenure(ZERO_ADDRESS, 0, 0, 0, 0, 0, 0)
        demand = shard.demand or (ZERO_ADDRESS, ZERO_ADDRESS, 0, 0)
        return (
            tuple(found) == (tenure.provider, tenure.ordinal, tenure.start, tenure.end, shard.state)
            and self.ask("deals.bounties", *place) == shard.bounty
            and tuple(self.answer_of("repairs.demand_of", *place)) == demand
            and tuple(self.answer_of("repairs.repair_of", *place)) == (shard.repair or (ZERO_ADDRESS, 0, 0))
            and tuple(self.answer_of("repairs.proposal_of", *place)) == (shard.proposal or (ZERO_ADDRESS, ZERO_ADDRESS))
        )

    @invariant("STO-6", at_end=True)
    def seeds_are_the_log_s(self) -> bool:
        """The last epochs have the seeds that were drawn for them, and no other."""
        for epoch in range(max(1, self.epoch - 3), self.epoch + 1):
            seed, last = self.seen.get(epoch, (bytes(32), 0))
            if self.answer_of("market.seed_of", epoch) != seed or self.ask("market.proofs_until", epoch) != last:
                return False
            number = self.opened_epochs.get(epoch)
            if number is not None and self.ask("market.seed_number", epoch) != number:
                return False
        return True

    # the five oracles -------------------------------------------------------------------------------------------------

    def owns(self, who: str) -> int:
        """Wei that somebody holds or may take, its lock and earnings included."""
        there = self.stored(who) + self.ask("market.credits", who) + self.ask("repairs.credits", who)
        there += self.ask("hub.credit", who) + self.ask("hub.lock_of", self["market"], who)
        return int(there + self.answer_of("market.ledger", who)[11] * GWEI)

    @invariant("ORA-1", at_end=True)
    def nobody_gains(self) -> bool:
        """Profit: each has what the log entitles it to; who loses to itself ends with less than it began with."""
        held = {who: self.owns(who) for who in self.addresses}
        owed = {who: self.funded[who] + self.moved[who] for who in held}
        check_paid_in_full(held, owed, 0)
        check_profit(held, owed, 0)
        for token in TOKENS:
            held = {who: self.units_of(token, who) for who in self.addresses}
            owed = {who: self.units_due(token, who) for who in held}
            check_paid_in_full(held, owed, 0)
            check_profit(held, owed, 0)
        return True

    def end_of_all(self) -> int:
        """The first epoch in which anybody may have every shard refunded, and every repairer's time is over."""
        ends = [deal.end for deal in self.promised] + [shard.last.end for shard in self.shards() if shard.tenures]
        times = [shard.repair[1] + 5 for shard in self.shards() if shard.repair]
        return max(*ends, *times, *(deal.accept_by + 1 for deal in self.promised), self.epoch) + EVIDENCE

    def may_fetch(self, deal: Promise) -> int:
        """What a client is credited of a deal, units of its token added to wei."""
        wei = self.ask("market.credits", deal.client)
        return int(wei + (self.ask("deals.token_credits", deal.client, self.token_of(deal)) if deal.token else 0))

    def due(self, shard: Stored) -> int:
        """Of a shard that is over, likewise."""
        return self.escrow(shard) + (self.unproven(shard) if shard.deal.token else 0)

    def refunded(self, shard: Stored) -> int:
        """Ends a shard for everybody; what its client was credited."""
        anybody = self["stranger"]
        if shard.state == MENDED:
            self.do("repairs.end_repair", shard.deal.id, shard.index, sender=anybody)
        before = self.may_fetch(shard.deal)
        self.do("deals.refund", shard.deal.id, [shard.index], sender=anybody)
        return self.may_fetch(shard.deal) - before

    @invariant("ORA-2", at_end=True)
    def everything_is_payable(self) -> bool:
        """Promise: each escrow comes back in full, and each restitution is inside its provider's lock, whichever is
        claimed first."""
        waiting = [shard for shard in self.shards() if shard.state != OVER]
        lost = [] if self.is_finished else [shard for shard in waiting if self.can_be_lost(shard)]
        claims = [Claim(item.deal.client, item.deal.restitution * GWEI, str(at)) for at, item in enumerate(lost)]
        check_payable(claims, self.evm.anchor, lambda claim: self.restored(lost[int(claim.name)]))
        claims = [Claim(item.deal.client, self.due(item), str(at)) for at, item in enumerate(waiting)]
        with self.evm.anchor():
            self.evm.warp_to(max(self.now, self.first + (self.end_of_all() - 1) * SECONDS))
            check_payable(claims, self.evm.anchor, lambda claim: self.refunded(waiting[int(claim.name)]))
        return True

    def can_be_lost(self, shard: Stored) -> bool:
        if shard.state != ACCEPTED or not self.still_answers(shard.last):
            return False
        found = self.found(shard.last.provider)
        return found.epoch == self.epoch and self.is_lost(found, shard.last)

    def restored(self, shard: Stored) -> int:
        before = self.ask("market.credits", shard.deal.client)
        self.do("deals.declare_lost", shard.deal.id, shard.index, sender=self["stranger"])
        return self.ask("market.credits", shard.deal.client) - before

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: a lock that stands behind nothing is whole, and a client whose shard nobody stored has all of its
        escrow back."""
        lock = self.ask("hub.lock_of", self["market"], self["quiet provider"])
        shard = self.quiet_shard()
        back = 0
        if shard.state == FREE:
            with self.evm.anchor():
                self.evm.warp_to(max(self.now, self.first + shard.deal.accept_by * SECONDS))
                back = self.refunded(shard) - self.due(shard)
        self.harm.done(0, LOCK - lock - back, multiple=0)
        return True

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: a demand ends a second after its window, and a provider has its whole lock three epochs after its last
        promise."""
        with self.evm.anchor():
            exits = [
                Exit(shard.demand[0], shard.demand[3], 1, partial(self.demand_ends, shard))
                for shard in self.shards() if shard.demand
            ]  # fmt: skip
            exits += [
                Exit(self[role], max(self.released(role), self.now), 1, partial(self.lock_is_back, role))
                for role in PROVIDERS
            ]
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True

    def released(self, role: str) -> int:
        """The second in which the last of a provider's reserves ends."""
        last = max((tenure.end for tenure in self.tenures[self[role]]), default=0)
        return int(self.first + (last + EVIDENCE - 1) * SECONDS)

    def demand_ends(self, shard: Stored) -> bool:
        assert shard.demand
        before = self.ask("repairs.credits", shard.demand[0])
        self.settled_by(shard.demand[1])
        self.do("repairs.end_demand", shard.deal.id, shard.index, sender=self["stranger"])
        return self.ask("repairs.credits", shard.demand[0]) >= before + FEE

    def settled_by(self, who: str) -> None:
        """Everything decided, in parts."""
        for _ in range((self.epoch - self.settled.get(who, self.epoch)) // STEP + 1):
            self.do("market.settle", who, sender=self["stranger"])

    def lock_is_back(self, role: str) -> bool:
        who = self[role]
        self.settled_by(who)
        sequence, pieces = self.sequence(who), []
        for tenure in self.tenures[who]:
            if sequence.shards[tenure.ordinal] is not None:
                shard = self.shard_of(tenure)
                words = words_to(sequence, tenure.ordinal)
                pieces.append((shard.deal.id, shard.index, tenure.ordinal, words))
                sequence.shards[tenure.ordinal] = None
        for at in range(0, len(pieces), 32):
            self.do("deals.clear", pieces[at : at + 32], sender=who)
        there = self.ask("hub.lock_of", self["market"], who)
        if there:
            self.do("market.unlock", there, sender=who)
        return self.ask("hub.lock_of", self["market"], who) == 0

    @invariant("ORA-5", at_end=True)
    def refunds_are_neutral(self) -> bool:
        """Neutrality: shards that are refunded together, one by one or in another order give their client the same."""
        for deal in self.promised[-2:]:
            waiting = [shard for shard in deal.shards if shard.state in (FREE, ACCEPTED, LOST)]
            if len(waiting) < 2:
                continue
            paid = []
            with self.evm.anchor():
                self.evm.warp_to(max(self.now, self.first + (self.end_of_all() - 1) * SECONDS))
                for groups in ([waiting], [[shard] for shard in waiting], [[shard] for shard in waiting[::-1]]):
                    paid.append(self.refunds_of(deal, groups))
            check_alike("refunds", paid[0], paid[1:2], 0)
            check_alike("refunds", paid[0], paid[2:], 0)
        return True

    def refunds_of(self, deal: Promise, groups: list[list[Stored]]) -> int:
        with self.evm.anchor():
            before = self.may_fetch(deal)
            for group in groups:
                self.do("deals.refund", deal.id, [shard.index for shard in group], sender=self["stranger"])
            return self.may_fetch(deal) - before
