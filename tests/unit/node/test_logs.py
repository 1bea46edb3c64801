"""Lines for people, JSON for machines, and no secret in either."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from keifu.node.logs import HIDDEN, Secrets, make_log, shown_url
from keifu.node.sections import LogSettings

KEY, PASSWORD = "5e" * 32, "correct horse"
URL = "https://user:pass@node.example/v3/0123456789abcdef?key=1"


@pytest.fixture
def secrets():
    made = Secrets()
    made.hide(KEY, PASSWORD)
    made.hide_urls([URL])
    return made


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_gets_into_a_line_however_it_is_wrapped(secrets, form):
    out = io.StringIO()
    log = make_log(LogSettings(format=form), secrets, out)
    log.error(f"no answer of {URL}", key=bytes.fromhex(KEY), where={"deep": [PASSWORD, 1]}, fault=ValueError(PASSWORD))
    log.info("x", **{"password": "hunter2", "nested": {"auth_token": "t0ken"}})
    text = out.getvalue()
    assert HIDDEN in text
    assert "https://node.example/…" in text or "https://node.example/\\u2026" in text
    for secret in (KEY, PASSWORD, "user:pass", "0123456789abcdef", "hunter2", "key=1", "t0ken"):
        assert secret not in text


def test_a_line_for_machines_is_one_object(secrets):
    out = io.StringIO()
    make_log(LogSettings(format="json"), secrets, out).warning("slashed", operator="0x1", block=7)
    found = json.loads(out.getvalue())
    assert (found["event"], found["level"], found["block"]) == ("slashed", "warning", 7)


def test_what_is_below_the_level_is_not_written(secrets):
    out = io.StringIO()
    make_log(LogSettings(format="json", level="warning"), secrets, out).info("loaded")
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [("http://127.0.0.1:8545", "http://127.0.0.1:8545"), (URL, "https://node.example/…"), ("wss://h/k", "wss://h/…")],
)
def test_an_address_is_shown_without_what_may_be_a_key(url, shown):
    assert shown_url(url) == shown


def test_a_node_draws_no_errors_and_imports_nothing_for_that():
    """structlog and httpx take rich and pygments along where they are installed: megabytes in every node."""
    code = "import sys, keifu.node.runtime; print([name for name in ('rich', 'pygments') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
