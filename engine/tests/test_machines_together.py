"""Machines that name the same Redis show what all of them have searched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ethwire.errors import EnvironmentFault, InputError
from ethwire.ports import reserved_port
from evmstorm.cli.fuzz import cli
from evmstorm.fuzz.campaign import SystemResult
from evmstorm.fuzz.machines import Machines, Together

HERE = SystemResult("meter", 1, "c0de", calls=900, waits=100, sequences=40)
THERE = replace(HERE, calls=2_000, waits=0, sequences=90)


def test_each_shows_the_sum_of_all(redis_address: str) -> None:
    here, there = replace(HERE), replace(THERE)
    with Machines(redis_address) as mine, Machines(redis_address) as theirs:
        mine.tell(here, now=True)
        theirs.tell(there, now=True)
        assert here.together == Together(1, 1_000, 40, 0)
        assert there.together == Together(2, 3_000, 130, 0)
        here.calls += 500
        mine.tell(here, now=True)
    assert str(here.together) == "2 machines: 3,500 calls and waits, 130 sequences, 0 findings"


def test_a_search_of_other_code_is_another_search(redis_address: str) -> None:
    here, changed = replace(HERE), replace(HERE, code_hash="c0ffee")
    with Machines(redis_address) as mine, Machines(redis_address) as theirs:
        mine.tell(here, now=True)
        theirs.tell(changed, now=True)
    assert here.together == changed.together == Together(1, 1_000, 40, 0)


def test_a_machine_says_something_once_a_second(redis_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("evmstorm.fuzz.machines.time.monotonic", lambda: clock[0])
    here = replace(HERE)
    with Machines(redis_address) as mine:
        for moment, shown in ((0.0, 1_000), (0.9, 1_000), (1.0, 1_002)):
            clock[0] = moment
            mine.tell(here)
            assert here.together is not None
            assert here.together.calls == shown
            here.calls += 1


def test_what_another_version_said_is_left_out(redis_address: str) -> None:
    here = replace(HERE)
    with Machines(redis_address) as mine:
        mine.tell(here, now=True)
        (key,) = mine._redis.keys()
        mine._redis.hset(key, "old machine", b"not a count")
        mine.tell(here, now=True)
    assert here.together == Together(1, 1_000, 40, 0)


def test_a_redis_that_falls_silent_ends_no_search(redis_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = replace(HERE)
    with Machines(redis_address) as mine:
        mine.tell(here, now=True)
        mine._redis.shutdown(nosave=True)
        here.calls += 1
        mine.tell(here, now=True)
        assert mine.lost
    assert here.together == Together(1, 1_000, 40, 0)


def test_a_campaign_says_it_in_its_output(redis_address: str, tmp_path: Path) -> None:
    options = ["--calls", "1000", "--processes", "1", "--report", str(tmp_path / "report.html")]
    runs = [
        CliRunner(mix_stderr=False).invoke(cli, ["meter", *options, "--machines", redis_address, "--json"])
        for _ in range(2)
    ]
    assert [run.exit_code for run in runs] == [0, 0], runs
    first, second = (json.loads(run.stdout)["systems"][0] for run in runs)
    assert second["together"]["machines"] == 2
    assert second["together"]["calls"] == sum(one["calls"] + one["waits"] for one in (first, second))
    assert "2 machines: " in (tmp_path / "report.html").read_text()


def test_a_machine_alone_tells_nobody() -> None:
    here = replace(HERE)
    with Machines() as mine:
        mine.tell(here, now=True)
    assert here.together is None


@pytest.mark.parametrize("url", ["http://somewhere", "somewhere:6379"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=f"^{url} is no address of a Redis"):
        Machines(url)


def test_a_redis_that_is_not_there_is_told_before_the_search() -> None:
    with (
        reserved_port() as port,
        pytest.raises(EnvironmentFault, match=f"no Redis answers at redis://127.0.0.1:{port}/0"),
    ):
        Machines(f"redis://127.0.0.1:{port}/0")
