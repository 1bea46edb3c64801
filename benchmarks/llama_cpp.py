"""llama.cpp on the same file, where the package `xllamacpp` is installed: it is no dependency, so rows print it beside.

It runs in a process of its own, for it keeps threads that outlive what they were asked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from keifu.errors import EnvironmentFault

__all__ = ["LlamaTimes", "chosen", "times"]

PACKAGE, WAIT_SECONDS = "xllamacpp", 1_800
DECODED, ROUNDS = 32, 4

LlamaTimes = tuple[float, float]  # processor seconds of a prompt, and of a token after it


def times(model: Path, prompt: Sequence[int]) -> LlamaTimes:
    """The best of several rounds, one thread. Raises EnvironmentFault where the package is not installed."""
    found = _asked(model, {"prompt": list(prompt)})
    return found["prompt"], found["token"]


def chosen(model: Path, prompts: Sequence[Sequence[int]]) -> list[str]:
    """The text of the likeliest token behind each. Raises as `times` does."""
    found: list[str] = _asked(model, {"prompts": [list(item) for item in prompts]})["texts"]
    return found


def _asked(model: Path, question: dict[str, Any]) -> Any:
    if find_spec(PACKAGE) is None:
        raise EnvironmentFault(f"{PACKAGE} is not installed", remedy=f"pip install {PACKAGE}")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.llama_cpp", str(model)],
        input=json.dumps(question), capture_output=True, text=True, check=False, timeout=WAIT_SECONDS,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise EnvironmentFault(
            f"{PACKAGE} ended with status {done.returncode}", remedy="it needs a processor with AVX2"
        )
    return json.loads(lines[-1])


class _Server:
    def __init__(self, model: str) -> None:
        import xllamacpp  # type: ignore[import-not-found]  # noqa: PLC0415 - it may be missing

        given = xllamacpp.CommonParams()
        given.model.path, given.n_ctx, given.n_parallel, given.warmup, given.verbosity = model, 1_024, 1, False, -1
        given.cpuparams.n_threads = given.cpuparams_batch.n_threads = 1
        self._server = xllamacpp.Server(given)

    def ask(self, prompt: Sequence[int], count: int, *, kept: bool, to_the_end: bool) -> tuple[str, float]:
        """What it says, and the processor seconds of all threads."""
        started = time.process_time()
        found = self._server.handle_completions(
            {
                "prompt": list(prompt), "n_predict": count, "temperature": 0, "top_k": 1, "cache_prompt": kept,
                "ignore_eos": to_the_end,
            }
        )  # fmt: skip
        return found["choices"][0]["text"], time.process_time() - started


def _timed(server: _Server, prompt: Sequence[int]) -> dict[str, float]:
    best, token = float("inf"), float("inf")
    for _ in range(ROUNDS):
        _, one = server.ask(prompt, 1, kept=False, to_the_end=True)
        _, more = server.ask(prompt, 1 + DECODED, kept=False, to_the_end=True)
        best, token = min(best, one), min(token, (more - one) / DECODED)
    return {"prompt": best, "token": token}


def main() -> None:
    question, server = json.loads(sys.stdin.read()), _Server(sys.argv[1])
    if "prompt" in question:
        answer: dict[str, Any] = _timed(server, question["prompt"])
    else:
        answer = {"texts": [server.ask(item, 1, kept=True, to_the_end=False)[0] for item in question["prompts"]]}
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # its threads do not end by themselves


if __name__ == "__main__":
    main()
