"""The verifier of packages/verify, asked bundle by bundle in one process of Node."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.conformance.forged import Question

__all__ = ["PACKAGE", "TypeScript", "build", "question_json", "typescript"]

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "packages" / "verify"


def build() -> None:
    """Compile the module when a source is newer than what was made of it."""
    made = PACKAGE / "dist" / "index.js"
    sources = [*(PACKAGE / "src").glob("*.ts"), PACKAGE / "tsconfig.json"]
    if not made.exists() or any(source.stat().st_mtime > made.stat().st_mtime for source in sources):
        compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
        subprocess.run(["node", compiler, "-p", PACKAGE, "--incremental", "false"], check=True, cwd=ROOT)


def question_json(question: Question) -> dict[str, Any]:
    return {
        "environment": question.environment,
        "nodes": list(question.nodes),
        "samples": list(question.samples),
        "maxAge": question.max_age,
    }


class TypeScript:
    """One process; answers come in the order of the questions."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, data: bytes, question: Question) -> dict[str, Any]:
        return next(self.ask_all([(data, question)]))

    def peak_memory(self) -> int:
        """Bytes that it held at most so far, as the system counts them."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))

    def ask_all(self, items: Iterable[tuple[bytes, Question]]) -> Iterator[dict[str, Any]]:
        said, heard = self._process.stdin, self._process.stdout
        assert said
        assert heard
        for data, question in items:
            line = {
                "bundle": base64.b64encode(data).decode(),
                "trust": msgspec.to_builtins(question.trust),
                "question": question_json(question),
            }
            said.write(json.dumps(line) + "\n")
            said.flush()
            yield json.loads(heard.readline())


@contextmanager
def typescript(*options: str) -> Iterator[TypeScript]:
    """`options` are Node's, as in --max-old-space-size=512."""
    build()
    command = ["node", *options, PACKAGE / "tests" / "serve.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield TypeScript(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait() == 0
