"""Fields of a query, each checked by what it must be, and refused when nobody asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from keifu.errors import InputError
from keifu.index.reading import MOST, Question
from keifu.index.tables import Column, Kind
from keifu.serving import Request
from keifu.units import is_address

__all__ = ["Filters"]

LARGEST_BLOCK = 2**53
LONGEST_TEXT = 256
_WORD = re.compile(r"0x[0-9a-f]{64}")
_HEX = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{40})")
_BYTES = re.compile(r"0x(?:[0-9a-f]{2}){0,32}")
_DIGITS = re.compile(r"-?[0-9]{1,78}")

T = TypeVar("T")


class Filters:
    """The query of one request. Raises InputError for a field that is there twice, or of which nothing was asked."""

    def __init__(self, request: Request) -> None:
        self._fields: dict[str, str] = {}
        self._known: list[str] = []
        for name, value in request.query:
            if name in self._fields:
                raise InputError(f"{name} is given twice", remedy="give it once")
            self._fields[name] = value

    def text(self, name: str, allowed: Collection[str]) -> str | None:
        def read(value: str) -> str:
            return value if value in allowed else _refuse(f"one of {', '.join(sorted(allowed))}")

        return self._read(name, read)

    def address(self, name: str) -> str | None:
        return self._read(name, _address)

    def word(self, name: str) -> str | None:
        return self._read(name, _word)

    def anything(self, name: str) -> str:
        """An address, an id, a digest, a transaction or a name; hex also without its 0x, a digest with `sha256:`."""
        value = self._read(name, _short_text)
        if value is None:
            raise InputError(f"{name} is missing", remedy="an address, id, digest, transaction or name")
        plain = value.lower().removeprefix("sha256:").removeprefix("0x")
        return f"0x{plain}" if _HEX.fullmatch(plain) else value

    def argument(self, column: Column) -> Any:
        """An indexed argument of an event."""
        if column.type == "address":
            return self.address(column.name)
        return self._read(column.name, _READERS.get(column.kind, _hex))

    def question(self, question: Question) -> Question:
        """The same with blocks, order, limit and cursor. Nothing more may be in the query."""
        order = self.text("order", ("asc", "desc"))
        limit = self._read("limit", lambda value: _within(value, 1, MOST))
        found = replace(
            question,
            from_block=self._read("from_block", _block),
            to_block=self._read("to_block", _block),
            newest_first=question.newest_first if order is None else order == "desc",
            limit=question.limit if limit is None else limit,
            cursor=self._read("cursor", str) or "",
        )
        self.done()
        return found

    def done(self) -> None:
        """Raises InputError when something is left that nobody asked for."""
        left = sorted(self._fields.keys() - set(self._known))
        if left:
            known = ", ".join(self._known) or "none"
            raise InputError(f"{left[0][:80]} is no filter here", remedy=f"there are: {known}")

    def _read(self, name: str, read: Callable[[str], T]) -> T | None:
        """The field, by a reader that raises ValueError with what it should have been."""
        self._known.append(name)
        if name not in self._fields:
            return None
        try:
            return read(self._fields[name])
        except ValueError as error:
            raise InputError(f"{name} is {self._fields[name][:80]!r}", remedy=str(error)) from error


def _refuse(right: str) -> NoReturn:
    raise ValueError(right)


def _address(value: str) -> str:
    return value.lower() if is_address(value) else _refuse("0x and 40 hex digits")


def _word(value: str) -> str:
    return value.lower() if _WORD.fullmatch(value.lower()) else _refuse("0x and 64 hex digits")


def _hex(value: str) -> str:
    return value.lower() if _BYTES.fullmatch(value.lower()) else _refuse("bytes in hex, with 0x")


def _short_text(value: str) -> str:
    return value if 0 < len(value) <= LONGEST_TEXT else _refuse(f"1 to {LONGEST_TEXT} characters")


def _boolean(value: str) -> bool:
    return value == "true" if value in ("true", "false") else _refuse("true or false")


def _integer(value: str) -> int:
    return int(value) if _DIGITS.fullmatch(value) else _refuse("a whole number")


def _number(value: str) -> str:
    """As the tables keep large ones."""
    return str(_integer(value))


def _within(value: str, least: int, most: int) -> int:
    number = _integer(value)
    return number if least <= number <= most else _refuse(f"{least} to {most}")


def _block(value: str) -> int:
    return _within(value, 0, LARGEST_BLOCK)


_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: lambda value: _within(value, -LARGEST_BLOCK, LARGEST_BLOCK),
    Kind.NUMBER: _number,
}
