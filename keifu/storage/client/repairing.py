"""Shards that are made again: from k others, onto another provider's node, which takes them over on the chain.

A shard that nobody accepted in time is proposed to another provider by the client. A lost one is taken by whoever
repairs it for the bounty: of unmasked deals any provider by itself, of masked ones the node that is given the bytes
here, since they take the mask key.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from keifu.errors import CheckFailed, KeifuError
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.fetching import holders_of
from keifu.storage.client.ledger import Holder, Row
from keifu.storage.client.market import REPAIRS, State
from keifu.storage.client.offers import providers
from keifu.storage.client.peers import WRITE_SECONDS, Peer, Peers
from keifu.storage.client.storing import Storing, descriptor_of, placed_of
from keifu.storage.codec import rebuild
from keifu.storage.layout import Descriptor
from keifu.storage.transfer import AHEAD, Node, upload_id
from keifu.storage.trees import segment_root

__all__ = ["Mended", "mend", "send_shard"]


@dataclass(frozen=True)
class Mended:
    """A shard that was sent to another provider; `fault` says why not."""

    index: int
    provider: str
    fault: str = ""


def mend(storing: Storing, row: Row, keys: FileKeys) -> list[Mended]:
    """Give each shard that nobody stores to another provider. Of lost shards of unmasked deals providers take care
    by themselves; here it is done at once. Safe to repeat."""
    market = storing.market
    state = market.require_deal(row.deal)
    shards, epoch = market.shards(row.deal, state.shards), market.epoch()
    holders = holders_of(shards, providers(market))
    missing = [
        index
        for index, shard in enumerate(shards)
        if (shard.state is State.FREE and state.accept_by < epoch) or shard.state is State.LOST
    ]
    if not missing or state.closed:
        return []
    beside = [holder for holder in holders if holder is not None]
    done = []
    with closing(Peers(storing.ledger, WRITE_SECONDS)) as peers:
        have = {index: peers.at(holder) for index, holder in enumerate(holders) if holder is not None}
        for index in missing:
            without = {shards[index].provider, row.kept.holders[index].provider}
            done.append(_give(storing, row, keys, index, have, beside, without, peers))
    return done


def _give(
    storing: Storing,
    row: Row,
    keys: FileKeys,
    index: int,
    have: Mapping[int, Peer],
    beside: list[Holder],
    without: set[str],
    peers: Peers,
) -> Mended:
    descriptor = descriptor_of(row.kept)
    name = upload_id(FileKeys(keys.key or keys.mask), descriptor.header.id, index)
    holder = _proposed(storing, row, index) or storing.others(row.kept, beside, without, 1)[0]
    target = peers.at(holder)
    try:
        send_shard(descriptor, keys.mask, index, have, target, name)
        if storing.market.shards(row.deal, len(descriptor.shards))[index].state is State.FREE:
            storing.market.send(storing.chain, REPAIRS, "propose", row.deal, index, holder.provider)
        target.tell(row.deal, index, row.kept.k, placed_of(row.kept))
    except KeifuError as error:
        return Mended(index, holder.provider, error.message)
    beside.append(holder)
    return Mended(index, holder.provider)


def _proposed(storing: Storing, row: Row, index: int) -> Holder | None:
    """To whom an earlier call proposed a shard, if that one still offers storage."""
    by, to = storing.market.repairs.proposal_of(row.deal, index)
    if by.lower() != row.kept.client:
        return None
    known = {offer.provider: offer for offer in providers(storing.market)}
    found = known.get(to.lower())
    return Holder(found.provider, found.url, found.region, found.operator) if found else None


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
