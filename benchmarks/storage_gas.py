"""The storage market: opening deals, accepting shards, and the daily proof, on the oldest fork and the newest.

Proofs are measured over sequences of equal shards: their trees have one node everywhere on a level. So a sequence of a
hundred thousand is known at once, and a proof of it costs what any of that length does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from benchmarks._lab import NEWEST, Lab, on_both
from benchmarks._rows import Row
from benchmarks.provenance import halves_gas, short_proof_gas
from keifu.abi import Contract, Receipt
from keifu.chain import created_address
from keifu.errors import CheckFailed
from keifu.keys import Account, keccak256
from keifu.spec.storage import (
    DRAWS,
    LEAF_BYTES,
    WHOLE,
    Range,
    Shard,
    deal_id,
    deal_path,
    deal_root,
    draw,
    leaves_of,
    path,
    root,
)
from keifu.units import COIN, DAY, HOUR

__all__ = ["ROWS"]

ENOUGH = 2**256 - 1
SHARDS = 14
ACCEPTED = 16  # one by one
BATCH = 10
FILES = 10_000  # of a bundle
TERM = 180
SEGMENT_LEAVES = 1_024
STORED = 10_000
FEWER, MORE = 1_000, 100_000
STEP = 64  # shards that one call stores
PRICE, RESTITUTION = 10**6, 10**7  # gwei
LOCKED = 100_000_000 * COIN
SEED = bytes(range(32))

ROOT = bytes(range(1, 33))


@dataclass(frozen=True)
class World:
    """The market with its deals; a provider with a lock, a client with coins."""

    randomness: Contract
    market: Contract
    deals: Contract
    other: Contract  # a token that is listed, with nothing to answer
    provider: Account
    client: Account


def _world(lab: Lab, of: str = "") -> World:
    """With deals of its own, or with an account in their place."""
    owner, provider, client = lab.deployer, lab.account("bench provider"), lab.account("bench client")
    token = lab.deploy("KeifuToken", owner)
    hub = lab.deploy("StakingHub", token, owner, owner, owner, 14 * DAY, DAY, 30, 10)
    randomness = lab.deploy("MockRandomness")
    channels = lab.deploy("Channels", token, hub, owner, owner)
    nonce = int(lab.anvil.rpc.call("eth_getTransactionCount", owner.address, "pending"), 16)
    named = of or created_address(owner.address, nonce + 1)
    market = lab.deploy("StorageMarket", token, hub, randomness, named, DAY, 2 * HOUR, 10**9, COIN)
    deals = lab.deploy("StorageDeals", market, lab.account("bench repairs"), channels)
    hub.list_service(market, 14 * DAY, 4, sender=owner)
    token.transfer(provider, LOCKED, sender=owner)
    token.approve(hub, ENOUGH, sender=provider)
    hub.register_operator(0, "", sender=provider)
    hub.lock(market, provider, LOCKED, sender=provider)
    token.transfer(client, 1_000_000 * COIN, sender=owner)
    token.approve(deals, ENOUGH, sender=client)
    other = lab.deploy("QuietToken")
    channels.listToken(other, True, sender=owner)
    other.mint(client, COIN, sender=owner)
    other.approve(deals, ENOUGH, sender=client)
    return World(randomness, market, deals, other, provider, client)


# deals ----------------------------------------------------------------------------------------------------------------


def _open(world: World, of: bytes, number: int) -> Receipt:
    salt = number.to_bytes(32, "big")
    receipt: Receipt = world.deals.open(of, SHARDS, PRICE, RESTITUTION, 2, TERM, True, salt, sender=world.client)
    return receipt


def _opened(lab: Lab, before: int = 0) -> float:
    """A deal of fourteen shards, after `before` others."""
    world = lab.shared(_world)
    with lab.undo():
        for number in range(before):
            _open(world, ROOT, number)
        return lab.gas(_open(world, ROOT, before))


def _open_in(world: World, of: bytes, number: int) -> Receipt:
    """The same in another token."""
    terms = (SHARDS, PRICE, RESTITUTION, 2, TERM, True, number.to_bytes(32, "big"))
    receipt: Receipt = world.deals.open_in(world.other, of, *terms, sender=world.client)
    return receipt


def _opened_in(lab: Lab) -> float:
    """A deal of fourteen shards in another token, after one other."""
    world = lab.shared(_world)
    with lab.undo():
        _open_in(world, ROOT, 0)
        return lab.gas(_open_in(world, ROOT, 1))


def _collected(lab: Lab, count: int = SHARDS) -> float:
    """So many shards of a deal in another token, all of one provider, which proved an epoch."""
    world = lab.shared(_world)
    with lab.undo():
        data = [bytes([at]) * LEAF_BYTES for at in range(SHARDS)]
        shards = [Shard(tuple(leaves_of(piece))) for piece in data]
        named = [(world.provider.address, root(shard.leaves), 1) for shard in shards]
        _open_in(world, deal_root(named), 0)
        known = deal_id(world.client.address, deal_root(named), bytes(32))
        items = [
            (known, at, *named[at][1:], [int.from_bytes(node, "big") for node in deal_path(named, at)])
            for at in range(SHARDS)
        ]
        world.deals.accept_many(items, sender=world.provider)
        lab.anvil.warp(DAY)
        drawn = _drawn(world, 2, SHARDS)
        sequence = Range(list(shards))
        words = [int.from_bytes(word, "big") for leaf in drawn for word in sequence.proof(leaf)]
        opened = b"".join(data[leaf] for leaf in drawn)
        world.market.prove(world.provider, 2, opened, words, sender=world.provider)
        lab.anvil.warp(DAY)
        return lab.gas(world.deals.collect(known, list(range(count)), sender=world.provider))


def _drawn(world: World, epoch: int, total: int) -> list[int]:
    """Opens an epoch and shows its seed; the leaves that it asks of the provider."""
    market, owner = world.market, world.client
    market.open_epoch(epoch, sender=owner)
    world.randomness.put(market.seed_number(epoch), SEED, sender=owner)
    market.see_seed(epoch, sender=owner)
    return [draw(SEED, epoch, world.provider.address, number, total) for number in range(DRAWS)]


def _items(world: World, count: int) -> list[tuple[object, ...]]:
    """`count` open deals, each naming the provider for its sixth shard of a gibibyte's tenth."""
    others = [("0x" + f"{index + 1:040x}", keccak256(bytes([index])), 400 * SEGMENT_LEAVES) for index in range(SHARDS)]
    named = [*others[:5], (world.provider.address, *others[5][1:]), *others[6:]]
    beside = [int.from_bytes(node, "big") for node in deal_path(named, 5)]
    items: list[tuple[object, ...]] = []
    for number in range(count):
        _open(world, deal_root(named), number)
        known = deal_id(world.client.address, deal_root(named), number.to_bytes(32, "big"))
        items.append((known, 5, *named[5][1:], beside))
    return items


