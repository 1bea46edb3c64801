"""What a watcher keeps of heartbeats that were judged, and its page of them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from keifu.node.watcher.heard import Heard
from keifu.provenance import Heartbeat

FIRST = Heartbeat("0x" + "11" * 20, b"\x01" * 32, 2, b"\x02" * 32, 1_700_000_000)
SIGNATURE = b"\x03" * 65


@pytest.fixture
def database():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        yield made


@pytest.fixture
def heard(database):
    return Heard(database)


def shown(heard):
    """(operator, number, time) of each on the page."""
    heard.show()
    items = json.loads(heard.page().body)["heartbeats"]
    return [(item["operator"], item["said"]["seq"], item["said"]["time"]) for item in items]


def test_the_newest_of_each_is_kept_and_an_older_one_changes_nothing(heard):
    later = replace(FIRST, time=FIRST.time + 1)
    for said in (FIRST, later, FIRST, replace(later, promotion_seq=1, time=later.time + 9)):
        heard.keep("0xa", (said, SIGNATURE))
    assert shown(heard) == [("0xa", 2, later.time)]
    heard.keep("0xa", (replace(later, environment=b"\x04" * 32), SIGNATURE))
    heard.keep("0xb", (replace(FIRST, promotion_seq=3), SIGNATURE))
    assert sorted(shown(heard)) == [("0xa", 2, later.time), ("0xa", 2, later.time), ("0xb", 3, FIRST.time)]


def test_what_was_kept_is_there_after_a_restart_and_gone_after_a_reorganisation(heard, database):
    heard.keep("0xa", (FIRST, SIGNATURE))
    again = Heard(database)
    assert shown(again) == [("0xa", 2, FIRST.time)]
    again.forget()
    assert shown(again) == []


def test_the_page_ends_at_a_number_with_the_newest(heard, monkeypatch):
    monkeypatch.setattr("keifu.node.watcher.heard.LARGEST_PAGE", 2)
    for number in range(3):
        heard.keep(f"0x{number}", (replace(FIRST, time=FIRST.time + number), SIGNATURE))
    assert [operator for operator, *_ in shown(heard)] == ["0x2", "0x1"]
