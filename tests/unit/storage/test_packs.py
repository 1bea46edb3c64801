"""What a crash, a torn write or a full disk leaves: everything that was acknowledged, and nothing half."""

from __future__ import annotations

import errno
import mmap
import os
import sqlite3
from pathlib import Path

import pytest

from keifu.errors import CheckFailed, EnvironmentFault
from keifu.storage import packs as module
from keifu.storage.index import Index
from keifu.storage.layout import SEGMENT_BYTES
from keifu.storage.packs import Frame, Packs, Place, StoreFull
from keifu.storage.store import Store
from tests.shards import Shard, make_shard

DEAL = b"d" * 32
HEADER = 4096
FRAME = HEADER + SEGMENT_BYTES


def opened(folder: Path, pack_bytes: int = 1 << 30) -> Store:
    return Store(folder, Packs(folder / "packs", pack_bytes, least_free=0), clock=lambda: 0)


def only_pack(folder: Path) -> Path:
    (path,) = (folder / "packs").iterdir()
    return path


@pytest.fixture
def written(tmp_path):
    """A store that crashed between the disk and the index: segment 0 was acknowledged, 1 and 2 were written."""
    shard = make_shard(1, 3)
    with opened(tmp_path) as store:
        store.begin(shard.upload, shard.leaves)
        store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
        frames = [Frame(shard.upload, number, shard.roots[number], shard.segments[number]) for number in (1, 2)]
        store._blobs.write(frames, lambda: 2)
    return tmp_path, shard


def progress(folder: Path, shard: Shard) -> int:
    with opened(folder) as store:
        return store.progress(shard.upload).have


def test_whole_frames_behind_the_index_are_found(written):
    folder, shard = written
    assert only_pack(folder).stat().st_size == 3 * FRAME
    with opened(folder) as store:
        assert store.progress(shard.upload).have == 3
        store.seal(shard.upload, shard.root)
        assert [store.read_checked(shard.root, number) for number in range(3)] == shard.segments
    assert progress(folder, shard) == 3


@pytest.mark.parametrize("left", [0, 1, 79, 80, HEADER, HEADER + 1, FRAME - 1])
def test_a_torn_frame_is_cut_off(written, left):
    folder, shard = written
    os.truncate(only_pack(folder), FRAME + left)
    assert progress(folder, shard) == 1
    assert only_pack(folder).stat().st_size == FRAME
    with opened(folder) as store:
        shard.seal(store)
        assert [store.read_checked(shard.root, number) for number in range(3)] == shard.segments


@pytest.mark.parametrize("at", [0, 4, 36, 68, 72, 76, 80, HEADER, FRAME - 1])
def test_a_frame_that_the_disk_wrote_in_part_is_cut_off_with_what_follows(written, at):
    """A disk writes blocks in any order: the length may be right and a part still old."""
    folder, shard = written
    with only_pack(folder).open("r+b") as file:
        file.seek(FRAME + at)
        byte = file.read(1)[0]
        file.seek(FRAME + at)
        file.write(bytes([byte ^ 1]))
    assert progress(folder, shard) == 1
    assert only_pack(folder).stat().st_size == FRAME


def test_a_short_segment_fills_its_block(tmp_path):
    shard = make_shard(21, 2, 3 * 256)
    with opened(tmp_path) as store:
        shard.seal(store)
        assert store.find(shard.root, 1).place.offset == FRAME + HEADER
    assert only_pack(tmp_path).stat().st_size == FRAME + 2 * HEADER
    with opened(tmp_path) as store:
        make_shard(22, 1).seal(store)
        assert store.read_checked(shard.root, 1) == shard.segments[1]


def test_frames_of_an_upload_that_is_gone_become_holes(written):
    folder, shard = written
    with Index(folder / "store.sqlite") as index:
        row = index.shard(upload=shard.upload)
        index.remove(row.id)
    with opened(folder) as store:
        assert store.sweep() == 1  # that of segment 0, which was released before this start
        assert store.sweep() == 2


