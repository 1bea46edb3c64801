"""A command ends with one line and an exit status, whatever ended it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from ethwire.commands import exit_status
from ethwire.errors import CheckFailed, InputError, RpcError


def raising(error: BaseException | None) -> click.Command:
    def call(**_: Any) -> int:
        if error:
            raise error
        return 0

    return click.Command("weigh", callback=call, params=[click.Option(["--kilos"], type=int)])


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (None, 0, ""),
        (CheckFailed("too heavy"), 1, "scales: too heavy\n"),
        (InputError("no number", remedy="give one"), 2, "scales: no number (give one)\n"),
        (RpcError("nobody answers"), 3, "scales: nobody answers\n"),
        (click.UsageError("a line\n  and another."), 2, "scales: a line and another (see `scales --help`)\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_every_end(error: BaseException | None, status: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(raising(error), [], program="scales") == status
    assert capsys.readouterr().err.lstrip("\n") == line


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--kilos", "x"], "Invalid value for '--kilos': 'x' is not a valid integer (see `scales --help`)"),
        (["--kilo", "1"], "No such option: --kilo (did you mean --kilos?)"),
    ],
)
def test_wrong_use(args: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(raising(None), args, program="scales") == 2
    assert capsys.readouterr().err == f"scales: {line}\n"


def test_a_fault_of_the_program_is_not_hidden() -> None:
    call: Callable[[], int] = lambda: exit_status(raising(ZeroDivisionError()), [], program="scales")  # noqa: E731
    with pytest.raises(ZeroDivisionError):
        call()
