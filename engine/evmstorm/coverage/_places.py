"""What the maps of every source language hold: places, statements, decisions, and the jumps that they became."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["JUMP", "Decision", "Jump", "Place", "SourceCode", "Statement"]

JUMP = "Jump"  # kind of a decision of which the program counter alone is known


class Place(NamedTuple):
    """A node of the source: file below the root, first line and column, last line and column, its kind."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: str


class Decision(NamedTuple):
    """A place where the source branches. `operand` tells the jumps of `a and b and c` apart."""

    place: Place
    operand: int

    @property
    def outcomes(self) -> tuple[str, str]:
        match self.place.kind:
            case "Assert":
                return "holds", "fails"
            case "For":
                return "runs", "ends"
            case "Jump":
                return "jumps", "goes on"
        return "true", "false"


class Jump(NamedTuple):
    """A conditional jump: its decision, and the outcome (0 or 1 of the two) that jumping and going on stand for."""

    decision: Decision
    taken: int
    passed: int


@dataclass
class Statement:
    """A statement of the source. One that made no code of its own (`pass`, `break`) hangs on what comes before it."""

    place: Place
    function: str
    before: Place | None = None  # the statement before it in its block
    opens: tuple[Place, int] | None = None  # the decision's place, and the outcome, whose block it is the first of


@dataclass
class SourceCode:
    """The maps of one artefact. `creation` and `runtime` map program counters; `files` holds the texts."""

    name: str
    statements: dict[Place, Statement] = field(default_factory=dict)
    pcs: tuple[dict[int, Place], dict[int, Place]] = field(default_factory=lambda: ({}, {}))
    jumps: tuple[dict[int, Jump], dict[int, Jump]] = field(default_factory=lambda: ({}, {}))
    texts: dict[Decision, str] = field(default_factory=dict)  # the condition as it is written
    files: dict[str, str] = field(default_factory=dict)
    note: str = ""  # why there is less than lines and branches, and what brings them
