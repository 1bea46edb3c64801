"""Bytes that are put into the network again are the same file to the client's ledger: nothing is paid twice."""

from __future__ import annotations

from types import SimpleNamespace

from keifu.inft import stores
from keifu.inft.stores import NetworkStore, Terms

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
    store.put(DATA)
    store.settle()  # another item's, whose work was over first
    assert not seen[0][0].exists()
    store.put(DATA)
    assert seen[0] == seen[1]
