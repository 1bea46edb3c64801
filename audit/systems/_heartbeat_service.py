"""HeartbeatService on the hub: the set-up, and the log of who promised, said and committed what."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from audit.systems._hub import EPOCH, HubSystem
from ethwire.abi import encode_args
from keifu.keys import keccak256
from keifu.provenance import Heartbeat, Kind, Record, RegistryDomain, environments_domain
from keifu.staking import heartbeats_domain
from keifu.units import COIN, DAY

__all__ = [
    "DAMAGES", "DIGESTS", "LOCK", "LONGEST", "OPERATORS", "RESERVE", "RESTITUTION", "HeartbeatLog", "Period",
    "Statement", "evidence_of",
]  # fmt: skip

WINDOW = 3 * DAY
RESTITUTION = 1_000 * COIN + 3  # does not divide
REWARD = PENALTY = RESTITUTION // 10
DAMAGES = -(-(RESTITUTION + REWARD) * 5 // 4)
RESERVE = DAMAGES + PENALTY
LOCK = 5 * RESERVE // 2
LONGEST = 180 * DAY
DIGESTS = tuple(bytes([number]) * 32 for number in (1, 2, 9))  # of the first two there are records
OPERATORS = ("operator", "other operator")
NODE = "node"
EVIDENCE = "(address,bytes32,uint64,bytes32,uint64)"


@dataclass
class Period:
    """A binding as it was made: it answers for heartbeats of its seconds, until its window is over or it was taken."""

    operator: str
    place: bytes
    since: int
    last: int
    over: bool = False

    @property
    def until(self) -> int:
        return self.last + WINDOW


@dataclass(frozen=True)
class Statement:
    """A heartbeat and what stands under it; `signed` when that is its node's signature."""

    beat: Heartbeat
    signature: bytes
    signed: bool

    @property
    def values(self) -> tuple[Any, ...]:
        return self.beat.args, self.signature


def evidence_of(values: tuple[Any, ...], prover: str) -> bytes:
    """What a prover commits to."""
    return keccak256(encode_args([EVIDENCE, "bytes", "address"], (*values, prover)))


class HeartbeatLog(HubSystem):
    """What every description of the service needs."""

    contracts = ("HeartbeatService",)
    actors = (*OPERATORS, "watcher", "other watcher", "author", "client", "other client", "strange", "stranger")

    # set-up -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        deployer = evm.account("deployer")  # makes no calls, so the addresses that are signed are the same on revm
        registry = evm.deploy("ProvenanceRegistry", sender=deployer)
        places = evm.deploy("Environments", registry, sender=deployer)
        service = evm.deploy("HeartbeatService", token, hub, places, RESTITUTION, WINDOW, sender=deployer)
        self.bind(registry=registry, environments=places, heartbeats=service)
        self.operators, self.services = [self[role] for role in OPERATORS], [service.address, self["strange"]]
        for listed in self.services:
            hub.list_service(listed, 60 * EPOCH, 4, sender=self.owner)
        for operator in self.operators:
            hub.register_operator(0, "", sender=operator)
            hub.lock(service, operator, LOCK, sender=operator)
        self.node = evm.account(NODE)
        self.signers = {self[role]: evm.account(role) for role in OPERATORS} | {self.node.address: self.node}
        self.domain = heartbeats_domain(evm.chain_id, service.address)
        self.beats = environments_domain(evm.chain_id, places)
        self.open_places(registry, places)

    def open_places(self, registry: Any, places: Any) -> None:
        """Two environments with two promotions each."""
        author, known = self["author"], RegistryDomain(self.evm.chain_id, registry)
        self.records = {digest: Record(author, Kind.WEIGHTS, digest) for digest in DIGESTS[:2]}
        for record in self.records.values():
            registry.register(record.args, sender=author)
        self.promoted: dict[tuple[bytes, int], bytes] = {}
        self.places: list[bytes] = []
        for name in ("production", "staging"):
            places.declare_environment(name, [], False, self["client"], sender=author)
            self.places.append(place := places.environment_id(author, name))
            for number, (digest, record) in enumerate(self.records.items(), start=1):
                places.promote(place, known.record_id(record), sender=author)
                self.promoted[place, number] = digest

    def start(self) -> None:
        super().start()
        self.periods: list[Period] = []
        self.said: list[Statement] = []
        self.committed: dict[tuple[Statement, str], int] = {}  # -> block
        self.named: dict[str, tuple[str, int, int]] = {}  # key -> operator, since, until (0: not retired)
        self.announced: dict[bytes, list[tuple[int, str]]] = {place: [(0, self["client"])] for place in self.places}
        self.owed: defaultdict[str, int] = defaultdict(int)  # credits, by the words of HBT-1
        self.locked = dict.fromkeys(self.operators, LOCK)

    def deadlines(self) -> list[int]:
        times = [time for item in self.periods[-4:] for time in (item.last, item.until, item.until + 1)]
        return times + [since for changes in self.announced.values() for since, _ in changes[-1:]]

    # the log's words --------------------------------------------------------------------------------------------------

    def running(self, operator: str, place: bytes) -> Period | None:
        """The binding of an operator to a place that holds a reserve."""
        found = [item for item in self.periods if (item.operator, item.place) == (operator, place) and not item.over]
        return found[0] if found else None

    def reserved(self, operator: str) -> int:
        return RESERVE * sum(item.operator == operator and not item.over for item in self.periods)

    def speaks_for(self, key: str, time: int) -> str:
        """KEY-1: before it was named a key is its own account's, and after it was retired nobody's."""
        if key not in self.named or time < self.named[key][1]:
            return key
        operator, _, until = self.named[key]
        return operator if until == 0 or time <= until else ""

    def paid_at(self, place: bytes) -> str:
        """HBT-6: whom the environment named, as far as the notice of it is over."""
        return [who for since, who in self.announced[place] if since <= self.now][-1]

    def answering(self, beat: Heartbeat) -> Period | None:
        """HBT-4: the binding that answers for a heartbeat now."""
        period = self.running(self.speaks_for(beat.node, beat.time), beat.environment)
        if period is None or self.now > period.until:
            return None
        return period if period.since <= beat.time <= min(period.last, self.now) else None
