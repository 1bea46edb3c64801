"""A hundred and forty random acts of two providers, two clients and a watcher; at the end everybody leaves."""

from __future__ import annotations

from random import Random

import pytest
from ape.exceptions import ContractLogicError

from keifu.units import COIN
from tests.profiles import quick_or_deep
from tests.unit.storage_market.conftest import GWEI, stream

EPOCHS = 24
ACTS = 6  # an epoch

# What an act may be refused for: another one came first, or its time has not come.
EXPECTED = {
    "deals: deal has ended",
    "deals: deal is closed",
    "deals: may still be repaired",
    "deals: may still be accepted",
    "deals: not the client",
    "deals: nothing to prolong",
    "deals: not the provider",
    "deals: shard ends soon",
    "deals: shard has ended",
    "deals: shard has not ended",
    "deals: shard is not stored",
    "deals: shard is over",
    "deals: shard is taken",
    "deals: stores it already",
    "deals: too late to accept",
    "hub: more than the lock",
    "payouts: nothing to pay",
    "repairs: not proposed to the caller",
    "repairs: not the caller's to give",
    "repairs: proposal is void",
    "storage: evidence window is over",
    "storage: lock too small",
    "storage: prove first",
    "storage: shard is not lost",
}


class Walk:
    """Draws acts, does them, and forgives what `EXPECTED` names."""

    def __init__(self, number, market, deals, repairs, disks, roles, open_deal):
        self.random = Random(number)
        self.market, self.deals, self.repairs, self.disks = market, deals, repairs, disks
        self.providers, self.clients, self.watcher = roles
        self.open_deal = open_deal
        self.made = []

    def tried(self, call, *arguments, sender):
        try:
            return call(*arguments, sender=sender)
        except ContractLogicError as refused:
            if refused.revert_message not in EXPECTED:
                raise
            return None

    def act(self):
        if not self.made or self.random.random() < 0.2:
            self.opened()
            return
        kinds = (self.accepted, self.accepted, self.closed, self.renewed, self.handed_over, self.lost, self.refunded)
        self.random.choice((*kinds, self.paid, self.unlocked))()

    def opened(self):
        number = len(self.made)
        shards = [
            (self.random.choice(self.providers), stream(f"{number} {index}", self.random.randint(1, 5)))
            for index in range(self.random.randint(1, 3))
        ]
        now = self.market.epoch()
        end = now + self.random.randint(2, 9)
        times = {"accept_by": now + self.random.randint(0, end - now - 2), "end": end}
        client = self.random.choice(self.clients)
        self.made.append(
            self.open_deal(*shards, sender=client, salt=number.to_bytes(32, "big"), restitution=10**10, **times)
        )

    def chosen(self):
        deal = self.random.choice(self.made)
        index = self.random.randrange(len(deal.shards))
        return deal, index, next(who for who in self.providers if str(who) == deal.shards[index][0])

    def accepted(self):
        deal, index, who = self.chosen()
        if self.tried(self.deals.accept, deal.item(index), sender=who):
            self.disks[str(who)].data.append(deal.shards[index][1])

    def closed(self):
        deal, index, _ = self.chosen()
        self.tried(self.deals.close, deal.id, [index], sender=self.random.choice(self.clients))

    def renewed(self):
        deal, index, who = self.chosen()
        end = self.deals.deal(deal.id).end + self.random.randint(1, 4)
        self.tried(self.deals.renew, deal.id, end, sender=self.watcher)
        self.tried(self.deals.prolong, deal.id, index, sender=who)

    def handed_over(self):
        deal, index, _ = self.chosen()
        giver, taker = self.random.sample([*self.providers, *self.clients], 2)
        self.tried(self.repairs.propose, deal.id, index, taker, sender=giver)
        if taker in self.providers:
            shown = deal.shown(index)
            if self.tried(self.repairs.accept_proposal, deal.id, index, shown, sender=taker):
                self.disks[str(taker)].data.append(deal.shards[index][1])

    def lost(self):
        deal, index, _ = self.chosen()
        self.tried(self.deals.declare_lost, deal.id, index, sender=self.watcher)

    def refunded(self):
        deal, index, _ = self.chosen()
        self.tried(self.deals.refund, deal.id, [index], sender=self.random.choice(self.clients))

    def paid(self):
        who = self.random.choice([*self.providers, *self.clients])
        self.tried(self.market.withdraw, who, sender=who)

    def unlocked(self):
        who = self.random.choice(self.providers)
        self.tried(self.market.unlock, 20 * COIN, sender=who)


@pytest.fixture
def walk(market, deals, repairs, disks, provider, other_provider, client, other_client, stranger, open_deal):
    roles = (provider, other_provider), (client, other_client), stranger
    return lambda number: Walk(number, market, deals, repairs, disks, roles, open_deal)


@pytest.mark.parametrize("number", quick_or_deep(range(1, 2), range(1, 11)))
def test_all_coins_are_somebody_s(walk, market, hub, token, to_epoch, seed, prove, number):
    """STO-1, STO-3, STO-7: each reserve is in the lock at every step, and when all have left the pot alone remains."""
    walk = walk(number)
    reliable = walk.providers[0]
    for epoch in range(1, EPOCHS):
        to_epoch(epoch)
        seed()
        for who in walk.providers:
            market.settle(who, sender=walk.watcher)
            if market.ledger(who).drawn_from and (who == reliable or walk.random.random() < 0.4):
                prove(who, market.ledger(who).drawn_from)
        for _ in range(ACTS):
            walk.act()
            for who in walk.providers:
                assert market.ledger(who).damages * GWEI <= hub.lock_of(market, who)
    assert market.ledger(reliable).misses == 0
    last = max(walk.deals.deal(deal.id).end for deal in walk.made) + 4
    to_epoch(max(last, EPOCHS + 3))
    for deal in walk.made:
        for index in range(len(deal.shards)):
            walk.tried(walk.deals.refund, deal.id, [index], sender=walk.watcher)
            assert walk.deals.shard(deal.id, index).state == 3
    for who in (*walk.providers, *walk.clients, walk.watcher):
        market.settle(who, sender=walk.watcher)
        walk.tried(market.withdraw, who, sender=who)
    for who in walk.providers:
        ledger = market.ledger(who)
        assert (ledger.rate, ledger.pending, ledger.damages, ledger.earned) == (0, 0, 0, 0)
    walk.tried(market.withdraw, walk.watcher, sender=walk.watcher)
    assert token.balanceOf(market) == market.pot()