def _accepted(lab: Lab) -> float:
    """One by one, from a provider's first on: the median."""
    world = lab.shared(_world)
    with lab.undo():
        items = _items(world, ACCEPTED)
        return median(lab.gas(world.deals.accept(item, sender=world.provider)) for item in items)


def _dearest_acceptance(lab: Lab) -> float:
    world = lab.shared(_world)
    with lab.undo():
        items = _items(world, ACCEPTED)
        return max(lab.gas(world.deals.accept(item, sender=world.provider)) for item in items)


def _batch(lab: Lab, before: int = ACCEPTED) -> float:
    """Ten in one call, each; of a provider that has accepted `before` shards."""
    world = lab.shared(_world)
    with lab.undo():
        items = _items(world, before + BATCH)
        if before:
            world.deals.accept_many(items[:before], sender=world.provider)
        return lab.gas(world.deals.accept_many(items[before:], sender=world.provider)) / BATCH


def _bundle(lab: Lab) -> float:
    """Each of the files of one deal whose tree is anchored by its halves: what their client sends."""
    return (_opened(lab) + halves_gas(lab)) / FILES


def _accepted_bundle(lab: Lab) -> float:
    """The same with what the providers send to accept their shards, one by one."""
    return _bundle(lab) + SHARDS * _accepted(lab) / FILES


def _member(lab: Lab) -> float:
    return short_proof_gas(lab, (FILES - 1).bit_length())


