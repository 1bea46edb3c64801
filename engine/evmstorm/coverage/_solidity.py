"""Statements and decisions of Solidity code, from the source map in its artefact; no compiler is asked.

The map gives each instruction a piece of the source, and a decision is a conditional jump whose piece branches. Which
outcome a jump stands for is read from the code behind it: pieces of one arm run there, or those of neither. Where
neither path says so, it is what the compiler's usual code generator does. The one by way of Yul has no usual order, and
gives jumps of other decisions the piece of this one, so of its code only what an arm says is reported.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from evmstorm.coverage._places import Decision, Jump, Place, SourceCode, Statement
from evmstorm.coverage._scan import Shape, blanked, bodies, shape
from evmstorm.evm.artifact import Artifact
from evmstorm.evm.bytecode import JUMP, JUMPDEST, JUMPI
from evmstorm.evm.source_maps import Piece, SourceMap

__all__ = ["source_code"]

NODE = "node_modules"  # where Hardhat finds packages
REVERT, INVALID = 0xFD, 0xFE
OUTSIDE, REVERTS = "outside", "reverts"
FAR = 400  # instructions that are looked at behind a jump


class Text:
    """One source, and what its bytes are in lines and columns."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.blanked = blanked(source)
        self.bodies = bodies(self.blanked)
        self._lines = [0, *(at + 1 for at, byte in enumerate(source) if byte == ord("\n"))]

    def holds_code(self, piece: Piece) -> bool:
        """Whether it is of the body of a function, and does not hold one."""
        return any(start <= piece.start < piece.end <= end for start, end in self.bodies)

    def place(self, piece: Piece, kind: str) -> Place:
        (line, column), (end_line, end_column) = self._at(piece.start), self._at(piece.end)
        return Place(piece.file, line, column, end_line, end_column, kind)

    def _at(self, byte: int) -> tuple[int, int]:
        line = bisect_right(self._lines, byte)
        return line, byte - self._lines[line - 1]

    def words(self, start: int, end: int) -> str:
        return " ".join(self.source[start:end].decode(errors="replace").split())


def source_code(artifact: Artifact, made: SourceMap, root: Path) -> SourceCode:
    """Maps of one contract. Sources that are not in the project, or in its packages, are left out."""
    found = SourceCode(artifact.name)
    texts = {name: Text(source) for name in made.files.values() if (source := _source(root, name)) is not None}
    for part, code in enumerate((artifact.creation_code, artifact.runtime_code)):
        reader = _Reader(list(made.pieces(part, code)), texts, usual=not made.via_ir)
        found.jumps[part].update(reader.jumps())
        found.pcs[part].update(reader.statements())
        found.texts.update(reader.words)
        found.statements.update(reader.merged)
    for place in {place for pcs in found.pcs for place in pcs.values()}:
        found.statements[place] = Statement(place, "")
    for place in found.statements:
        found.files[place.path] = texts[place.path].source.decode(errors="replace")
    return found


def _source(root: Path, name: str) -> bytes | None:
    return next((file.read_bytes() for file in (root / name, root / NODE / name) if file.is_file()), None)


Mapped = tuple[int, int, bytes, Piece | None]


class _Reader:
    """Reads one piece of code beside the compiler's map of it."""

    def __init__(self, mapped: list[Mapped], texts: dict[str, Text], *, usual: bool) -> None:
        self._mapped, self._texts, self._usual = mapped, texts, usual
        self._index = {pc: index for index, (pc, *_) in enumerate(mapped)}
        self.words: dict[Decision, str] = {}
        self.merged: dict[Place, Statement] = {}  # a `break` that is nothing but the jump of the `if` before it

    def statements(self) -> Iterator[tuple[int, Place]]:
        """After `jumps`, which says what is merged. By way of Yul a loop's own instructions run at other times."""
        places: dict[Piece, Place | None] = {}
        for pc, _, _, piece in self._mapped:
            if piece is None or piece.file not in self._texts:
                continue
            if piece not in places:
                places[piece] = self._statement(piece)
            if (place := places[piece]) is not None:
                yield pc, place

    def _statement(self, piece: Piece) -> Place | None:
        text = self._texts[piece.file]
        if not text.holds_code(piece):
            return None
        place, found = text.place(piece, ""), shape(text.blanked, piece.start, piece.end)
        is_loop = found is not None and found.kind == "For"
        return None if place in self.merged or (is_loop and not self._usual) else place

    def jumps(self) -> Iterator[tuple[int, Jump]]:
        for index, (pc, opcode, _, piece) in enumerate(self._mapped):
            if opcode != JUMPI or piece is None or piece.file not in self._texts:
                continue
            text = self._texts[piece.file]
            found = shape(text.blanked, piece.start, piece.end) if text.holds_code(piece) else None
            if found is None:
                continue
            taken = self._outcome(index, piece, found)
            if taken is not None:
                decision = Decision(text.place(piece, found.kind), 0)
                self.words[decision] = text.words(*found.condition)
                if found.leaves:
                    self._merge(self._mapped[index - 1][3], decision, piece, found)
                yield pc, Jump(decision, taken, 1 - taken)

    def _merge(self, before: Piece | None, decision: Decision, piece: Piece, found: Shape) -> None:
        """The piece of the instruction before a jump, where it is of what the jump decides on."""
        if before is not None and _side(before, piece, found) == 0:
            place = self._texts[piece.file].place(before, "")
            self.merged[place] = Statement(place, "", opens=(decision.place, 0))

    def _outcome(self, index: int, piece: Piece, found: Shape) -> int | None:
        """What jumping stands for, 0 or 1 of the decision's outcomes; None when nothing says it."""
        target = self._index.get(int.from_bytes(self._mapped[index - 1][2] or b"\xff" * 32, "big"))
        taken = self._behind(target, piece, found)
        passed = self._behind(index + 1, piece, found)
        if isinstance(taken, int):
            return taken
        if isinstance(passed, int):
            return 1 - passed
        if not self._usual:
            return None
        if REVERTS in (taken, passed) and found.kind == "Assert" and taken != passed:
            return int(taken == REVERTS)
        if OUTSIDE in (taken, passed) and taken != passed and not found.arms[1]:
            holds = 0 if found.kind == "Assert" else 1  # what goes on behind a check held; an `if` was false
            return holds if taken == OUTSIDE else 1 - holds
        return 0 if found.leaves else found.usual

    def _behind(self, index: int | None, piece: Piece, found: Shape) -> int | str | None:
        """The arm whose code runs next, OUTSIDE for code behind the decision, REVERTS, or None."""
        pushed = b""
        for _ in range(FAR):
            if index is None or index >= len(self._mapped):
                return None
            _, opcode, data, here = self._mapped[index]
            if opcode in (REVERT, INVALID):
                return REVERTS
            side = None if here is None or opcode == JUMPDEST else _side(here, piece, found)
            if side is not None:
                return side
            if opcode == JUMPI:
                return None
            index = index + 1 if opcode != JUMP else self._index.get(int.from_bytes(pushed, "big")) if pushed else None
            pushed = data
        return None


def _side(here: Piece, piece: Piece, found: Shape) -> int | str | None:
    """What a piece that runs behind a decision says of it; one that holds the decision says nothing."""
    for number, arm in enumerate(found.arms):
        if here.file == piece.file and any(start <= here.start and here.end <= end for start, end in arm):
            return number
    apart = here.file != piece.file or here.end <= piece.start or here.start >= piece.end
    return OUTSIDE if apart else None
