"""The engine's tests search the small project beside them: a vault, its description and bugs seeded in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ethwire.ports import reserved_port
from evmstorm import project
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.counterexample import Counterexample
from evmstorm.mutation.seeded_bugs import Load, compile_with, search_for_bug

PROJECT = Path(__file__).parent / "project"
EARLY = "exit one second early"

sys.path.insert(0, str(PROJECT))  # test modules import its descriptions
if "clockless" not in settings._profiles:  # alone, without the profiles of the repository around it
    settings.register_profile(
        "alone", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "alone"))


@pytest.fixture(scope="module", autouse=True)
def _in_small_project() -> Iterator[None]:
    """For each module, so that tests of the repository around it keep their own project."""
    with project.using(PROJECT):
        yield


@pytest.fixture
def evm() -> LocalEvm:
    return LocalEvm()


@pytest.fixture
def redis_address(tmp_path: Path) -> Iterator[str]:
    """Of a server that keeps its files in a folder of the test's own."""
    server = shutil.which("redis-server")
    if server is None:
        reason = "redis-server is missing: sudo apt install redis-server"
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with reserved_port() as port:
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            # It says so once it listens; if it ends before, its output ends too.
            assert any("Ready to accept connections" in line for line in process.stdout)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.communicate()


@pytest.fixture(scope="session")
def early_exit() -> tuple[Counterexample, Load]:
    """A counterexample, and the artefacts with its bug in."""
    with project.using(PROJECT):
        bug = next(bug for bug in project.bugs_of("vault") if bug.name == EARLY)
        example = search_for_bug(project.load("vault"), bug, calls=200_000).example
        assert example is not None
        return example, compile_with(bug)
