"""`keifu fuzz` and `keifu replay` as a person calls them: exit status 0 nothing found, 1 a finding, 2 wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keifu.cli import main
from keifu.fuzz.counterexample import Counterexample
from keifu.fuzz.plant import Load


def _run(*args: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(args))
    return int(stopped.value.code or 0)


def test_the_list_names_every_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fuzz", "--list") == 0
    assert {"vault", "hub", "escrow", "token"} <= set(capsys.readouterr().out.split())


def test_an_unknown_system_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fuzz", "nothing") == 2
    assert "no system is called nothing" in capsys.readouterr().err


def test_a_quick_search_reports(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = tmp_path / "report.html"

    status = _run("fuzz", "vault", "--calls", "2000", "--processes", "1", "--json", "--report", str(report))

    (result,) = json.loads(capsys.readouterr().out)["systems"]
    assert status == 0
    assert result["finding"] is None
    assert "VAU-1" in report.read_text()


def test_a_replay_says_that_the_fault_is_gone(
    early_exit: tuple[Counterexample, Load], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = early_exit[0].save(tmp_path)

    assert _run("replay", str(path)) == 0
    assert "the fault is gone" in capsys.readouterr().out


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    assert _run("replay", str(tmp_path / "none.json")) == 2
