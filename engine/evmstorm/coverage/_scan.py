"""Where a Solidity source branches, read from its text: artefacts hold no syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Shape", "blanked", "bodies", "shape"]

_UNREAD = re.compile(rb"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_HEAD = re.compile(rb"\b(?:function|constructor|modifier|receive|fallback)\b[^;{}]*(?=\{)")
_WORD = re.compile(rb"\s*(if|else|for|while|do|require|assert|return|emit|revert|try)\b")
_OPEN, _CLOSE = b"([{", b")]}"
_TWO = frozenset({b"||", b"&&", b"==", b"!=", b"<=", b">=", b"=>"})

Span = tuple[int, int]


@dataclass(frozen=True)
class Shape:
    """One decision: its kind, the condition, and for each of the two outcomes the pieces that run only then."""

    kind: str
    condition: Span
    arms: tuple[tuple[Span, ...], tuple[Span, ...]] = ((), ())
    leaves: bool = False  # what runs when it is true does nothing but leave: break, continue, return
    usual: int = 0  # the outcome for which the compiler jumps, where nothing else says it


def blanked(source: bytes) -> bytes:
    """The source with blanks for comments and texts: every other byte stays where it is."""
    return _UNREAD.sub(lambda found: re.sub(rb"[^\n]", b" ", found[0]), source)


def bodies(text: bytes) -> list[Span]:
    """What stands between the braces of each function and modifier."""
    return [(found.end() + 1, _closing(text, found.end()) - 1) for found in _HEAD.finditer(text)]


def shape(text: bytes, start: int, end: int) -> Shape | None:
    """The decision that a piece of a blanked source is as a whole, if it is one."""
    word = _WORD.match(text, start, end)
    if word is None:
        return _expression(text, start, end)
    after = word.end()
    match word[1]:
        case b"if":
            return _if(text, after, end)
        case b"for":
            return _for(text, after, end)
        case b"while":
            condition = _brackets(text, after, end)
            return condition and Shape("For", condition, (((condition[1] + 1, end),), ()), usual=1)
        case b"do":
            closed = _statement_end(text, after, end)
            condition = _brackets(text, closed, end)
            return condition and Shape("For", condition, (((after, closed),), ()), usual=1)
        case b"require" | b"assert":
            inside = _brackets(text, after, end)
            if inside is None:
                return None
            comma = next((at for at, token in _tokens(text, *inside) if token == b","), inside[1])
            return Shape("Assert", (inside[0], comma))
    return None


def _if(text: bytes, at: int, end: int) -> Shape | None:
    condition = _brackets(text, at, end)
    if condition is None:
        return None
    body = condition[1] + 1, _statement_end(text, condition[1] + 1, end)
    otherwise = _WORD.match(text, body[1], end)
    rest = ((otherwise.end(), end),) if otherwise and otherwise[1] == b"else" else ()
    leaves = re.match(rb"\s*\{?\s*(break|continue|return)\s*;?\s*\}?\s*$", text[slice(*body)]) is not None
    return Shape("If", condition, ((body,), rest), leaves, usual=1)


def _for(text: bytes, at: int, end: int) -> Shape | None:
    header = _brackets(text, at, end)
    if header is None:
        return None
    stops = [place for place, token in _tokens(text, *header) if token == b";"]
    if len(stops) != 2:  # noqa: PLR2004 - in every for
        return None
    runs = ((header[1] + 1, end), (stops[1] + 1, header[1]))
    return Shape("For", (stops[0] + 1, stops[1]), (runs, ()), usual=1)


def _expression(text: bytes, start: int, end: int) -> Shape | None:
    """`a ? b : c`, `a && b` or `a || b`; of several operands the last one is apart, as the compiler has it."""
    found = list(_tokens(text, start, end))
    if any(token in (b"=", b";", b",") for _, token in found):
        return None
    question = next((at for at, token in found if token == b"?"), None)
    if question is not None:
        colon = _colon(found, question)
        arms = ((question + 1, colon),), ((colon + 1, end),)
        return None if colon < 0 else Shape("IfExp", (start, question), arms, usual=0)
    for operator, goes_on in ((b"||", 1), (b"&&", 0)):
        places = [at for at, token in found if token == operator]
        if places:
            right = ((places[-1] + len(operator), end),)
            return Shape("BoolOp", (start, places[-1]), ((), right) if goes_on else (right, ()), usual=1 - goes_on)
    return None


def _colon(found: list[tuple[int, bytes]], question: int) -> int:
    """Of the first `?`; those within are between the two. -1 where there is none."""
    depth = 0
    for at, token in found:
        if at < question or token not in (b"?", b":"):
            continue
        depth += 1 if token == b"?" else -1
        if depth == 0:
            return at
    return -1


def _tokens(text: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Operators and separators that stand in no brackets."""
    at = start
    while at < end:
        if text[at] in _OPEN:
            at = _closing(text, at)
        elif text[at : at + 2] in _TWO:
            yield at, text[at : at + 2]
            at += 2
        else:
            yield at, text[at : at + 1]
            at += 1


def _closing(text: bytes, opened: int) -> int:
    """Behind the bracket that closes the one at `opened`."""
    depth = 0
    for at in range(opened, len(text)):
        depth += (text[at] in _OPEN) - (text[at] in _CLOSE)
        if depth == 0:
            return at + 1
    return len(text)


def _brackets(text: bytes, at: int, end: int) -> Span | None:
    """What stands in the brackets that come next."""
    opened = text.find(b"(", at, end)
    return None if opened < 0 else (opened + 1, _closing(text, opened) - 1)


def _statement_end(text: bytes, at: int, end: int) -> int:
    """Behind the statement that begins next."""
    while at < end and text[at : at + 1].isspace():
        at += 1
    word = _WORD.match(text, at, end)
    if word is not None and word[1] in (b"if", b"for", b"while"):
        header = _brackets(text, word.end(), end)
        closed = _statement_end(text, header[1] + 1 if header else end, end)
        more = _WORD.match(text, closed, end)
        return _statement_end(text, more.end(), end) if more and word[1] == b"if" and more[1] == b"else" else closed
    if text[at : at + 1] == b"{":
        return _closing(text, at)
    return next((place + 1 for place, token in _tokens(text, at, end) if token == b";"), end)
