"""What is read past the disk's cache: whatever nobody asked for lately, as far as there is memory for it."""

from __future__ import annotations

from keifu.node.storage import lately as module
from keifu.node.storage.lately import LARGEST_BYTES, Lately


def test_what_is_asked_for_again_goes_through_the_cache():
    lately = Lately()
    assert [lately.takes(name, 1) for name in (b"a", b"b", b"a", b"a")] == [True, True, False, False]


def test_there_is_room_for_so_much_until_it_is_given_back():
    lately = Lately()
    assert lately.takes(b"a", LARGEST_BYTES)
    assert not lately.takes(b"b", 1)
    lately.give_back(LARGEST_BYTES)
    assert lately.takes(b"c", 1)


def test_what_was_asked_for_long_ago_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 2)
    lately = Lately()
    asked = [b"a", b"b", b"a", b"c", b"a", b"b"]
    assert [lately.takes(name, 0) for name in asked] == [True, True, False, True, False, True]
