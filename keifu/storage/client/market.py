"""What the storage contracts say, and the calls of a client. Amounts of deals are in gwei, times in epochs; prices of
deals in other tokens are in their smallest units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ethwire.keys import checksum
from keifu.abi import Contract, Log
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.firsts import paid_out
from keifu.chain.logs import find_events, find_logs
from keifu.chain.suite import CHANNELS, STORAGE, STORAGE_DEALS, STORAGE_REPAIRS, TOKEN
from keifu.errors import CheckFailed, EnvironmentFault, Revert
from keifu.staking.actions import pay
from keifu.storage.client.money import COIN_MONEY, Money, named, pay_in, read_money
from keifu.storage.client.refusals import explained
from keifu.storage.deals import Placed, deal_root
from keifu.storage.states import DealState, Shard
from keifu.units import DAY

__all__ = ["LONGEST_SECONDS", "Market", "Terms"]

LONGEST_SECONDS = 180 * DAY  # of a promise without a new act of its provider
MAX_SPAN = 256 * 63  # epochs of a deal
_NO_DEAL = "deals: no such deal"


@dataclass(frozen=True)
class Terms:
    """Of a deal that is to be opened: its price for a shard and epoch, gwei for a lost shard, its epochs, and in what
    it is paid."""

    price: int
    restitution: int
    accept_by: int
    end: int
    money: Money = COIN_MONEY

    def cost(self, shards: int, now: int) -> int:
        """Smallest units that are put in escrow when it is opened in epoch `now`."""
        return self.price * shards * max(self.end - now - 1, 0) * self.money.unit


class Market:
    """The three contracts of one deployment, read through `client`."""

    def __init__(self, client: ChainClient, suite: Deployment, first_block: int = 0) -> None:
        for name in (STORAGE, STORAGE_DEALS, STORAGE_REPAIRS):
            if name not in suite.addresses:
                raise EnvironmentFault(f"no {name} is recorded", remedy="name the record of a suite that has one")
        self.client, self.suite, self.first_block = client, suite, first_block
        self._moneys = {"": COIN_MONEY}

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

    # money ---------------------------------------------------------------------------------------------------------

    @property
    def coin(self) -> str:
        """The suite's coin, in lower case."""
        return self.suite[TOKEN].lower()

    def token_named(self, text: str) -> str:
        """A listed token by its address or symbol; "" for the suite's coin. Raises UsageError, and CheckFailed for one
        that does not say its decimals."""
        channels = self.client.at(self.deals.channels(), CHANNELS)
        token = named(text, self.client, channels, self.coin, self.first_block) if text else ""
        if not self.money(token).says_decimals:
            raise CheckFailed(
                f"token {checksum(token)} does not say its decimals", remedy="pay in another token, or in the coin"
            )
        return token

    def money(self, token: str) -> Money:
        """In what is paid: "" or its own address for the suite's coin."""
        token = "" if token.lower() == self.coin else token.lower()
        if token not in self._moneys:
            self._moneys[token] = read_money(self.client, token)
        return self._moneys[token]

    def credited(self, account: str, money: Money) -> int:
        """Smallest units of another token that an account may withdraw."""
        return int(self.deals.token_credits(account, money.token))

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
        """What `open` is called with; `open_in` after the token."""
        return root, shards, terms.price, terms.restitution, terms.accept_by, terms.end, masked, salt

    def open(self, chain: Deployer, cost: int, opening: tuple[Any, ...], money: Money = COIN_MONEY) -> None:
        """Open a deal and pay for it: once, whoever repeats it. Raises Revert with a remedy, and CheckFailed."""
        if money.token:
            self._pay(chain, money, cost, STORAGE_DEALS, "open_in", money.token, *opening)
        else:
            self._pay(chain, money, cost, STORAGE_DEALS, "open", *opening)

    def renew(self, chain: Deployer, deal: bytes, end: int, cost: int, money: Money = COIN_MONEY) -> None:
        self._pay(chain, money, cost, STORAGE_DEALS, "renew", deal, end)

    def send(self, chain: Deployer, contract: str, function: str, *args: Any) -> None:
        with explained():
            chain.call(self.suite[contract], contract, function, *args)

    def paid_out(self, chain: Deployer, contract: str) -> int:
        """Have paid what a contract of the market credits the sender; wei."""
        with explained():
            return paid_out(chain, self.suite[contract], contract)

    def demand(self, chain: Deployer, deal: bytes, index: int, shown: tuple[Any, ...], leaf: int) -> None:
        """Have one leaf shown on the chain, for the fee."""
        fee = int(self.repairs.demand_fee())
        self._pay(chain, COIN_MONEY, fee, STORAGE_REPAIRS, "demand", deal, index, shown, leaf)

    def _pay(self, chain: Deployer, money: Money, cost: int, contract: str, function: str, *args: Any) -> None:
        address = self.suite[contract]
        with explained():
            if money.token:
                pay_in(chain, money, cost, address, contract, function, *args)
            else:
                pay(chain, self.suite, cost, address, contract, function, *args)
