"""Answers that are ready: as long as the store says that nothing is gone, and so many."""

from __future__ import annotations

from keifu.node.storage import ready as module
from keifu.node.storage.ready import Ready, ReadyAnswers

READY = Ready(b"", (), 0)


def test_what_was_kept_is_there_until_the_store_changes():
    answers = ReadyAnswers()
    assert answers.get(b"a", 0) is None
    answers.keep(b"a", READY, 0)
    assert answers.get(b"a", 0) is READY
    assert answers.get(b"a", 1) is None
    assert answers.get(b"a", 1) is None


def test_what_was_found_before_a_change_is_not_kept():
    answers = ReadyAnswers()
    assert answers.get(b"a", 3) is None
    answers.keep(b"a", READY, 2)
    assert answers.get(b"a", 3) is None


def test_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 2)
    answers = ReadyAnswers()
    for address in (b"a", b"b", b"c"):
        answers.keep(address, READY, 0)
    assert [answers.get(address, 0) for address in (b"a", b"b", b"c")] == [None, READY, READY]
