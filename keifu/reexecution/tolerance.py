"""By which rule an answer of a float model differs from another: 32 bytes that a promise binds and a pool is named by.

Two rules there are. Of numbers: each may be apart by an absolute part and a part of one's own number. Of texts: letter
by letter. The bytes: `KFRX`, a version, the rule, two zeros, both parts as IEEE doubles (big-endian), how many bytes a
request may have (32 bits), and four zeros. `docs/re-execution.md` has the rule in words.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu.compute.canonical import events_of
from keifu.errors import InputError, UsageError
from keifu.keys import keccak256

__all__ = ["LONGEST", "Compared", "Rule", "Tolerance", "Word"]

LONGEST = 2_048  # bytes of a request, and of an answer, that a demand brings
MAGIC, VERSION = b"KFRX", 1
_FORM = struct.Struct(">4sBBHddII")
_NUMBERS = ("embedding", "probs", "output")  # where answers have them: embeddings, classes, any list


class Rule(IntEnum):
    """What is compared."""

    NUMBERS = 1
    TEXT = 2


class Word(IntEnum):
    """What a member of a panel says."""

    AGREES = 1
    DIFFERS = 2
    UNREADABLE = 3  # what was stored; never of bytes that stand in the log


@dataclass(frozen=True)
class Compared:
    """What a comparison found, and why."""

    word: Word
    why: str


@dataclass(frozen=True)
class Tolerance:
    """A rule with its numbers. `claimed` holds where |claimed - own| <= absolute + relative * |own|."""

    rule: Rule
    absolute: float = 0.0
    relative: float = 0.0
    longest: int = LONGEST

    def __post_init__(self) -> None:
        """Raises UsageError for numbers by which nothing can be judged."""
        parts = (self.absolute, self.relative)
        if not all(math.isfinite(part) and math.copysign(1, part) > 0 for part in parts) or self.relative >= 1:
            raise UsageError(
                f"a tolerance of {self.absolute} and {self.relative} judges nothing",
                remedy="finite numbers of at least 0, the relative one below 1",
            )
        if self.rule == Rule.TEXT and any(parts):
            raise UsageError("texts are compared letter by letter", remedy="leave out the numbers")
        if not 0 < self.longest <= LONGEST:
            raise UsageError(f"a request has 1 to {LONGEST:,} bytes here", remedy="name a length in that range")

    @property
    def encoded(self) -> bytes:
        """The 32 bytes."""
        return _FORM.pack(MAGIC, VERSION, self.rule, 0, self.absolute, self.relative, self.longest, 0)

    @classmethod
    def decode(cls, data: bytes) -> Tolerance:
        """Raises InputError for bytes that `encoded` never gives."""
        try:
            magic, version, rule, zeros, absolute, relative, longest, end = _FORM.unpack(data)
            if (magic, version, zeros, end) != (MAGIC, VERSION, 0, 0):
                raise ValueError(f"they begin with {magic.hex()}, version {version}")
            return cls(Rule(rule), absolute, relative, longest)
        except (struct.error, ValueError, UsageError) as error:
            raise InputError(
                f"{data.hex()} names no rule: {error}", remedy="another program's rule is judged by that program"
            ) from error

    @property
    def words(self) -> str:
        if self.rule == Rule.TEXT:
            return "texts letter by letter"
        return f"numbers within {self.absolute:g} and {self.relative:g} of their size"

    def compare(self, own: bytes, claimed: bytes) -> Compared:
        """One's own answer and the one in question, as they went over the wire. Raises InputError when one's own is no
        answer of that form: then nothing is known of the other."""
        read = _texts if self.rule == Rule.TEXT else _numbers
        try:
            mine = read(own)
        except ValueError as error:
            raise InputError(f"one's own answer has nothing to compare: {error}", remedy="look at the model") from error
        try:
            theirs = read(claimed)
        except ValueError as error:
            return Compared(Word.DIFFERS, f"the answer has nothing to compare: {error}")
        if len(mine) != len(theirs):
            return Compared(Word.DIFFERS, f"{len(theirs)} items, {len(mine)} were computed")
        for place, pair in enumerate(zip(mine, theirs, strict=True)):
            if why := self._apart(*pair):
                return Compared(Word.DIFFERS, f"item {place}: {why}")
        return Compared(Word.AGREES, f"{len(mine)} items, {self.words}")

    def digest(self, answer: bytes) -> bytes:
        """keccak-256 of what is compared of an answer, whatever stands beside it. Raises InputError."""
        try:
            if self.rule == Rule.TEXT:
                return keccak256(msgspec.json.encode(_texts(answer)))
            vectors = _numbers(answer)
        except ValueError as error:
            raise InputError(f"an answer has nothing to compare: {error}", remedy="look at the model") from error
        return keccak256(b"".join(len(item).to_bytes(4, "big") + item.astype(">f8").tobytes() for item in vectors))

    def _apart(self, own: Any, claimed: Any) -> str:
        """Why an item differs; empty when it does not."""
        if self.rule == Rule.TEXT:
            return "" if own == claimed else f"another text from letter {_first(own, claimed)} on"
        if own.shape != claimed.shape:
            return f"the shape {claimed.shape}, {own.shape} was computed"
        both_none = np.isnan(own) & np.isnan(claimed)
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(claimed - own) <= self.absolute + self.relative * np.abs(own)
        near &= np.isfinite(own) & np.isfinite(claimed)
        apart = np.flatnonzero(~(near | both_none | (own == claimed)).reshape(-1))  # endless numbers have no distance
        if not len(apart):
            return ""
        place = int(apart[0])
        return f"number {place} is {claimed.reshape(-1)[place]:g}, {own.reshape(-1)[place]:g} was computed"


def _first(own: str, claimed: str) -> int:
    pairs = zip(own, claimed, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(own), len(claimed)))


def _numbers(answer: bytes) -> list[NDArray[np.float64]]:
    """Of each item its numbers; JSON's `null` is what is no number. Raises ValueError."""
    try:
        items = msgspec.json.decode(answer, type=_Data).data
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not items:
        raise ValueError("it has no items")
    ordered = sorted(enumerate(items), key=lambda pair: _index(*pair))
    return [_vector(item) for _, item in ordered]


