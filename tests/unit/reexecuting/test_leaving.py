"""A member that leaves is still drawn for what was opened before: it is said that its node has to go on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from keifu.cli.node_reexecutor import reexecutor
from keifu.node import fence
from keifu.node.juror.leaving import Left
from keifu.node.reexecutor import leaving


@pytest.mark.parametrize(
    ("done", "goes_on"), [(Left(0, 2_000, 9), True), (Left(7, 2_000, 9), True), (Left(7, 0, 0), False)]
)
def test_who_leaves_hears_that_seats_are_still_its_own(monkeypatch, tmp_path, done, goes_on):
    monkeypatch.setattr("keifu.cli._node.settings_of", lambda *_: (SimpleNamespace(reexecutor=None),))
    monkeypatch.setattr("keifu.cli._node.acting", lambda *_: (None, SimpleNamespace(sender="0x")))
    monkeypatch.setattr(fence, "note_used", lambda *_: None)
    monkeypatch.setattr(leaving, "leave", lambda *_: done)
    said = CliRunner().invoke(reexecutor, ["exit", str(tmp_path)], catch_exceptions=False).output
    assert (f"keifu node reexecutor run {tmp_path} until then" in said) == goes_on
