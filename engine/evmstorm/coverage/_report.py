"""Counts of instructions, reported as lines and branches of the source.

A line is covered when a statement that starts on it ran; its count is how often the statement's first instruction did.
A branch is one outcome of one decision. Decisions are `if`, `elif`, a conditional expression, `assert`, each operand of
`and` and `or` but the last (its value belongs to the decision around it), and a loop, which "runs" a round or "ends"
without `break`.
What the compiler adds on its own is left out: checks of arithmetic, bounds, calldata, payment, re-entrancy, selectors.
Solidity calls `assert` `require`, too; a line of it counts the piece of code beginning there that ran most often. Code
without a map of its source has branches by program counter, and no lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ethwire.errors import UsageError
from evmstorm.coverage import _solidity, _source
from evmstorm.coverage._places import JUMP, Decision, Jump, Place, SourceCode, Statement
from evmstorm.coverage._traced import Hits
from evmstorm.evm.artifacts import Artifact, Project, project
from evmstorm.evm.bytecode import JUMPI, instructions

__all__ = ["BranchCoverage", "Coverage", "FileCoverage"]

CREATION, RUNTIME = 0, 1
PACKAGES = ("site-packages/", "node_modules/", "lib/", "@")  # how paths of files begin that are not the project's own
NO_MAP = 'no source map, so branches by program counter ("evm.deployedBytecode.sourceMap" in solc\'s outputSelection)'


@dataclass(frozen=True)
class BranchCoverage:
    """One decision: where it is, its condition as written, the two outcomes and how often each was the case."""

    line: int
    column: int
    kind: str
    condition: str
    outcomes: tuple[str, str]
    counts: tuple[int, int]

    @property
    def missing(self) -> list[str]:
        return [name for name, count in zip(self.outcomes, self.counts, strict=True) if count == 0]


@dataclass
class FileCoverage:
    """One source file: `lines` counts by line number, `absent` lists lines that went into no byte code."""

    path: str
    source: str
    lines: dict[int, int] = field(default_factory=dict)
    branches: list[BranchCoverage] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    note: str = ""  # why there are no lines

    @property
    def lines_hit(self) -> int:
        return sum(count > 0 for count in self.lines.values())

    @property
    def outcomes(self) -> int:
        return 2 * len(self.branches)

    @property
    def outcomes_hit(self) -> int:
        return sum(count > 0 for branch in self.branches for count in branch.counts)

    @property
    def missed(self) -> list[int]:
        return [line for line, count in sorted(self.lines.items()) if count == 0]


@dataclass
class Counts:
    statements: dict[Place, int] = field(default_factory=dict)
    decisions: dict[Decision, list[int]] = field(default_factory=dict)


class Coverage:
    """Collects what ran of the contracts `names` of a project. Record as often as wanted, then `report`."""

    def __init__(self, names: Iterable[str], tree: Project | None = None) -> None:
        self._tree = tree or project()
        self._artifacts: dict[str, Artifact] = {name: self._tree.load(name) for name in names}
        self.sources = {name: _source_code(item, self._tree.root) for name, item in self._artifacts.items()}
        self._hits: dict[tuple[str, int], Hits] = {}
        self.unknown = 0  # pieces of code that are none of the contracts'

    def record(self, hits: Mapping[bytes, Hits]) -> None:
        """Add what `TracedEvm.hits` holds; code of other contracts is counted in `unknown` and left out."""
        for code, found in hits.items():
            owner = self._owner(code)
            if owner is None:
                self.unknown += 1
            else:
                self.record_code(*owner, found)

    def record_code(self, name: str, part: int, hits: Hits) -> None:
        """Add what ran of one contract's creation code (`part` 0) or run-time code (1)."""
        if name not in self.sources:
            raise UsageError(f"{name} is not among the contracts of this coverage")
        total = self._hits.setdefault((name, part), Hits())
        for mine, theirs in ((total.pcs, hits.pcs), (total.taken, hits.taken), (total.passed, hits.passed)):
            for pc, count in theirs.items():
                mine[pc] = mine.get(pc, 0) + count

    def _owner(self, code: bytes) -> tuple[str, int] | None:
        for name, artifact in self._artifacts.items():
            if code.startswith(artifact.creation_code):
                return name, CREATION
            if artifact.made(code):
                return name, RUNTIME
        return None

    def report(self, *, packages: bool = False) -> list[FileCoverage]:
        """One entry a source file that made code, in the order of paths; installed packages only when asked for."""
        counts = Counts()
        for name, source in self.sources.items():
            for part in (CREATION, RUNTIME):
                count_instructions(counts, source, part, self._hits.get((name, part), Hits()))
        files: dict[str, FileCoverage] = {}
        for source in self.sources.values():
            for path, text in source.files.items():
                if packages or not path.startswith(PACKAGES):
                    files.setdefault(path, FileCoverage(path, text, note=source.note))
        self._lines(files, counts)
        texts = {key: text for source in self.sources.values() for key, text in source.texts.items()}
        for decision, (first, second) in sorted(counts.decisions.items()):
            place = decision.place
            if place.path in files:
                branch = BranchCoverage(
                    place.line, place.column, place.kind, texts[decision], decision.outcomes, (first, second)
                )
                files[place.path].branches.append(branch)
        return [files[path] for path in sorted(files) if files[path].lines or files[path].note]

    def _lines(self, files: dict[str, FileCoverage], counts: Counts) -> None:
        statements = {place: item for source in self.sources.values() for place, item in source.statements.items()}
        entered: dict[tuple[str, str], int] = {}
        for place, count in counts.statements.items():
            key = place.path, statements[place].function
            entered[key] = max(entered.get(key, 0), count)
        for place in sorted(statements, key=lambda item: (item.path, item.line, item.column)):
            if place.path not in files:
                continue
            item, file = statements[place], files[place.path]
            if (key := (place.path, item.function)) not in entered:
                file.absent.append(place.line)
                continue
            if place not in counts.statements:
                counts.statements[place] = _inherited(item, counts, entered[key])
            file.lines[place.line] = max(file.lines.get(place.line, 0), counts.statements[place])


