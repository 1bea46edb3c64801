"""RecordProof on the hub: the set-up, states of another chain, and the log of who promised and signed what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from audit.state_tries import Trie, account_of, header_over
from audit.systems._constructors import Deployment, variations
from audit.systems._hub import EPOCH, HubSystem
from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import keccak256
from ethwire.rlp import encode
from keifu.provenance.foreign import BlockHeader, record_path, record_proof_domain
from keifu.spec.staking import RAISE_NOTICE
from keifu.units import COIN, DAY

__all__ = [
    "ATTESTORS", "BOUND", "CHAIN", "DAMAGES", "HORIZON", "IDS", "LOCK", "LONGEST", "MULTIPLE", "NODE", "NUMBER",
    "PENALTY", "REGISTRIES", "RESERVE", "REWARD", "STAKED", "WINDOW", "Block", "Period", "RecordProofLog", "Statement",
    "blocks",
]  # fmt: skip

WINDOW, LONGEST = 14 * DAY, 180 * DAY
REWARD, PENALTY = 200 * COIN, 2_000 * COIN
DAMAGES = REWARD * 5 // 4
RESERVE = DAMAGES + PENALTY
LOCK = 5 * RESERVE // 2
HORIZON, MULTIPLE = 60 * EPOCH, 4
STAKED = 3 * PENALTY  # by a delegator, behind each attestor
BOUND = 100 * DAY  # of the promises at the start
ATTESTORS = ("operator", "other operator", "third operator")
NODE = "node"
CHAIN = 16_661
NUMBER = 1_000_000
FULL, LONELY, EMPTY, ABSENT = ("0x" + digit * 40 for digit in "1234")
REGISTRIES = (FULL, LONELY, EMPTY, ABSENT)
IDS = tuple(bytes([number]) * 26 + bytes(6) for number in range(1, 7))
WORD = 1 << 208 | 5 << 200 | 1_700_000_000 << 160 | int("4" * 40, 16)


class Block(NamedTuple):
    """A block of the other chain: header, and what its state holds, with the nodes that show it."""

    header: bytes
    number: int
    time: int  # unix seconds
    accounts: Trie
    storages: dict[str, Trie]
    words: dict[tuple[str, bytes], int]

    @property
    def hash(self) -> bytes:
        return keccak256(self.header)

    def proof(self, registry: str, record_id: bytes) -> tuple[bytes, list[bytes], list[bytes]]:
        storage = self.storages.get(registry)
        way = storage.way(record_path(record_id)) if storage else []
        return self.header, self.accounts.way(_account_path(registry)), way


def blocks(now: int) -> list[Block]:
    """Two blocks of one number. The full registry's trie has extensions, branches, and nodes within nodes: keys that
    share 62 nibbles with a record's, as no chain has them."""
    return [_block(now, status) for status in (1, 3)]


def _block(now: int, status: int) -> Block:
    words = {(FULL, record_id): WORD for record_id in IDS[:4]} | {(LONELY, IDS[0]): 7}
    words[FULL, IDS[0]] = status << 208 | WORD & ((1 << 208) - 1)
    words[FULL, IDS[1]] = 5  # so short that its leaf stands within its parent
    full = {record_path(record_id): encode(word) for (registry, record_id), word in words.items() if registry == FULL}
    for record_id, shared in zip(IDS[1:], (63, 3, 62, 63, 40), strict=True):
        full[_neighbour(record_path(record_id), shared)] = encode(1 + shared)
    full |= {keccak256(bytes([number])): encode(number + 1) for number in range(40)}
    lonely = {record_path(IDS[0]): encode(7)}
    storages = {FULL: Trie(full), LONELY: Trie(lonely), EMPTY: Trie({})}
    accounts = {_account_path(registry): account_of(trie.root) for registry, trie in storages.items()}
    accounts |= {keccak256(bytes(19) + bytes([number])): account_of(bytes(32)) for number in range(60)}
    accounts[_neighbour(_account_path(LONELY), 7)] = account_of(bytes(32))
    state = Trie(accounts)
    return Block(header_over(state.root, number=NUMBER, timestamp=now), NUMBER, now, state, storages, words)


