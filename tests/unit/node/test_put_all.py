"""Storing several items: side by side where the store allows it, and never begun behind one that failed where not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keifu.errors import EnvironmentFault, InputError
from keifu.inft.folder import item_at, write_items
from keifu.inft.pieces import PIECE_BYTES, Draft, FileSource
from keifu.inft.stores import FolderStore, put, put_all
from keifu.keys import keccak256

ITEMS = [b"item %d" % number for number in range(7)] + [bytes(PIECE_BYTES), b"long" * PIECE_BYTES + b"er"]


class Paid:
    """Takes so many items, each for money."""

    at_once = 1

    def __init__(self, folder: Path, most: int) -> None:
        self.folder, self.most, self.begun = folder, most, []

    def draft(self, name: str) -> Draft:
        return Draft(self.folder / name)

    def keep(self, draft: Draft, digest: bytes) -> str:
        del draft
        self.begun.append(digest)
        if len(self.begun) > self.most:
            raise EnvironmentFault("no provider is left", remedy="ask again later")
        return digest.hex()


@pytest.fixture
def own(tmp_path):
    """An owner's folder."""
    place = tmp_path / "own"
    place.mkdir()
    write_items(place, ITEMS)
    return place


def test_a_folder_has_every_item_under_its_hash_in_order(tmp_path, own):
    store = FolderStore(tmp_path / "shared")
    addresses = put_all(store, own, len(ITEMS))
    assert addresses == [f"folder:{keccak256(item).hex()}" for item in ITEMS]
    assert [store.get(address) for address in addresses] == ITEMS
    assert len(list((tmp_path / "shared").iterdir())) == len(ITEMS)


def test_behind_an_item_that_failed_nothing_is_paid_for(tmp_path, own):
    store = Paid(tmp_path, 2)
    with pytest.raises(EnvironmentFault, match="no provider is left"):
        put_all(store, own, len(ITEMS))
    assert store.begun == [keccak256(item) for item in ITEMS[:3]]
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


class Cut(FileSource):
    """A file that somebody cuts while it is read."""

    def __enter__(self):
        super().__enter__()
        with self._path.open("r+b") as file:
            file.truncate(self.size - 1)
        return self


def test_of_a_file_that_is_cut_meanwhile_nothing_is_kept(tmp_path, own):
    store = FolderStore(tmp_path / "shared")
    with pytest.raises(InputError, match="was cut while it was read"):
        put(store, Cut(item_at(own, len(ITEMS) - 1), 1 << 24, "an item"))
    assert list((tmp_path / "shared").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pipe", "is no file"),
        ("folder", "is no file"),
        ("item-7", "is too large for an item"),
        ("item-9", "cannot read"),
    ],
)
def test_what_is_no_file_or_too_large_is_neither_read_nor_waited_for(own, name, why):
    os.mkfifo(own / "pipe")
    (own / "folder").mkdir()
    before = os.listdir("/proc/self/fd")
    with pytest.raises(InputError, match=why), FileSource(own / name, PIECE_BYTES - 1, "an item"):
        pass
    assert os.listdir("/proc/self/fd") == before


def test_a_draft_goes_through_no_link_and_waits_for_no_pipe_of_its_name(tmp_path):
    """Whoever shares the folder may know the name before the draft is written."""
    store, key = FolderStore(tmp_path), tmp_path / "key"
    key.write_bytes(b"of the attestor")
    (tmp_path / ".link.partial").symlink_to(key)
    os.mkfifo(tmp_path / ".pipe.partial")
    reader = os.open(tmp_path / ".pipe.partial", os.O_RDONLY | os.O_NONBLOCK)  # else the fault would wait for ever
    try:
        for name in ("link", "pipe"):
            draft = store.draft(name)
            draft.write(memoryview(b"item"))
            draft.finish()
            address = store.keep(draft, keccak256(b"item"))
            assert store.get(address) == b"item"
    finally:
        os.close(reader)
    assert key.read_bytes() == b"of the attestor"


def test_a_draft_that_a_full_disk_does_not_take_is_gone(tmp_path):
    draft = Draft(tmp_path / "draft")
    draft.write(memoryview(b"nonce"))
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, draft._file.fileno())
    os.close(full)
    with pytest.raises(OSError, match="No space left"):
        draft.finish()
    draft.drop()
    assert list(tmp_path.iterdir()) == []
