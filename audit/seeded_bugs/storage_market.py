"""Bugs of the storage contracts, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

MARKET = ("StorageMarket",)
DEALS = ("StorageDeals",)

_market = seeder("storage/StorageMarket.vy", *MARKET)
_ledgers = seeder("storage/lib/ledgers.vy", *MARKET)
_promises = seeder("storage/lib/promises.vy", *MARKET)
_seeds = seeder("storage/lib/seeds.vy", *MARKET)
_sequences = seeder("storage/lib/sequences.vy", *MARKET)
_deals = seeder("storage/lib/deals.vy", *DEALS)
_acceptances = seeder("storage/lib/acceptances.vy", *DEALS)
_moves = seeder("storage/StorageDeals.vy", *DEALS)
_repairs = seeder("storage/StorageRepairs.vy", "StorageRepairs")

BUGS: list[Bug] = [
    _market("an epoch is paid twice", '    assert not ledgers._is_proven(_provider, _epoch), "storage: already proven"\n', ""),
    _market("a proof after the window", " and seeds._takes_proofs(_epoch)", ""),
    _market("an epoch that was given up is proven", '    assert not ledger.given_up, "storage: epoch was given up"\n', ""),
    _market("a proof leaves the misses", "    ledger.misses = 0\n", ""),
    _market("a proof pays nothing", "    ledger.earned += ledger.rate\n", ""),
    _market("earned coins stay in the ledger", "        ledger.earned = 0\n", ""),
    _market("the buffer may be unlocked", "ledgers.hub.unlock(msg.sender, _amount, ledgers._needed(ledger))", "ledgers.hub.unlock(msg.sender, _amount, ledger.damages * ledgers.UNIT)"),
    _market("a buffer is said to be filled", '    assert ledgers._needed(ledger) <= staticcall ledgers.hub.lock_of(self, _provider), "storage: lock too small"\n    ledger.dry = 0\n', "    ledger.dry = 0\n"),
    _ledgers("the first miss costs coins", "            if ledger.misses > 0:\n                asked +=", "            if ledger.misses >= 0:\n                asked +="),
    _ledgers("misses are forgotten", "            ledger.misses = min(ledger.misses + 1, U16)\n", "            ledger.misses = 1\n"),
    _ledgers("a miss touches promises", "locked - min(locked, _ledger.damages * UNIT)", "locked"),
    _ledgers("all that misses take is damages", "damages: uint256 = taken // DAMAGES_PART", "damages: uint256 = taken"),
    _ledgers("whoever settles gets all", "payouts.credits[_caller] += arrived // 2", "payouts.credits[_caller] += arrived"),
    _ledgers("an epoch without a seed is a miss", "ledger.drawn_from > 0 and seeds._seen(ledger.epoch) and not", "ledger.drawn_from > 0 and not"),
    _ledgers("reserves end with the promise", "            ledger.damages -= self._ends[_provider][ledger.epoch - EVIDENCE] >> 64\n", "            ledger.damages -= self._ends[_provider][ledger.epoch - EVIDENCE + 1] >> 64\n"),
    _ledgers("whoever misses takes more", '    assert _ledger.misses < 2, "storage: prove first"\n', ""),
    _ledgers("a removed market takes promises", '    assert staticcall hub.listed(self), "storage: market not listed"\n', ""),
    _ledgers("promises without a lock", '    assert self._needed(_ledger) <= staticcall hub.lock_of(self, _provider), "storage: lock too small"\n', ""),
    _ledgers("a used-up buffer loses shards at once", "_ledger.dry + TOP_UP <= _ledger.epoch", "_ledger.dry <= _ledger.epoch"),
    _ledgers("a third miss after the end counts", "_ledger.third > 0 and _ledger.third < _end", "_ledger.third > 0"),
    _ledgers("paid from the epoch of the acceptance on", "    ledger.pending += _entry.price\n", "    ledger.rate += _entry.price\n"),
    _ledgers("what is stopped cannot be stopped again", "        self._ends[_provider][ledger.epoch + 1] += _price\n        return ledger, ledger.epoch + 1\n", "        ledger.rate -= _price\n        return ledger, ledger.epoch + 1\n"),
    _promises("anybody changes ledgers", '    assert msg.sender == deals, "storage: only the deals"', "    pass"),
    _promises("a reserve ends with a hand-over", "    ledgers._ends[_provider][end] += _damages << 64\n", "    ledger.damages -= _damages\n"),
    _promises("claims after the window", '    assert ledger.epoch < _end + ledgers.EVIDENCE, "storage: evidence window is over"\n', ""),
    _promises("a lost shard keeps its reserve", "    ledger.damages -= _damages\n    ledgers._write", "    ledgers._write"),
    _promises("clearing chooses the draws", "        if not opened:\n            ledger.drawn_from -= leaves\n", "        ledger.drawn_from -= leaves\n"),
    _promises("an open epoch is not given up", "        ledger.given_up = True\n", ""),
    _seeds("a seed that comes too late", '    assert last < start + _epoch * epoch_seconds, "storage: too late for a window"\n', ""),
    _seeds("a seed is exchanged", '    assert word >> LAST_AT == 0, "storage: seed was seen"\n', ""),
    _seeds("tips that nobody paid in", "        self.pot -= tip\n", ""),
    _sequences("another leaf than was drawn", '        assert begin + index == _drawn[number], "storage: not the leaf that was drawn"\n', ""),
    _sequences("cleared again and again", " and _words[0] > 0", ""),
    _sequences("what is cleared counts before later mountains", "        self._lower(_provider, number, _count >> WHOLE, leaves)\n", ""),
    _sequences("any peak answers for a whole mountain", " or (_height == WHOLE and (_kept ^ _entry) & ~trees.SUM == 0)", " or _height == WHOLE"),
    _sequences("equal mountains answer for each other", "        return (_kept & trees.SUM) + self._before_group(_provider, number)\n", "        return _kept & trees.SUM\n"),
    _sequences("a mountain before a group is forgotten", "        if group & IN_GROUP > 0:\n            leaves = unsafe", "        if group & IN_GROUP > 1:\n            leaves = unsafe"),
    _sequences("a whole mountain without the leaves before", "leaves: uint256 = self._before(_provider, _number) + (_peak & trees.SUM)", "leaves: uint256 = self._before(_provider, group) + (_peak & trees.SUM)"),
    _sequences("cleared, and the mountain keeps its hash", "(new & ~trees.SUM) | (kept & trees.SUM)", "kept"),
    _deals("a deal without its price", "    self._fund(_price * _shards * (_end - now - 1) * UNIT)\n", ""),
    _deals("anybody closes", '    assert msg.sender == deal.client, "deals: not the client"\n    if not deal.closed', "    if not deal.closed"),
    _deals("a refund twice", '            assert shard.state != OVER, "deals: shard is over"\n            assert shard.state == LOST', "            assert shard.state != MENDED"),
    _deals("a refund while it may be accepted", '            assert deal.accept_by < now, "deals: may still be accepted"\n', "            pass\n"),
    _deals("what was proven is refunded, too", "(deal.price * (deal.end - deal.begin) - self._paid_before[_deal][index])", "(deal.price * (deal.end - deal.begin))"),
    _deals("a bounty stays after its refund", "            self.bounties[_deal][index] = 0\n", ""),
    _deals("renewed for nothing", "    self._fund(deal.price * (deal.shards - deal.over) * (_end - deal.end) * UNIT)\n", ""),
    _deals("cleared while it is stored", '            assert shard.start <= now and shard.end <= now, "deals: shard has not ended"\n', ""),
    _acceptances("a shard is taken twice", '    assert deals._shards[_deal][_index] == 0, "deals: shard is taken"\n', ""),
    _acceptances("accepted too late", '    assert deals._now() <= _terms.accept_by, "deals: too late to accept"\n', ""),
    _acceptances("anybody signs", "digest, item.signature), \"deals", "digest, item.signature) or True, \"deals"),
    _acceptances("any shard of a deal", '    assert deals._names(deal, _item.index, msg.sender, _item.shard, _item.leaves, _item.path), "deals: not in the deal"\n', ""),
    _moves("pay before a hand-over is forgotten", "    deals._paid_before[_deal][_index] += _terms.price * staticcall deals.market.proven(\n        _shard.provider, _shard.start, end\n    )\n", ""),
    _moves("the reward is the restitution", "deal.restitution // deals.PROVER_PART * deals.UNIT", "deal.restitution * deals.UNIT"),
    _moves("a bounty is paid to each repairer", "        deals.bounties[_deal][_index] = 0\n", ""),
    _repairs("a demand without its fee", "    token_transfers._pull(payouts.token, demand_fee)\n", ""),
    _repairs("more demands than an epoch has", '    assert self.demanded[shard.provider][now] < DEMANDS, "repairs: too many demands"\n', ""),
    _repairs("lost while it may be answered", '    assert not owed or asked.until < block.timestamp, "repairs: may still be answered"\n', ""),
    _repairs("a seed of before the reservation", "repair.epoch < _epoch and seed != empty(bytes32)", "seed != empty(bytes32)"),
    _repairs("a bond for nothing", "    token_transfers._pull(payouts.token, bond)\n", ""),
    _repairs("a proposal of another keeper", '    assert proposal.by == self._keeper(_deal, shard), "repairs: proposal is void"\n', ""),
    _repairs("handed over under a demand", '    assert self._demands[_deal][_index].until == 0, "repairs: demand is open"\n    self._proposals', "    self._proposals"),
    _repairs("a reservation that never ends", "2 * TURN) < now", "2 * TURN) < now - 1000"),
]  # fmt: skip
