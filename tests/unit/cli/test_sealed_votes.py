"""The file that opens a sealed vote is kept for as long as the vote may be on the chain: without it, every seat's
deposit is lost."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from keifu.cli import court as commands
from keifu.errors import NoAnswer, OutOfGas, Revert, RpcError, UsageError
from keifu.staking import court

SESSION = SimpleNamespace(deployer=None, suite=lambda *_: None)


def seal(path, monkeypatch, fault):
    def commit(*_):
        raise fault

    monkeypatch.setattr(court, "commit", commit)
    commands.commit.body(SESSION, case=1, vote="guilty", secret=path, json_out=False)


@pytest.mark.parametrize(
    "fault", [RpcError("1 transactions were not mined in 120 s"), NoAnswer("it is in a block, without logs")]
)
def test_a_vote_that_may_have_been_sent_keeps_its_secret(tmp_path, monkeypatch, fault):
    path = tmp_path / "vote.json"
    with pytest.raises(RpcError) as caught:
        seal(path, monkeypatch, fault)
    assert json.loads(path.read_text())["vote"] == "guilty"
    assert f"keep {path}" in str(caught.value)


@pytest.mark.parametrize("fault", [Revert("court: sealed already"), OutOfGas(9, 9), UsageError("no seat was drawn")])
def test_a_vote_that_was_refused_leaves_no_secret(tmp_path, monkeypatch, fault):
    """Another one, of the juror's node, may be the vote that counts."""
    path = tmp_path / "vote.json"
    with pytest.raises(type(fault)):
        seal(path, monkeypatch, fault)
    assert not path.exists()
