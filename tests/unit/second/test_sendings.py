"""Somebody else may be first with what a command sends: for every place it is written down what happens then.

A place that is new is in no list of `sendings.toml`, and a test here says so. Play it in `test_second` where another
may be first and more than one step would be lost, or say in a list why it is left.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from .sendings import Place, places

HERE, TESTS = Path(__file__).parent, Path(__file__).resolve().parents[2]
LISTED = tomllib.loads((HERE / "sendings.toml").read_text())
PLAYED: dict[str, str] = LISTED["played"]
# Where the same function sends another call, in another case.
EITHER = {
    "accounts.actions relay: execute_session_signed",
    "accounts.actions relay: execute_signed",
    "agents.actions answer_faults: answer_clean",
    "agents.actions answer_faults: answer_fault",
    "inft.actions complain: prove_wrong_key",  # of the first item that is wrong
    "node.operator.standing leave: end",
}


@pytest.fixture(scope="module")
def found() -> dict[str, Place]:
    return {place.name: place for place in places()}


def test_every_place_is_in_one_list(found):
    listed = Counter([*PLAYED, *(place for kind in ("own", "again", "caught", "once") for place in LISTED[kind])])
    assert sorted(found.keys() - listed.keys()) == [], "say what happens there when another is first"
    assert sorted(listed.keys() - found.keys()) == [], "nothing is sent there any more"
    assert [place for place, times in listed.items() if times > 1] == []


def test_what_is_left_with_the_contract_s_reason_is_one_step(found):
    several = {place for place in LISTED["once"] if not found[place].is_alone}
    assert several == EITHER


def test_what_reckons_with_another_is_played(found):
    careful = {name for name, place in found.items() if place.is_careful}
    beside = {"agents.actions record_data: store_links", "node.reexecutor.leaving _left: leave"}
    assert careful - PLAYED.keys() == beside | {"node.operator.standing leave: end"}


def test_each_play_is_there():
    written = "\n".join(path.read_text() for path in TESTS.rglob("test_*.py") if "beaten" in path.read_text())
    assert [name for name in sorted(set(PLAYED.values())) if f"def {name}(" not in written] == []


def test_a_new_place_is_found(tmp_path, monkeypatch):
    """Also one that sends as no other does yet."""
    (tmp_path / "new.py").write_text(
        "class Keeper:\n    def tidy(self, chain, suite, named):\n        for item in named:\n"
        '            self._send(suite, "refund", item)\n        self.market.claim(named, sender=self.account)\n'
    )
    monkeypatch.setattr("tests.unit.second.sendings.SOURCE", tmp_path)
    new, last = sorted(places(), key=lambda place: place.name, reverse=True)
    assert (new.name.endswith("new Keeper.tidy: refund"), new.is_alone, new.is_careful) == (True, False, False)
    assert last.name.endswith("new Keeper.tidy: claim")
