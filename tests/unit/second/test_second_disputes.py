"""Disputes of several replies: one that another has opened first holds up no other one."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from keifu.compute.market import services
from keifu.errors import Revert
from keifu.sdk.covering import Covers
from keifu.sdk.verbs import Now
from keifu.units import COIN


class Opening:
    """A dispute about a reply; of the first one's cover another is open."""

    opened = None

    def __init__(self, *given: Any) -> None:
        self.place = given[-1].place

    def open(self) -> None:
        if self.place == "first":
            raise Revert("disputes: a dispute is open")


@pytest.fixture
def played(monkeypatch, tmp_path):
    """The replies that were played to the end, in place of the modules that compute them."""
    played: list[str] = []
    wrong = [SimpleNamespace(place=place) for place in ("first", "second")]
    modules: dict[str, Any] = {
        "keifu.inference.playable": SimpleNamespace(loaded=lambda folder: None),
        "keifu.compute.client.disputing": SimpleNamespace(
            Judge=lambda *given: None,
            reading_of=lambda *given: None,
            judged_all=lambda *given: [(None, item, "") for item in wrong],
            Dispute=Opening,
            played=lambda dispute, say: played.append(dispute.place),
        ),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
        package, _, last = name.rpartition(".")
        monkeypatch.setattr(sys.modules[package], last, module, raising=False)
    monkeypatch.setattr("keifu.sdk.covering._provenance", lambda link: None)
    monkeypatch.setattr(services, "withdraw", lambda *given, contract: COIN if played else 0)
    monkeypatch.setenv("KEIFU_CLIENT", str(tmp_path))
    return played


def test_a_reply_that_another_disputes_holds_up_no_other_one(played, tmp_path):
    suite = SimpleNamespace(at=lambda *given: None)
    link: Any = SimpleNamespace(suite=suite, client=None, deployer=None, record=SimpleNamespace(first_block=0))
    assert Covers(Now(link)).dispute(tmp_path) == 1
    assert played == ["second"]
