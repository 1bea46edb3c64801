"""The mutation score: how many small changes of the source a system's campaign notices.

A mutant counts once for each code that it makes; one that does not compile, or makes the code that is there already,
does not count. What is found survives only if the project's list of equivalents argues why no test could tell the
difference.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ethwire.errors import EthwireError, UsageError
from evmstorm.forks import forked
from evmstorm.mutation import trial as trials
from evmstorm.mutation.journal import Journal
from evmstorm.mutation.known import Sequence, explored
from evmstorm.mutation.languages import sources
from evmstorm.mutation.mutants import Mutant
from evmstorm.mutation.trial import Trial, Verdict, code_id
from evmstorm.project import equivalents, load, names

__all__ = ["FATES", "OnProgress", "Outcome", "Score", "score", "testing"]

FATES = ("killed", "survived", "equivalent", "same", "broken")

OnProgress = Callable[[int, int, str], None]  # (dealt with, all, fate of the last one)


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant: "killed", "survived", "equivalent", "same" as another or the original, or "broken".

    `by` says what noticed it; `code_id` is a hash of its code ("" when it does not compile).
    """

    mutant: Mutant
    fate: str
    by: str
    before: str
    after: str
    code_id: str = ""


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


def testing(contract: str) -> list[str]:
    """Names of the systems that test a contract. Raises UsageError when there is none."""
    found = [name for name in names() if contract in load(name).contracts]
    if not found:
        raise UsageError(f"no system tests {contract}", remedy="see the command fuzz with --list")
    return found


def score(
    contract: str,
    *,
    sample: int = 0,
    only: Collection[str] = (),
    seed: int = 1,
    processes: int = 2,
    apart: bool = True,
    journal: Journal | None = None,
    on_progress: OnProgress = lambda done, total, fate: None,
) -> Score:
    """Make every mutant of `contract`, a random `sample`, or those named in `only`, and let every system that tests it
    try to kill each. Vyper ones are compiled `apart`, or the ordinary way. What the `journal` knows is not looked at
    again.

    Each verdict follows from contract, mutant and seed.
    """
    sources(contract)  # refuses what has none
    systems = testing(contract)
    started = time.monotonic()
    trial = Trial(contract, seed, apart=apart)
    chosen = trial.language.mutants()
    if only:
        chosen = [mutant for mutant in chosen if mutant.name in only]
    if sample and sample < len(chosen):
        chosen = random.Random(seed).sample(chosen, sample)  # noqa: S311 - must repeat
    for system, sequences in forked(lambda name: _explored_or_fault(name, seed), systems, processes):
        if sequences is None:
            raise EthwireError(f"the search of {system} ended before its time", remedy="try again with more memory")
        if isinstance(sequences, EthwireError):
            raise sequences
        trial.know(system, sequences)
    verdicts = _verdicts(trial, chosen, processes, on_progress, journal)
    result = Score(contract, systems, seed, len(chosen), outcomes=_outcomes(trial, chosen, verdicts))
    result.seconds = journal.seconds if journal else time.monotonic() - started
    return result


def _explored_or_fault(system: str, seed: int) -> list[Sequence] | EthwireError:
    """In a copy of the process: an expected fault, such as a bug in the original code, is an answer, too."""
    try:
        return explored(system, seed, trials.CORPUS_CALLS)
    except EthwireError as fault:
        return fault


def _verdicts(
    trial: Trial, chosen: list[Mutant], processes: int, on_progress: OnProgress, journal: Journal | None
) -> dict[Mutant, Verdict]:
    """Known sequences first, for all; then a search for each that is left, so that no long search comes last alone."""
    earlier = journal.known if journal else {}
    trial.spared = journal.spared if journal else {}
    found = {mutant: earlier[mutant.name] for mutant in chosen if mutant.name in earlier}
    for verdict in found.values():
        if verdict.fate != "same":  # what it is the same as may be left yet
            trial.learn(verdict)

    def decided(mutant: Mutant, verdict: Verdict) -> None:
        if journal is not None:
            journal.add(mutant.name, verdict)
        on_progress(len(found) - len(left), len(chosen), verdict.fate)

    left: dict[str, Mutant] = {}  # one of each code
    waiting = [item for item in chosen if item not in found]
    trial.language.prepare(waiting, processes)
    for mutant, answer in forked(trial.replay, waiting, processes):
        verdict = found[mutant] = answer or Verdict("alive", "its process died")
        trial.learn(verdict)
        if verdict.code is not None:
            left.setdefault(verdict.code_id, mutant)
        else:
            decided(mutant, verdict)
    for mutant, answer in forked(lambda item: trial.search(found[item]), [*left.values()], processes):
        verdict = found[mutant] = answer or found[mutant]
        del left[verdict.code_id]
        decided(mutant, verdict)
    return found


def _outcomes(trial: Trial, chosen: list[Mutant], verdicts: dict[Mutant, Verdict]) -> list[Outcome]:
    """In the order of the mutants. Of those with equal code the first one counts, whichever was looked at."""
    decided = {item.code_id: item for item in verdicts.values() if item.fate == "killed"}
    decided = {item.code_id: item for item in verdicts.values() if item.fate == "alive"} | decided
    argued = {
        (item["file"], item["before"], item["after"])
        for item in equivalents()
        if trial.contract in item.get("contracts", [trial.contract])
    }
    counted = {code_id(trial.language.code.creation)}
    outcomes = []
    for mutant in chosen:
        before, after = mutant.diff(trial.texts[mutant.file])
        verdict = verdicts[mutant]
        if verdict.code_id in counted:
            fate, by = "same", ""
        else:
            verdict = decided.get(verdict.code_id, verdict)
            fate, by = verdict.fate, verdict.by
        if verdict.code_id:
            counted.add(verdict.code_id)
        if fate == "alive":
            fate = "equivalent" if (mutant.file, before, after) in argued else "survived"
        outcomes.append(Outcome(mutant, fate, by, before, after, verdict.code_id))
    return outcomes
