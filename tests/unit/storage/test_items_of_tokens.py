"""Bytes that are put into the network again are the same file to the client's ledger: nothing is paid twice."""

from __future__ import annotations

from types import SimpleNamespace

from keifu.inft import stores
from keifu.inft.pieces import MemorySource
from keifu.inft.stores import NetworkStore, Terms, put

DATA = b"encrypted"


def test_what_was_settled_in_between_is_the_same_file(tmp_path, monkeypatch):
    seen = []

    class Storing:
        def __init__(self, *args, **more):
            pass

        def put(self, source, wish, **more):
            seen.append((source.path, source.mark))

    monkeypatch.setattr(stores, "Storing", Storing)
    monkeypatch.setattr(stores, "address_of", lambda row: "address")
    store = NetworkStore(SimpleNamespace(), tmp_path, None, None, Terms((2, 1), 10, 10))
    put(store, MemorySource(DATA))
    store.settle()  # another item's, whose work was over first
    assert not seen[0][0].exists()
    put(store, MemorySource(DATA))
    assert seen[0] == seen[1]


def test_what_a_process_that_died_was_writing_is_gone_with_the_next_request(tmp_path):
    store = NetworkStore(SimpleNamespace(), tmp_path, None, None, Terms((2, 1), 10, 10))
    store.draft("a request").write(memoryview(DATA))
    assert list((tmp_path / "sending").iterdir())
    store.settle()
    assert not list((tmp_path / "sending").iterdir())
