"""`keifu.node.storage.mending`: shards that are built again, from peers that may lie, break off or have nothing."""

from __future__ import annotations

import pytest

from keifu.errors import CheckFailed
from keifu.node.storage.mending import Mending
from keifu.node.storage.records import Known, holder_of
from keifu.storage.deals import Placed
from keifu.storage.nodes import NodeFault
from keifu.storage.provider.messages import Fetched, FetchFailed, ShardId
from keifu.storage.store import Store
from tests.integration.storage.world import make_coded

K, N = 2, 3
SHARDS = make_coded(5, K, N, 3)
KNOWN = Known(K, tuple(Placed(f"0x{number:040x}", shard.root, shard.leaves) for number, shard in enumerate(SHARDS)))
LOST = ShardId(bytes(32), 2)


class Peer:
    """A node's client that gives the segments of one shard, up to one that it does not have."""

    def __init__(self, shard, last=99, fault=NodeFault):
        self.shard, self.last, self.fault, self.asked = shard, last, fault, []

    def segment(self, root, leaves, number):
        self.asked.append(number)
        if number > self.last:
            raise self.fault("not here", remedy="")
        return self.shard.segments[number]

    def close(self):
        return None


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "node") as made:
        yield made


@pytest.fixture
def fetch(store, tmp_path):
    def fetch(index, peer):
        mending = Mending(store, tmp_path / "repairs", lambda url: peer)
        return mending.fetch("job", LOST, ShardId(LOST.deal, index), KNOWN.named[index], "http://peer")

    return fetch


@pytest.mark.parametrize("fault", [NodeFault, CheckFailed], ids=["withheld", "wrong path"])
def test_what_a_peer_breaks_off_is_gone_on_with(fetch, fault):
    assert fetch(0, Peer(SHARDS[0], 0, fault)) == FetchFailed("job", 0)
    second = Peer(SHARDS[0])
    assert fetch(0, second) == Fetched("job", 0)
    assert second.asked == [1, 2]
    third = Peer(SHARDS[0])
    assert fetch(0, third) == Fetched("job", 0)
    assert third.asked == []


def test_a_shard_is_built_from_k_others_in_the_place_of_a_damaged_one(fetch, store, tmp_path):
    SHARDS[2].seal(store)
    store.hold(SHARDS[2].root, holder_of(LOST))
    for index in range(K):
        fetch(index, Peer(SHARDS[index]))
    mending = Mending(store, tmp_path / "repairs")
    built = mending.rebuild("job", LOST, KNOWN)
    assert (built.root, built.leaves) == (SHARDS[2].root, SHARDS[2].leaves)
    assert store.held_by(holder_of(LOST)) == [SHARDS[2].root]
    assert [store.read_checked(SHARDS[2].root, number) for number in range(3)] == SHARDS[2].segments
    assert store.sweep() == 0
    assert store.sweep() == 3  # what was damaged
    assert mending.rebuild("job", LOST, KNOWN).root == SHARDS[2].root  # again is as good as once


def test_a_peer_that_has_failed_is_no_source(fetch, store, tmp_path):
    """A part of its shard, or nothing, lies beside those that are whole."""
    coded = make_coded(6, K, 4, 3)
    known = Known(K, tuple(Placed(f"0x{at:040x}", shard.root, shard.leaves) for at, shard in enumerate(coded)))
    peers = {"http://0": Peer(coded[0], 0), "http://1": Peer(coded[1]), "http://3": Peer(coded[3])}
    mending = Mending(store, tmp_path / "repairs", peers.__getitem__)
    for index in (0, 1, 3):
        mending.fetch("job", LOST, ShardId(LOST.deal, index), known.named[index], f"http://{index}")
    assert Mending(store, tmp_path / "repairs").rebuild("job", LOST, known).root == coded[2].root
    nobody = Mending(store, tmp_path / "more")
    assert nobody.fetch("job", LOST, ShardId(LOST.deal, 0), known.named[0], "") == FetchFailed("job", 0)
    assert nobody._sources(LOST, known) == {}


def test_what_is_no_codeword_is_not_kept(fetch, store, tmp_path):
    fetch(0, Peer(SHARDS[0]))
    fetch(1, Peer(SHARDS[2]))  # as a client that had committed to other parity
    built = Mending(store, tmp_path / "repairs").rebuild("job", LOST, KNOWN)
    assert built.root != SHARDS[2].root
    assert store.reserved == 0
    assert not (tmp_path / "repairs" / LOST.deal.hex() / "2").exists()
