"""Small changes to a Vyper source, found in its syntax tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vyper import ast as vy_ast

__all__ = ["Mutant", "mutants"]

_COMPARE = {
    "Lt": ("<=", ">="),
    "LtE": ("<", ">"),
    "Gt": (">=", "<="),
    "GtE": (">", "<"),
    "Eq": ("!=",),
    "NotEq": ("==",),
}
_SPELLED = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}
_ARITHMETIC = {
    "Add": ("+", "-"), "Sub": ("-", "+"), "Mult": ("*", "//"), "FloorDiv": ("//", "*"), "Mod": ("%", "//"),
    "LShift": ("<<", ">>"), "RShift": (">>", "<<"), "BitOr": ("|", "&"), "BitAnd": ("&", "|"),
}  # fmt: skip
_CALLS = {"min": "max", "max": "min", "unsafe_add": "unsafe_sub", "unsafe_sub": "unsafe_add"}
_TYPED = ("annotation", "returns", "args")  # fields whose numbers are sizes, not values


@dataclass(frozen=True)
class Mutant:
    """`text` in the place of what stands at [start, end) of the file; `kind` says what sort of change it is."""

    file: str
    start: int
    end: int
    text: str
    kind: str
    line: int

    @property
    def name(self) -> str:
        """What a report calls it: it holds for one text of the file."""
        return hashlib.sha256(f"{self.file} {self.start} {self.end} {self.text}".encode()).hexdigest()[:12]

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]

    def diff(self, source: str) -> tuple[str, str]:
        """The changed line before and after, blanks trimmed."""
        changed = self.apply(source)
        first, last = source.rfind("\n", 0, self.start) + 1, source.find("\n", self.end)
        tail = len(source) - (last if last >= 0 else len(source))
        return _squeezed(source[first : len(source) - tail]), _squeezed(changed[first : len(changed) - tail])


def _squeezed(text: str) -> str:
    return " ".join(text.split())


class _Finder:
    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def span(self, node: Any) -> tuple[int, int]:
        return (
            self._lines[node.lineno - 1] + node.col_offset,
            self._lines[node.end_lineno - 1] + node.end_col_offset,
        )

    def change(self, start: int, end: int, text: str, kind: str, node: Any) -> Mutant:
        return Mutant(self.file, start, end, text, kind, node.lineno)

    def operator(self, left: Any, right: Any, old: str, new: str, kind: str) -> Iterator[Mutant]:
        """Swap the operator that stands between two operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        at = self.source.find(old, start, end)
        if at >= 0:
            yield self.change(at, at + len(old), new, kind, left)

    def of(self, node: Any) -> Iterator[Mutant]:  # noqa: PLR0912 - one case a kind of node
        match type(node).__name__:
            case "Compare":
                name = type(node.op).__name__
                for new in _COMPARE.get(name, ()):
                    yield from self.operator(node.left, node.right, _SPELLED[name], new, "comparison")
            case "BinOp":
                if (name := type(node.op).__name__) in _ARITHMETIC:
                    yield from self.operator(node.left, node.right, *_ARITHMETIC[name], "operator")
            case "BoolOp":
                old, new = ("and", "or") if type(node.op).__name__ == "And" else ("or", "and")
                yield from self.operator(node.values[0], node.values[1], old, new, "logic")
            case "AugAssign":
                if (name := type(node.op).__name__) in _ARITHMETIC:
                    old, new = _ARITHMETIC[name]
                    yield from self.operator(node.target, node.value, old + "=", new + "=", "operator")
                yield self.dropped(node, "dropped statement")
            case "Assign" | "Expr" | "Log":
                yield self.dropped(node, "dropped statement")
            case "Assert":
                yield self.dropped(node, "removed check")
            case "Call":
                yield from self.call(node)
            case "Int":
                start, end = self.span(node)
                for step in (1, -1):
                    if node.value + step >= 0:
                        yield self.change(start, end, str(node.value + step), "constant", node)

    def dropped(self, node: Any, kind: str) -> Mutant:
        start, end = self.span(node)
        # `log` and `extcall` stand before what the tree calls the statement.
        start = self._lines[node.lineno - 1] + len(self.line(node)) - len(self.line(node).lstrip())
        return self.change(start, end, "pass", kind, node)

    def line(self, node: Any) -> str:
        return self.source[self._lines[node.lineno - 1] : self._lines[node.lineno]]

    def call(self, node: Any) -> Iterator[Mutant]:
        name = getattr(node.func, "id", "")
        if name in _CALLS:
            start, end = self.span(node.func)
            yield self.change(start, end, _CALLS[name], "function", node)
        for first, second in zip(node.args, node.args[1:], strict=False):
            plain = all(type(item).__name__ in ("Name", "Attribute") for item in (first, second))
            (start, left), (right, end) = self.span(first), self.span(second)
            if plain and self.source[start:left] != self.source[right:end]:
                text = self.source[right:end] + self.source[left:right] + self.source[start:left]
                yield self.change(start, end, text, "swapped arguments", node)


def _nodes(function: Any) -> Iterator[Any]:
    """Every node of a body but those of types and of loop bounds."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        for name in node.get_fields():
            if name in _TYPED and type(node).__name__ != "Call":
                continue
            if name == "keywords":
                children: Any = [item.value for item in node.keywords if item.arg not in ("bound", "max_outsize")]
            else:
                children = getattr(node, name, None)
            for child in children if isinstance(children, list) else [children]:
                if isinstance(child, vy_ast.VyperNode):
                    waiting.append(child)


def mutants(file: str, source: str) -> list[Mutant]:
    """Every change to the functions of one file, in the order of the source, each text once."""
    tree = vy_ast.parse_to_ast(source)
    finder = _Finder(file, source)
    found: dict[tuple[int, int, str], Mutant] = {}
    for function in tree.get_children(vy_ast.FunctionDef):
        for node in _nodes(function):
            for mutant in finder.of(node):
                found.setdefault((mutant.start, mutant.end, mutant.text), mutant)
    return [found[key] for key in sorted(found)]
