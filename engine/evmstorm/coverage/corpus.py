"""Coverage of what a fuzzing campaign ran: its corpus, made small, on the traced EVM, with all its oracles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ethwire.errors import CheckFailed
from evmstorm.coverage._report import Coverage
from evmstorm.coverage._traced import TracedEvm
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Corpus, Search
from evmstorm.fuzz.system import System

__all__ = ["corpus", "minimise", "replay"]


def corpus(system: type[System], *, folder: Path | None, calls: int, seed: int, faulty: bool = False) -> list[bytes]:
    """Sequences that reached something new: those of a campaign's folder, or of a short campaign of
    `calls` calls and waits. Of code that is known to be `faulty` those that end in a finding are among them.

    Raises InputError for a folder that belongs to other code.
    """
    engine = Engine(system)
    kept = Corpus(folder, system.title(), engine.shape) if folder is not None else Corpus()
    if folder is None:
        search = Search(engine, seed, corpus=kept)
        ended: list[bytes] = []  # in a finding, and on a path that none has gone before

        def keep() -> None:
            if engine.fresh and kept.items[-1:] != [search.data]:
                ended.append(search.data)

        search.explore(calls, keep, faulty=faulty)
        return minimise(engine, [*kept.items, *ended])
    return minimise(engine, kept.items)


def minimise(engine: Engine, sequences: Iterable[bytes]) -> list[bytes]:
    """The fewest sequences, chosen greedily, that show every signal that all of them show."""
    signals: list[tuple[bytes, frozenset[object]]] = []
    for data in sequences:
        engine.seen = set()
        engine.run(data)
        signals.append((data, frozenset(engine.seen)))
    missing = {signal for _, found in signals for signal in found}
    chosen: list[bytes] = []
    while missing:
        data, found = max(signals, key=lambda item: len(item[1] & missing))
        chosen.append(data)
        missing -= found
    return chosen


def replay(
    system: type[System],
    sequences: list[bytes],
    coverage: Coverage,
    on_progress: Callable[[int], None] = lambda n: None,
    *,
    faulty: bool = False,
) -> int:
    """Run the sequences on the traced EVM into `coverage`; the number of calls.

    Raises CheckFailed when an oracle that was content in the campaign is not content here, unless the code is known to
    be `faulty`.
    """
    engine = Engine(system, machine=TracedEvm)
    evm = engine.evm
    assert isinstance(evm, TracedEvm)
    for number, data in enumerate(sequences, 1):
        if (finding := engine.run(data)) is not None and not faulty:
            said = f"the campaign was content, its replay is not: {finding.id}: {finding.message}"
            raise CheckFailed(f"{system.title()}: {said}")
        on_progress(number)
    coverage.record(evm.hits)
    return engine.calls
