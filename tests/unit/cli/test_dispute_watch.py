"""What strangers put into a watcher's folder is renamed, and harms nobody."""

from __future__ import annotations

import pytest

from keifu.cli import dispute_watch
from keifu.errors import CheckFailed


class Strict:
    """A judge for whom nothing is signed by anybody."""

    def judge(self, reply):
        raise CheckFailed("nobody signed it", remedy="ask another endpoint")


@pytest.fixture
def said():
    return []


@pytest.fixture
def watching(tmp_path, monkeypatch, said):
    monkeypatch.setattr(dispute_watch, "reading_of", lambda session: None)
    return dispute_watch._Watching(tmp_path, Strict(), None, said.append)


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"receipt": 1}', b"\xff\xfe", b"x" * (1 << 21)])
def test_garbage_is_refused(tmp_path, watching, said, content):
    (tmp_path / "garbage.json").write_bytes(content)
    (tmp_path / "notes.txt").write_text("left alone")
    assert not watching.round()  # it was judged
    assert watching.round()  # nothing else is there
    assert sorted(path.name for path in tmp_path.iterdir()) == ["garbage.refused", "notes.txt"]
    assert len(said) == 1
    assert said[0].startswith("garbage.json: ")
