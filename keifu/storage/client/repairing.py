"""Shards that are made again: from k others, onto another provider's node, which takes them over on the chain.

A shard that nobody accepted in time is proposed to another provider by the client. A lost one is taken by whoever
repairs it for the bounty: of unmasked deals any provider by itself, of masked ones the node that is given the bytes
here, since they take the mask key.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from secrets import token_bytes

from keifu.chain.suite import STORAGE_REPAIRS
from keifu.errors import CheckFailed, KeifuError, UsageError
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.fetching import holders_of
from keifu.storage.client.ledger import Row
from keifu.storage.client.offers import providers
from keifu.storage.client.peers import WRITE_SECONDS, Peer, Peers
from keifu.storage.client.storing import Needs, Storing, descriptor_of, holder_of, placed_of
from keifu.storage.codec import rebuild
from keifu.storage.deals import Placed
from keifu.storage.layout import HASH_BYTES, Descriptor
from keifu.storage.states import State
from keifu.storage.transfer import AHEAD, Node, upload_id
from keifu.storage.trees import segment_root

__all__ = ["Mended", "Target", "give", "mend", "send_shard", "target_of"]


@dataclass(frozen=True)
class Target:
    """A file whose shards are cared for. `keys` may hold the mask key alone, or nothing for unmasked shards."""

    deal: bytes
    descriptor: Descriptor
    placed: tuple[Placed, ...]  # as the deal's root names them
    keys: FileKeys

    @property
    def needs(self) -> Needs:
        return Needs(self.descriptor.layout.leaves, self.descriptor.header.m)


@dataclass(frozen=True)
class Mended:
    """A shard that was sent to another provider; `fault` says why not."""

    index: int
    provider: str
    fault: str = ""


def target_of(row: Row, keys: FileKeys) -> Target:
    """A file of this client's own."""
    return Target(row.deal, descriptor_of(row.kept), tuple(placed_of(row.kept)), keys)


def mend(storing: Storing, target: Target) -> list[Mended]:
    """Give each shard that nobody stores to another provider, from whom the market takes it. Safe to repeat."""
    market = storing.market
    state = market.require_deal(target.deal)
    shards, epoch = market.shards(target.deal, state.shards), market.epoch()
    known = {offer.provider: offer for offer in providers(market)}
    holders = holders_of(shards, list(known.values()))
    is_client = state.client == storing.chain.sender.lower()
    missing = [
        index
        for index, shard in enumerate(shards)
        if (shard.state is State.FREE and state.accept_by < epoch and is_client)
        or shard.state in (State.LOST, State.MENDED)
    ]
    if not missing or state.closed:
        return []
    if target.descriptor.header.masked and not target.keys.mask:
        raise UsageError("masked shards are made again by the mask key", remedy="sign with the owner's key, or --box")
    beside = [holder for holder in holders if holder is not None]
    token = market.money(state.token).token
    needs = replace(target.needs, price=state.price, restitution=state.restitution, token=token)
    word = storing.word(target.deal, target.descriptor.header.k) if is_client else b""
    done = []
    with closing(Peers(storing.ledger, WRITE_SECONDS)) as peers:
        have = {index: peers.at(holder) for index, holder in enumerate(holders) if holder is not None}
        for index in missing:
            taking = _taking(storing, target.deal, index, shards[index].state)
            without = {shards[index].provider, target.placed[index].provider}
            try:
                holder = holder_of(known[taking]) if taking in known else storing.others(needs, beside, without, 1)[0]
            except CheckFailed as error:  # nobody takes it now: others of the file may still go
                done.append(Mended(index, "", error.message))
                continue
            beside.append(holder)
            done.append(_give(storing, target, index, shards[index].state, have, peers.at(holder), word))
    return done


def _give(
    storing: Storing, target: Target, index: int, state: State, have: Mapping[int, Peer], to: Peer, word: bytes
) -> Mended:
    provider = to.holder.provider
    try:
        give(target, index, have, to)
        if state is State.FREE:
            storing.market.send(storing.chain, STORAGE_REPAIRS, "propose", target.deal, index, provider)
        to.tell(target.deal, index, target.descriptor.header.k, target.placed, word)
    except KeifuError as error:
        return Mended(index, provider, error.message)
    return Mended(index, provider)


def give(target: Target, index: int, have: Mapping[int, Peer], to: Peer) -> None:
    """Make one shard of a file from others, at another provider's node. Raises KeifuError."""
    keys, descriptor = target.keys, target.descriptor
    secret = keys.key or keys.mask
    name = upload_id(FileKeys(secret), descriptor.header.id, index) if secret else token_bytes(HASH_BYTES)
    send_shard(descriptor, keys.mask, index, have, to, name)


def _taking(storing: Storing, deal: bytes, index: int, state: State) -> str:
    """Who takes a shard over already, by an earlier proposal of the sender's or a reservation; "" for nobody."""
    repairs = storing.market.repairs
    if state is State.MENDED:
        return str(repairs.repair_of(deal, index)[0]).lower()
    if state is State.FREE:
        by, to = repairs.proposal_of(deal, index)
        return to.lower() if by.lower() == storing.chain.sender.lower() else ""
    return ""


def send_shard(
    descriptor: Descriptor, mask: bytes, index: int, have: Mapping[int, Node], target: Node, upload: bytes
) -> None:
    """One shard, made from others a stripe at a time, to a node. Raises CheckFailed when too few of the others give
    what they should."""
    leaves = descriptor.layout.leaves
    first, sealed = target.begin(upload, leaves)
    if sealed is None:
        with ThreadPoolExecutor(descriptor.header.k + AHEAD) as pool:
            for stripe in range(first, descriptor.layout.stripes):
                data = _made(descriptor, mask, index, have, stripe, pool)
                target.put(upload, stripe, data, segment_root(data, stripe))
        target.seal(upload, descriptor.shards[index])


def _made(
    descriptor: Descriptor, mask: bytes, index: int, have: Mapping[int, Node], stripe: int, pool: ThreadPoolExecutor
) -> bytes:
    leaves, k = descriptor.layout.leaves, descriptor.header.k
    pieces: dict[int, bytes | memoryview] = {}
    left = [shard for shard in have if shard != index]
    while len(pieces) < k and left:
        asked, left = left[: k - len(pieces)], left[k - len(pieces) :]
        running = {shard: pool.submit(have[shard].segment, descriptor.shards[shard], leaves, stripe) for shard in asked}
        for shard, future in running.items():
            try:
                pieces[shard] = future.result()
            except KeifuError:
                continue
    if len(pieces) < k:
        raise CheckFailed(
            f"{len(pieces)} shards give stripe {stripe}, {k} are needed", remedy="try again when more providers answer"
        )
    return rebuild(descriptor, mask, stripe, pieces, index)
