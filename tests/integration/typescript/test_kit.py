"""The test kit for viem, as a dApp team's own project uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.typescript.conftest import PACKAGE, TOOLS, Node

pytestmark = pytest.mark.xdist_group("typescript")
TESTS = PACKAGE.parent / "testkit" / "tests"


def test_a_stranger_s_tests_run_on_it(project: Path, kit: Path) -> None:
    shutil.copy(TESTS / "shop.test.mjs", project)
    anvil = Path(sys.executable).parent / "anvil"
    done = subprocess.run(
        ["node", "--test", "shop.test.mjs"], cwd=project, text=True, capture_output=True, check=False,
        env={**os.environ, "KEIFU_KIT": str(kit), "ANVIL": str(anvil)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout or "ℹ fail 0" in done.stdout


def test_it_has_types(project: Path, node: Node) -> None:
    shutil.copy(TESTS / "shop.ts", project)
    flags = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--types", "--lib", "es2022,dom"]
    node(TOOLS / "typescript/bin/tsc", *flags, "--module", "esnext", "--moduleResolution", "bundler", "shop.ts")
