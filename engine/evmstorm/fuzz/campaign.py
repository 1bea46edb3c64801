"""Many systems, several processes, one result.

With counts of calls as the budget and no shared corpus, a campaign follows from its seed. A shared corpus makes the
order in which processes learn from each other matter; a finding then still carries all its bytes.
"""

from __future__ import annotations

import inspect
import multiprocessing as mp
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from msgspec.structs import replace as replace_fields

from ethwire.errors import CheckFailed, EthwireError, UsageError
from evmstorm.fuzz._worker import (
    AN_ACTION,
    CALLS,
    CHECKED,
    ENDED,
    HEAD,
    LAST_NEW_SIGNAL,
    LENGTH,
    SEQUENCES,
    SIGNALS,
    WAITS,
    Job,
    Slots,
    work,
)
from evmstorm.fuzz.alive import check_alive
from evmstorm.fuzz.counterexample import Counterexample, build
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.finding import Finding, cost
from evmstorm.fuzz.machines import Together
from evmstorm.fuzz.shrink import of_the_same_id, shrink
from evmstorm.project import is_file, load

__all__ = ["PROFILES", "ActionCount", "InvariantCount", "Plan", "SystemResult", "run"]

POLL_SECONDS = 0.1
RESTARTS = 5  # of one worker, before the campaign gives up
RESEED = 1_000_003  # added to the seed of a worker that takes over from a dead one


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
    most: int = 5  # different findings of a system, after which its search ends
    further: int = 20_000  # calls and waits that are made after the first one, to find others


PROFILES = {"quick": Plan(), "deep": Plan(calls=5_000_000, corpus=".cache/fuzz/corpus", most=20, further=500_000)}


@dataclass(frozen=True)
class ActionCount:
    """How often an action was done, how often it was refused, as predicted, and how often there was nothing to call."""

    name: str
    ok: int
    refused: int
    idle: int = 0


@dataclass(frozen=True)
class InvariantCount:
    """One numbered sentence, and how often it was checked: after calls and waits, or at the end of sequences."""

    id: str
    sentence: str
    at_end: bool
    checks: int


@dataclass
class SystemResult:
    """What the campaign over one system found."""

    system: str
    seed: int
    code_hash: str
    described: str = ""  # file of the description, where it is of no project's package
    source: str = ""  # file of the description
    calls: int = 0
    waits: int = 0
    sequences: int = 0
    signals: int = 0
    seconds: float = 0.0
    since_new: float = 0.0
    restarts: int = 0
    actions: list[ActionCount] = field(default_factory=list)
    invariants: list[InvariantCount] = field(default_factory=list)
    findings: list[Counterexample] = field(default_factory=list)  # what costs most first
    saved: list[str] = field(default_factory=list)
    together: Together | None = None  # with other machines, where several search


class _Process:
    """One worker and the memory that outlives it."""

    def __init__(self, context: Any, job: Job) -> None:
        self._context = context
        self.job = job
        self.slots: Slots = context.RawArray("Q", LENGTH)
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
    result = SystemResult(
        system.title(),
        plan.seed,
        engine.code_hash,
        described=name if is_file(name) else "",
        source=inspect.getfile(system),
    )
    context = mp.get_context("spawn")
    corpus = str(Path(plan.corpus) / system.title()) if plan.corpus else ""
    share = -(-plan.calls // plan.processes)
    processes = [
        _Process(context, Job(name, plan.seed + index, share, plan.seconds, plan.guided, corpus))
        for index in range(plan.processes)
    ]
    started = time.monotonic()
    found: dict[str, _RawFinding] = {}
    end = float("inf")
    try:
        while not all(process.over for process in processes) and len(found) < plan.most:
            time.sleep(POLL_SECONDS)
            for process in processes:
                while (message := process.poll()) is not None:
                    if (one := _heard(message, process)) is not None:
                        found.setdefault(one.finding.id, one)
            _add_up(result, engine, processes, started)
            on_progress(result)
            done = result.calls + result.waits
            end = min(end, done + plan.further) if found else end
            if done >= end:
                break
    finally:
        for process in processes:
            process.stop()
    if found:
        _keep(result, engine, plan, list(found.values()))
    else:
        check_alive(engine, result.actions, result.sequences, sum(slots[CHECKED] for slots in _slots(processes)))
    on_progress(result)
    return result


@dataclass(frozen=True)
class _RawFinding:
    data: bytes
    finding: Finding
    seconds: float
    seed: int


def _heard(message: tuple[Any, ...], process: _Process) -> _RawFinding | None:
    match message:
        case ("finding", data, finding, seconds):
            return _RawFinding(data, finding, seconds, process.job.seed)
        case ("error", text, code):
            error = EthwireError(text)
            error.exit_code = code
            raise error
        case ("done",):
            process.over = True
    return None


def _slots(processes: list[_Process]) -> list[Slots]:
    return [process.slots for process in processes]


def _add_up(result: SystemResult, engine: Engine, processes: list[_Process], started: float) -> None:
    slots = _slots(processes)
    result.calls, result.waits, result.sequences = (sum(s[at] for s in slots) for at in (CALLS, WAITS, SEQUENCES))
    result.signals = max(s[SIGNALS] for s in slots)
    result.seconds = time.monotonic() - started
    result.since_new = max(0.0, result.seconds - max(s[LAST_NEW_SIGNAL] for s in slots) / 1_000)
    result.restarts = sum(process.restarts for process in processes)
    result.actions = [
        ActionCount(item.name, *(sum(s[HEAD + AN_ACTION * index + at] for s in slots) for at in range(AN_ACTION)))
        for index, item in enumerate(engine.actions)
    ]
    checked, ended = (sum(s[at] for s in slots) for at in (CHECKED, ENDED))
    result.invariants = [
        InvariantCount(item.id, item.sentence, item.at_end, ended if item.at_end else checked)
        for item in engine.invariants
    ]


def _keep(result: SystemResult, engine: Engine, plan: Plan, found: list[_RawFinding]) -> None:
    """Shrink and save each, what costs most first; what shrinks to the same is one."""
    kept: dict[str, Counterexample] = {}
    for one in sorted(found, key=lambda one: cost(one.finding)):
        data, finding = shrink(engine, one.data, one.finding)
        if finding.id in kept:  # another fault of the same action
            data, finding = shrink(engine, one.data, one.finding, alike=of_the_same_id)
        example = replace_fields(
            build(engine, data, finding, one.seed),
            original=one.data.hex(),
            first=f"{one.finding.id}: {one.finding.message}",
            seconds=round(one.seconds, 3),
            described=result.described,
        )
        kept.setdefault(finding.id, example)
    result.findings = list(kept.values())
    result.saved = [str(example.save(Path(plan.findings))) for example in result.findings]