def test_a_number_without_a_file_is_no_fault(tmp_path):
    shard = make_shard(2, 1)
    with opened(tmp_path) as store:
        shard.seal(store)
    with Index(tmp_path / "store.sqlite") as index:
        assert index.new_pack() == 2
    with opened(tmp_path) as store:
        assert store.read_checked(shard.root, 0) == shard.segments[0]
        store.sweep()
        make_shard(3, 1).seal(store)
    assert [number for number, _ in Index(tmp_path / "store.sqlite").packs()] == [1]


def test_packs_roll_over_and_are_removed_when_nothing_is_in_them(tmp_path):
    shards = [make_shard(seed, 2) for seed in range(4)]
    with opened(tmp_path, pack_bytes=2 * FRAME) as store:
        for shard in shards:
            shard.seal(store)
            store.hold(shard.root, shard.upload)
        assert len(list((tmp_path / "packs").iterdir())) == 4
        for shard in shards:
            store.release(shard.upload)
        store.sweep()
        assert store.sweep() == 8
    assert [path.name for path in (tmp_path / "packs").iterdir()] == ["00000004.pack"]


def test_deleted_segments_become_holes(tmp_path):
    kept, gone = make_shard(4, 2), make_shard(5, 16)
    with opened(tmp_path) as store:
        gone.seal(store)
        kept.seal(store)
        store.hold(kept.root, DEAL)
        before = only_pack(tmp_path).stat()
        store.expire(1)
        store.sweep()
        assert store.sweep() == 16
        after = only_pack(tmp_path).stat()
        assert store.read_checked(kept.root, 1) == kept.segments[1]
    assert after.st_size == before.st_size
    assert (before.st_blocks - after.st_blocks) * 512 >= 16 * SEGMENT_BYTES


def full(monkeypatch, number: int) -> None:
    """The disk takes a part of the next write, then fails."""
    write = os.pwritev

    def half(file, parts, offset):
        if len(parts) > 1:
            return write(file, [parts[0], parts[1][:1000]], offset)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "pwritev", half)


def test_a_full_disk_refuses_with_nothing_half_done(tmp_path, monkeypatch):
    shard = make_shard(6, 2)
    with opened(tmp_path) as store:
        store.begin(shard.upload, shard.leaves)
        store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
        with monkeypatch.context() as patched:
            full(patched, errno.ENOSPC)
            with pytest.raises(StoreFull, match=r"segments cannot be written in .*: No space left on device"):
                store.put(shard.upload, 1, shard.segments[1], shard.roots[1])
        assert only_pack(tmp_path).stat().st_size == FRAME
        shard.seal(store)  # somebody made room
        assert store.read_checked(shard.root, 1) == shard.segments[1]


def test_a_pack_that_cannot_be_made_is_tried_again(tmp_path, monkeypatch):
    shard = make_shard(23, 1)
    with opened(tmp_path) as store:
        store.begin(shard.upload, shard.leaves)
        with monkeypatch.context() as patched:

            def fail(*_):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            patched.setattr(Packs, "_create", fail)
            with pytest.raises(StoreFull, match="No space left on device"):
                store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
        shard.seal(store)
        store.sweep()
    with opened(tmp_path) as store:
        assert store.read_checked(shard.root, 0) == shard.segments[0]


def test_after_a_broken_write_nothing_more_is_written(tmp_path, monkeypatch):
    shard = make_shard(7, 2)
    with opened(tmp_path) as store:
        store.begin(shard.upload, shard.leaves)
        with monkeypatch.context() as patched:
            full(patched, errno.EIO)
            with pytest.raises(EnvironmentFault, match="Input/output error"):
                store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
        with pytest.raises(EnvironmentFault, match="the packs are not written any more: Input/output error"):
            store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
    with opened(tmp_path) as store:
        shard.seal(store)


def test_room_is_left_to_others(tmp_path):
    shard = make_shard(8, 1)
    with Store(tmp_path, Packs(tmp_path / "packs", least_free=1 << 62)) as store:
        store.begin(shard.upload, shard.leaves)
        with pytest.raises(StoreFull, match="MiB left"):
            store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
    assert list((tmp_path / "packs").iterdir()) == []


