"""Demands, repairs, hand-overs, buffers that are filled and a removed market at their edges: one second, one epoch, one
wei or one demand more.

Each action goes a short way of its own from the same start, and is undone; the campaign's log says what comes of it.
"""

from __future__ import annotations

from audit.systems._storage import EVIDENCE, FEE, HORIZON, LOST, OVER, PROVIDERS, SECONDS
from audit.systems._storage_edges import StorageEdgeSystem, edge
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.spec.storage import DRAWS, LEAF_BYTES
from keifu.units import COIN

__all__ = ["StorageRepairEdges"]

TURN, DEMANDS = 2, 8


class StorageRepairEdges(StorageEdgeSystem):
    """Short ways from two shards that two providers store since the first epoch."""

    # demands ----------------------------------------------------------------------------------------------------------

    @edge(Choice((0, 1)))
    def a_demand_to_the_second(self, who: str, late: int) -> Steps:
        yield from self.demand(who, self.shard, 0, False)
        assert self.shard.demand
        self.evm.warp_to(self.shard.demand[3] + late)
        yield from self.end_demand(who, self.shard)
        yield from self.answer(who, self.shard, "")
        assert (self.shard.state == LOST) == bool(late), "STO-14"
        for nobody in (ZERO_ADDRESS, self["repairs"]):
            yield from self.paid_back(self["provider"], nobody, True)
        yield from self.paid_back(self["provider"], who, True)

    @edge()
    def demands_of_an_epoch(self, who: str) -> Steps:
        """Eight, of all shards of a provider; the next epoch has as many."""
        deal = yield from self.accepted(1, by=("provider",))
        for at in range(DEMANDS + 1):
            shard = (self.shard, deal.shards[0])[at % 2]
            yield from self.demand(who, shard, 0, False)
            yield from self.answer(who, shard, "")
        yield from self.demand(who, self.other_shard, 0, False)
        self.goes(2)
        yield from self.demand(who, self.shard, 0, False)
        assert self.owed[self["provider"]] == DEMANDS * FEE, "STO-14"

    @edge(Choice((-1, 0)))
    def a_demand_after_the_end(self, who: str, early: int) -> Steps:
        """Whoever was asked in time still answers for it until its evidence window is over."""
        deal = yield from self.accepted(1, term=2)
        self.goes(2, SECONDS - 1)
        yield from self.demand(who, deal.shards[0], 0, False)
        self.goes(deal.end + EVIDENCE + early, SECONDS - 1 if early else 0)
        yield from self.end_demand(who, deal.shards[0])
        assert (deal.shards[0].state == LOST) == (early < 0), "STO-14"

    # repair -----------------------------------------------------------------------------------------------------------

    @edge(Choice((0, 6, 7)), Choice((0, 1)))
    def a_repairer_s_time(self, who: str, seeds: int, late: int) -> Steps:
        """Two epochs; four when neither had a seed."""
        yield from self.missed_until(5)
        yield from self.declare_lost(who, self.shard)
        yield from self.reserve_repair(self["third provider"], self.shard)
        yield from self.reserve_repair(self["watcher"], self.shard)
        if seeds:
            yield from self.seeded(seeds)
        self.goes(5 + (TURN if seeds else 2 * TURN) + late)
        yield from self.end_repair(who, self.shard)
        yield from self.reserve_repair(self["third provider"], self.shard)
        assert self.owed[self["client"]] * (1 - late) == 0, "STO-13"
        yield from self.seeded(self.epoch + 1)
        yield from self.complete_repair(self["third provider"], self.shard, "", 0, True)
        assert self.shard.last.provider == self["third provider"], "STO-13"

    @edge()
    def a_shard_without_leaves(self, who: str) -> Steps:
        """Nobody has one, so nobody repairs one, and no leaf of another size is one."""
        yield from self.demand(who, self.other_shard, 0, False)
        data, words = self.leaf_of(self.other_shard, 0)
        asked = (self.other_shard.deal.id, self.other_shard.index, self.other_shard.deal.shown(self.other_shard.index))
        for wrong in (data[:-1], b""):
            yield self.tx("repairs.answer", *asked, wrong, words, sender=who, fails="repairs: not a leaf")
        yield from self.missed_until(5)
        yield from self.declare_lost(who, self.shard)
        yield from self.reserve_repair(self["third provider"], self.shard)
        yield from self.seeded(6)
        at, named = (self.shard.deal.id, self.shard.index), self.shard.deal.shown(self.shard.index)
        yield self.tx(
            "repairs.complete_repair", *at, (*named[:2], 0, *named[3:]), 6, bytes(DRAWS * LEAF_BYTES), [],
            sender=self["third provider"], fails="repairs: no such leaf",
        )  # fmt: skip

    @edge(Choice((0, 1)))
    def a_repair_at_the_end(self, who: str, late: int) -> Steps:
        """A shard is repaired while an epoch is left that pays for it; then its bounty is the client's."""
        deal = yield from self.accepted(1, term=7)
        yield from self.missed_until(5)
        yield from self.declare_lost(who, deal.shards[0])
        yield from self.reserve_repair(self["third provider"], deal.shards[0])
        yield from self.seeded(6 + late)
        yield from self.complete_repair(self["third provider"], deal.shards[0], "", 0, True)
        self.goes(deal.end + EVIDENCE)
        yield from self.end_repair(who, deal.shards[0])
        yield from self.refund(who, deal.shards[0], "one", False)
        assert deal.shards[0].state == OVER, "STO-13"

    @edge(Choice((False, True)))
    def a_lost_shard_that_nobody_repairs(self, who: str, client: bool) -> Steps:
        """Its client has bounty and escrow back at once, others bring them at its end."""
        yield from self.missed_until(5)
        yield from self.declare_lost(who, self.shard)
        yield from self.refund(self["stranger"], self.shard, "one", client)
        assert (self.shard.state == OVER) == client, "STO-1"
        self.goes(self.shard.deal.end)
        yield from self.refund(self["stranger"], self.shard, "one", False)

    # hand-over --------------------------------------------------------------------------------------------------------

    @edge(Choice((0, 1)), Choice((False, True)))
    def a_hand_over_at_the_end(self, who: str, late: int, proven: bool) -> Steps:
        """A shard goes on while an epoch is left; the one before is paid for what it proved."""
        deal = yield from self.accepted(1, term=5)
        shard = deal.shards[0]
        for epoch in (2, 3):
            yield from self.seeded(epoch, "provider")
        yield from self.seeded(4 + late, *(("provider",) if proven else ()))
        yield from self.propose(who, shard, "third provider", True)
        yield from self.accept_proposal(who, shard, True, True)
        yield from self.accept_proposal(who, shard, True, True)
        yield from self.clear(self["provider"], 2, "")
        self.goes(7)
        yield from self.clear(self["provider"], 2, "")
        yield from self.refund(who, shard, "one", True)

    @edge(Choice((-1, 0)))
    def an_end_that_was_not_prolonged(self, who: str, early: int) -> Steps:
        """Of a renewed deal: from that epoch on nobody prolongs the shard or hands it over."""
        deal = yield from self.accepted(1, term=4)
        shard, end = deal.shards[0], deal.end
        yield from self.renew(who, shard, 10)
        yield from self.propose(who, shard, "third provider", True)
        self.goes(end + early)
        yield from self.prolong(who, shard, True)
        yield from self.accept_proposal(who, shard, True, True)
        assert len(shard.tenures) == (2 if early else 1), "STO-12"

    @edge()
    def a_hand_over_before_it_begins(self, who: str) -> Steps:
        """Whoever hands a shard over in the epoch in which it took it clears it from the next one on."""
        giver = self["third provider"]
        deal = yield from self.accepted(1, by=("third provider",))
        yield from self.propose(who, deal.shards[0], "provider", True)
        yield from self.accept_proposal(who, deal.shards[0], True, True)
        yield from self.clear(giver, 1, "")
        self.goes(2)
        yield from self.clear(giver, 1, "")
        assert self.leaves_now(giver) == 0, "STO-12"

    @edge(Choice((0, 1)))
    def nobody_accepted(self, who: str, late: int) -> Steps:
        """The client's own choice counts from the epoch after `accept_by` on."""
        deal = yield from self.opens(2, accept_by=1)
        yield from self.propose(who, deal.shards[0], "other provider", True)
        self.goes(2 + late, 0)
        yield from self.accept_proposal(who, deal.shards[0], True, True)
        assert bool(deal.shards[0].tenures) == bool(late), "STO-12"

    # a buffer that is used up -----------------------------------------------------------------------------------------

    @edge(Choice((0, 1)))
    def a_buffer_that_is_filled_to_the_wei(self, who: str, less: int) -> Steps:
        provider = self["provider"]
        yield from self.dried("provider")
        yield from self.settling("provider")
        missing = self.needed(provider, self.epoch) - self.locked[provider] - less
        yield self.tx("hub.lock", self["market"], provider, missing, sender=provider)
        self.locked[provider] += missing
        yield from self.top_up(who, "provider")
        assert bool(self.dry[provider]) == bool(less), "STO-8"

    @edge(Choice((False, True)))
    def a_buffer_that_a_promise_fills(self, who: str, new: bool) -> Steps:
        """STO-8: a promise asks for the whole buffer, too."""
        deal = yield from self.accepted(1)
        yield from self.renew(who, deal.shards[0], 1)
        yield from self.dried("provider")
        yield from self.seeded(self.epoch + 1, "provider")
        yield from self.locks_more("provider", 50)
        if new:
            yield from self.accepted(1, by=("provider",))
        else:
            yield from self.prolong(who, deal.shards[0], True)
        assert not self.dry[self["provider"]], "STO-8"

    # a market that is removed -----------------------------------------------------------------------------------------

    @edge(Choice((-1, 0)))
    def until_the_horizon(self, who: str, early: int) -> Steps:
        """Of a removed market the hub takes until its horizon, to the second; then misses and losses cost nothing."""
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        self.removed = self.now
        yield from self.missed_until(5)
        self.evm.warp_to(self.removed + HORIZON + early)
        yield from self.settling("provider")
        yield from self.settling("provider")
        yield from self.declare_lost(who, self.other_shard)
        assert (self.locked[self["provider"]] < 300 * COIN) == (early < 0), "STO-10"

    @edge()
    def lost_when_nothing_is_taken(self, who: str) -> Steps:
        """STO-10: what is lost behind the horizon restores nobody, to the wei."""
        deal = yield from self.accepted(1, term=300, by=("third provider",))
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        self.removed = self.now
        yield from self.missed_until(5)
        self.evm.warp_to(self.removed + HORIZON)
        for _ in range(2):
            yield from self.settling("third provider")
        yield from self.declare_lost(who, deal.shards[0])
        assert deal.shards[0].state == LOST, "STO-10"

    @edge()
    def closed_before_it_begins(self, who: str) -> Steps:
        """What ends in its first epoch is cleared in that."""
        deal = yield from self.accepted(1)
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        self.removed = self.now
        yield from self.close(who, deal.shards[0], "one", True)
        yield from self.clear(self["provider"], 2, "")
        self.goes(2)
        yield from self.clear(self["provider"], 1, "")
        assert deal.shards[0].last.cleared, "STO-4"

    @edge(Choice((0, 1, 2)))
    def closed_at_once(self, who: str, proven: int) -> Steps:
        """With the epoch under way where it is proven, with the first one where that comes; and again."""
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        self.removed = self.now
        if proven:
            yield from self.seeded(2, *PROVIDERS[: proven - 1])
        yield from self.close(who, self.shard, "all", True)
        yield from self.close(who, self.shard, "one", True)
        yield from self.prolong(who, self.shard, True)
        yield from self.seeded(self.epoch + 1)
        yield from self.refund(who, self.shard, "all", False)
        yield from self.withdraw(self["client"], ZERO_ADDRESS)
        yield from self.withdraw(self["client"], self["client"])
