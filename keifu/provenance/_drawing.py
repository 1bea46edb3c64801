"""A lineage as boxes and links: what each box says, and which records share one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from keifu.provenance._groups import grouped
from keifu.provenance._model import Link as RecordLink
from keifu.provenance._model import Status
from keifu.provenance._picture import Box, Link, draw
from keifu.provenance.statement import rfc3339

if TYPE_CHECKING:
    from keifu.provenance.lineage import Lineage
    from keifu.provenance.registry import Entry

__all__ = ["draw_lineage"]

SHORT = 8  # hex digits by which people tell records apart
LONGEST = 30  # characters of a line in a box
DATE = len("2027-01-15")
ALL_SHOWN = 40  # records: fewer are drawn one by one
COLOURS = {Status.ACTIVE: "#1a7f5a", Status.DEPRECATED: "#b7791f", Status.REVOKED: "#c53030"}
MISSING_COLOUR = "#999999"


def draw_lineage(
    lineage: Lineage,
    order: Sequence[bytes],
    opened: Collection[bytes],
    address: Callable[[bytes], str] | None = None,
) -> str:
    """`order` has the records that are known, children before parents; `address` gives the page of one."""
    nodes = [*order, *lineage.missing]
    known = set(nodes)
    links = {
        item: [(link.relation.word, link.parent) for link in _links(lineage, item) if link.parent in known]
        for item in nodes
    }
    if len(nodes) > ALL_SHOWN:
        box = grouped(nodes, links, lambda item: _look(lineage.entries.get(item)), opened)
    else:
        box = {item: number for number, item in enumerate(nodes)}
    members: dict[int, list[bytes]] = {}
    for item in nodes:
        members.setdefault(box[item], []).append(item)
    joined = Counter(
        (box[item], box[parent], word)
        for item, found in links.items()
        for word, parent in found
        if box[item] != box[parent]
    )
    drawn = [
        Link(str(child), str(parent), word + (f" × {count}" if count > 1 else ""))
        for (child, parent, word), count in joined.items()
    ]
    boxes = {str(number): _box(lineage, found) for number, found in members.items()}
    if address is not None:
        boxes = {key: replace(box, address=address(members[int(key)][0])) for key, box in boxes.items()}
    return draw(f"Lineage of {lineage.title(lineage.root)}", boxes, _levels(list(boxes), drawn), drawn)


def _links(lineage: Lineage, record_id: bytes) -> Sequence[RecordLink]:
    entry = lineage.entries.get(record_id)
    return entry.record.links if entry else ()


def _levels(keys: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    """Longest distance of each box from the top."""
    parents: dict[str, set[str]] = {key: set() for key in keys}
    for link in links:
        parents[link.child].add(link.parent)
    waiting = Counter(parent for found in parents.values() for parent in found)
    ready = [key for key in keys if not waiting[key]]
    levels = dict.fromkeys(ready, 0)
    for key in ready:
        for parent in sorted(parents[key]):
            levels[parent] = max(levels.get(parent, 0), levels[key] + 1)
            waiting[parent] -= 1
            if not waiting[parent]:
                ready.append(parent)
    return levels


def _look(entry: Entry | None) -> tuple[str, ...]:
    return (entry.record.kind.word, entry.status.word, entry.record.author) if entry else ()


def _box(lineage: Lineage, members: Sequence[bytes]) -> Box:
    return _one(lineage, members[0]) if len(members) == 1 else _several(lineage, members)


def _one(lineage: Lineage, record_id: bytes) -> Box:
    entry, short, name = lineage.entries.get(record_id), record_id.hex()[:SHORT], lineage.names.get(record_id, "")
    if entry is None:
        return Box(name or "not known here", f"{short} · missing", "", "", MISSING_COLOUR)
    record = entry.record
    return Box(
        _cut(name or record.kind.word),
        _line(short, entry.status.word, record.version),
        _line(f"by {record.author[:10]}…", record.licence),
        _line(rfc3339(entry.time)[:DATE], f"sha256 {record.digest.hex()[:SHORT]}…"),
        COLOURS[entry.status],
        f"{name or record.kind.word} {record_id.hex()}, by {record.author}, {record.licence}, {record.version}",
    )


def _several(lineage: Lineage, members: Sequence[bytes]) -> Box:
    entries = [lineage.entries[item] for item in members if item in lineage.entries]
    kinds = Counter(entry.record.kind.word for entry in entries)
    states = Counter(entry.status for entry in entries)
    authors = list(dict.fromkeys(entry.record.author for entry in entries))
    times = sorted(rfc3339(entry.time)[:DATE] for entry in entries)
    worst = max(states, default=None)
    what = next(iter(kinds)) if len(kinds) == 1 else "records"
    said = ", ".join(f"{count} {status.word}" for status, count in states.items()) or "missing"
    by = f"by {authors[0][:10]}…" if len(authors) == 1 else f"by {len(authors)} authors"
    return Box(
        f"{len(members):,} × {what}",
        said,
        by,
        f"{times[0]} to {times[-1]}" if times else "",
        COLOURS[worst] if worst else MISSING_COLOUR,
        f"from {members[0].hex()} to {members[-1].hex()}: open one by its id",
    )


def _line(*parts: str) -> str:
    return _cut(" · ".join(part for part in parts if part))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