def test_an_index_that_fails_stops_writing_until_the_next_start(tmp_path, monkeypatch):
    shard = make_shard(9, 1)

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    with opened(tmp_path) as store:
        store.begin(shard.upload, shard.leaves)
        with monkeypatch.context() as patched:
            patched.setattr(Index, "enter", fail)
            with pytest.raises(EnvironmentFault, match="the index cannot be written: disk I/O error"):
                store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
        with pytest.raises(EnvironmentFault, match="the store is not written any more: disk I/O error"):
            store.put(shard.upload, 0, shard.segments[0], shard.roots[0])
    assert progress(tmp_path, shard) == 1


def test_rot_is_found_when_a_segment_is_read_for_a_proof(tmp_path):
    shard = make_shard(10, 1)
    with opened(tmp_path) as store:
        shard.seal(store)
        with only_pack(tmp_path).open("r+b") as file:
            file.seek(10_000)
            file.write(b"rot")
        with pytest.raises(CheckFailed, match=r"segment 0 of shard 0x.* is damaged here"):
            store.read_checked(shard.root, 0)


def test_an_open_file_outlives_its_pack(tmp_path):
    """Whoever sends from a pack that was dropped meanwhile sends what it began with, never bytes of another file."""
    shard = make_shard(11, 1)
    with opened(tmp_path, pack_bytes=FRAME) as store:
        shard.seal(store)
        stored = store.find(shard.root, 0)
        make_shard(12, 1).seal(store)
        store.expire(1)
        store.sweep()
        store.sweep()
        assert os.pread(stored.file.fileno(), stored.place.size, stored.place.offset) in {
            shard.segments[0],
            bytes(SEGMENT_BYTES),
        }


@pytest.fixture
def neighbours(tmp_path):
    """Packs that hold three segments as a node gets them, in memory that begins with a block; the last one is short."""
    shard = make_shard(13, 3, 3 * 256)
    body = memoryview(mmap.mmap(-1, sum(map(len, shard.segments))))
    body[:] = b"".join(shard.segments)
    parts = [body[at : at + SEGMENT_BYTES] for at in range(0, len(body), SEGMENT_BYTES)]
    packs = Packs(tmp_path / "packs", least_free=0)
    frames = [Frame(shard.upload, number, shard.roots[number], part) for number, part in enumerate(parts)]
    places = packs.write(frames[:2], lambda: 1) + packs.write(frames[2:], lambda: 2)
    if packs._direct is None:
        pytest.skip("this file system has a cache for everything")
    return packs, places, shard.segments


def test_neighbours_are_read_past_the_cache_at_once(neighbours):
    packs, places, segments = neighbours
    for first, end in ((0, 3), (0, 2), (1, 3), (2, 3)):
        assert packs.read_past_cache(places[first:end]) == b"".join(segments[first:end])
    assert [packs.read(place) for place in places] == segments


def test_what_cannot_be_read_past_the_cache_is_left_to_it(neighbours):
    packs, places, _ = neighbours
    assert packs.read_past_cache([places[0], places[2]]) is None
    assert packs.read_past_cache([places[1], places[0]]) is None
    os.truncate(packs.folder / "00000001.pack", 2 * FRAME - 1)
    assert packs.read_past_cache(places[:2]) is None
    assert packs.read_past_cache([Place(7, HEADER, SEGMENT_BYTES)]) is None


def test_frames_past_the_cache_are_found_after_a_crash(neighbours):
    packs, places, segments = neighbours
    found = list(packs.recover(1, 0))
    assert [frame.data for frame, _ in found] == segments
    assert [place for _, place in found] == places


def test_a_disk_of_larger_blocks_is_written_with_its_cache(neighbours, monkeypatch):
    packs, _, segments = neighbours
    body, direct, write = memoryview(mmap.mmap(-1, SEGMENT_BYTES)), packs._direct.fileno(), os.pwritev
    body[:] = segments[0]

    def refuse(number: int, views: list[memoryview], offset: int) -> int:
        if number == direct:
            raise OSError(errno.EINVAL, "Invalid argument")
        return write(number, views, offset)

    monkeypatch.setattr(os, "pwritev", refuse)
    (place,) = packs.write([Frame(bytes(32), 0, bytes(32), body)], lambda: 2)
    assert packs.read(place) == segments[0]
    assert packs._direct is None
