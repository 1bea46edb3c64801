"""The compute market on a real hub, with heartbeats and channels: the set-up, and the log of who promised, said, asked
and committed what. What must be true is computed from the log in the words of docs/invariants.md."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from audit.oracles.promise import reserve_of
from audit.systems._hub import EPOCH, HubSystem
from ethwire.constants import ZERO_ADDRESS
from ethwire.errors import Revert
from evmstorm.fuzz.system import Call
from keifu.compute.promises import Cover, Offer, commitment, shown
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.keys import Account, keccak256
from keifu.payments import Channel, Claim, Vouchers
from keifu.provenance import Kind, Record, RegistryDomain
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN, DAY, HOUR

__all__ = [
    "ANSWER_WINDOW", "BOND", "DIGESTS", "ENDPOINT", "HORIZON", "LARGEST", "LOCK", "LONGEST", "NOWHERE", "OPERATORS",
    "PAYERS", "REWARD", "SERVICE_DAMAGES", "SERVICE_RESERVE", "SMALLEST", "TERM", "UNKNOWN", "WINDOW", "Asked",
    "ComputeLog", "Covered", "Row", "Said", "Served", "covers_damages", "sha",
]  # fmt: skip

WINDOW, ANSWER_WINDOW, TERM = 3 * DAY, 12 * HOUR, 30 * DAY
LONGEST, NOTICE, HORIZON = 180 * DAY, DAY, 60 * EPOCH
REWARD = 100 * COIN + 1  # does not divide
SERVICE_DAMAGES = reserve_of(REWARD)
SERVICE_RESERVE = SERVICE_DAMAGES + REWARD
SMALLEST, LARGEST = COIN, 40_000 * COIN
BOND = 5 * COIN
LOCK = 4 * SERVICE_RESERVE + 2_000 * COIN
CAP = 1_500 * COIN
OPERATORS = ("operator", "other operator")
PAYERS = ("payer", "other payer")
KEYS = ("receipt key", "second key", "third key")
NOWHERE, UNKNOWN = bytes(32), b"\x77" * 32
ENDPOINT = "https://answers.example"
DIGESTS = tuple(bytes([number]) * 32 for number in (1, 2, 9))  # of the first two there are records
PAID_IN, CLAIMED = 10**5 * COIN, 200 * COIN  # of each channel


def sha(text: str) -> bytes:
    return keccak256(text.encode())


def covers_damages(restitution: int) -> int:
    """What a report takes of a cover beside its penalty: the restitution, a tenth of it for the prover, and a quarter
    of both that goes to the insurance."""
    return reserve_of(restitution + restitution // 10)


@dataclass
class Served:
    """A service as it was promised."""

    operator: str
    place: bytes
    since: int
    last: int
    over: bool = False
    needed: ClassVar[int] = SERVICE_RESERVE

    @property
    def until(self) -> int:
        return self.last + WINDOW


@dataclass(frozen=True)
class Row:
    """A channel and its name."""

    channel: Channel
    name: bytes

    @property
    def payer(self) -> str:
        return self.channel.payer

    @property
    def values(self) -> tuple[Any, ...]:
        return self.channel.values


@dataclass
class OfChannel:
    """What stands by a channel and an operator, one at a time."""

    row: Row
    operator: str
    over: bool = field(default=False, kw_only=True)

    def is_of(self, channel: bytes, operator: str) -> bool:
        return (self.row.name, self.operator) == (channel, operator) and not self.over


@dataclass
class Covered(OfChannel):
    """A cover as a key signed it."""

    key: str
    restitution: int
    since: int
    last: int

    @property
    def until(self) -> int:
        return self.last + WINDOW

    @property
    def needed(self) -> int:
        return covers_damages(self.restitution) + self.restitution // 10


@dataclass
class Asked(OfChannel):
    """A request that its payer says was paid and not answered."""

    requester: str
    deadline: int
    request: bytes
    refund: int


@dataclass(frozen=True)
class Said:
    """A receipt as it is shown, and whose key stands under it: nobody's where that is no signature."""

    receipt: Receipt
    key: str
    shown: tuple[Any, ...]


