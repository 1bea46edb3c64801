"""Small changes to a Solidity source, found in the compiler's syntax tree: those of `mutants`, in another language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from evmstorm.mutation.mutants import Mutant

__all__ = ["mutants"]

_BINARY = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",), "<<": (">>",), ">>": ("<<",), "|": ("&",),
    "&": ("|",), "&&": ("||",), "||": ("&&",),
}  # fmt: skip
_LOGIC = ("&&", "||")
_COMPARISON = ("<", "<=", ">", ">=", "==", "!=")
_STEPS = {"++": "--", "--": "++"}
_CHECKS = ("require", "assert", "revert")
_STATEMENTS = ("ExpressionStatement", "EmitStatement", "RevertStatement")
_BODIES = ("FunctionDefinition", "ModifierDefinition")
_PLAIN = ("Identifier", "MemberAccess")
# A whole number as it is written: decimal, hexadecimal but no address, or with an exponent; then its unit.
_NUMBER = re.compile(r"(?P<digits>0x[0-9a-fA-F]{1,39}|\d[\d_]*)(?:[eE](?P<power>\d+))?(?P<unit>\s+[a-z]+)?")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class _Finder:
    def __init__(self, file: str, source: str) -> None:
        self.file, self.source = file, source
        self._bytes = None if source.isascii() else source.encode()  # the compiler counts bytes

    def span(self, node: Any) -> tuple[int, int]:
        start, length, _ = map(int, node["src"].split(":"))
        return self._index(start), self._index(start + length)

    def _index(self, at: int) -> int:
        return at if self._bytes is None else len(self._bytes[:at].decode())

    def change(self, start: int, end: int, text: str, kind: str) -> Mutant:
        return Mutant(self.file, start, end, text, kind, self.source.count("\n", 0, start) + 1)

    def of(self, node: Any) -> Iterator[Mutant]:
        match node["nodeType"]:
            case "BinaryOperation":
                old = node["operator"]
                kind = "logic" if old in _LOGIC else "comparison" if old in _COMPARISON else "operator"
                for new in _BINARY.get(old, ()):
                    yield from self.operator(node["leftExpression"], node["rightExpression"], old, new, kind)
            case "Assignment":
                old = node["operator"]
                for new in _BINARY.get(old.removesuffix("="), ()):
                    yield from self.operator(node["leftHandSide"], node["rightHandSide"], old, new + "=", "operator")
            case "UnaryOperation":
                yield from self.unary(node)
            case "IfStatement":
                yield from self.negated(node["condition"])
            case "Literal":
                yield from self.literal(node)
            case "FunctionCall" if node["kind"] == "functionCall":
                yield from self.swapped(node["arguments"])
            case kind if kind in _STATEMENTS:
                yield from self.dropped(node)

    def operator(self, left: Any, right: Any, old: str, new: str, kind: str) -> Iterator[Mutant]:
        """Swap the operator that stands between two operands, comments there aside."""
        start, end = self.span(left)[1], self.span(right)[0]
        between = _COMMENT.sub(lambda found: " " * len(found[0]), self.source[start:end])
        if (at := between.find(old)) >= 0:
            yield self.change(start + at, start + at + len(old), new, kind)

    def unary(self, node: Any) -> Iterator[Mutant]:
        old, (start, end) = node["operator"], self.span(node)
        at = start if node["prefix"] else end - len(old)
        if old == "!":
            yield self.change(at, at + 1, "", "negation")
        elif old in _STEPS:
            yield self.change(at, at + len(old), _STEPS[old], "operator")

    def negated(self, condition: Any) -> Iterator[Mutant]:
        """A condition that has no operator of its own to be changed."""
        if condition["nodeType"] not in ("BinaryOperation", "UnaryOperation"):
            start, end = self.span(condition)
            yield self.change(start, end, f"!({self.source[start:end]})", "negation")

    def literal(self, node: Any) -> Iterator[Mutant]:
        start, end = self.span(node)
        text = self.source[start:end]
        if node["kind"] == "bool":
            yield self.change(start, end, "false" if text == "true" else "true", "constant")
        elif node["kind"] == "number" and (found := _NUMBER.fullmatch(text)):
            value = int(found["digits"].replace("_", ""), 0 if found["digits"].startswith("0x") else 10)
            value *= 10 ** int(found["power"] or 0)
            for step in (1, -1):
                if value + step >= 0:
                    yield self.change(start, end, f"{value + step}{found['unit'] or ''}", "constant")

    def dropped(self, node: Any) -> Iterator[Mutant]:
        """The statement with its semicolon, which the tree leaves out; a block may stand wherever a statement does."""
        start, end = self.span(node)
        if (semicolon := self.source.find(";", end - 1)) < 0:
            return
        call = node.get("expression", {}).get("expression", {})
        check = node["nodeType"] == "RevertStatement" or call.get("name") in _CHECKS
        yield self.change(start, semicolon + 1, "{}", "removed check" if check else "dropped statement")

    def swapped(self, arguments: list[Any]) -> Iterator[Mutant]:
        for first, second in pairwise(arguments):
            (start, left), (right, end) = self.span(first), self.span(second)
            plain = first["nodeType"] in _PLAIN and second["nodeType"] in _PLAIN
            if plain and self.source[start:left] != self.source[right:end]:
                text = self.source[right:end] + self.source[left:right] + self.source[start:left]
                yield self.change(start, end, text, "swapped arguments")


def _bodies(node: Any) -> Iterator[Any]:
    if node["nodeType"] in _BODIES:
        if node.get("body"):  # an interface's function has none
            yield node["body"]
        return
    for child in node.get("nodes", ()):
        yield from _bodies(child)


def _nodes(node: Any) -> Iterator[Any]:
    """Every node of a body but those of types, whose numbers are sizes, and of assembly."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict) and "nodeType" in node and node["nodeType"] != "InlineAssembly":
        yield node
        for name, child in node.items():
            if name not in ("typeName", "typeDescriptions"):
                yield from _nodes(child)


def mutants(file: str, source: str, tree: Any) -> list[Mutant]:
    """Every change to functions and modifiers of one file, in the order of the source, each text once."""
    finder = _Finder(file, source)
    found: dict[tuple[int, int, str], Mutant] = {}
    for body in _bodies(tree):
        for node in _nodes(body):
            for mutant in finder.of(node):
                found.setdefault((mutant.start, mutant.end, mutant.text), mutant)
    return [found[key] for key in sorted(found)]
