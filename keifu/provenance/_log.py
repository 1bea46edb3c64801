"""Reading registrations as the node's logs have them, many at once.

Nothing here checks what the ABI demands: a record counts only when it hashes to its id, whatever it was read from.
"""

from __future__ import annotations

from collections.abc import Iterator

from keifu.provenance._model import Record, Relation
from keifu.spec.kinds import MAX_LINKS

__all__ = ["parents_in", "record_in"]

WORD, ADDRESS = 32, 20
URI, LICENCE, VERSION, LINKS = 6, 7, 8, 9  # members of the record that stand elsewhere, counted from 0


def record_in(data: bytes) -> Record:
    """The record in the data of a registration. Raises InputError or ValueError when there is none."""
    start = _number(data, 0)
    author, kind, *digests = (data[at : at + WORD] for at in range(start, start + URI * WORD, WORD))
    texts = [_text(data, start + _number(data, start + WORD * member)) for member in (URI, LICENCE, VERSION)]
    return Record.from_args(
        ("0x" + author[-ADDRESS:].hex(), int.from_bytes(kind, "big"), *digests, *texts, _links(data, start))
    )


def parents_in(data: bytes) -> Iterator[bytes]:
    """Parents that a registration names, what it supersedes left out."""
    return (parent for relation, parent in _links(data, _number(data, 0)) if relation != Relation.SUPERSEDES)


def _links(data: bytes, record: int) -> Iterator[tuple[int, bytes]]:
    at = record + _number(data, record + LINKS * WORD)
    for place in range(at + WORD, at + WORD + 2 * WORD * min(_number(data, at), MAX_LINKS), 2 * WORD):
        yield _number(data, place), data[place + WORD : place + 2 * WORD]


def _text(data: bytes, at: int) -> str:
    return data[at + WORD : at + WORD + _number(data, at)].decode()


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + WORD], "big")
