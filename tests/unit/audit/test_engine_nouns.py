"""`keifu fuzz` and `keifu replay` as a person calls them: exit status 0 done, 2 wrong use."""

from __future__ import annotations

from pathlib import Path

import pytest

from keifu.cli import main


def _run(*args: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(args))
    return int(stopped.value.code or 0)


def test_the_list_names_every_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fuzz", "--list") == 0
    assert {"hub", "escrow", "token"} <= set(capsys.readouterr().out.split())


def test_an_unknown_system_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fuzz", "nothing") == 2
    assert "no system is called nothing" in capsys.readouterr().err


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    assert _run("replay", str(tmp_path / "none.json")) == 2