# proofs ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Equal:
    """A sequence of `count` equal shards of one segment: its entries by height, and how a leaf of it is opened."""

    count: int
    shard: tuple[bytes, ...]  # hashes of the leaves
    data: bytes
    entries: tuple[int, ...]

    @classmethod
    def of(cls, count: int) -> Equal:
        data = b"".join(keccak256(number.to_bytes(32, "big")) for number in range(SEGMENT_LEAVES * LEAF_BYTES // 32))
        leaves = tuple(leaves_of(data))
        entries = [Shard(leaves).word]
        while len(entries) < WHOLE:
            entries.append(_joined(entries[-1]))
        return cls(count, leaves, data, tuple(entries))

    def _height(self, ordinal: int) -> int:
        """Of the mountain in which a shard stands."""
        first = self.count >> WHOLE << WHOLE
        if ordinal < first:
            return WHOLE
        for height in reversed(range(WHOLE)):
            if self.count >> height & 1:
                first += 2**height
                if ordinal < first:
                    return height
        raise IndexError(ordinal)

    def opened(self, drawn: list[int]) -> tuple[bytes, list[int]]:
        """Data and words of the leaves that were drawn."""
        pieces, words = [], []
        for leaf in drawn:
            ordinal, index = divmod(leaf, SEGMENT_LEAVES)
            pieces.append(self.data[index * LEAF_BYTES : (index + 1) * LEAF_BYTES])
            words.append(ordinal | SEGMENT_LEAVES << 32 | index << 72)
            words += [int.from_bytes(node, "big") for node in path(self.shard, index)]
            words += self.entries[: self._height(ordinal)]
        return b"".join(pieces), words


def _joined(entry: int) -> int:
    """Two equal entries of a sequence under one node."""
    leaves = entry % 2**64
    hashed = int.from_bytes(keccak256(entry.to_bytes(32, "big") * 2 + (3).to_bytes(32, "big")), "big")
    return hashed - hashed % 2**64 + 2 * leaves


@dataclass(frozen=True)
class Proof:
    """Gas of a five-leaf proof, and bytes of its calldata."""

    gas: int
    calldata: int


def _proof(count: int) -> Callable[[Lab], Proof]:
    """Of a provider with `count` deals, in its second proven epoch; a whole build, kept for the run."""
    return _PROOFS[count]


def _proven(count: int, lab: Lab) -> Proof:
    deals = lab.account("bench deals")
    world = _world(lab, deals.address)
    market, provider = world.market, world.provider
    equal = Equal.of(count)
    entry = (equal.entries[0], PRICE, 0, TERM)
    for done in range(0, count, STEP):
        market.store(provider, provider, [entry] * min(STEP, count - done), sender=deals)
    proof = Proof(0, 0)
    for epoch in (2, 3):
        lab.anvil.warp(DAY)
        if market.epoch() != epoch:
            raise CheckFailed(f"epoch {market.epoch()} instead of {epoch}")
        drawn = _drawn(world, epoch, count * SEGMENT_LEAVES)
        arguments = (provider, epoch, *equal.opened(drawn))
        size = len(market.interface.function("prove", len(arguments)).encode(arguments))
        proof = Proof(lab.gas(market.prove(*arguments, sender=provider)), size)
    return proof


_PROOFS = {count: partial(_proven, count) for count in (FEWER, STORED, MORE)}


def _proof_gas(lab: Lab) -> float:
    return lab.shared(_proof(STORED)).gas


def _proof_calldata(lab: Lab) -> float:
    return lab.shared(_proof(STORED)).calldata


def _growth(lab: Lab) -> float:
    return lab.shared(_proof(MORE)).gas / lab.shared(_proof(FEWER)).gas


_FORKS = f"the larger of cancun and {NEWEST}"

ROWS = (
    Row(
        "gas.deal_open",
        on_both(_opened),
        f"a client's first deal of {SHARDS} shards, coins by allowance; {_FORKS}",
        also=(
            ("gas on cancun", _opened),
            ("a further deal", on_both(partial(_opened, before=1))),
            ("a further one in another token", on_both(_opened_in)),
        ),
    ),
    Row(
        "gas.deal_provider",
        on_both(_accepted),
        f"median of a provider's first {ACCEPTED} acceptances, one by one, deals of {SHARDS}; {_FORKS}",
        also=(
            ("gas on cancun", _accepted),
            ("the dearest of them", on_both(_dearest_acceptance)),
            ("the first collection of one shard in another token", on_both(partial(_collected, count=1))),
            (f"of {SHARDS} shards of one provider", on_both(_collected)),
        ),
    ),
    Row(
        "gas.deal_batch",
        on_both(_batch),
        f"{BATCH} acceptances in one call, each, of a provider that stores {ACCEPTED} shards; {_FORKS}",
        also=(("gas on cancun", _batch), ("a provider's first ten", on_both(partial(_batch, before=0)))),
    ),
    Row(
        "gas.bundle_file",
        on_both(_bundle),
        f"a client's first deal of {SHARDS} shards and an anchor by halves over {FILES:,} files, each file; {_FORKS}",
        also=(
            ("one file's membership, proved by a transaction", on_both(_member)),
            ("with the acceptances, which providers pay for", on_both(_accepted_bundle)),
        ),
    ),
    Row(
        "gas.storage_proof",
        on_both(_proof_gas),
        f"{STORED:,} shards of one segment stored, second proof of the provider; {_FORKS}",
        also=(("gas on cancun", _proof_gas), ("bytes of calldata", _proof_calldata)),
    ),
    Row(
        "ratio.proof_growth",
        on_both(_growth),
        f"gas of the proof with {MORE:,} shards over that with {FEWER:,}; {_FORKS}",
        also=(("on cancun", _growth),),
        heavy=True,
    ),
)
