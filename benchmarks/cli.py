"""What a person waits for at the command line: whole processes, from the shell's fork to the exit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks._lab import Lab
from benchmarks._process import timed_keifu
from benchmarks._rows import Row
from keifu.cli.verbs import Noun

__all__ = ["ROWS"]

ROUNDS = 7
FILES, FILE_BYTES = 16, 1 << 16  # a folder of 1 MiB
WRONG = "--no-such-option"
CLOSED = "http://127.0.0.1:9"  # whoever asked it before looking at the arguments would not end with 2


def _keifu(*words: str, status: int) -> float:
    return timed_keifu(*words, status=status, rounds=ROUNDS, environment={"KEIFU_RPC": CLOSED})[0]


def _slowest_refusal(_: Lab) -> float:
    """Seconds of the slowest noun; of a group, its first verb is called."""
    from click import Context  # noqa: PLC0415 - only here

    from keifu.cli.root import cli  # noqa: PLC0415

    found = []
    for name in cli.list_commands(Context(cli)):
        command = cli.get_command(Context(cli), name)
        verb = command.list_commands(Context(command))[:1] if isinstance(command, Noun) else []
        found.append(_keifu(name, *verb, WRONG, status=2))
    return max(found)


def _digest(_: Lab) -> float:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            (Path(folder) / f"{number}.bin").write_bytes(bytes([number]) * FILE_BYTES)
        return _keifu("prov", "digest", folder, status=0)


ROWS = (
    Row(
        "time.refuse",
        _slowest_refusal,
        f"slowest noun, a wrong option, median of {ROUNDS} whole processes",
    ),
    Row("time.digest", _digest, f"`keifu prov digest` of {FILES} files, 1 MiB, median of {ROUNDS} whole processes"),
)
