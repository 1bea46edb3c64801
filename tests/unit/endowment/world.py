"""Everything that the tests of endowments act on, in process: the storage market, three providers with locks, and an
endowment over three shards whose first term nobody has accepted yet."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from audit.staked_hub import hub_arguments
from evmstorm.evm import LocalEvm
from keifu.chain import created_address
from keifu.spec.storage import deal_id, deal_path, deal_root, shard_root
from keifu.storage.states import DealState
from keifu.units import COIN, DAY, HOUR

__all__ = ["ENOUGH", "FALL", "GIVEN", "GWEI", "LOCK", "PRICE", "RESTITUTION", "REWARD", "SALT", "SHARDS", "TERM",
           "World"]  # fmt: skip

GWEI, ENOUGH, SALT = 10**9, 2**256 - 1, bytes(32)
PRICE, RESTITUTION = 10**9, 20 * 10**9  # gwei: a coin a shard and epoch
FALL = 1_000  # a tenth
TERM, SHARDS = 10, 3
REWARD = 2 * COIN
GIVEN = 100 * COIN  # three terms: 30 + 29 + 26.3
LOCK = 1_000 * COIN
HORIZON = 14 * DAY


class Plan(NamedTuple):
    """How an endowment pays, as the contract has it."""

    heir: str
    price: int
    restitution: int
    fall: int
    term: int
    reward: int
    masked: bool


class State(NamedTuple):
    """Where it stands."""

    number: int
    deal: bytes
    until: int
    shards: int
    data: bytes


class World:
    """Amounts are those of a founder that names its three providers."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm()
        for role in ("owner", "treasury", "founder", "heir", "stranger", "first", "second", "third"):
            setattr(self, role, evm.account(role))
        self.providers = [self.first, self.second, self.third]
        maker = evm.account("maker")
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.hub = evm.deploy("StakingHub", *hub_arguments(self.token, self.owner, self.treasury), sender=self.owner)
        self.randomness = evm.deploy("MockRandomness", sender=self.owner)
        deals, repairs = (created_address(maker.address, number) for number in (1, 2))
        times, amounts = (DAY, 2 * HOUR), (10**9, 0)
        self.market = evm.deploy(
            "StorageMarket", self.token, self.hub, self.randomness, deals, *times, *amounts, sender=maker
        )
        channels = evm.deploy("Channels", self.token, self.hub, self.owner, self.treasury, sender=self.owner)
        self.deals = evm.deploy("StorageDeals", self.market, repairs, channels, sender=maker)
        self.repairs = evm.deploy("StorageRepairs", self.deals, COIN, sender=maker)
        self.home = evm.deploy("StorageEndowment", self.deals, sender=maker)
        self.hub.list_service(self.market, HORIZON, 4, sender=self.owner)
        for who in (*self.providers, self.founder, self.stranger):
            self.token.transfer(who, 10 * LOCK, sender=self.owner)
            for spender in (self.hub, self.repairs, self.home):
                self.token.approve(spender, ENOUGH, sender=who)
        for who in self.providers:
            self.hub.register_operator(0, "", sender=who)
            self.hub.lock(self.market, who, LOCK, sender=who)
        shards = [sha256(bytes([at])).digest() * 8 * (at + 1) for at in range(SHARDS)]
        self.shards = [(shard_root(data), len(data) // 256) for data in shards]
        self.endowment = self.found()

    # endowments ------------------------------------------------------------------------------------------------------

    def plan(self, **changes: Any) -> tuple[Any, ...]:
        usual = {"heir": self.heir, "price": PRICE, "restitution": RESTITUTION, "fall": FALL, "term": TERM,
                 "reward": REWARD, "masked": False}  # fmt: skip
        return tuple((usual | changes).values())

    def pieces(self, *providers: Any) -> list[tuple[Any, ...]]:
        """All shards, for these providers or the usual ones."""
        return [(who, *shard) for who, shard in zip(providers or self.providers, self.shards, strict=True)]

    def found(
        self, *, amount: int = GIVEN, salt: bytes = SALT, by: Any = None, pieces: Any = None, **changes: Any
    ) -> Any:
        given = self.pieces() if pieces is None else pieces
        made = self.home.found(self.plan(**changes), given, amount, salt, sender=by or self.founder).value
        return self.evm.at(made, "StorageEndowment")

    def open_term(self, *providers: Any, by: Any = None, pieces: Any = None) -> Any:
        return self.endowment.open_term(pieces or self.pieces(*providers), sender=by or self.stranger)

    # the term under way ----------------------------------------------------------------------------------------------

    def state(self, of: Any = None) -> State:
        return State(*(of or self.endowment).state())

    def plan_now(self, of: Any = None) -> Plan:
        return Plan(*(of or self.endowment).plan())

    def term(self, of: Any = None) -> DealState:
        return DealState(*self.deals.deal(self.state(of).deal))

    @property
    def deal(self) -> bytes:
        return self.state().deal

    @property
    def until(self) -> int:
        return self.state().until

    def named(self, *providers: Any) -> list[tuple[str, bytes, int]]:
        return [(who.address, *shard) for who, shard in zip(providers or self.providers, self.shards, strict=True)]

    def id_of(self, number: int, *providers: Any) -> bytes:
        """Of a term, by its number."""
        return deal_id(self.endowment.address, deal_root(self.named(*providers)), number.to_bytes(32, "big"))

    def accept(self, *indices: int, of: Any = None) -> None:
        """By the usual providers; all of them when none is named."""
        for index in indices or range(SHARDS):
            shard, leaves = self.shards[index]
            item = (self.state(of).deal, index, shard, leaves, self.path(index))
            self.deals.accept(item, sender=self.providers[index])

    def path(self, index: int) -> list[int]:
        return [int.from_bytes(node, "big") for node in deal_path(self.named(), index)]

    def shown(self, index: int) -> tuple[Any, ...]:
        """What the repairs are given."""
        return (self.providers[index], *self.shards[index], self.path(index))

    def to_epoch(self, epoch: int, second: int = 60) -> None:
        self.evm.warp_to(self.market.start() + (epoch - 1) * DAY + second)

    def balance(self, who: Any = None) -> int:
        return int(self.token.balanceOf(who or self.endowment))
