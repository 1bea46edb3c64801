"""The storage market on a real hub: the set-up, and the log of who promised, stored, proved, demanded and repaired.
What must be true is computed from the log in the words of docs/invariants.md, with none of the contract's words."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, ClassVar

from audit.systems._hub import HubSystem
from ethwire.constants import GWEI
from ethwire.eip712 import Domain
from ethwire.errors import Revert
from evmstorm.fuzz.system import Call
from keifu.chain import created_address
from keifu.spec.storage import DRAWS, LEAF_BYTES, Range, Shard, deal_id, deal_path, deal_root, leaves_of, root
from keifu.units import COIN, DAY, HOUR

__all__ = [
    "ACCEPTED",
    "BUFFER",
    "CLIENTS",
    "EVIDENCE",
    "FEE",
    "FREE",
    "HORIZON",
    "LOCK",
    "LONGEST",
    "LOST",
    "MENDED",
    "NOTICE",
    "OVER",
    "PEOPLE",
    "PROVIDERS",
    "SECONDS",
    "STEP",
    "TIP",
    "TOKENS",
    "TOP_UP",
    "UNITS",
    "WINDOW",
    "Promise",
    "StorageLog",
    "Stored",
    "Tenure",
    "hashed",
    "hashed_seed",
    "stream",
]  # fmt: skip

SECONDS, WINDOW, HORIZON = 4 * HOUR, HOUR, 20 * DAY
LONGEST = 180 * DAY // SECONDS  # epochs of a promise
EVIDENCE, TOP_UP, NOTICE, STEP = 3, 7, 2, 64  # epochs
BUFFER, TIP, FEE = COIN + 7, COIN // 10, 3 * COIN // 10 + 1
LOCK, POT = 300 * COIN, 2 * COIN
PROVIDERS = ("provider", "other provider", "third provider")
CLIENTS = ("client", "other client")
PEOPLE = (*PROVIDERS, *CLIENTS, "watcher", "stranger")
FREE, ACCEPTED, LOST, OVER, MENDED = range(5)
# Other tokens that are listed: one answers nothing, the other may refuse.
TOKENS = {"silent": "QuietToken", "freezing": "HookToken"}
UNITS = 10**12  # that everybody has of each


@cache
def stream(name: str, leaves: int) -> bytes:
    """Bytes of a shard, the same in every run."""
    return b"".join(sha256(f"{name} {at}".encode()).digest() for at in range(leaves * LEAF_BYTES // 32))


def hashed_seed(number: int) -> bytes:
    """What the source of randomness draws."""
    return sha256(f"seed {number}".encode()).digest()


@cache
def hashed(data: bytes) -> tuple[bytes, ...]:
    return tuple(leaves_of(data))


@dataclass
class Tenure:
    """One provider's time with a shard: from the acceptance on, as far as its pay goes."""

    provider: str
    ordinal: int
    leaves: int
    price: int
    damages: int  # gwei
    start: int
    end: int
    token: str = ""  # that pays it; none is the suite's coin
    collected: set[int] = field(default_factory=set)  # epochs that were credited in the token
    lost: bool = False
    left: bool = False  # another one has it
    cleared: tuple[int, bool] | None = None  # when, and whether the epoch was open

    def is_drawn_in(self, epoch: int) -> bool:
        if self.start > epoch:
            return False
        return self.cleared is None or self.cleared[0] > epoch or self.cleared == (epoch, True)

    def is_paid_in(self, epoch: int) -> bool:
        return self.start <= epoch < self.end


@dataclass
class Stored:
    """One shard of a deal, by number."""

    deal: Promise
    index: int
    state: int = FREE
    tenures: list[Tenure] = field(default_factory=list)
    bounty: int = 0  # wei
    demand: tuple[str, str, int, int] | None = None  # caller, provider, leaf, last second
    repair: tuple[str, int, int] | None = None  # repairer, epoch, bond
    proposal: tuple[str, str] | None = None

    @property
    def last(self) -> Tenure:
        return self.tenures[-1]


