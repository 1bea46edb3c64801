from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evmstorm.evm import artifacts
from keifu.chain import Anvil
from keifu.local.kit import make_kit
from tests.ape_chain import GENESIS, HOST
from tests.integration import ape_process


class ApeRun:
    """`ape run …` on a chain of its own, in a checkout that was never compiled. Every test that asks for it belongs to
    the group "ape run": ape takes seconds to start, and is started once."""

    def __init__(self, project: Path, anvil: Anvil) -> None:
        self.project, self.anvil = project, anvil
        self._ape = subprocess.Popen(
            [sys.executable, "-P", ape_process.__file__],  # its folder would hide the package `packaging`
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=project,
            # ape's own folder is its user's, and what it notes there, such as nodes that ended long ago, takes it time.
            env={**os.environ, HOST: anvil.url, "APE_DATA_FOLDER": str(project.parent / "ape")},
        )  # fmt: skip

    def __call__(self, *arguments: str, deployments: Path) -> Any:
        """Exit status, output and errors of one command, as `subprocess.run` gives them."""
        question = {"arguments": arguments, "environment": {"KEIFU_DEPLOYMENTS": str(deployments)}}
        self._ape.stdin.write(json.dumps(question) + "\n")
        self._ape.stdin.flush()
        return SimpleNamespace(**json.loads(self._ape.stdout.readline()))

    def close(self) -> None:
        self._ape.stdin.close()
        self._ape.wait()
        self._ape.stdout.close()


@pytest.fixture(scope="session")
def ape_process_and_chain(tmp_path_factory) -> Iterator[ApeRun]:
    folder = tmp_path_factory.mktemp("checkout")
    root = artifacts.project().root
    for name in ("contracts", "scripts"):
        shutil.copytree(root / name, folder / name)
    shutil.copy(root / "ape-config.yaml", folder)
    with Anvil(timestamp=GENESIS) as anvil:
        running = ApeRun(folder, anvil)
        yield running
        running.close()


@pytest.fixture
def ape_run(ape_process_and_chain) -> Iterator[ApeRun]:
    """The one process, on a chain where nothing was deployed."""
    chain = ape_process_and_chain.anvil
    snapshot = chain.snapshot()
    yield ape_process_and_chain
    chain.restore(snapshot)


@pytest.fixture(scope="session")
def kit(tmp_path_factory) -> Path:
    """A saved chain with the suite, funded roles, an operator with stake and a list of grants."""
    folder = tmp_path_factory.mktemp("kit") / "kit"
    make_kit(folder)
    return folder
