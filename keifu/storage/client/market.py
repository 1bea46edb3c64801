"""What the storage contracts say, and the calls of a client. Amounts of deals are in gwei, times in epochs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from keifu.abi import Contract, Log
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.logs import find_events, find_logs
from keifu.chain.suite import STORAGE, STORAGE_DEALS, STORAGE_REPAIRS
from keifu.errors import CheckFailed, EnvironmentFault, Revert
from keifu.staking.actions import pay
from keifu.storage.client.refusals import explained
from keifu.storage.deals import Placed, deal_root
from keifu.storage.states import GWEI, DealState, Shard
from keifu.units import DAY

__all__ = ["LONGEST_SECONDS", "Market", "Terms"]

LONGEST_SECONDS = 180 * DAY  # of a promise without a new act of its provider
MAX_SPAN = 256 * 63  # epochs of a deal
_NO_DEAL = "deals: no such deal"


@dataclass(frozen=True)
class Terms:
    """Of a deal that is to be opened: gwei a shard and epoch, gwei for a lost shard, and its epochs."""

    price: int
    restitution: int
    accept_by: int
    end: int

    def cost(self, shards: int, now: int) -> int:
        """Wei that are put in escrow when it is opened in epoch `now`."""
        return self.price * shards * max(self.end - now - 1, 0) * GWEI


class Market:
    """The three contracts of one deployment, read through `client`."""

    def __init__(self, client: ChainClient, suite: Deployment, first_block: int = 0) -> None:
        for name in (STORAGE, STORAGE_DEALS, STORAGE_REPAIRS):
            if name not in suite.addresses:
                raise EnvironmentFault(f"no {name} is recorded", remedy="name the record of a suite that has one")
        self.client, self.suite, self.first_block = client, suite, first_block

    @cached_property
    def market(self) -> Contract:
        return self.suite.at(self.client, STORAGE)

    @cached_property
    def deals(self) -> Contract:
        return self.suite.at(self.client, STORAGE_DEALS)

    @cached_property
    def repairs(self) -> Contract:
        return self.suite.at(self.client, STORAGE_REPAIRS)

    @cached_property
    def epoch_seconds(self) -> int:
        return int(self.market.epoch_seconds())

    def epoch(self) -> int:
        return int(self.market.epoch())

    @property
    def longest(self) -> int:
        """Epochs from the present one that a deal may last at most."""
        return min(LONGEST_SECONDS // self.epoch_seconds, MAX_SPAN)

    def epochs_in(self, seconds: int) -> int:
        """Whole epochs that cover so many seconds, one at least."""
        return max(1, -(-seconds // self.epoch_seconds))

    # reading -------------------------------------------------------------------------------------------------------

    def deal(self, deal: bytes) -> DealState | None:
        """None when nobody opened it."""
        try:
            return DealState.of(self.deals.deal(deal))
        except Revert as refusal:
            if refusal.reason == _NO_DEAL:
                return None
            raise

    def require_deal(self, deal: bytes) -> DealState:
        found = self.deal(deal)
        if found is None:
            raise CheckFailed(
                f"nobody opened deal {deal.hex()} on chain {self.client.chain_id}", remedy="ask another endpoint"
            )
        return found

    def shards(self, deal: bytes, count: int) -> list[Shard]:
        return [Shard.of(self.deals.shard(deal, index)) for index in range(count)]

    def accepted(self, deal: bytes, count: int) -> list[Placed | None]:
        """Each shard as its first provider took it, by the events of the deal; None where nobody did."""
        first: dict[int, Placed] = {}
        for log in find_events(self.client, self.deals, "ShardAccepted", self.first_block, deal=deal):
            args = log.args
            first.setdefault(args["index"], Placed(args["provider"].lower(), bytes(args["shard"]), args["leaves"]))
        return [first.get(index) for index in range(count)]

    def accepted_in(self, deal: bytes) -> int:
        """The block in which a shard of a deal was accepted last."""
        return max((block for block, _ in self.dated(self.deals, "ShardAccepted", deal)), default=0)

    def confirmed(self, deal: bytes, state: DealState) -> list[Placed]:
        """The shards that the deal's root names. Raises CheckFailed when events do not give that root."""
        placed = [item for item in self.accepted(deal, state.shards) if item is not None]
        if len(placed) != state.shards or deal_root(placed) != state.root:
            raise CheckFailed(
                f"the events of deal {deal.hex()} do not give its root",
                remedy="ask another endpoint, or take the address from whoever stored the file",
            )
        return placed

    def events(self, contract: Contract, name: str, **indexed: Any) -> Iterable[Log]:
        return find_events(self.client, contract, name, self.first_block, **indexed)

    def dated(self, contract: Contract, name: str, deal: bytes = b"") -> Iterator[tuple[int, Log]]:
        """Events with the number of their block, of one deal where it is named."""
        topics = ["0x" + contract.interface.event(name).topic.hex(), *(["0x" + deal.hex()] if deal else [])]
        for found in find_logs(self.client, contract.address, topics, self.first_block):
            log = contract.interface.read_log(contract.address, found.topics, found.data)
            if log is not None:
                yield found.number, log

    def time_of(self, block: int) -> int:
        """Unix seconds of a block."""
        found = self.client.rpc.call("eth_getBlockByNumber", hex(block), False)
        return int(found["timestamp"], 16)

    # sending -------------------------------------------------------------------------------------------------------

    @staticmethod
    def opening(root: bytes, shards: int, terms: Terms, masked: bool, salt: bytes) -> tuple[Any, ...]:
        """What `open` is called with."""
        return root, shards, terms.price, terms.restitution, terms.accept_by, terms.end, masked, salt

    def open(self, chain: Deployer, cost: int, opening: tuple[Any, ...]) -> None:
        """Open a deal and pay for it: once, whoever repeats it. Raises Revert with a remedy, and CheckFailed."""
        self._pay(chain, cost, STORAGE_DEALS, "open", *opening)

    def renew(self, chain: Deployer, deal: bytes, end: int, cost: int) -> None:
        self._pay(chain, cost, STORAGE_DEALS, "renew", deal, end)

    def send(self, chain: Deployer, contract: str, function: str, *args: Any) -> None:
        with explained():
            chain.call(self.suite[contract], contract, function, *args)

    def demand(self, chain: Deployer, deal: bytes, index: int, shown: tuple[Any, ...], leaf: int) -> None:
        """Have one leaf shown on the chain, for the fee."""
        self._pay(chain, int(self.repairs.demand_fee()), STORAGE_REPAIRS, "demand", deal, index, shown, leaf)

    def _pay(self, chain: Deployer, cost: int, contract: str, function: str, *args: Any) -> None:
        with explained():
            pay(chain, self.suite, cost, self.suite[contract], contract, function, *args)