@dataclass
class Promise:
    """A deal as its client opened it."""

    client: str
    data: list[tuple[str, bytes]]  # provider and bytes of each shard
    salt: bytes
    price: int
    restitution: int
    accept_by: int
    begin: int
    end: int
    closed: bool = False
    masked: bool = False
    token: str = ""
    id: bytes = b""
    shards: list[Stored] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.named = [(who, root(hashed(data)), len(data) // LEAF_BYTES) for who, data in self.data]
        self.root = deal_root(self.named)
        self.id = deal_id(self.client, self.root, self.salt)
        self.shards = [Stored(self, index) for index in range(len(self.data))]

    @property
    def damages(self) -> int:
        """Gwei of which four fifths are the restitution, a tenth of it and a quarter of it."""
        paid = self.restitution + self.restitution // 10 + self.restitution // 4
        return -(-paid * 5 // 4)

    def shown(self, index: int, *, spoilt: bool = False) -> tuple[Any, ...]:
        """What the root says of a shard: provider, root, leaves, path."""
        path = [int.from_bytes(node, "big") for node in deal_path(self.named, index)]
        who, node, leaves = self.named[index]
        return who, node, leaves + spoilt, path


class StorageLog(HubSystem):
    """What every description of the storage contracts needs."""

    contracts: ClassVar[tuple[str, ...]] = ("StorageMarket", "StorageDeals", "StorageRepairs")
    actors: ClassVar[tuple[str, ...]] = (*PEOPLE, "quiet client", "quiet provider")
    funds = 10**7 * COIN
    wait_weight = 12

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        maker, salt = evm.account("maker"), bytes(32)
        randomness = evm.deploy("MockRandomness", sender=maker)
        places = [created_address(maker.address, number) for number in (2, 3)]
        self.market_terms = (token.address, hub.address, randomness.address, places[0], SECONDS, WINDOW, BUFFER, TIP)
        market = evm.deploy("StorageMarket", *self.market_terms, sender=maker)
        self.channels = evm.deploy("Channels", token, hub, self.owner, self.owner, sender=self.owner)
        self.bind(channels=self.channels)
        deals = evm.deploy("StorageDeals", market, places[1], self.channels, sender=maker)
        repairs = evm.deploy("StorageRepairs", deals, FEE, sender=maker)
        assert [deals.address, repairs.address] == places, "the set-up knows another address"
        self.bind(randomness=randomness, market=market, deals=deals, repairs=repairs)
        self.first = market.start()
        hub.list_service(market, HORIZON, 4, sender=self.owner)
        for who in self.roles.values():
            for spender in (market, deals, repairs):
                token.approve(spender, 2**256 - 1, sender=who)
        self.opens_tokens(maker)
        self.operators = [self[role] for role in (*PROVIDERS, "quiet provider")]
        for who in self.operators:
            hub.register_operator(0, "", sender=who)
            hub.lock(market, who, LOCK, sender=who)
        market.fund_tips(POT, sender=self["stranger"])
        self.domain = Domain("Keifu Storage", "1", evm.chain_id, deals.address)
        self.signers = {self[role]: evm.account(role) for role in self.actors}
        waiting = [(self["quiet provider"], stream("quiet", 3))]
        self.quiet = Promise(self["quiet client"], waiting, salt, 10**9, 10**9, 5, 2, 30)
        deals.open(self.quiet.root, 1, 10**9, 10**9, 5, 30, False, salt, sender=self["quiet client"])
        data = [(self[role], stream(role, 4)) for role in PROVIDERS[:2]]
        self.first_deal = Promise(self["client"], data, salt, 10**9, 10**10, 3, 2, 20, masked=True)
        deals.open(self.first_deal.root, 2, 10**9, 10**10, 3, 20, True, salt, sender=self["client"])
        for index, (who, _) in enumerate(data):
            deals.accept((self.first_deal.id, index, *self.first_deal.shown(index)[1:]), sender=who)

    def opens_tokens(self, maker: Any) -> None:
        """Two more tokens, which the timelock lists and everybody has."""
        for name, of in TOKENS.items():
            made = self.evm.deploy(of, sender=maker)
            self.bind(**{name: made})
            self.channels.listToken(made, True, sender=self.owner)
            for who in self.roles.values():
                made.mint(who, UNITS, sender=maker)
                made.approve(self["deals"], UNITS, sender=who)

    def start(self) -> None:
        super().start()
        self.promised = [deepcopy(self.quiet), deepcopy(self.first_deal)]
        self.opened_epochs: dict[int, int] = {}  # epoch -> number of its seed
        self.seen: dict[int, tuple[bytes, int]] = {}  # epoch -> seed, last second for proofs
        self.tenures: defaultdict[str, list[Tenure]] = defaultdict(list)
        self.held_data: defaultdict[str, list[bytes]] = defaultdict(list)  # by ordinal
        self.proofs: defaultdict[str, set[int]] = defaultdict(set)
        self.given_up: set[tuple[str, int]] = set()
        self.settled: dict[str, int] = {}  # epoch before which all is decided
        self.missed: defaultdict[str, list[int]] = defaultdict(list)
        self.dry: defaultdict[str, int] = defaultdict(int)
        self.earned: defaultdict[str, int] = defaultdict(int)  # gwei, and not withdrawn
        self.paid_earned: defaultdict[str, int] = defaultdict(int)
        self.locked = dict.fromkeys(self.operators, LOCK)
        self.credited: defaultdict[str, int] = defaultdict(int)
        self.owed: defaultdict[str, int] = defaultdict(int)  # at the repairs
        self.moved: defaultdict[str, int] = defaultdict(int)
        self.demanded: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.units: defaultdict[tuple[str, str], int] = defaultdict(int)  # token, account -> credited
        self.units_moved: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.paid_units: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.delisted, self.frozen = set[str](), False
        self.pot, self.removed, self.next_seed = POT, 0, 0
        for shard in self.promised[1].shards:
            provider, _, leaves = shard.deal.named[shard.index]
            shard.state = ACCEPTED
            shard.tenures.append(tenure := Tenure(provider, 0, leaves, 10**9, shard.deal.damages, 2, 20))
            self.tenures[provider].append(tenure)
            self.held_data[provider].append(shard.deal.data[shard.index][1])
            self.settled[provider] = 1
        self.funded = {who: self.stored(who) + LOCK * (who in self.operators) for who in self.addresses}

    def deadlines(self) -> list[int]:
        start = self.first + self.epoch * SECONDS
        times = [start, start, start + SECONDS, start + 2 * SECONDS]
        times += [last for _, last in list(self.seen.values())[-1:]]
        times += [shard.demand[3] for shard in self.waiting_demands()]
        ends = [self.first + (tenure.end - 1) * SECONDS for item in self.tenures.values() for tenure in item[-2:]]
        return times + ends[-3:] + ([self.removed + HORIZON] if self.removed else [])

    # the log's words --------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return int(self.now - self.first) // SECONDS + 1

    @property
    def is_finished(self) -> bool:
        """Whether the hub takes nothing any more for the market."""
        return self.removed > 0 and self.now >= self.removed + HORIZON

    def shards(self) -> list[Stored]:
        return [shard for deal in self.promised for shard in deal.shards]

    def waiting_demands(self) -> list[Any]:
        return [shard for shard in self.shards() if shard.demand][-2:]

    def draws_from(self, who: str, epoch: int) -> int:
        """Leaves that a provider stored when an epoch began, but for those that it cleared before it was open."""
        return sum(item.leaves for item in self.tenures[who] if item.is_drawn_in(epoch))

    def leaves_now(self, who: str) -> int:
        return sum(item.leaves for item in self.tenures[who] if item.cleared is None)

    def rate(self, who: str, epoch: int) -> int:
        return sum(item.price for item in self.tenures[who] if item.is_paid_in(epoch) and not item.token)

    def reserved(self, who: str, epoch: int) -> int:
        """STO-3: gwei of damages that stay reserved, three epochs after each promise."""
        return sum(item.damages for item in self.tenures[who] if not item.lost and epoch < item.end + EVIDENCE)

    def needed(self, who: str, epoch: int) -> int:
        return self.reserved(who, epoch) * GWEI + self.leaves_now(who) * BUFFER

    def row(self, who: str) -> list[int]:
        """Epochs missed in a row."""
        proven = max(self.proofs[who], default=0)
        return [epoch for epoch in self.missed[who] if epoch > proven]

    def proven(self, tenure: Tenure) -> set[int]:
        """STO-5: epochs that a provider earns with a shard."""
        return {epoch for epoch in self.proofs[tenure.provider] if tenure.is_paid_in(epoch)}

    def paid(self, shard: Stored) -> int:
        """STO-5: gwei, or units of the deal's token, that providers have earned with a shard."""
        return sum(item.price * len(self.proven(item)) for item in shard.tenures)

    def unproven(self, shard: Stored) -> int:
        """What the client gets back of the shard's price: wei, or units of the deal's token."""
        deal = shard.deal
        rest = deal.price * (deal.end - deal.begin) - self.paid(shard)
        return rest if deal.token else rest * GWEI

    def escrow(self, shard: Stored) -> int:
        """STO-1: wei that are the client's when the shard is over."""
        return shard.bounty + (0 if shard.deal.token else self.unproven(shard))

    def units_held(self, shard: Stored) -> int:
        """STO-15: units of its token that stand behind a shard which is not over."""
        deal = shard.deal
        collected = sum(len(item.collected) for item in shard.tenures)
        return deal.price * (deal.end - deal.begin - collected)

    def is_frozen(self, token: str) -> bool:
        return self.frozen and TOKENS.get(token) == "HookToken"

    def token_of(self, deal: Promise) -> str:
        return self[deal.token or "token"]

    def sequence(self, who: str) -> Range:
        """STO-4"""
        shards = [Shard(hashed(data)) for data in self.held_data[who]]
        return Range([None if item.cleared else shards[item.ordinal] for item in self.tenures[who]])

    def opened_leaves(self, who: str, drawn: list[int]) -> tuple[bytes, list[int]]:
        """Data and words of leaves, counted over all that a provider stores."""
        sequence, pieces, words = self.sequence(who), [], []
        for leaf in drawn:
            ordinal, index = sequence.locate(leaf)
            pieces.append(self.held_data[who][ordinal][index * LEAF_BYTES : (index + 1) * LEAF_BYTES])
            words += [int.from_bytes(word, "big") for word in sequence.proof(leaf)]
        assert len(pieces) == DRAWS
        return b"".join(pieces), words

    # what is done -----------------------------------------------------------------------------------------------------

    def decide(self, rule: str, call: Call, *wrongs: tuple[object, str]) -> Any:
        """Make a call that is refused for one of the reasons that hold, and goes through when none does."""
        reasons = {reason for holds, reason in wrongs if holds}
        done = yield call
        if done is not None:
            assert not reasons, f"{rule}: succeeded, but must be refused: {sorted(reasons)}"
        else:
            assert reasons, f"{rule}: must succeed, was refused: {self.refusal}"
            assert self.refusal in reasons, f"{rule}: refused for {self.refusal!r}, not {sorted(reasons)}"
        return done

    def act(self, target: str, *args: Any, sender: str) -> Call:
        return self.tx(target, *args, sender=sender, raw_outcome=True)

    def credit_to(self, who: str, wei: int) -> None:
        self.credited[who] += wei
        self.moved[who] += wei

    def credit_units(self, token: str, who: str, units: int) -> None:
        self.units[token, who] += units
        self.units_moved[token, who] += units

    def collects(self, shard: Stored, before: int) -> int:
        """STO-15: a provider's proven epochs of a shard before this one are credited, each once; units."""
        tenure = shard.last
        fresh = {epoch for epoch in self.proven(tenure) if epoch < before} - tenure.collected
        if not tenure.token:
            return 0
        tenure.collected |= fresh
        self.credit_units(tenure.token, tenure.provider, tenure.price * len(fresh))
        return tenure.price * len(fresh)

    def owe(self, who: str, wei: int) -> None:
        self.owed[who] += wei
        self.moved[who] += wei

    def answer_of(self, target: str, *args: Any) -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        name, _, function = target.partition(".")
        try:
            return getattr(self.contract(name), function)(*args)
        except Revert as error:
            raise AssertionError(f"{target} must answer, was refused: {error.reason}") from error
