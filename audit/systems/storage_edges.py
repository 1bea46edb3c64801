"""The storage contracts at their edges: one second, one epoch, one wei or one item more.

Each action goes a short way of its own from the same start, and is undone; the campaign's log says what comes of it.
"""

from __future__ import annotations

from audit.systems._hub_edges import way
from audit.systems._storage import (
    BUFFER,
    EVIDENCE,
    LONGEST,
    LOST,
    NOTICE,
    OVER,
    PROVIDERS,
    SECONDS,
    STEP,
    TIP,
    TOP_UP,
    WINDOW,
)
from audit.systems._storage_dealing import words_to
from audit.systems._storage_edges import StorageEdgeSystem, edge
from ethwire.constants import GWEI, ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.spec.storage import DRAWS, LEAF_BYTES, deal_path, deal_root

__all__ = ["StorageEdges"]

SPAN = 256 * 63
MOST = 2**64 - 1  # gwei
MAX_LEAVES = 2**32


class StorageEdges(StorageEdgeSystem):
    """Short ways from two shards that two providers store since the first epoch."""

    # epochs -----------------------------------------------------------------------------------------------------------

    @edge(Choice((-1, 0)))
    def a_seed_in_time(self, who: str, late: int) -> Steps:
        """A window has to end within its epoch."""
        yield from self.opening(who)
        self.goes(1, SECONDS - WINDOW + late)
        yield from self.seeing(who)
        assert (1 in self.seen) == (late < 0), "STO-6"

    @edge(Choice((0, 1)))
    def a_proof_in_time(self, who: str, late: int) -> Steps:
        yield from self.seeded(2)
        self.evm.warp_to(self.seen[2][1] + late)
        yield from self.showing(who, self["provider"])
        assert (2 in self.proofs[self["provider"]]) == (not late), "STO-5"

    @edge()
    def the_first_and_the_last_second(self, who: str) -> Steps:
        """Of an epoch: who names its seed is paid as long as the pot has a tip."""
        self.goes(2, 0)
        yield from self.opening(who)
        self.goes(2, SECONDS - 1)
        yield from self.opening(who)
        yield from self.seeing(who)
        self.goes(3, 0)
        yield from self.opening(who, -1)
        yield from self.opening(who, 1)
        yield from self.opening(who)

    @edge(Choice((-1, 0)))
    def the_last_tip(self, who: str, more: int) -> Steps:
        for epoch in range(2, 2 + self.pot // (2 * TIP)):
            yield from self.seeded(epoch)
        assert self.pot == 0, "STO-1"
        yield self.tx("market.fund_tips", TIP + more, sender=self["stranger"])
        self.pot, self.moved[self["stranger"]] = TIP + more, self.moved[self["stranger"]] - TIP - more
        self.goes(self.epoch + 1)
        yield from self.opening(who)
        yield from self.seeing(who)

    # deals ------------------------------------------------------------------------------------------------------------

    @edge(Choice((0, 1)), Choice((0, 2)))
    def the_last_moment_to_accept(self, who: str, late: int, accept_by: int) -> Steps:
        deal = yield from self.opens(3, accept_by=accept_by)
        self.goes(1 + accept_by, SECONDS - 1 + late)
        yield from self.accept(who, deal.shards[0], "", True)
        yield from self.refund(who, deal.shards[0], "one", False)
        assert bool(deal.shards[0].tenures) == (not late), "STO-2"

    @edge()
    def the_shortest_deal(self, who: str) -> Steps:
        """One epoch, which begins after the acceptance; refunded from its end on."""
        deal = yield from self.accepted(1, term=2)
        shard = deal.shards[0]
        yield from self.seeded(2, "provider")
        yield from self.demand(who, shard, 0, False)
        yield from self.answer(who, shard, "")
        self.goes(2, SECONDS - 1)
        yield from self.refund(who, shard, "one", False)
        self.goes(3, 0)
        yield from self.demand(who, shard, 0, False)
        yield from self.refund(who, shard, "one", False)
        self.goes(5, SECONDS - 1)
        yield from self.refund(who, shard, "one", False)
        self.goes(6, 0)
        yield from self.refund(who, shard, "one", False)
        yield from self.clear(self["provider"], 1, "")
        assert (shard.state, self.paid(shard)) == (OVER, shard.deal.price), "STO-1"

    @edge()
    def the_longest_deal(self, who: str) -> Steps:
        """180 days, and as long again when its provider says so: prolonged to the epoch."""
        deal = yield from self.accepted(1, term=LONGEST)
        shard = deal.shards[0]
        yield from self.prolong(who, shard, True)
        yield from self.renew(who, shard, 3)
        for epoch in (2, 3):
            self.goes(epoch)
            yield from self.prolong(who, shard, True)
            assert shard.last.end == epoch + LONGEST, "STO-3"
        self.goes(4)
        yield from self.prolong(who, shard, True)
        yield from self.prolong(who, shard, True)
        assert shard.last.end == deal.end == 4 + LONGEST, "STO-3"

    @edge(Choice((0, 1)))
    def a_deal_that_is_renewed_to_the_utmost(self, who: str, more: int) -> Steps:
        deal = yield from self.opens(1, price=1)
        yield from self.renew(who, deal.shards[0], SPAN + more)
        assert deal.end == (self.epoch + 20 if more else deal.begin + SPAN), "STO-1"
        yield from self.renew(who, deal.shards[0], SPAN + 1)

    @way()
    def epochs_that_are_counted(self, who: str) -> Steps:
        """64 words of epochs in one call."""
        who = self["provider"]
        last = 64 * 256
        spans = [(0, last, True), (0, last + 1, False), (255, last, True), (256, last + 256, True),
                 (256, last + 257, False), (5, 5, True), (6, 5, True), (256, 256, True)]  # fmt: skip
        for begin, end, is_good in spans:
            reason = None if is_good else "storage: too many epochs"
            yield self.tx("market.proven", who, begin, end, sender=who, fails=reason)
        yield self.tx("market.offer", 1, 1, "", sender=who)
        self.emitted("market.Offered", provider=who, price=1, restitution=1, url="")

    @edge()
    def the_largest_deal(self, who: str) -> Steps:
        """32 shards: by signatures, ended, refunded and cleared, each in one call."""
        for role in PROVIDERS:
            yield from self.locks_more(role, 400)
        deal = yield from self.opens(*[1] * 32)
        yield from self.accept_signed(who, deal.shards[0], "few")
        yield from self.accept_signed(who, deal.shards[0], "")
        yield from self.close(who, deal.shards[0], "all", True)
        yield from self.close(who, deal.shards[0], "one", True)
        self.goes(1 + NOTICE)
        yield from self.refund(who, deal.shards[0], "all", True)
        for role in PROVIDERS:
            yield from self.clear(self[role], 11, "")
        assert all(item.last.cleared for item in deal.shards), "STO-4"

    @way(Choice((32, 33)))
    def shards_of_a_deal(self, who: str, shards: int) -> Steps:
        terms = (1, 1, 1, 6, False, bytes(32))
        reason = "deals: bad number of shards" if shards == 33 else None
        yield self.tx("deals.open", bytes(32), 0, *terms, sender=self["client"], fails="deals: bad number of shards")
        yield self.tx("deals.open", bytes(32), shards, *terms, sender=self["client"], fails=reason)

    @edge()
    def the_largest_batch(self, who: str) -> Steps:
        """64 shards at once, which are two mountains with the one before; 32 of them cleared at once."""
        yield from self.locks_more("provider", 1_200)
        for _ in range(4):
            yield from self.opens(*[1] * 16, by=("provider",), term=4)
        yield from self.accept_many(self["provider"], 64, False)
        assert len(self.tenures[self["provider"]]) == 65, "STO-2"
        yield from self.seeded(2, *PROVIDERS[:2])
        self.goes(5)
        yield from self.clear(self["provider"], 32, "")
        yield from self.clear(self["provider"], 32, "word")
        yield from self.clear(self["provider"], 32, "")
        assert self.leaves_now(self["provider"]) == 4, "STO-4"
        yield from self.seeded(6, *PROVIDERS[:2])

    @edge(Choice((2, 3, 7, 8, 9)), Choice((1, 2, 5)))
    def batches_of_any_size(self, who: str, count: int, before: int) -> Steps:
        """STO-4: the peaks are those of single acceptances."""
        yield from self.locks_more("provider", 400)
        yield from self.opens(*[1] * 16, by=("provider",))
        yield from self.accept_many(self["provider"], before, False)
        yield from self.accept_many(self["provider"], count, False)
        assert len(self.tenures[self["provider"]]) == 1 + before + count, "STO-2"
        for epoch in range(2, 8):
            yield from self.seeded(epoch, *PROVIDERS[:2])

    @edge()
    def whose_shard_is_cleared(self, who: str) -> Steps:
        """STO-4: what ended is no reason to clear another shard, of its provider or of somebody else."""
        ended = yield from self.accepted(1, term=2)
        yield from self.accepted(1, by=("other provider",))
        self.goes(3)
        for role, ordinal in (("provider", 0), ("other provider", 1)):
            piece = (ended.id, 0, ordinal, words_to(self.sequence(self[role]), ordinal))
            yield self.tx("deals.clear", [piece], sender=self[role], fails="deals: not that shard")
        entry, *beside = words_to(self.sequence(self["provider"]), 1)
        for words in ([], [entry], [entry, *beside, 1]):
            piece = (ended.id, 0, 1, words)
            yield self.tx("deals.clear", [piece], sender=self["provider"], fails="storage: no such shard")
        yield from self.clear(self["provider"], 1, "")
        assert ended.shards[0].last.cleared, "STO-4"

    @edge()
    def which_mountain_it_is(self, who: str) -> Steps:
        """STO-4: of three shards, words of one mountain clear nothing that stands in another, and open no leaf that is
        not there."""
        ended = yield from self.accepted(1, 1, term=2, by=("provider",))
        self.goes(3)
        for place, ordinal in ((0, 2), (1, 0)):
            piece = (ended.id, place, 1 + place, words_to(self.sequence(self["provider"]), ordinal))
            yield self.tx("deals.clear", [piece], sender=self["provider"], fails="storage: no such shard")
        yield from self.seeded(3)
        for ordinal, leaves, index in ((3, 1, 0), (0, 4, 4), (0, 0, 0)):
            words = [ordinal | leaves << 32 | index << 72, *[0] * 20]
            proof = (self["provider"], 3, bytes(LEAF_BYTES * DRAWS), words)
            yield self.tx("market.prove", *proof, sender=who, fails="storage: no such leaf")
        yield from self.clear(self["provider"], 2, "")
        assert self.leaves_now(self["provider"]) == 4, "STO-4"

    # widths -----------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def amounts_of_a_deal(self, who: str, more: int) -> Steps:
        """Gwei in 64 bits; a price of as many is more than there is."""
        terms, client = (1, 6, False, bytes(32)), self["client"]
        bad = "deals: bad price"
        yield self.tx("deals.open", bytes(32), 1, 0, 1, *terms, sender=client, fails=bad)
        yield self.tx("deals.open", bytes(32), 1, MOST + more, 1, *terms, sender=client,
                      fails=bad if more else "token: insufficient balance")  # fmt: skip
        yield self.tx("deals.open", bytes(32), 1, 1, MOST + more, *terms, sender=client, fails=bad if more else None)

    @edge(Choice((MOST, MOST * 4 // 5, 2 * MOST // 5)))
    def a_restitution_that_no_lock_holds(self, who: str, restitution: int) -> Steps:
        """Damages are counted in 64 bits, too."""
        deal = yield from self.opens(1, 1, by=("provider",), restitution=restitution)
        yield from self.accept(who, deal.shards[0], "", True)
        yield from self.accept_many(self["provider"], 2, False)
        assert not deal.shards[0].tenures, "STO-3"

    @way(Choice((0, 1, MAX_LEAVES, MAX_LEAVES + 1)))
    def leaves_of_a_shard(self, who: str, leaves: int) -> Steps:
        """From one to 2^32."""
        named, client = [(self["provider"], bytes(32), leaves)], self["client"]
        terms = (1, 1, 1, 1, 6, False, bytes(32))
        deal = yield self.tx("deals.open", deal_root(named), *terms, sender=client)
        item = (deal, 0, bytes(32), leaves, deal_path(named, 0))
        is_good = 0 < leaves <= MAX_LEAVES
        reason = None if leaves == 1 else "storage: lock too small" if is_good else "deals: bad number of leaves"
        yield self.tx("deals.accept", item, sender=self["provider"], fails=reason)

    @edge(Choice((0, 1)))
    def a_lock_to_the_wei(self, who: str, less: int) -> Steps:
        """What one more shard needs is there, or a wei of it is not."""
        deal = yield from self.opens(1)
        provider = self["provider"]
        more = deal.damages * GWEI + BUFFER
        free = self.amounts(provider)[0]
        yield from self.unlocking(provider, free - more + less)
        yield from self.accept(who, deal.shards[0], "", True)
        yield from self.unlocking(provider, 1)
        assert bool(deal.shards[0].tenures) == (not less), "STO-3"

    @edge()
    def a_gwei_for_an_epoch(self, who: str) -> Steps:
        third = self["third provider"]
        yield from self.accepted(1, price=1, by=("third provider",))
        yield from self.seeded(2, "third provider")
        yield from self.withdraw(third, third)
        assert self.paid_earned[third] == 1, "STO-1"

    @edge()
    def a_proof_that_is_owed_for_one_leaf(self, who: str) -> Steps:
        """Whoever clears it in an open epoch gives that up."""
        third = self["third provider"]
        yield from self.accepted(1, term=2, by=("third provider",))
        yield from self.seeded(3)
        yield from self.clear(third, 1, "")
        assert (third, 3) in self.given_up, "STO-4"

    @edge()
    def epochs_of_two_words(self, who: str) -> Steps:
        """STO-5: an epoch and the one 256 later are proven each for itself, and the last ones of a word are counted."""
        deal = yield from self.accepted(1, term=300, by=("third provider",))
        yield from self.seeded(2, "third provider")
        for epoch in (66, 130, 194):
            self.goes(epoch)
            yield from self.settling("third provider")
        for epoch in (248, 252, 254, 255, 256, 258):
            yield from self.seeded(epoch, *["third provider"] * 2)
            self.agrees()
        self.goes(deal.end + EVIDENCE)
        yield from self.refund(who, deal.shards[0], "one", False)

    @way()
    def what_the_service_promises(self, who: str) -> Steps:
        """At the hub: three epochs and seven for evidence, no court, and amounts of 64 bits."""
        wanted = ((EVIDENCE + TOP_UP) * SECONDS, 0, ZERO_ADDRESS, 0, MOST * GWEI)
        assert tuple(self.answer_of("market.terms")) == wanted, "STO-3"
        yield self.tx("market.seed_number", 9, sender=who, fails="storage: epoch is not open")
        yield self.tx("market.settle", self["provider"], sender=who)

    # misses -----------------------------------------------------------------------------------------------------------

    @edge(Choice((1, 2, 3, 4)), Choice((0, 1)))
    def misses_in_a_row(self, who: str, count: int, proven: int) -> Steps:
        """The first costs pay, each further one a share; a proof ends the row."""
        yield from self.missed_until(2 + count)
        yield from self.settling("provider")
        yield from self.declare_lost(who, self.shard)
        if proven:
            yield from self.seeded(self.epoch, "provider")
            yield from self.missed_until(self.epoch + 3)
            yield from self.settling("provider")
        assert (self.shard.state == LOST) == (count > 2), "STO-11"

    @edge(Choice((1, 2, 3)))
    def whoever_misses_takes_nothing(self, who: str, count: int) -> Steps:
        """STO-8: one miss is no row."""
        yield from self.missed_until(2 + count)
        deal = yield from self.opens(1)
        yield from self.accept(who, deal.shards[0], "", True)
        yield from self.prolong(who, self.shard, True)
        assert bool(deal.shards[0].tenures) == (count < 2), "STO-8"

    @edge(Choice((-1, 0)))
    def a_buffer_that_stays_empty(self, who: str, early: int) -> Steps:
        """Seven epochs to fill it."""
        yield from self.accepted(1)
        yield from self.dried("provider")
        since = self.found(self["provider"]).dry
        yield from self.settling("provider")
        yield from self.top_up(who, "provider")
        yield from self.seeded(self.epoch, "provider")
        for at in range(self.epoch + 1, since + TOP_UP + early):
            yield from self.seeded(at, "provider")
        self.goes(since + TOP_UP + early)
        yield from self.declare_lost(who, self.shard)
        if early:
            yield from self.locks_more("provider", 50)
            yield from self.top_up(who, "provider")
            yield from self.top_up(who, "provider")

    @edge(Choice((STEP, STEP + 1)))
    def epochs_that_one_call_decides(self, who: str, epochs: int) -> Steps:
        """Whoever was not touched for longer is settled in parts first."""
        yield from self.seeded(2, "provider")
        self.goes(2 + epochs)
        yield from self.unlocking(self["provider"], 1)
        yield from self.settling("provider")
        yield from self.unlocking(self["provider"], 1)
        yield from self.settling("provider")
        yield from self.unlocking(self["provider"], 1)

    # what is over -----------------------------------------------------------------------------------------------------

    @edge(Choice((-1, 0)))
    def the_evidence_window(self, who: str, early: int) -> Steps:
        """A shard that was missed is lost until three epochs after its end, and its reserve is there until then."""
        deal = yield from self.accepted(1, term=6)
        yield from self.missed_until(6)
        self.goes(deal.end + EVIDENCE + early)
        yield from self.declare_lost(who, deal.shards[0])
        assert (deal.shards[0].state == LOST) == (early < 0), "STO-11"
        yield from self.settling("provider")

    @edge(Choice((3, 4, 5)))
    def a_miss_after_the_end(self, who: str, end: int) -> Steps:
        """The third miss in a row, in epoch 4, loses what was stored in it alone."""
        deal = yield from self.accepted(1, term=end - 1)
        yield from self.missed_until(6)
        yield from self.declare_lost(who, deal.shards[0])
        assert (deal.shards[0].state == LOST) == (end > 4), "STO-11"

    @edge(Choice((0, 1)))
    def a_close_to_the_epoch(self, who: str, late: int) -> Steps:
        """What ends in two epochs anyhow is not ended."""
        deal = yield from self.accepted(1, term=4)
        self.goes(2 + late)
        yield from self.close(who, deal.shards[0], "one", True)
        yield from self.renew(who, deal.shards[0], 1)

    @edge(Choice((False, True)))
    def a_deal_that_was_given_away(self, who: str, closed: bool) -> Steps:
        """The new client closes, is refunded and restored."""
        deal = yield from self.accepted(1, 2)
        yield from self.transfer(who, deal.shards[0], self["other client"], True)
        self.emitted("deals.DealTransferred", deal=deal.id, to=self["other client"])
        if closed:
            yield from self.close(who, deal.shards[0], "all", True)
        yield from self.missed_until(5)
        yield from self.declare_lost(who, deal.shards[0])
        self.goes(deal.end)
        yield from self.refund(who, deal.shards[0], "all", False)
        yield from self.withdraw(self["other client"], self["other client"])
