"""StorageMarket, StorageDeals and StorageRepairs together, beside a log of what people did: deals that are opened,
accepted, proven, missed, lost, repaired, handed over, demanded, refunded, and a market that is removed."""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._constructors import Deployment, next_address, variations
from audit.systems._storage import FEE, SECONDS
from audit.systems._storage_oracles import StorageOracles
from ethwire.constants import ZERO_ADDRESS

__all__ = ["StorageMarkets"]


class StorageMarkets(StorageOracles):
    """Everything that anybody may do with storage."""

    def constructors(self) -> Iterator[Deployment]:
        nobody, right = self["watcher"], self.market_terms
        yield from variations(
            "StorageMarket",
            right,
            (0, nobody, "payouts: token is no contract"),
            (1, nobody, "storage: hub is no contract"),
            (2, nobody, "storage: randomness is no contract"),
            (3, ZERO_ADDRESS, "storage: no deals"),
            (5, 0, "storage: bad window"),
            (5, SECONDS, "storage: bad window"),
            (5, SECONDS - 1, None),
            (5, 1, None),
            (6, 0, "storage: no buffer"),
            (6, 1, None),
            (7, 0, None),
        )
        itself = next_address(self.evm, "StorageMarket", right)
        yield "StorageMarket", (*right[:3], itself, *right[4:]), "storage: no deals"
        terms = (self["market"], self["repairs"], self.channels.address)
        yield from variations(
            "StorageDeals",
            terms,
            (0, nobody, "deals: market is no contract"),
            (1, ZERO_ADDRESS, "deals: no repairs"),
            (2, nobody, "deals: channels are no contract"),
        )
        itself = next_address(self.evm, "StorageDeals", terms)
        yield "StorageDeals", (terms[0], itself, terms[2]), "deals: no repairs"
        yield from variations(
            "StorageRepairs",
            (self["deals"], FEE),
            (0, nobody, "repairs: deals are no contract"),
            (1, 0, "repairs: no fee"),
            (1, 1, None),
        )
