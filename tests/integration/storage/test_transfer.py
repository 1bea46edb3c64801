"""Files to fourteen nodes over HTTP and back, with nodes that are dead, damaged or lie."""

from __future__ import annotations

import io
import random
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.storage.ciphers import FileKeys
from keifu.storage.codec import Encoder
from keifu.storage.layout import CHUNK_BYTES, Layout
from keifu.storage.nodes import NodeClient, NodeFault, NotThere
from keifu.storage.store import Limits, Store
from keifu.storage.transfer import HELD, Downloads, Hedge, upload
from tests.stored import Node, serving

K, M = 10, 4
DATA = random.Random(1).randbytes(33 * CHUNK_BYTES + 77)
MIB = 1 << 20


class Network:
    def __init__(self, stores: list[Store], nodes: list[Node]) -> None:
        self.stores, self.nodes = stores, nodes
        self.clients = [NodeClient(node.url) for node in nodes]


@pytest.fixture
def network(tmp_path) -> Iterator[Network]:
    with ExitStack() as stack:
        stores = [stack.enter_context(Store(tmp_path / str(number))) for number in range(K + M)]
        nodes = [stack.enter_context(serving(store)) for store in stores]
        found = Network(stores, nodes)
        for client in found.clients:
            stack.callback(client.close)
        yield found


@pytest.fixture(params=[HELD, 4, 0])
def encoder(request) -> Encoder:
    """With so many stripes whose bytes stay, eight, two or one go in a request."""
    return Encoder(FileKeys.fresh(), K, M, held=request.param)


def put(network: Network, encoder: Encoder, data: bytes = DATA):
    return upload(io.BytesIO(data), len(data), encoder, network.clients)


def got(descriptor, nodes, encoder, start=0, length=None) -> tuple[bytes, dict[int, str]]:
    with Downloads(descriptor, nodes, encoder.keys) as downloads:
        return b"".join(downloads.read(start, length)), downloads.faults


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 10 * CHUNK_BYTES, len(DATA)])
def test_what_went_up_comes_back(network, encoder, size):
    descriptor = put(network, encoder, DATA[:size])
    assert got(descriptor, network.clients, encoder) == (DATA[:size], {})
    for shard, store in enumerate(network.stores):
        assert store.leaves(descriptor.shards[shard]) == Layout(size, K).leaves


@pytest.mark.parametrize("dead", [(0, 1, 2, 3), (0, 5, 11, 13), (10, 11, 12, 13)])
def test_any_four_of_fourteen_may_be_gone(network, encoder, dead):
    descriptor = put(network, encoder)
    nodes = [None if shard in dead else client for shard, client in enumerate(network.clients)]
    assert got(descriptor, nodes, encoder)[0] == DATA
    start = 15 * CHUNK_BYTES - 10
    assert got(descriptor, nodes, encoder, start, 20)[0] == DATA[start : start + 20]


def test_nodes_that_end_or_lose_or_change_a_shard_are_named_and_replaced(network, encoder, tmp_path):
    descriptor = put(network, encoder)
    away = NodeClient("http://127.0.0.1:1")
    (pack,) = (tmp_path / "4" / "packs").iterdir()
    with pack.open("r+b") as file:
        file.seek(300_000)
        file.write(b"rot")
    network.stores[5].expire(1 << 62)
    nodes = [*network.clients[:3], away, *network.clients[4:]]
    data, faults = got(descriptor, nodes, encoder)
    assert data == DATA
    assert set(faults) == {3, 4, 5}
    assert "it does not answer" in faults[3]
    assert "does not belong to shard" in faults[4]
    assert "is not stored here" in faults[5]


def test_too_few_nodes_are_said(network, encoder):
    descriptor = put(network, encoder)
    with pytest.raises(CheckFailed, match="stripe 0 has 9 good segments of the 10 it needs"):
        got(descriptor, [*network.clients[:9], *[None] * 5], encoder)
    with pytest.raises(UsageError, match="14 shards, 3 nodes"):
        got(descriptor, network.clients[:3], encoder)


def test_a_part_is_fetched_without_the_rest(network, encoder):
    descriptor = put(network, encoder)
    start = 12 * CHUNK_BYTES + 3
    assert got(descriptor, network.clients, encoder, start, 5)[0] == DATA[start : start + 5]
    assert [node.count("storage_segments", way="sent") for node in network.nodes] == [0, 0, 1] + [0] * 11


