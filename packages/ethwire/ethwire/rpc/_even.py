"""Results of a batch that are equally long, left where they stand in the answer: nothing is copied or read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import msgspec

__all__ = ["EvenTexts"]

_NULL = b"null"


class EvenTexts(Sequence[msgspec.Raw]):
    """`count` texts of `size` bytes each in `body`: one begins every `step` bytes from `first` on.

    Whoever has one can look at all of them at once, as at the rows of a table.
    """

    def __init__(self, body: bytes, count: int, first: int = 0, step: int = 0, size: int = 0) -> None:
        self.body, self.first, self._count = body, first, count
        self.step = step or len(body) // count
        self.size = size or self.step

    @classmethod
    def answered(cls, body: bytes, ids: Sequence[int]) -> EvenTexts | None:
        """The results of a batch that is answered in order, without a fault and in equally long parts, as most nodes
        write it; None for any other. Whether each result is JSON is found out by who reads it."""
        count = len(ids)
        step, rest = divmod(len(body) - 1, count)
        heads = b"".join([b'{"jsonrpc":"2.0","id":%d,"result":' % number for number in ids])
        head, uneven = divmod(len(heads), count)
        if rest or uneven or step < head + 2 or body[:1] != b"[":
            return None
        if body[step - 1 :: step] != b"}" * count or body[step::step] != b"," * (count - 1) + b"]":
            return None
        if any(body[1 + column :: step] != heads[column::head] for column in range(head)):
            return None
        found = cls(body, count, 1 + head, step, step - head - 2)
        return None if found.size == len(_NULL) and _NULL in map(bytes, found) else found

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> msgspec.Raw: ...

    @overload
    def __getitem__(self, place: slice) -> list[msgspec.Raw]: ...

    def __getitem__(self, place: int | slice) -> msgspec.Raw | list[msgspec.Raw]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        at = self.first + place % self._count * self.step
        return msgspec.Raw(self.body[at : at + self.size])

    def __iter__(self) -> Iterator[msgspec.Raw]:
        ends = self.first + self._count * self.step
        return (msgspec.Raw(self.body[at : at + self.size]) for at in range(self.first, ends, self.step))
