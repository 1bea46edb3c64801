"""`keifu chain` as a process, each with a user of its own: home and state folder are the test's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import end_chains

KEIFU = Path(sys.executable).parent / "keifu"


class User:
    """Somebody with an empty home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.elsewhere = home / "some" / "folder"
        self.elsewhere.mkdir(parents=True)
        self.environment = {
            "HOME": str(home),
            "PATH": f"{KEIFU.parent}:{os.environ['PATH']}",
            "NUMBA_CACHE_DIR": str(Path(__file__).parents[3] / ".cache" / "numba"),
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [KEIFU, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.elsewhere,
            env=self.environment | environment,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A chain in the foreground, with pipes."""
        return subprocess.Popen(
            [KEIFU, "chain", "--port", "0", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.elsewhere,
            env=self.environment,
            # A test run in the background of a script ignores Ctrl-C, and would hand that down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )

    def json(self, *arguments: str, **environment: str) -> dict:
        done = self.run(*arguments, "--json", **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def left(self) -> list[str]:
        """Notes and records of chains."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*.json"))


@pytest.fixture
def user(tmp_path):
    user = User(tmp_path)
    yield user
    end_chains(user.home)


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory):
    """A user whose chain, with grants, runs in the background for all tests of a module."""
    user = User(tmp_path_factory.mktemp("neighbour"))
    user.chain = user.json("chain", "--detach", "--port", "0", "--with-grants")
    yield user
    end_chains(user.home)
