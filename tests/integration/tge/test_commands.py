"""`keifu tge`: a treasury of its own pays the allocation in once, and folders hold what they should."""

from __future__ import annotations

import json

import pytest

from keifu.units import COIN
from tests.integration.tge.conftest import TREASURY

pytestmark = pytest.mark.case("tools-38")


def test_the_treasury_pays_in_once(keifu, deployed):
    assert keifu("tge", "fund", "--role", "owner") == (0, "1,143 coins paid in\n", "")
    assert keifu("tge", "fund", "--role", "owner") == (0, "1,143 coins had been paid in before\n", "")
    assert keifu("tge", "claim", "--role", "holder")[0] == 0
    assert keifu("tge", "fund", "--role", "owner")[1] == "1,143 coins had been paid in before\n"
    assert json.loads(keifu("tge", "status", "--json")[1])["balance"] == str(762 * COIN)


def test_another_account_does_not(keifu, deployed):
    status, reported, fault = keifu("tge", "fund", "--role", "deployer")
    assert (status, reported) == (2, "")
    assert fault.startswith(f"keifu: the treasury is {TREASURY.address}, not ")


def test_nothing_is_paid_into_nothing(keifu):
    assert keifu("tge", "fund", "--role", "owner")[0] == 3


def test_nothing_but_what_is_to_be_published_gets_into_the_folder(keifu, deployed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, reported, fault = keifu("tge", "build", "--csv", "grants.csv")
    assert (status, fault) == (0, "")  # the bar is for terminals
    assert reported.startswith("1 grants, 1,143 coins\n")
    published = sorted(path.name for path in (tmp_path / "out" / "tge").rglob("*"))
    assert keifu("tge", "status", "--chart", "vesting.svg")[0] == 0
    assert sorted(path.name for path in (tmp_path / "out" / "tge").rglob("*")) == published
    assert (tmp_path / "vesting.svg").is_file()


def test_a_chart_is_drawn_when_it_is_named(keifu, deployed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    status, reported, _ = keifu("tge", "status")
    assert (status, "chart" in reported) == (0, False)
    assert sorted(tmp_path.rglob("*")) == before
