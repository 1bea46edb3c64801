"""Promises, demands, seats and pools of ReExecution as the chain has them. Amounts in wei, times in unix seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from enum import IntEnum
from itertools import islice
from typing import Any

from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from keifu.chain import ChainClient, Deployment
from keifu.chain.logs import find_logs
from keifu.chain.suite import COURT, REEXECUTION
from keifu.compute.market.refusals import place_of
from keifu.errors import CheckFailed, UsageError
from keifu.keys import keccak256
from keifu.reexecution.tolerance import Tolerance
from keifu.units import COIN, DAY

__all__ = [
    "ACCUSE_PERIOD",
    "COMMIT_PERIOD",
    "DRAW_PERIOD",
    "MATURITY",
    "NOBODY",
    "OUTCOMES",
    "RANDOMNESS",
    "REVEAL_PERIOD",
    "SLOT_STAKE",
    "Demand",
    "Opened",
    "Promise",
    "Reading",
    "Seat",
    "Slot",
    "Stage",
    "Terms",
    "opened_of",
    "pool_key",
    "seal",
]

NOBODY = bytes(32)
RANDOMNESS = "Randomness"
COMMIT_PERIOD, REVEAL_PERIOD, ACCUSE_PERIOD, DRAW_PERIOD, MATURITY = DAY, DAY, 2 * DAY, 3 * DAY, 7 * DAY
SLOT_STAKE = 2_000 * COIN
STAGE_AT = 7  # among the fields of a demand
OUTCOMES = ("none", "acquitted", "convicted", "void")


class Stage(IntEnum):
    """Of a demand."""

    NONE = 0
    WAITING = 1
    WORKING = 2
    ACCUSED = 3
    OVER = 4


@dataclass(frozen=True)
class Terms:
    """What an operator binds itself to before any receipt."""

    digest: bytes
    tolerance: bytes
    panel: int
    needed: int
    fee: int
    restitution: int
    price: int
    last: int

    @property
    def pool(self) -> bytes:
        return pool_key(self.digest, self.tolerance, self.fee)

    @property
    def rule(self) -> Tolerance:
        """Raises InputError where it is another program's."""
        return Tolerance.decode(self.tolerance)


