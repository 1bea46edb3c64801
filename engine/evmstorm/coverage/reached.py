"""What a campaign's reports say of coverage: a line for people, the same as data for programs."""

from __future__ import annotations

import msgspec

from evmstorm.coverage._report import FileCoverage

__all__ = ["Never", "Reached", "reached"]


class Never(msgspec.Struct, frozen=True):
    """An outcome of a decision that was never the case."""

    line: int
    condition: str
    outcome: str


class Reached(msgspec.Struct, frozen=True):
    """One source file in one system's campaign. Where `note` says that there are no lines, `line` of a decision is its
    program counter."""

    system: str
    path: str
    lines_hit: int
    lines: int
    outcomes_hit: int
    outcomes: int
    never: list[Never]
    note: str = ""

    def line(self) -> str:
        branches = f"{self.outcomes_hit} of {self.outcomes} branches"
        if self.note:
            return f"{self.system}: {self.path}: {self.note}: {branches}"
        outcomes: dict[tuple[int, str], list[str]] = {}
        for item in self.never:
            outcomes.setdefault((item.line, item.condition), []).append(item.outcome)
        missed = ", ".join(f"{line} {'/'.join(names)}" for (line, _), names in outcomes.items())
        said = f"{self.system}: {self.path}: {self.lines_hit} of {self.lines} lines, {branches}"
        return said + (f"; never: {missed}" if missed else "")


def reached(system: str, file: FileCoverage) -> Reached:
    """What a system's campaign ran of one file."""
    return Reached(
        system=system,
        path=file.path,
        lines_hit=file.lines_hit,
        lines=len(file.lines),
        outcomes_hit=file.outcomes_hit,
        outcomes=file.outcomes,
        never=[Never(branch.line, branch.condition, name) for branch in file.branches for name in branch.missing],
        note=file.note,
    )
