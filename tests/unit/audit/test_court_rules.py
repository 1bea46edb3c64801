"""The court's parameters keep every inequality of `audit.court_rules`, and one that does not is named."""

from __future__ import annotations

import pytest

from audit import court_rules
from audit.court_odds import Situation, convicted
from keifu.errors import CheckFailed

BAR = 0.001  # rate.convicted of benchmarks/bars.tsv


def test_every_inequality_holds() -> None:
    assert len(court_rules.check()) > 40


def test_the_script_ends_with_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert court_rules.main() == 0
    assert "a case takes 11.5 days" in capsys.readouterr().out


def test_one_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(court_rules, "_EFFORT", 10)  # more than a fee

    with pytest.raises(CheckFailed, match="5 % wrong and 3 % absent still earn"):
        court_rules.check()

    assert court_rules.main() == 1
    assert "court_rules: " in capsys.readouterr().err


@pytest.mark.parametrize("seats", court_rules.SEATS)
def test_an_innocent_is_convicted_as_seldom_as_the_bar_says(seats: int) -> None:
    assert convicted(Situation(seats=seats)) <= BAR


def test_a_quarter_absent_is_too_many() -> None:
    """The negative twin: absence must cost, or the court is worth little."""
    assert convicted(Situation(absent=0.25)) > BAR
