"""Solidity's compiler, where one is at hand: asked for the tree of a source and for the code of changed ones.

An artefact says what the compiler was given (its metadata), so a contract is compiled again without the project's tool.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ethwire.errors import ArtifactError, UsageError

__all__ = ["VARIABLE", "choose", "compiled", "found"]

VARIABLE = "EVMSTORM_SOLC"
INSTALLED = (".svm", ".local/share/svm")  # where Foundry keeps compilers, one folder a version
PACKAGE = Path("node_modules") / "solc"
# npm's package has no program that compiles more than once, and takes seconds to start.
MANY = (
    "const solc = require(process.argv[1]);"
    "require('readline').createInterface({input: process.stdin}).on('line', (line) => console.log(solc.compile(line)));"
)


def choose(path: Path) -> None:
    """The compiler at `path` from now on: a program, or the folder of npm's package."""
    if not path.exists():
        raise UsageError(f"{path} is not there", remedy="name solc, or the folder of npm's package")
    os.environ[VARIABLE] = str(path.resolve())


def found(version: str, root: Path) -> Path | None:
    """The compiler that was named, else one of this version that Foundry keeps, one on the PATH, or npm's in the
    project."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    number = version.partition("+")[0]
    kept = (Path.home() / folder / number / f"solc-{number}" for folder in INSTALLED)
    on_path = [Path(path)] if (path := shutil.which("solc")) else []
    packages = (folder / PACKAGE for folder in (root, *root.parents))
    return next((path for path in (*kept, *on_path, *packages) if path.exists()), None)


def compiled(compiler: Path, inputs: Sequence[dict[str, Any]], processes: int = 1) -> list[dict[str, Any]]:
    """The compiler's answers to inputs in its JSON form, in their order."""
    lines = [json.dumps(item) for item in inputs]
    shares = [lines[number::processes] for number in range(processes)]
    answers: list[dict[str, Any]] = [{}] * len(lines)
    with ThreadPoolExecutor(processes) as pool:
        for number, share in enumerate(pool.map(lambda share: _answers(compiler, share), shares)):
            answers[number::processes] = share
    return answers


def _answers(compiler: Path, lines: list[str]) -> list[dict[str, Any]]:
    if not lines:
        return []
    if compiler.is_dir():
        if (node := shutil.which("node")) is None:
            raise ArtifactError(f"{compiler} needs node", remedy="install node, or name another compiler by --solc")
        said = _run([node, "-e", MANY, str(compiler)], "\n".join(lines) + "\n").splitlines()
    else:
        said = [_run([str(compiler), "--standard-json"], line) for line in lines]
    try:
        return [json.loads(text) for text in said]
    except ValueError as error:
        raise ArtifactError(f"{compiler.name} gave no JSON: {error}", remedy="name solc by --solc") from error


def _run(command: list[str], given: str) -> str:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise ArtifactError(f"{command[0]} cannot be run: {error}", remedy="name solc by --solc") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise ArtifactError(f"{command[0]} failed: {''.join(last)}", remedy="name solc by --solc")
    return done.stdout