def _index(place: int, item: dict[str, Any]) -> int:
    index = item.get("index", place)
    if not isinstance(index, int):
        raise ValueError("an index is a whole number")
    return index


def _vector(item: dict[str, Any]) -> NDArray[np.float64]:
    found = [item[name] for name in _NUMBERS if name in item]
    if len(found) != 1:
        raise ValueError("an item has no numbers, or several lists of them")
    given = found[0]
    if isinstance(given, str):
        return np.frombuffer(base64.b64decode(given, validate=True), "<f4").astype(np.float64)
    return np.array([np.nan if value is None else value for value in _listed(given)], np.float64)


def _listed(given: Any) -> list[Any]:
    """Raises ValueError for what is no list of numbers."""
    if not isinstance(given, list) or any(
        isinstance(value, bool) or not isinstance(value, int | float | None) for value in given
    ):
        raise ValueError("numbers stand in one list")
    if any(isinstance(value, int) and abs(value) > 1 << 53 for value in given):
        raise ValueError("a number is too large")
    return given


class _Data(msgspec.Struct):
    data: list[dict[str, Any]]


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    message: _Said | None = None
    delta: _Said | None = None
    text: str | None = None
    finish_reason: str | None = None


class _Choices(msgspec.Struct):
    choices: list[_Choice] = []


def _texts(answer: bytes) -> list[str]:
    """Of each choice its text, whole or put together from a stream. Raises ValueError."""
    found: dict[int, str] = {}
    for index, piece in _pieces(answer):
        found[index] = found.get(index, "") + piece
    if not found:
        raise ValueError("it has no text")
    return [text for _, text in sorted(found.items())]


def _pieces(answer: bytes) -> Iterator[tuple[int, str]]:
    try:
        documents = [msgspec.json.decode(event, type=_Choices) for event in events_of(answer)]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    for document in documents:
        if len({choice.index for choice in document.choices}) < len(document.choices):
            raise ValueError("two choices have one index")
        for choice in document.choices:
            yield choice.index, _text(choice)


def _text(choice: _Choice) -> str:
    """Raises ValueError where one client reads another text than the next: each form has a place of its own."""
    given = {item.content for item in (choice.message, choice.delta) if item is not None} | {choice.text}
    texts = [text for text in given if text]
    if len(texts) > 1:
        raise ValueError("a choice says several things")
    return texts[0] if texts else ""
