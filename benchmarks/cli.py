"""What a person waits for at the command line: whole processes, from the shell's fork to the exit."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks._lab import Lab
from benchmarks._rows import Row, seconds
from keifu.cli.verbs import Noun
from keifu.errors import CheckFailed

__all__ = ["ROWS"]

ROUNDS = 7
FILES, FILE_BYTES = 16, 1 << 16  # a folder of 1 MiB
WRONG = "--no-such-option"
CLOSED = "http://127.0.0.1:9"  # whoever asked it before looking at the arguments would not end with 2


def _keifu(*args: str, status: int) -> float:
    """Median seconds of some runs. Raises CheckFailed when one ends otherwise."""
    command = [str(Path(sys.executable).parent / "keifu"), *args]
    # Byte code is kept, as it is for everybody who installed the package.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**environment, "KEIFU_RPC": CLOSED}
        )
        if done.returncode != status:
            raise CheckFailed(f"keifu {' '.join(args)} ended with {done.returncode}, not {status}: {done.stderr}")

    run()  # compiled, and in the page cache
    return median(seconds(run) for _ in range(ROUNDS))


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