class ComputeLog(HubSystem):
    """What every description of the market and its orders needs."""

    contracts = ("ComputeMarket",)
    actors: ClassVar[tuple[str, ...]] = (
        *OPERATORS,
        "quiet operator",
        *PAYERS,
        "key holder",
        "watcher",
        "other watcher",
        "author",
        "stranger",
    )
    funds = 10**7 * COIN

    # set-up -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        maker, owner = evm.account("deployer"), evm.account("owner")
        registry = evm.deploy("ProvenanceRegistry", sender=maker)
        places = evm.deploy("Environments", registry, sender=maker)
        beats = evm.deploy("HeartbeatService", token, hub, places, 1_000, WINDOW, sender=maker)
        other = evm.deploy("QuietToken", sender=maker)
        channels = evm.deploy("Channels", token, hub, owner, self.treasury, sender=maker)
        terms = (token, hub, beats, channels, REWARD, WINDOW, ANSWER_WINDOW, BOND)
        market = evm.deploy("ComputeMarket", *terms, sender=maker)
        self.bind(registry=registry, places=places, heartbeats=beats, other=other, channels=channels, market=market)
        self.market_terms = tuple(item if isinstance(item, int) else item.address for item in terms)
        channels.listToken(other, True, sender=owner)
        for service in (market, beats):
            hub.list_service(service, HORIZON, 4, sender=self.owner)
        self.operators = [self[role] for role in (*OPERATORS, "quiet operator")]
        for operator in self.operators:
            hub.register_operator(0, "", sender=operator)
            hub.lock(market, operator, LOCK, sender=operator)
            hub.lock(beats, operator, COIN, sender=operator)
        for who in self.roles.values():
            token.approve(market, 2**256 - 1, sender=who)
        self.signers = {self[role]: evm.account(role) for role in self.actors}
        self.keys = {evm.account(role).address: evm.account(role) for role in KEYS}
        self.key_names = [*self.keys]
        self.signing = [*self.keys, *self.operators[:2]]
        self.receipts = Receipts(evm.chain_id, market.address)
        self.vouchers = Vouchers(evm.chain_id, channels.address)
        self.open_places(registry, places)
        self.open_channels(channels, token, other)
        self.opened_at = self.open_promises(market, beats)

    def open_places(self, registry: Any, places: Any) -> None:
        """Two environments with two promotions each."""
        author, known = self["author"], RegistryDomain(self.evm.chain_id, registry)
        self.records = {digest: Record(author, Kind.WEIGHTS, digest) for digest in DIGESTS[:2]}
        for record in self.records.values():
            registry.register(record.args, sender=author)
        self.promoted: dict[tuple[bytes, int], bytes] = {}
        self.places: list[bytes] = []
        for name in ("production", "staging"):
            places.declare_environment(name, [], False, self["author"], sender=author)
            self.places.append(place := places.environment_id(author, name))
            for number, (digest, record) in enumerate(self.records.items(), start=1):
                places.promote(place, known.record_id(record), sender=author)
                self.promoted[place, number] = digest

    def open_channels(self, channels: Any, token: Any, other: Any) -> None:
        payer, second, key, first = self["payer"], self["other payer"], self["key holder"], self["operator"]
        quiet = self["quiet operator"]
        made = [
            Channel(payer, key, first, first, token.address, DAY, bytes(32)),
            Channel(payer, ZERO_ADDRESS, first, first, token.address, DAY, b"\x01" * 32),
            Channel(second, key, first, first, other.address, DAY, bytes(32)),
            Channel(second, second, self["other operator"], self["other operator"], token.address, DAY, bytes(32)),
            Channel(self["stranger"], ZERO_ADDRESS, quiet, quiet, token.address, DAY, bytes(32)),
        ]
        self.pool = [Row(channel, self.vouchers.channel_id(channel)) for channel in made]
        self.bystander = self.pool.pop()
        for row in (*self.pool, self.bystander):
            coin = other if row.channel.token == other.address else token
            if coin is other:
                other.mint(row.payer, PAID_IN, sender=self["author"])
            coin.approve(channels, 2**256 - 1, sender=row.payer)
            channels.deposit(row.values, PAID_IN, channels, b"", sender=row.payer)
        for row in self.pool:
            channels.claim([self.claim_of(row, CLAIMED)], False, sender=row.channel.receiver)

    def open_promises(self, market: Any, beats: Any) -> int:
        """The operator serves an environment and has named a key; somebody's channel is covered all the while."""
        operator, quiet, key = self["operator"], self["quiet operator"], self.evm.account(KEYS[0])
        consent = key_consent(self.receipts.domain, operator, key, KeyKind.RECEIPT)
        market.register_key(key.address, KeyKind.RECEIPT, consent, sender=operator)
        market.set_cap(key.address, CAP, sender=operator)
        market.set_cap(quiet, CAP, sender=quiet)
        now = self.evm.now
        self.first_offer = Offer(self["token"], COIN, 0, 3, COIN, HOUR)
        for who in (operator, quiet):
            beats.bind(self.places[0], now + LONGEST, sender=who)
            market.serve(self.places[0], self.first_offer.args, ENDPOINT, now + TERM, sender=who)
        cover = Cover(self.bystander.name, 100 * COIN, 0, now + LONGEST, now)
        signature = cover.sign(self.receipts.domain, self.signers[quiet])
        market.cover(self.bystander.values, cover.args, quiet, signature, sender=self["stranger"])
        return now

    def start(self) -> None:
        super().start()
        since, operator, quiet = self.opened_at, self["operator"], self["quiet operator"]
        key = next(iter(self.keys))
        self.served = [Served(who, self.places[0], since + 1, since + TERM) for who in (operator, quiet)]
        self.covers = [Covered(self.bystander, quiet, quiet, 100 * COIN, since + 1, since + LONGEST)]
        self.asked: list[Asked] = []
        self.said: list[Said] = []
        self.signed: list[tuple[Row, Cover, str, str, bytes]] = []
        self.used: set[tuple[Any, ...]] = set()  # covers whose signature was used, with their operator
        self.committed: dict[tuple[bytes, str], int] = {}  # struct hash and prover -> block
        self.named: dict[str, tuple[str, int, int, int]] = {key: (operator, KeyKind.RECEIPT, since, 0)}
        self.caps: defaultdict[tuple[str, str], int] = defaultdict(int, {(operator, key): CAP, (quiet, quiet): CAP})
        self.offers = {(who, self.places[0]): [(since, self.first_offer.hash)] for who in (operator, quiet)}
        self.bindings = {(who, self.places[0]): since + LONGEST for who in (operator, quiet)}
        self.locked = dict.fromkeys(self.operators, LOCK)
        self.owed: defaultdict[str, int] = defaultdict(int)  # credits
        self.moved: defaultdict[str, Fraction] = defaultdict(Fraction)  # coins, by the log
        self.earned: defaultdict[str, int] = defaultdict(int)  # prices
        self.claimed: defaultdict[bytes, int] = defaultdict(int, {row.name: CLAIMED for row in self.pool})
        self.demanded: defaultdict[bytes, int] = defaultdict(int)
        self.removed = 0
        self.reported = {operator: 1, quiet: 1, self["other operator"]: 0}  # epoch of the last call that bound
        self.funded = {who: self.stored(who) for who in self.addresses}

    def deadlines(self) -> list[int]:
        promises: list[Served | Covered] = [*self.served[-3:], *self.covers[-3:]]
        times = [time for item in promises for time in (item.last, item.until)]
        times += [item.deadline for item in self.asked[-2:] if not item.over]
        times += [since for changes in self.offers.values() for since, _ in changes[-1:]]
        return times + ([self.removed + HORIZON] if self.removed else [])

    # the log's words --------------------------------------------------------------------------------------------------

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

    def market(self, function: str, *args: Any, sender: str) -> Call:
        return self.tx(f"market.{function}", *args, sender=sender, raw_outcome=True)

    @property
    def is_finished(self) -> bool:
        """Whether the hub takes nothing any more for the market."""
        return self.removed > 0 and self.now >= self.removed + HORIZON

    def speaks_for(self, key: str, kind: int, time: int) -> str:
        """KEY-1"""
        if key not in self.named or time < self.named[key][2]:
            return key
        operator, of, _, until = self.named[key]
        return operator if of == kind and (not until or time <= until) else ZERO_ADDRESS

    def service_of(self, operator: str, place: bytes) -> Served | None:
        found = [item for item in self.served if (item.operator, item.place) == (operator, place) and not item.over]
        return found[0] if found else None

    def cover_of(self, channel: bytes, operator: str) -> Covered | None:
        return next((item for item in self.covers if item.is_of(channel, operator)), None)

    def demand_of(self, channel: bytes, operator: str) -> Asked | None:
        return next((item for item in self.asked if item.is_of(channel, operator)), None)

    def promises_of(self, operator: str) -> list[Served | Covered]:
        promises: list[Served | Covered] = [*self.served, *self.covers]
        return [item for item in promises if item.operator == operator and not item.over]

    def reserved(self, operator: str) -> int:
        return sum(item.needed for item in self.promises_of(operator))

    def held_by(self, operator: str, key: str) -> int:
        """What covers of a key's signature hold."""
        covers = [item for item in self.promises_of(operator) if isinstance(item, Covered)]
        return sum(item.needed for item in covers if item.key == key)

    def answers(self, item: Served | Covered | None, time: int) -> bool:
        """CMP-4: whether a promise answers now for a statement of `time`."""
        return item is not None and self.now <= item.until and item.since <= time <= item.last

    # what is signed ---------------------------------------------------------------------------------------------------

    def receipt(self, **changes: Any) -> Receipt:
        fields: dict[str, Any] = {
            "channel_id": self.pool[0].name, "number": 1, "environment": NOWHERE, "promotion_seq": 1,
            "digest": DIGESTS[0], "request_hash": sha("request"), "response_hash": sha("response"),
            **dict.fromkeys(("input_root", "output_root", "trace_root"), NOWHERE),
            "input_units": 12, "output_units": 30, "fee": 5, "charged": 5, "evidence": Evidence.UNVERIFIED,
            "time": self.now,
        }  # fmt: skip
        return Receipt(**(fields | changes))

    def say(self, signer: Account, receipt: Receipt, *, beside: int = 0, cut: bool = False) -> Said:
        """A receipt under its signer's signature, with so many others in the batch, or under half a signature."""
        batch = [receipt, *(self.receipt(number=number + 50) for number in range(beside))]
        found = shown(self.receipts.sign(signer, batch)[0])
        if cut:
            found = (*found[:2], found[2][:63])
        return Said(receipt, ZERO_ADDRESS if cut else signer.address, found)

    def signer(self, address: str) -> Account:
        return self.keys.get(address) or self.signers[address]

    def claim_of(self, row: Row, total: int) -> tuple[Any, ...]:
        """As channels take it."""
        channel = row.channel
        signer = channel.payer if channel.payer_authorizer == ZERO_ADDRESS else channel.payer_authorizer
        return Claim(channel, total, self.vouchers.sign(self.signers[signer], row.name, total), total).args

    def committing(self, receipt: Receipt, who: str) -> Any:
        yield self.tx("market.commit_proof", commitment(receipt.struct_hash, who), sender=who)
        self.committed.setdefault((receipt.struct_hash, who), self.evm.block_number)

    # what is seen -----------------------------------------------------------------------------------------------------

    def answer_of(self, target: str, *args: Any) -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        name, _, function = target.partition(".")
        try:
            return getattr(self.contract(name), function)(*args)
        except Revert as error:
            raise AssertionError(f"{target} must answer, was refused: {error.reason}") from error

    def moves(self, who: str, wei: int | Fraction) -> None:
        self.moved[who] += wei

    def paid_out(self, account: str, receiver: str, call: Call, owed: defaultdict[str, int]) -> Any:
        """CMP-11"""
        before, sum_ = self.stored(receiver), owed[account]
        yield from self.decide("CMP-11", call, (sum_ == 0, "payouts: nothing to pay"))
        owed[account] = 0
        self.moves(account, -sum_)
        self.moves(receiver, sum_)
        assert self.stored(receiver) - before == sum_, "CMP-11: another sum was paid than is owed"

    # what the hub is said ---------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return (self.now - self.terms.genesis) // EPOCH + 1

    def bound_of(self, operator: str) -> int:
        return int(self.answer_of("hub.get_lock", self["market"], operator)[1])

    def bound_once(self, operator: str, before: int) -> None:
        """The first promise of an epoch binds all that is reserved; a later one leaves that to whoever calls."""
        first = self.reported[operator] != self.epoch
        assert self.bound_of(operator) == (self.reserved(operator) if first else before), "CMP-2: bound anew"
        self.reported[operator] = self.epoch
