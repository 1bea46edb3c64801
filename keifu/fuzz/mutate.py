"""The mutation score: how many small changes of the source a system's campaign notices.

A mutant counts once for each run-time code that it makes; one that does not compile, or makes the code that is there
already, does not count. What is found survives only if `equivalents.toml` argues why no test could tell the difference.
"""

from __future__ import annotations

import hashlib
import multiprocessing as mp
import os
import random
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from keifu.errors import ArtifactError, KeifuError, UsageError
from keifu.evm import artifacts
from keifu.fuzz._mutants import Mutant, mutants
from keifu.fuzz.engine import Engine
from keifu.fuzz.plant import loader
from keifu.fuzz.search import Search
from keifu.fuzz.systems import load, names

__all__ = ["FATES", "Outcome", "Score", "equivalents", "score", "sources", "summary"]

FATES = ("killed", "survived", "equivalent", "same", "broken")

CORPUS_CALLS = 60_000  # spent on the right code, to know sequences that go deep
CALLS = 40_000  # of random sequences after the corpus, for each mutant that is still alive
EQUIVALENTS = Path(__file__).parent / "equivalents.toml"
CODE_BYTES = 24_576  # EIP-170


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant: "killed", "survived", "equivalent", "same" as another or the original, or "broken"."""

    mutant: Mutant
    fate: str
    by: str = ""
    before: str = ""
    after: str = ""


@dataclass
class Score:
    """The mutants of one contract."""

    contract: str
    systems: list[str]
    seed: int
    made: int
    seconds: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, fate: str) -> int:
        return sum(outcome.fate == fate for outcome in self.outcomes)

    @property
    def score(self) -> float:
        """Killed of those that count: equivalent ones aside."""
        killed, survived = self.count("killed"), self.count("survived")
        return killed / (killed + survived) if killed + survived else 1.0

    @property
    def per_minute(self) -> float:
        """Mutants dealt with in a minute, whatever became of them."""
        return 60 * len(self.outcomes) / self.seconds if self.seconds else 0.0


def summary(result: Score) -> dict[str, Any]:
    """What a report keeps of a score; surviving mutants as file, line and both texts."""
    return {
        "contract": result.contract,
        "systems": result.systems,
        "seed": result.seed,
        "made": result.made,
        "score": round(result.score, 4),
        "per_minute": round(result.per_minute, 1),
        "fates": {fate: result.count(fate) for fate in FATES},
        "survivors": [
            {"file": item.mutant.file, "line": item.mutant.line, "before": item.before, "after": item.after}
            for item in result.outcomes
            if item.fate == "survived"
        ],
    }


def equivalents() -> list[dict[str, str]]:
    """The argued ones: file, before, after (lines with single blanks) and why."""
    found: list[dict[str, str]] = tomllib.loads(EQUIVALENTS.read_text()).get("mutant", [])
    return found


def sources(contract: str) -> dict[str, str]:
    """Texts of the contract's own file and of its modules, by path below the root; interfaces aside."""
    root = artifacts.project().root
    names = artifacts.load(contract).sources
    return {
        name: (root / name).read_text()
        for name in sorted(names)
        if name.startswith("contracts/") and name.endswith(".vy") and "/interfaces/" not in name
    }


def score(
    contract: str,
    *,
    sample: int = 0,
    seed: int = 1,
    processes: int = 2,
    on_progress: Callable[[int, int, Outcome], None] = lambda done, total, outcome: None,
) -> Score:
    """Make every mutant of `contract`, or a random `sample`, and let every system that tests it try to kill each.

    Raises UsageError when no system tests the contract.
    """
    testing = [name for name in names() if contract in load(name).contracts]
    if not testing:
        raise UsageError(f"no system tests {contract}", remedy="see `keifu fuzz --list`")
    texts = sources(contract)
    chosen = [mutant for file, text in texts.items() for mutant in mutants(file, text)]
    if sample and sample < len(chosen):
        chosen = random.Random(seed).sample(chosen, sample)  # noqa: S311 - must repeat
    result = Score(contract, testing, seed, len(chosen))
    started = time.monotonic()
    hunts = [(system, _corpus(system, seed)) for system in testing]
    argued = {(item["file"], item["before"], item["after"]) for item in equivalents()}
    with TemporaryDirectory() as seen:
        jobs = [(contract, mutant, texts[mutant.file], hunts, seed, seen) for mutant in chosen]
        for outcome in _run(jobs, processes):
            if outcome.fate == "survived" and (outcome.mutant.file, outcome.before, outcome.after) in argued:
                outcome = Outcome(outcome.mutant, "equivalent", "", outcome.before, outcome.after)  # noqa: PLW2901
            result.outcomes.append(outcome)
            on_progress(len(result.outcomes), len(jobs), outcome)
    result.seconds = time.monotonic() - started
    return result


