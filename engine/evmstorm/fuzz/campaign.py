"""Many systems, several processes, one result.

With counts of calls as the budget and no shared corpus, a campaign follows from its seed. A shared corpus makes the
order in which processes learn from each other matter; a finding then still carries all its bytes.
"""

from __future__ import annotations

import multiprocessing as mp
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ethwire.errors import CheckFailed, EthwireError, UsageError
from evmstorm.fuzz._worker import CALLS, HEAD, LAST_NEW_SIGNAL, MAX_ACTIONS, SEQUENCES, SIGNALS, WAITS, Job, Slots, work
from evmstorm.fuzz.counterexample import Counterexample, build
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.fuzz.shrink import shrink
from evmstorm.fuzz.system import DescriptionError
from evmstorm.project import load

__all__ = ["PROFILES", "ActionCount", "Plan", "SystemResult", "run"]

POLL_SECONDS = 0.1
RESTARTS = 5  # of one worker, before the campaign gives up
RESEED = 1_000_003  # added to the seed of a worker that takes over from a dead one
CALLS_WITHOUT_SUCCESS = 2_000  # calls of an action without one success that make the description wrong


@dataclass(frozen=True)
class Plan:
    """What to spend on each system. `calls` counts calls and waits over all processes."""

    calls: int = 400_000
    seconds: float = 0.0
    processes: int = 2
    seed: int = 1
    guided: bool = True
    corpus: str = ""  # folder with a folder a system, shared by the processes and kept for the next run
    findings: str = ".cache/fuzz/findings"


PROFILES = {"quick": Plan(), "deep": Plan(calls=5_000_000, corpus=".cache/fuzz/corpus")}


@dataclass(frozen=True)
class ActionCount:
    """How often an action was done and how often it was refused, as predicted."""

    name: str
    ok: int
    refused: int


@dataclass
class SystemResult:
    """What the campaign over one system found."""

    system: str
    seed: int
    code_hash: str
    calls: int = 0
    waits: int = 0
    sequences: int = 0
    signals: int = 0
    seconds: float = 0.0
    since_new: float = 0.0
    restarts: int = 0
    actions: list[ActionCount] = field(default_factory=list)
    invariants: list[tuple[str, str]] = field(default_factory=list)
    finding: Counterexample | None = None
    saved: str = ""


class _Process:
    """One worker and the memory that outlives it."""

    def __init__(self, context: Any, job: Job) -> None:
        self._context = context
        self.job = job
        self.slots: Slots = context.RawArray("Q", HEAD + 2 * MAX_ACTIONS)
        self.restarts = 0
        self.over = False
        self.start(job)

    def start(self, job: Job) -> None:
        receiver, sender = self._context.Pipe(duplex=False)
        self.pipe: Connection = receiver
        self.process = self._context.Process(target=work, args=(job, self.slots, sender), daemon=True)
        self.process.start()
        sender.close()

    def poll(self) -> tuple[Any, ...] | None:
        """The next message. A worker that died without a word is followed by another."""
        try:
            if self.pipe.poll(0):
                message: tuple[Any, ...] = self.pipe.recv()
                return message
        except EOFError:
            if not self.over:
                self._replace()
        return None

    def _replace(self) -> None:
        self.process.join()
        self.restarts += 1
        if self.restarts > RESTARTS:
            raise CheckFailed(f"a worker on {self.job.system} died {self.restarts} times", remedy="see its output")
        self.start(replace(self.job, seed=self.job.seed + RESEED * self.restarts))

    def stop(self) -> None:
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(5)


def run(
    names: list[str], plan: Plan, *, on_progress: Callable[[SystemResult], None] = lambda result: None
) -> list[SystemResult]:
    """Search every system in turn with all processes; the results, findings shrunk and saved.

    Raises DescriptionError for an action that never succeeds, and whatever a worker was refused for.
    """
    if plan.processes < 1 or (plan.calls <= 0 and plan.seconds <= 0):
        raise UsageError("a campaign needs a process and a budget of calls or seconds")
    return [_search(name, plan, on_progress) for name in names]


def _search(name: str, plan: Plan, on_progress: Callable[[SystemResult], None]) -> SystemResult:
    system = load(name)
    engine = Engine(system)  # refuses a wrong description before any process is started
    result = SystemResult(name, plan.seed, engine.code_hash)
    result.invariants = [(item.id, item.sentence) for item in engine.invariants]
    context = mp.get_context("spawn")
    corpus = str(Path(plan.corpus) / name) if plan.corpus else ""
    share = -(-plan.calls // plan.processes)
    processes = [
        _Process(context, Job(name, plan.seed + index, share, plan.seconds, plan.guided, corpus))
        for index in range(plan.processes)
    ]
    started = time.monotonic()
    found: tuple[bytes, Finding, int] | None = None
    try:
        while not all(process.over for process in processes) and found is None:
            time.sleep(POLL_SECONDS)
            for process in processes:
                while (message := process.poll()) is not None:
                    found = _heard(message, process) or found
            _add_up(result, engine, processes, started)
            on_progress(result)
    finally:
        for process in processes:
            process.stop()
    if found is not None:
        _keep(result, engine, plan, *found)
    else:
        _check_alive(engine, result)
    on_progress(result)
    return result


def _heard(message: tuple[Any, ...], process: _Process) -> tuple[bytes, Finding, int] | None:
    match message:
        case ("finding", data, number, text, step, action):
            return data, Finding(number, text, step, action), process.job.seed
        case ("error", text, code):
            error = EthwireError(text)
            error.exit_code = code
            raise error
        case ("done",):
            process.over = True
    return None


def _add_up(result: SystemResult, engine: Engine, processes: list[_Process], started: float) -> None:
    slots = [process.slots for process in processes]
    result.calls, result.waits, result.sequences = (sum(s[at] for s in slots) for at in (CALLS, WAITS, SEQUENCES))
    result.signals = max(s[SIGNALS] for s in slots)
    result.seconds = time.monotonic() - started
    result.since_new = max(0.0, result.seconds - max(s[LAST_NEW_SIGNAL] for s in slots) / 1_000)
    result.restarts = sum(process.restarts for process in processes)
    result.actions = [
        ActionCount(item.name, sum(s[HEAD + 2 * index] for s in slots), sum(s[HEAD + 2 * index + 1] for s in slots))
        for index, item in enumerate(engine.actions)
    ]


def _keep(result: SystemResult, engine: Engine, plan: Plan, data: bytes, finding: Finding, seed: int) -> None:
    data, finding = shrink(engine, data, finding)
    result.finding = build(engine, data, finding, seed)
    result.saved = str(result.finding.save(Path(plan.findings)))


def _check_alive(engine: Engine, result: SystemResult) -> None:
    """An action that is always refused tests nothing, and hides that the others never get further."""
    for item, count in zip(engine.actions, result.actions, strict=True):
        if item.always_reverts:
            continue
        if count.ok == 0 and count.refused >= CALLS_WITHOUT_SUCCESS:
            raise DescriptionError(
                f"{result.system}: {item.name} was refused {count.refused} times and never succeeded",
                remedy="correct its values or its model, or mark it always_reverts=True",
            )
