"""Disputes and reports of several replies: one that another was first with holds up no other one."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from keifu.compute.client import claiming
from keifu.compute.client.store import Store
from keifu.compute.market import demands, services
from keifu.compute.market.demands import DemandState
from keifu.errors import Revert
from keifu.sdk.covering import Covers
from keifu.sdk.verbs import Now
from keifu.units import COIN


class Opening:
    """A dispute about a reply; of the first one's cover another is open."""

    opened = None
    refused = ("first",)

    def __init__(self, *given: Any) -> None:
        self.place = given[-1].place

    def open(self) -> None:
        if self.place in self.refused:
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
    said: list[str] = []
    assert covers().dispute(tmp_path, on_step=said.append) == 1
    assert (played, said) == (["second"], ["reverted: disputes: a dispute is open"])


def test_what_earlier_disputes_paid_hides_no_refusal(played, tmp_path, monkeypatch):
    """None of these went on: whoever calls it is to know, and what was paid."""
    monkeypatch.setattr(Opening, "refused", ("first", "second"))
    monkeypatch.setattr(services, "withdraw", lambda *given, contract: COIN)
    with pytest.raises(Revert, match=r"^1 coins were paid out; reverted: disputes: a dispute is open"):
        covers().dispute(tmp_path)
    monkeypatch.setattr(services, "withdraw", lambda *given, contract: 0)
    with pytest.raises(Revert, match=r"^reverted: disputes: a dispute is open"):
        covers().dispute(tmp_path)


def covers() -> Covers[Now]:
    suite = SimpleNamespace(at=lambda *given: None)
    link: Any = SimpleNamespace(
        suite=suite, client=SimpleNamespace(now=9), deployer=None, record=SimpleNamespace(first_block=0)
    )
    return Covers(Now(link))


OPEN, CLOSED = DemandState("0x0c", 5, b"\x07" * 32, COIN), DemandState("0x", 0, bytes(32), 0)


@pytest.fixture
def overdue(monkeypatch, tmp_path):
    """A demand without an answer, whose closing is refused; what the chain says of it then."""
    monkeypatch.setenv("KEIFU_CLIENT", str(tmp_path))
    with Store(tmp_path):
        pass  # it is there from now on
    monkeypatch.setattr("keifu.sdk.covering._provenance", lambda link: None)
    monkeypatch.setattr("keifu.sdk.covering.kept_channel", lambda name: SimpleNamespace(id=name.encode()))
    monkeypatch.setattr("keifu.sdk.covering.report_breaches", lambda *_: [])
    monkeypatch.setattr(services, "withdraw", lambda *_: 3 * COIN)

    def refused(*_: Any) -> None:
        raise Revert("compute: no answer is overdue")

    monkeypatch.setattr(demands, "close", refused)

    def overdue(*states: DemandState) -> Covers[Now]:
        said = iter(states)
        monkeypatch.setattr("keifu.sdk.covering.read_demand", lambda *_: next(said))
        return covers()

    return overdue


def test_a_demand_that_another_closes_first_is_paid(overdue):
    """Closed, answered at the last moment, or closed and opened anew."""
    for then in (CLOSED, replace(OPEN, deadline=8)):
        assert overdue(OPEN, then).claim("channel", "operator") == 3
    with pytest.raises(Revert, match="compute: no answer is overdue"):
        overdue(OPEN, OPEN).claim("channel", "operator")


# reports --------------------------------------------------------------------------------------------------------------


def test_each_breach_is_reported_but_the_one_that_another_has(monkeypatch):
    standing = ["first", "second", "third"]

    def report(sender: Any, suite: Any, breach: str) -> int:
        standing.remove(breach)
        if breach == "second":
            raise Revert("compute: nothing answers for it")
        return 5

    monkeypatch.setattr(claiming, "breaches", lambda *_: list(standing))
    monkeypatch.setattr(claiming, "report_breach", report)
    none: Any = None
    assert claiming.report_breaches(none, [], none, none, none) == [("first", 5), ("third", 5)]


def test_a_report_that_is_refused_though_nobody_made_it_ends(monkeypatch):
    def refused(*_: Any) -> int:
        raise Revert("compute: not the record")

    monkeypatch.setattr(claiming, "breaches", lambda *_: ["first"])
    monkeypatch.setattr(claiming, "report_breach", refused)
    none: Any = None
    with pytest.raises(Revert, match="compute: not the record"):
        claiming.report_breaches(none, [], none, none, none)