@dataclass(frozen=True)
class Promise:
    """One, and where it stands."""

    number: int
    operator: str
    client: str
    channel: bytes
    terms: Terms
    since: int  # 0 until it is accepted
    until: int  # last second of demands; of acceptance before
    reserve: int  # 0 once it is over
    demand: int  # the one that is open; 0 for none
    prolonged: bool

    @property
    def state(self) -> str:
        if not self.since:
            return "offered"
        return "open" if self.reserve else "over"

    def stands(self, now: int) -> bool:
        """Whether a demand can be opened, or is open."""
        return self.state == "open" and (self.demand > 0 or now <= self.until)

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings, bytes in hex."""
        return _plain({**asdict(self), "state": self.state, "pool": self.terms.pool})


@dataclass(frozen=True)
class Demand:
    """One answer that a panel judges."""

    id: int
    promise: int
    number: int  # of the receipt
    receipt: bytes
    opened: int
    seed_epoch: int
    pool: int
    stage: Stage
    drawn: int
    accuse_until: int
    answered: int
    differs: int
    is_stored: bool
    case_id: int
    outcome: int
    denied: int
    reward: int

    @property
    def commit_until(self) -> int:
        return self.drawn + COMMIT_PERIOD

    @property
    def reveal_until(self) -> int:
        return self.commit_until + REVEAL_PERIOD

    def data(self) -> dict[str, Any]:
        """For `--json`."""
        words = {"stage": self.stage.name.lower(), "outcome": OUTCOMES[self.outcome]}
        return _plain({**asdict(self), **words})


@dataclass(frozen=True)
class Seat:
    """A place on a panel."""

    executor: str
    slot: int
    seal: bytes
    word: int
    is_settled: bool


@dataclass(frozen=True)
class Slot:
    """A place in a pool."""

    executor: str
    since: int
    left: int
    seats: int
    fines: int  # in units of 100 coins


@dataclass(frozen=True)
class Opened:
    """What stands in the log: bytes, or the roots of deals that have them."""

    request: bytes
    response: bytes
    stored: tuple[bytes, bytes]


class Reading:
    """Of one suite. Raises EnvironmentFault for a suite without the contract."""

    def __init__(self, client: ChainClient, suite: Deployment, first_block: int = 0) -> None:
        place_of(suite, REEXECUTION)
        self.client, self.contract, self._first = client, suite.at(client, REEXECUTION), first_block
        self.court = suite.at(client, COURT)
        self.randomness = client.at(self.contract.randomness(), RANDOMNESS)  # whichever kind it is, its views are these
        self._is_of_blocks = self.randomness.address.lower() == suite.addresses.get(RANDOMNESS, "").lower()

    def promise(self, number: int) -> Promise:
        """Raises UsageError when there is none with this number."""
        count = self.contract.promise_count()
        if not 0 < number <= count:
            raise UsageError(f"there is no promise {number}", remedy=f"{count} were offered, counted from 1")
        return promise_of(number, self.contract.promise(number))

    def demand(self, number: int) -> Demand:
        """Raises UsageError when there is none with this number."""
        count = self.contract.demand_count()
        if not 0 < number <= count:
            raise UsageError(f"there is no demand {number}", remedy=f"{count} were opened, counted from 1")
        return demand_of(number, self.contract.demand(number))

    def seed_block(self, demand: Demand) -> int:
        """Number of the block that makes its seed; 0 for seeds that no block makes."""
        if not self._is_of_blocks:
            return 0
        block: int = self.randomness.source(demand.seed_epoch)
        return block

    def seats(self, demand: Demand, promise: Promise) -> list[Seat]:
        """None before a panel is drawn."""
        if not demand.drawn:
            return []
        return [seat_of(self.contract.seat(demand.id, place)) for place in range(promise.terms.panel)]

    def slots(self, pool: bytes) -> list[Slot]:
        """All that there ever were, empty ones included."""
        return list(self._slots(pool))

    def has_panel(self, promise: Promise) -> bool:
        """Whether a demand that is opened now can draw one: members leave a pool when they like."""
        found = mature(self._slots(promise.terms.pool), self.client.now, (promise.operator, promise.client))
        return len(list(islice(found, promise.terms.panel))) == promise.terms.panel

    def _slots(self, pool: bytes) -> Iterator[Slot]:
        for place in range(self.contract.slot_count(pool)):
            yield slot_of(self.contract.slot(pool, place))

    def opened(self, demand: int) -> Opened:
        """What the client showed. Raises CheckFailed when the node does not give the log."""
        topic = "0x" + self.contract.interface.event("Opened").topic.hex()
        for log in find_logs(self.client, self.contract.address, [topic, f"0x{demand:064x}"], self._first):
            found = self.contract.interface.read_log(self.contract.address, log.topics, log.data)
            assert found is not None
            return opened_of(found.args)
        raise CheckFailed(f"the node has no log of demand {demand}", remedy="ask another node")


def mature(slots: Iterable[Slot], now: int, but: Sequence[str] = ()) -> Iterator[Slot]:
    """Those that a demand which is opened now may draw, and that belong to nobody of `but`."""
    others = {item.lower() for item in but}
    for slot in slots:
        is_there = slot.executor != ZERO_ADDRESS and slot.since + MATURITY <= now and (not slot.left or slot.left > now)
        if is_there and slot.executor not in others:
            yield slot


def pool_key(digest: bytes, tolerance: bytes, fee: int) -> bytes:
    """keccak256(abi_encode(digest, tolerance, fee))."""
    return keccak256(encode_args(["bytes32", "bytes32", "uint256"], [digest, tolerance, fee]))


def seal(demand: int, word: int, answer: bytes, salt: bytes, member: str) -> bytes:
    """keccak256(abi_encode(demand, word, answer, salt, member))."""
    kinds = ["uint256", "uint256", "bytes32", "bytes32", "address"]
    return keccak256(encode_args(kinds, [demand, word, answer, salt, member]))


def promise_of(number: int, values: Any) -> Promise:
    """From the view's values."""
    operator, client, channel, terms, *rest = values
    return Promise(number, operator.lower(), client.lower(), channel, Terms(*terms), *rest)


def demand_of(number: int, values: Any) -> Demand:
    """From the view's values."""
    fields = [number, *values]
    fields[STAGE_AT] = Stage(fields[STAGE_AT])
    return Demand(*fields)


def seat_of(values: Any) -> Seat:
    """From the view's values."""
    return Seat(values[0].lower(), *values[1:])


def slot_of(values: Any) -> Slot:
    """From the view's values."""
    return Slot(values[0].lower(), *values[1:])


def opened_of(args: Any) -> Opened:
    """From the event's."""
    first, second = args["stored"]
    return Opened(args["request"], args["response"], (first, second))


def values_of(terms: Terms) -> tuple[Any, ...]:
    """As the contract takes them."""
    return astuple(terms)


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if name in _AMOUNTS else _shown(value) for name, value in found.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    return value.hex() if isinstance(value, bytes) else value


_AMOUNTS = frozenset({"fee", "restitution", "price", "reserve", "reward"})