def _source_code(artifact: Artifact, root: Path) -> SourceCode:
    """The maps of a contract, by the language of its source."""
    if artifact.source_map:
        return _source.source_code(artifact, root)
    if artifact.solidity is not None:
        return _solidity.source_code(artifact, artifact.solidity, root)
    found = SourceCode(artifact.name, files={artifact.path: ""}, note=NO_MAP)
    for pc, opcode, _ in instructions(artifact.runtime_code):
        if opcode == JUMPI:
            decision = Decision(Place(artifact.path, pc, 0, pc, 0, JUMP), 0)
            found.jumps[RUNTIME][pc] = Jump(decision, 0, 1)
            found.texts[decision] = f"jump at {pc}"
    return found


def _inherited(item: Statement, counts: Counts, entered: int) -> int:
    """Count of a statement that made no code of its own: it ran when what leads to it did."""
    if item.before is not None and item.before.kind == "Assert":
        outcomes = counts.decisions.get(Decision(item.before, 0))
        return outcomes[0] if outcomes else counts.statements.get(item.before, 0)
    if item.before is not None:
        return counts.statements.get(item.before, 0)
    if item.opens is not None:
        outcomes = counts.decisions.get(Decision(item.opens[0], 0))
        return outcomes[item.opens[1]] if outcomes else 0
    return entered


def count_instructions(counts: Counts, source: SourceCode, part: int, hits: Hits) -> None:
    first: dict[Place, int] = {}
    most: dict[Place, int] = {}
    for pc, place in sorted(source.pcs[part].items()):
        count = hits.pcs.get(pc, 0)
        first.setdefault(place, count)
        most[place] = max(most.get(place, 0), count)
    for place, count in first.items():
        # The first instruction tells how often; one further down may have been reached from elsewhere.
        counts.statements[place] = counts.statements.get(place, 0) + (count or min(most[place], 1))
    rounds_checked = set()
    for pc, jump in source.jumps[part].items():
        outcomes = counts.decisions.setdefault(jump.decision, [0, 0])
        outcomes[jump.taken] += hits.taken.get(pc, 0)
        outcomes[jump.passed] += hits.passed.get(pc, 0)
        if jump.decision.place.kind == "For" and jump.taken == 1:
            rounds_checked.add(jump.decision)
    for decision in {jump.decision for jump in source.jumps[part].values()} - rounds_checked:
        if decision.place.kind == "For":  # a constant number of rounds: the first one is not asked for
            counts.decisions[decision][0] += first.get(decision.place, 0)
