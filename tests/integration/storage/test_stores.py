"""One suite for every back end of the store: packs on a disk, and objects in a server that speaks S3."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from keifu.errors import CheckFailed, EnvironmentFault, InputError
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES, TOGETHER
from keifu.storage.objects import Objects, open_objects
from keifu.storage.packs import Blobs, Packs, StoreFull
from keifu.storage.store import Limits, Store, Unknown
from keifu.storage.trees import segment_root, verify_segment
from tests.shards import Shard, make_shard

PACK_BYTES = 3 * SEGMENT_BYTES  # a few segments fill one
SECRET = {"secret_access_key": "b"}
DEAL, OTHER = b"d" * 32, b"o" * 32


class Backend:
    """A folder, and what makes its back end anew, as a node does that starts again."""

    def __init__(self, folder: Path, make: Callable[[], Blobs], names: Callable[[], list[str]]) -> None:
        self.folder, self.make, self.names = folder, make, names

    def open(self, limits: Limits | None = None, now: float = 0) -> Store:
        return Store(self.folder, self.make(), limits=limits, clock=lambda: now)


@pytest.fixture(params=["disk", "s3"])
def backend(request, tmp_path):
    if request.param == "disk":
        folder = tmp_path / "packs"
        return Backend(
            tmp_path,
            lambda: Packs(folder, PACK_BYTES, least_free=0),
            lambda: [path.name for path in folder.iterdir()],
        )
    s3 = request.getfixturevalue("s3")

    def names() -> list[str]:
        return [item["path"] for page in s3.list() for item in page]

    return Backend(tmp_path, lambda: Objects(s3, "node"), names)


@pytest.fixture
def store(backend):
    with backend.open() as opened:
        yield opened


def found(store: Store, shard: Shard, number: int) -> bytes:
    """A segment, checked by the path that comes with it."""
    stored = store.find(shard.root, number)
    data = store.read(stored)
    path = [stored.path[at : at + 32] for at in range(0, len(stored.path), 32)]
    assert verify_segment(shard.root, shard.leaves, number, data, path) == stored.root
    return data


@pytest.mark.parametrize(("segments", "last"), [(1, LEAF_BYTES), (1, SEGMENT_BYTES), (5, 3 * LEAF_BYTES)])
def test_a_shard_is_found_by_its_root_with_paths(store, segments, last):
    shard = make_shard(1, segments, last)
    shard.seal(store)
    assert [found(store, shard, number) for number in range(segments)] == shard.segments
    assert store.leaves(shard.root) == shard.leaves
    assert store.read_checked(shard.root, segments - 1) == shard.segments[-1]


def test_everything_is_as_good_again(store):
    shard = make_shard(2)
    for _ in range(2):
        shard.seal(store)
    again = make_shard(2)
    object.__setattr__(again, "upload", b"another".ljust(32))
    for _ in range(2):
        again.seal(store)
        store.seal(again.upload, again.root)
    assert found(store, shard, 1) == shard.segments[1]
    assert store.reserved == 2 * SEGMENT_BYTES
    assert [store.sweep() for _ in range(2)] == [0, 4]  # what came again


def test_segments_come_in_any_order_and_progress_is_known(store):
    shard = make_shard(3, 3)
    begun = store.begin(shard.upload, shard.leaves)
    assert (begun.segments, begun.have, begun.first_missing, begun.root) == (3, 0, 0, None)
    for number, first_missing in ((2, 0), (0, 1), (1, 3)):
        store.put(shard.upload, number, shard.segments[number], shard.roots[number])
        assert store.progress(shard.upload).first_missing == first_missing
    store.seal(shard.upload, shard.root)
    assert store.progress(shard.upload).root == shard.root


def test_neighbours_come_together(store):
    shard = make_shard(14, 5, 3 * LEAF_BYTES)
    store.begin(shard.upload, shard.leaves)
    assert store.put(shard.upload, 1, *shard.part(1, 2)) == 2 * SEGMENT_BYTES
    assert store.put(shard.upload, 1, *shard.part(1, 4)) == SEGMENT_BYTES + 3 * LEAF_BYTES
    assert store.put(shard.upload, 0, *shard.part(0, 5)) == SEGMENT_BYTES
    assert store.put(shard.upload, 0, *shard.part(0, 5)) == 0
    store.seal(shard.upload, shard.root)
    assert [found(store, shard, number) for number in range(5)] == shard.segments


def test_of_neighbours_all_are_kept_or_none(store):
    shard, other = make_shard(15, TOGETHER + 2), make_shard(16, 4)
    store.begin(shard.upload, shard.leaves)
    store.put(shard.upload, 1, shard.segments[1], shard.roots[1])
    data, root = shard.part(0, 2)
    with pytest.raises(CheckFailed, match="segment 0 arrived damaged"):
        store.put(shard.upload, 0, data[:-1] + bytes([data[-1] ^ 1]), root)
    with pytest.raises(CheckFailed, match="segment 1 is there with other bytes"):
        store.put(shard.upload, 0, *other.part(0, 3))
    with pytest.raises(InputError, match="segment 0 has 524287 bytes, not 524288"):
        store.put(shard.upload, 0, data[:-1], root)
    with pytest.raises(InputError, match="segment 0 has 4456448 bytes, not 4194304"):
        store.put(shard.upload, 0, *shard.part(0, TOGETHER + 1))
    assert store.progress(shard.upload).have == 1


def test_what_does_not_fit_is_refused_and_nothing_kept(store):
    shard = make_shard(4)
    with pytest.raises(Unknown, match="there is no such upload"):
        store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
    with pytest.raises(InputError, match="a shard has from 1 to 4294967296 leaves, not 0"):
        store.begin(shard.upload, 0)
    with pytest.raises(InputError, match="an id has 32 bytes, 5 given"):
        store.begin(b"short", 1)
    store.begin(shard.upload, shard.leaves)
    with pytest.raises(InputError, match="this upload has 2048 leaves, not 5"):
        store.begin(shard.upload, 5)
    for number, data, message in (
        (2, shard.segments[0], "the shard has no segment 2"),
        (-1, shard.segments[0], "the shard has no segment -1"),
        (0, shard.segments[0][:-1], "segment 0 has 262143 bytes, not 262144"),
    ):
        with pytest.raises(InputError, match=message):
            store.put(shard.upload, number, data, shard.roots[0])
    with pytest.raises(CheckFailed, match="segment 1 arrived damaged"):
        store.put(shard.upload, 1, shard.segments[1], shard.roots[0])
    assert store.progress(shard.upload).have == 0
    with pytest.raises(InputError, match="segment 0 is missing"):
        store.seal(shard.upload, shard.root)


def test_a_number_has_one_content_and_an_upload_one_root(store):
    shard, other = make_shard(5, 1), make_shard(6, 1)
    shard.put(store)
    with pytest.raises(CheckFailed, match="segment 0 is there with other bytes"):
        store.put(shard.upload, 0, other.segments[0], other.roots[0])
    with pytest.raises(CheckFailed, match="the segments do not have this root"):
        store.seal(shard.upload, other.root)
    store.seal(shard.upload, shard.root)
    with pytest.raises(Unknown, match="there is no such upload"):
        store.seal(shard.upload, other.root)
    assert found(store, shard, 0) == shard.segments[0]


def test_unknown_shards_and_segments_are_named(store):
    shard = make_shard(7, 1)
    shard.put(store)
    with pytest.raises(Unknown, match=f"shard 0x{shard.root.hex()} is not stored here"):
        store.find(shard.root, 0)  # not before it is sealed
    store.seal(shard.upload, shard.root)
    with pytest.raises(Unknown, match="has no segment 1"):
        store.find(shard.root, 1)
    with pytest.raises(Unknown, match="is not stored here"):
        store.hold(b"r" * 32, DEAL)


def test_released_shards_are_erased_a_sweep_later_and_others_stay(backend, store):
    shards = [make_shard(seed, 3) for seed in (8, 9)]
    for shard in shards:
        shard.seal(store)
    store.hold(shards[0].root, DEAL)
    store.hold(shards[0].root, OTHER)
    store.hold(shards[1].root, DEAL)
    assert set(store.held_by(DEAL)) == {shard.root for shard in shards}
    assert store.release(DEAL) == [shards[1].root]
    assert store.sweep() == 0  # somebody may be reading
    assert store.sweep() == 3
    assert store.release(OTHER) == [shards[0].root]
    store.sweep()
    assert store.sweep() == 3
    assert store.reserved == 0
    assert len(backend.names()) <= 1  # the pack that is written may stay
    make_shard(10).seal(store)
    assert store.release(DEAL) == []


def test_what_nobody_holds_expires(backend):
    held, left = make_shard(11), make_shard(12)
    with backend.open(now=100) as store:
        held.seal(store)
        store.hold(held.root, DEAL)
        left.put(store)
    with backend.open(now=200) as store:
        assert (store.expire(100), store.expire(101)) == (0, 1)
        with pytest.raises(Unknown, match="there is no such upload"):
            store.progress(left.upload)
        store.sweep()
        assert store.sweep() == 2
        assert found(store, held, 1) == held.segments[1]


def test_an_upload_that_is_given_up_is_gone_and_a_sealed_one_stays(store):
    shard, other = make_shard(13), make_shard(14)
    shard.put(store)
    other.seal(store)
    store.give_up(shard.upload)
    store.give_up(other.upload)
    assert store.reserved == 2 * SEGMENT_BYTES
    assert found(store, other, 0) == other.segments[0]


def test_what_was_acknowledged_is_there_after_a_start(backend):
    sealed, partial = make_shard(15, 4), make_shard(16, 2)
    with backend.open() as store:
        sealed.seal(store)
        store.hold(sealed.root, DEAL)
        store.begin(partial.upload, partial.leaves)
        store.put(partial.upload, 0, partial.segments[0], partial.roots[0])
    with backend.open() as store:
        assert [found(store, sealed, number) for number in range(4)] == sealed.segments
        assert store.held_by(DEAL) == [sealed.root]
        assert store.progress(partial.upload).first_missing == 1
        partial.seal(store)
        assert found(store, partial, 1) == partial.segments[1]


def test_quotas_are_reserved_when_an_upload_begins(backend):
    limits = Limits(quota=3 * SEGMENT_BYTES, unheld=2 * SEGMENT_BYTES)
    first, second = make_shard(17, 2), make_shard(18, 1, LEAF_BYTES)
    with backend.open(limits) as store:
        first.seal(store)
        with pytest.raises(StoreFull, match="no room for what nobody has paid for for 1 segments"):
            store.begin(second.upload, second.leaves)
        store.hold(first.root, DEAL)
        second.seal(store)
        with pytest.raises(StoreFull, match="no room in this store for 1 segments"):
            store.begin(b"3" * 32, 1)
        store.release(DEAL)
        store.begin(b"3" * 32, 1)


def test_senders_at_the_same_time_share_a_write(backend, store):
    """Many threads, some with the same segment: each is acknowledged, each content is there once."""
    shard = make_shard(19, 6)
    store.begin(shard.upload, shard.leaves)
    faults: list[Exception] = []

    def send(number: int) -> None:
        try:
            store.put(shard.upload, number, shard.segments[number], shard.roots[number])
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=send, args=(number % 6,)) for number in range(18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    store.seal(shard.upload, shard.root)
    assert [found(store, shard, number) for number in range(6)] == shard.segments


def test_one_process_has_it_open(backend, store):
    with pytest.raises(EnvironmentFault, match=r"has the store in .* open"):
        backend.open()


def test_a_segment_of_zeros_has_a_root_of_its_place():
    assert segment_root(bytes(LEAF_BYTES), 0) != segment_root(bytes(LEAF_BYTES), 1)


def test_a_store_that_does_not_answer_is_an_expected_fault(tmp_path):
    blobs = open_objects(
        "s3://segments", "node", endpoint="http://127.0.0.1:1", region="us-east-1", access_key_id="a",
        **SECRET, client_options={"allow_http": True}, retry_config={"max_retries": 0},
    )  # fmt: skip
    shard = make_shard(20, 1, LEAF_BYTES)
    with Store(tmp_path, blobs) as store:
        store.begin(shard.upload, shard.leaves)
        with pytest.raises(EnvironmentFault, match="the object store takes no segment"):
            store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
        assert store.progress(shard.upload).have == 0
    with pytest.raises(EnvironmentFault, match="ftp://x is no object store"):
        open_objects("ftp://x", "node")