def _account_path(address: str) -> bytes:
    return keccak256(bytes.fromhex(address[2:]))


def _neighbour(path: bytes, shared: int) -> bytes:
    """A path whose first `shared` nibbles are the same, and the next one is not."""
    place, low = divmod(shared, 2)
    changed = bytearray(path)
    changed[place] ^= 1 if low else 16
    return bytes(changed)


@dataclass
class Period:
    """A binding as it was made: it answers for what is signed in its seconds, until its window is over."""

    attestor: str
    since: int
    last: int
    over: bool = False

    @property
    def until(self) -> int:
        return self.last + WINDOW


@dataclass(frozen=True)
class Statement:
    """A header and what stands under it; `signed` when that is its key's signature."""

    header: BlockHeader
    signature: bytes
    signed: bool


class RecordProofLog(HubSystem):
    """What the description of the service needs."""

    contracts = ("RecordProof",)
    actors = (*ATTESTORS, "watcher", "other watcher", "stranger", "delegator")
    wait_weight = 4

    # set-up -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        deployer = evm.account("deployer")  # makes no calls, so the addresses that are signed are the same on revm
        service = evm.deploy("RecordProof", token, hub, sender=deployer)
        self.bind(proofs=service)
        self.operators, self.services = [self[role] for role in ATTESTORS], [service.address]
        hub.list_service(service, HORIZON, MULTIPLE, sender=self.owner)
        for operator in self.operators:
            hub.register_operator(0, "", sender=operator)
            hub.lock(service, operator, LOCK, sender=operator)
            hub.set_multiple(service, MULTIPLE, sender=operator)
        evm.warp(RAISE_NOTICE + EPOCH)
        for operator in self.operators:
            service.bind(evm.now + BOUND, sender=operator)
            hub.poke(operator, service, sender=operator)
            hub.stake(operator, STAKED, 0, 0, sender=self["delegator"])
        self.bound_at = evm.now
        self.node = evm.account(NODE)
        self.signers = {self[role]: evm.account(role) for role in ATTESTORS} | {self.node.address: self.node}
        self.domain = record_proof_domain(evm.chain_id, service.address)
        self.blocks = blocks(evm.now)

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["hub"])
        yield from variations(
            "RecordProof",
            right,
            (0, ZERO_ADDRESS, "payouts: token is no contract"),
            (1, ZERO_ADDRESS, "record proof: no hub"),
        )

    def start(self) -> None:
        super().start()
        self.periods = [Period(who, self.bound_at + 1, self.bound_at + BOUND) for who in self.operators]
        self.said: list[Statement] = []
        self.pairs_made: list[tuple[Statement, Statement]] = []
        self.committed: dict[tuple[bytes, str], int] = {}  # -> block
        self.named: dict[str, tuple[str, int, int]] = {}  # key -> attestor, since, until (0: not retired)
        self.owed: defaultdict[str, int] = defaultdict(int)
        self.locked = dict.fromkeys(self.operators, LOCK)

    def deadlines(self) -> list[int]:
        return [time for item in self.periods[-4:] for time in (item.last, item.until, item.until + 1)]

    # the log's words --------------------------------------------------------------------------------------------------

    def running(self, attestor: str) -> Period | None:
        """The binding of an attestor that holds a reserve."""
        found = [item for item in self.periods if item.attestor == attestor and not item.over]
        return found[-1] if found else None

    def reserved(self, attestor: str) -> int:
        return RESERVE if self.running(attestor) else 0

    def speaks_for(self, key: str, time: int) -> str:
        """KEY-1: before it was named a key is its own account's, and after it was retired nobody's."""
        if key not in self.named or time < self.named[key][1]:
            return key
        attestor, _, until = self.named[key]
        return attestor if until == 0 or time <= until else ""

    def answering(self, header: BlockHeader) -> Period | None:
        """RPF-2: the binding that answers for a statement now."""
        period = self.running(self.speaks_for(header.key, header.time))
        if period is None or self.now > period.until:
            return None
        return period if period.since <= header.time <= min(period.last, self.now) else None
