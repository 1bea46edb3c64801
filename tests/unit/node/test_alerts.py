"""Alerts: each told once, on the disk before it is sent, and never in the node's way."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import threading
import time

import pytest

from keifu.node.alerts import MAX_TRIES, MAX_WAITING, Alerts
from keifu.node.logs import Secrets, make_log
from keifu.node.metrics import Metrics
from keifu.node.sections import AlertSettings, LogSettings
from tests.webhook import Hook

POLL_SECONDS = 0.01


@pytest.fixture
def hook():
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def database():
    made = sqlite3.connect(":memory:", isolation_level=None)
    yield made
    made.close()


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def make(database, background, now, out):
    made = []

    def make(url):
        log = make_log(LogSettings(format="json"), Secrets(), out)
        settings, metrics = AlertSettings(url=url), Metrics("juror", "0", 1)
        made.append(Alerts(settings, {"kind": "juror"}, database, background, log, metrics, clock=lambda: now[0]))
        return made[-1]

    yield make
    for alerts in made:
        alerts.close()


def until(alerts, holds):
    """Rounds, until it holds."""
    while not holds():
        alerts.step()
        time.sleep(POLL_SECONDS)


def states(database):
    return dict(database.execute("SELECT state, count(*) FROM node_alerts GROUP BY state"))


def test_an_alert_is_told_once_also_after_a_restart(make, hook, database):
    for _ in range(2):
        alerts = make(hook.url)
        alerts.tell("drawn 1 0", "11 seats drawn", case=1)
        until(alerts, lambda: states(database) == {"sent": 1})
    assert hook.got == [{"text": "11 seats drawn", "key": "drawn 1 0", "kind": "juror", "case": 1}]


def test_what_was_not_sent_is_sent_after_a_restart(make, hook, database):
    make("http://127.0.0.1:9/").tell("a", "first")
    until(make(hook.url), lambda: states(database) == {"sent": 1})
    assert [alert["text"] for alert in hook.got] == ["first"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_hook_that_fails_is_tried_again_later_and_given_up_at_last(make, hook, database, now, status):
    hook.status, alerts, pauses = status, make(hook.url), []
    alerts.tell("a", "first")
    for tries in range(1, MAX_TRIES + 1):
        until(alerts, lambda tries=tries: database.execute("SELECT tries FROM node_alerts").fetchone()[0] == tries)
        began = len(hook.got)
        alerts.step()
        assert len(hook.got) == began  # not at once
        pauses.append(alerts._again_at - now[0])
        now[0] = alerts._again_at
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600]
    assert states(database) == {"given up": 1}
    hook.status = 200
    alerts.tell("b", "second")
    until(alerts, lambda: states(database).get("sent"))
    assert hook.got[-1]["text"] == "second"


def test_a_hook_that_is_down_is_named_without_its_private_part(make, database, out):
    alerts = make("http://127.0.0.1:9/private-part")
    alerts.tell("a", "first")
    until(alerts, lambda: "the webhook does not take alerts" in out.getvalue())
    assert "private-part" not in out.getvalue()


def test_a_round_never_waits_for_the_hook(make, monkeypatch):
    """A hook that says nothing: rounds go on, and what waits is bounded."""
    answers = threading.Event()

    async def silent(client, url, document):
        del client, url, document
        while not answers.is_set():
            await asyncio.sleep(POLL_SECONDS)
        return ""

    monkeypatch.setattr("keifu.node.alerts._post", silent)
    alerts = make("http://hook")
    for number in range(MAX_WAITING + 20):
        alerts.tell(f"a {number}", "text")
        alerts.step()
    assert alerts.waiting == MAX_WAITING
    answers.set()


def test_without_a_hook_the_log_has_it(make, database, out):
    alerts = make("")
    assert alerts.tell("a", "first")
    assert not alerts.tell("a", "first")
    alerts.step()
    assert states(database) == {"logged": 1}
    assert out.getvalue().count('"first"') == 1
