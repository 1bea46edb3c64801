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
_settlements = seeder("storage/lib/settlements.vy", *DEALS)
_tokens = seeder("storage/lib/tokens.vy", *DEALS)
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
    _deals("a deal without its price", "    self._fund(_token, _price * _shards * (_end - now - 1))\n", ""),
    _deals("anybody closes", '    assert msg.sender == deal.client, "deals: not the client"\n    if not deal.closed', "    if not deal.closed"),
    _settlements("a refund twice", '            assert shard.state != deals.OVER, "deals: shard is over"\n            assert shard.state == deals.LOST', "            assert shard.state != deals.MENDED"),
    _settlements("a refund while it may be accepted", '            assert deal.accept_by < now, "deals: may still be accepted"\n', "            pass\n"),
    _settlements("what was proven is refunded, too", " - (deals._earned[_deal][index] & U128)", ""),
    _settlements("a bounty stays after its refund", "            deals.bounties[_deal][index] = 0\n", ""),
    _deals("renewed for nothing", "    self._fund(deal.token, deal.price * (deal.shards - deal.over) * (_end - deal.end))\n", ""),
    _acceptances("cleared while it is stored", '            assert shard.start <= now and shard.end <= now, "deals: shard has not ended"\n', ""),
    _acceptances("a shard is taken twice", '    assert deals._shards[_deal][_index] == 0, "deals: shard is taken"\n', ""),
    _acceptances("accepted too late", '    assert deals._now() <= _terms.accept_by, "deals: too late to accept"\n', ""),
    _acceptances("anybody signs", "digest, item.signature), \"deals", "digest, item.signature) or True, \"deals"),
    _acceptances("any shard of a deal", '    assert deals._names(deal, _item.index, msg.sender, _item.shard, _item.leaves, _item.path), "deals: not in the deal"\n', ""),
    _moves("pay before a hand-over is forgotten", "    settlements._settle(_deal, _index, _terms, _shard, end)\n", ""),
    _moves("pay before a loss is forgotten", "    settlements._settle(_deal, _index, deal, shard, end)\n", ""),
    _settlements("an epoch is collected twice", " | (_to << UNTIL_AT)", ""),
    _settlements("collected before it is decided", "shard, min(shard.end, deals._now()))", "shard, min(shard.end, deals._now() + 1))"),
    _settlements("collected after the end", "shard, min(shard.end, deals._now()))", "shard, deals._now())"),
    _settlements("paid from the deal's begin on", "since: uint256 = max(_shard.start, word >> UNTIL_AT)", "since: uint256 = max(_terms.begin, word >> UNTIL_AT)"),
    _settlements("every epoch counts as proven", "_terms.price * staticcall deals.market.proven(_shard.provider, since, _to)", "_terms.price * (_to - since)"),
    _settlements("a deal in the coin is collected, too", '    assert not deals._in_coin(deal), "deals: paid by the market"\n', ""),
    _settlements("a lost shard is collected", '        assert shard.state == deals.ACCEPTED, "deals: shard is not stored"\n', ""),
    _settlements("a token's refund in the coin", "        tokens.token_credits[deal.client][deal.token] += total\n", "        coins += total\n"),
    _settlements("a bounty in the token", "    else:\n        tokens.token_credits[deal.client][deal.token] += total\n", "    else:\n        tokens.token_credits[deal.client][deal.token] += total + coins\n"),
    _settlements("the caller is credited", "    tokens.token_credits[_shard.provider][_terms.token] += earned\n", "    tokens.token_credits[msg.sender][_terms.token] += earned\n"),
    _tokens("a credit is paid again", "    self.token_credits[_account][_token] = 0\n", ""),
    _tokens("any token is listed", "    assert staticcall channels.isListed(_token), ", "    assert staticcall channels.isListed(_token) or True, "),
    _deals("renewed in a delisted token", "    if not self._in_coin(deal):\n        tokens._check_listed(deal.token)\n", ""),
    _deals("a token's price at the market, too", "return _deal.price if self._in_coin(_deal) else 0", "return _deal.price"),
    _deals("the token of a deal is forgotten", "        self._tokens[deal] = _token\n", ""),
    _deals("units for wei", "        amount *= UNIT\n", ""),
    _acceptances("a signature for any token", "_deal, index, deal.token, deal.price", "_deal, index, deals.token.address, deal.price"),
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