_Hunt = tuple[str, list[bytes]]  # a system and sequences that go deep in it
_Job = tuple[str, Mutant, str, list[_Hunt], int, str]


def _run(jobs: list[_Job], processes: int) -> Iterator[Outcome]:
    if processes <= 1:
        yield from map(_try, jobs)
        return
    with mp.get_context("spawn").Pool(processes, maxtasksperchild=60) as pool:
        yield from pool.imap_unordered(_try, jobs)


def _corpus(system: str, seed: int) -> list[bytes]:
    """Sequences that reached something new in the right code, the ones that reach most first."""
    engine = Engine(load(system))
    search = Search(engine, seed)
    while engine.calls + engine.waits < CORPUS_CALLS:
        if (finding := search.step()) is not None:
            raise UsageError(f"{system} has a finding without any mutant: {finding.id}: {finding.message}")
    kept: list[bytes] = []
    engine.seen = set()
    for data in reversed(search.corpus.items):
        engine.run(data)
        if engine.fresh:
            kept.append(data)
    return kept


def _try(job: _Job) -> Outcome:
    """Compile one mutant and look for a difference."""
    contract, mutant, text, hunts, seed, seen = job
    before, after = mutant.diff(text)
    project = artifacts.project()
    try:
        path = project.paths()[contract]
        changed = artifacts.compile_contract(path, project.root, {mutant.file: mutant.apply(text)})
    except Exception as error:  # The compiler fails in many ways on what makes no sense
        return Outcome(mutant, "broken", type(error).__name__, before, after)
    if _known(changed, contract, seen):
        return Outcome(mutant, "same", "", before, after)
    for system, corpus in hunts:
        if by := _kill(system, contract, changed, corpus, seed):
            return Outcome(mutant, "killed", f"{system}: {by}", before, after)
    return Outcome(mutant, "survived", "", before, after)


def _known(changed: artifacts.Artifact, contract: str, seen: str) -> bool:
    """Whether this code is the original's, or was made by another mutant; claims it otherwise. A change in the
    constructor shows in the creation code only, of which the last part, a hash of the sources, is left out."""
    original = artifacts.load(contract)
    if _essence(changed) == _essence(original):
        return True
    name = hashlib.sha256(_essence(changed)).hexdigest()
    try:
        os.close(os.open(f"{seen}/{name}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return True
    return False


def _essence(artifact: artifacts.Artifact) -> bytes:
    """Code without Vyper's trailer, which holds a hash of the sources (integrity) and sizes."""
    code = artifact.creation_code
    trailer = int.from_bytes(code[-2:], "big")
    return code[: len(code) - trailer] if 0 < trailer < len(code) else code


def _kill(system: str, contract: str, changed: artifacts.Artifact, corpus: list[bytes], seed: int) -> str:
    """What noticed the mutant, or "" when nothing did."""
    if len(changed.runtime_code) > CODE_BYTES:
        return "too large to deploy"
    try:
        engine = Engine(load(system), loader({contract: changed}))
    except (KeifuError, AssertionError, ArtifactError, ArithmeticError, LookupError) as error:
        return f"setup: {error}"
    try:
        for data in corpus:
            if (finding := engine.run(data)) is not None:
                return finding.id
        search = Search(engine, seed, guided=False)
        spent = engine.calls + engine.waits
        while engine.calls + engine.waits < spent + CALLS:
            if (finding := search.step()) is not None:
                return finding.id
    except Exception as error:  # Whatever a model stumbles over is a difference
        return f"{type(error).__name__}: {error}"
    return ""