def test_an_upload_that_broke_goes_on(network, encoder):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 15 * CHUNK_BYTES:
                raise OSError("the cable")
            return super().read(size)

    with pytest.raises(OSError, match="the cable"):
        upload(Broken(DATA), len(DATA), encoder, network.clients)
    before = sum(node.count("storage_segments", way="kept") for node in network.nodes)
    again = Encoder(encoder.keys, K, M, header=encoder.header, held=HELD)
    descriptor = put(network, again)
    kept = sum(node.count("storage_segments", way="kept") for node in network.nodes)
    assert kept == (K + M) * descriptor.layout.stripes
    assert sum(node.count("storage_segments", way="again") for node in network.nodes) <= before
    assert got(descriptor, network.clients, encoder)[0] == DATA
    # Once more sends nothing.
    assert put(network, Encoder(encoder.keys, K, M, header=encoder.header, held=HELD)) == descriptor
    assert sum(node.count("storage_segments", way="kept") for node in network.nodes) == kept


def test_a_file_that_changed_is_not_sealed(network, encoder):
    put(network, encoder)
    other = Encoder(encoder.keys, K, M, header=encoder.header, held=HELD)
    with pytest.raises(CheckFailed, match=r"the file has changed since http://.* got it"):
        put(network, other, DATA[:-1] + b"x")
    with pytest.raises(InputError, match=f"the file has {len(DATA)} bytes, not {len(DATA) + 1}"):
        upload(io.BytesIO(DATA), len(DATA) + 1, Encoder(encoder.keys, K, M, header=encoder.header), network.clients)


def test_a_node_without_room_is_named(network, encoder, tmp_path):
    with Store(tmp_path / "small", limits=Limits(quota=0)) as store, serving(store) as node:
        small = NodeClient(node.url)
        with pytest.raises(NodeFault, match=r"answers 507: there is no room in this store for 4 segments"):
            upload(io.BytesIO(DATA), len(DATA), encoder, [*network.clients[:13], small])
        with pytest.raises(UsageError, match="14 shards, 1 nodes"):
            upload(io.BytesIO(DATA), len(DATA), encoder, [small])
        with pytest.raises(NotThere, match="answers 404"):
            small.segment(bytes(32), 1, 0)
        with pytest.raises(InputError, match="the shard has no segment 1"):
            small.segment(bytes(32), 1, 1)
        small.close()


@pytest.mark.parametrize("url", ["ftp://host", "node", "http://", "http://user:word@host", "http://host?x=1"])
def test_addresses_of_nodes(url):
    with pytest.raises(UsageError, match="is no address of a node"):
        NodeClient(url)


def test_memory_does_not_grow_with_the_file(network):
    """Twice the bytes take no more memory on the client's side and the nodes' together."""

    def peak(size: int) -> int:
        encoder = Encoder(FileKeys.fresh(), K, M, held=HELD)
        tracemalloc.start()
        try:
            descriptor = upload(Zeros(size), size, encoder, network.clients)
            with Downloads(descriptor, network.clients, encoder.keys) as downloads:
                assert sum(map(len, downloads.read())) == size
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(16 * MIB)
    # How many segments are under way depends on who is slow; a file that stayed in memory would take 96 MiB more.
    assert peak(192 * MIB) < max(peak(96 * MIB) for _ in range(2)) + 48 * MIB


class Zeros:
    """A large file without a large buffer."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        taken = min(size, self.left)
        self.left -= taken
        return bytes(taken)


class Silent:
    """A node that answers nothing until the test is over."""

    url = "http://silent"

    def __init__(self) -> None:
        self.asked, self.over = 0, threading.Event()

    def segments(self, root: bytes, leaves: int, first: int, count: int) -> list[bytes]:
        self.asked += 1
        self.over.wait()
        raise NodeFault("the test is over")


def test_a_node_that_hangs_is_not_waited_for(network, encoder):
    descriptor = put(network, encoder)
    silent = Silent()
    nodes = [silent, *network.clients[1:]]
    with Downloads(descriptor, nodes, encoder.keys, Hedge(0.05, 0.05)) as downloads:
        assert b"".join(downloads.read()) == DATA
        assert silent.asked > 0
        assert downloads.faults.keys() <= {0}
    silent.over.set()


def test_what_is_late_is_waited_for_where_nothing_else_is_left(network, encoder):
    descriptor = put(network, encoder)
    nodes = [*network.clients[:K], *[None] * M]
    with Downloads(descriptor, nodes, encoder.keys, Hedge(0.0, 0.0)) as downloads:
        assert b"".join(downloads.read(0, CHUNK_BYTES * K)) == DATA[: CHUNK_BYTES * K]
