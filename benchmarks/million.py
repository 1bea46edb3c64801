"""A list of a million grants from CSV to published files, in a process of its own so that its memory can be told.

`python -m benchmarks.million FOLDER` prints {"seconds", "peak_bytes"}.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks._rows import seconds
from keifu import merkle
from keifu.tge import read_csv, write_files

__all__ = ["Build", "build_million"]

GRANTS = 1_000_000
ROOT = Path(__file__).parents[1]
_RSS_UNIT = 1 if sys.platform == "darwin" else 1_024  # bytes of one unit of ru_maxrss


@dataclass(frozen=True)
class Build:
    """Wall-clock seconds from the CSV to the last file, and the most memory that the process had."""

    seconds: float
    peak_bytes: int


@cache
def build_million() -> Build:
    """Run it once, in a folder that is removed afterwards (about 2 GB while it runs)."""
    with tempfile.TemporaryDirectory(prefix="keifu-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks.million", folder]
        printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return Build(**json.loads(printed))


def _write_csv(path: Path) -> None:
    """A million different accounts with amounts below 1,000 coins."""
    random = np.random.default_rng(1)
    accounts = random.bytes(20 * GRANTS).hex()
    amounts = random.integers(1, 1_000, GRANTS).tolist()
    lines = [f"0x{accounts[40 * number : 40 * number + 40]},{amount}\n" for number, amount in enumerate(amounts)]
    path.write_text("account,total\n" + "".join(lines))


def main() -> None:
    folder = Path(sys.argv[1])
    source = folder / "grants.csv"
    _write_csv(source)
    merkle.build(merkle.hash_leaves(np.zeros((8, 96), np.uint8)))  # compiled, or read from the cache
    taken = seconds(lambda: write_files(read_csv(source), folder / "out", csv_path=source))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
    print(json.dumps({"seconds": taken, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
