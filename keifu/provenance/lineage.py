"""The graph of what an artefact was made from: walked from any source of records, drawn as tree, JSON or picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from keifu.errors import InputError
from keifu.provenance._drawing import draw_lineage
from keifu.provenance._model import Record, Relation, Status
from keifu.provenance.registry import Entry, RecordStore
from keifu.texts import one_line

__all__ = ["Lineage", "walk"]

SHORT = 8  # hex digits by which people tell records apart


@dataclass
class Lineage:
    """`root` and its ancestors. `missing` are parents whose record the source does not have; beyond `depth` links
    nothing was asked for, and `cut` says whether that left anything out."""

    root: bytes
    entries: dict[bytes, Entry] = field(default_factory=dict)
    missing: list[bytes] = field(default_factory=list)
    names: dict[bytes, str] = field(default_factory=dict)
    cut: bool = False

    @property
    def records(self) -> dict[bytes, Record]:
        """What the records say, by id."""
        return {entry.id: entry.record for entry in self.entries.values()}

    @property
    def withdrawn(self) -> list[Entry]:
        """Every record of it that is not active: of the root, and of what it was made from. What a record supersedes
        is none of that."""
        return [self.entries[item] for item in self._made_from() if self.entries[item].status != Status.ACTIVE]

    def parents_first(self) -> list[Record]:
        """The root and what it was made from, each after its parents."""
        levels = self._levels()
        order = sorted(self._made_from(), key=lambda item: levels[item], reverse=True)
        return [self.entries[item].record for item in order]

    def _made_from(self) -> list[bytes]:
        found, pending = {self.root: None}, deque([self.root])
        while pending:
            entry = self.entries.get(pending.popleft())
            for link in entry.record.links if entry else ():
                if link.relation != Relation.SUPERSEDES and link.parent not in found:
                    found[link.parent] = None
                    pending.append(link.parent)
        return [item for item in found if item in self.entries]

    @property
    def depth(self) -> int:
        """Links on the longest path."""
        return max(self._levels().values(), default=0)

    def title(self, record_id: bytes) -> str:
        entry = self.entries.get(record_id)
        what = self.names.get(record_id) or (entry.record.kind.word if entry else "unknown")
        return f"{one_line(what)} {record_id.hex()[:SHORT]}"

    def tree(self) -> str:
        """Indented text; a record that appears again is named, not repeated."""
        lines: list[str] = []
        seen: set[bytes] = set()
        stack: list[tuple[bytes, str, str, str]] = [(self.root, "", "", "")]
        while stack:
            record_id, indent, branch, relation = stack.pop()
            entry = self.entries.get(record_id)
            note = "" if entry is None or entry.status == Status.ACTIVE else f"  !{entry.status.word}"
            note += "  (not known here)" if entry is None else "  (see above)" if record_id in seen else ""
            lines.append(f"{indent}{branch}{relation}{self.title(record_id)}{note}")
            if entry is None or record_id in seen:
                continue
            seen.add(record_id)
            deeper = indent + ("" if not branch else "   " if branch.startswith("└") else "│  ")
            for index, link in reversed(list(enumerate(entry.record.links))):
                last = index == len(entry.record.links) - 1
                stack.append((link.parent, deeper, "└─ " if last else "├─ ", f"{link.relation.word}: "))
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        return {
            "root": self.root.hex(),
            "records": [
                {
                    "id": entry.id.hex(),
                    "name": self.names.get(entry.id, ""),
                    "status": entry.status.word,
                    "reason": entry.reason,
                    "registered": entry.time,
                    "block": entry.block,
                    "record": entry.record.to_json(),
                }
                for entry in self.entries.values()
            ],
            "missing": [record_id.hex() for record_id in self.missing],
            "withdrawn": [entry.id.hex() for entry in self.withdrawn],
            "cut": self.cut,
        }

    def to_svg(self, opened: Collection[bytes] = (), address: Callable[[bytes], str] | None = None) -> str:
        """A picture: children above, parents below, one row for each distance on the longest path. Of a large lineage,
        records that look alike and long chains share a box, those that are `opened` apart. With `address`, each box is
        a link to the page of its record, or of the first of several."""
        return draw_lineage(self, self._topological(), opened, address)

    def _levels(self) -> dict[bytes, int]:
        """Longest distance from the root, in order of discovery. Ids commit to parents, so there is no cycle."""
        levels = {self.root: 0}
        for record_id in self._topological():
            for link in self.entries[record_id].record.links:
                if link.parent in self.entries or link.parent in self.missing:
                    levels[link.parent] = max(levels.get(link.parent, 0), levels[record_id] + 1)
        return levels

    def _topological(self) -> list[bytes]:
        waiting = dict.fromkeys(self.entries, 0)
        for entry in self.entries.values():
            for parent in {link.parent for link in entry.record.links}:
                if parent in waiting:
                    waiting[parent] += 1
        ready = deque(record_id for record_id, count in waiting.items() if count == 0)
        order: list[bytes] = []
        while ready:
            record_id = ready.popleft()
            order.append(record_id)
            for parent in {link.parent: None for link in self.entries[record_id].record.links}:
                if parent in waiting:
                    waiting[parent] -= 1
                    if waiting[parent] == 0:
                        ready.append(parent)
        if len(order) < len(self.entries):
            raise InputError("the records form a cycle: some of them do not hash to their ids")
        return order


def walk(store: RecordStore, root: bytes, *, depth: int = 0, names: dict[bytes, str] | None = None) -> Lineage:
    """`root` and its ancestors, at most `depth` links away (zero: all of them).

    Raises InputError when the root is unknown.
    """
    lineage = Lineage(root, names=names or {})
    pending = deque([(root, 0)])
    asked = {root}
    while pending:
        record_id, distance = pending.popleft()
        entry = store.entry(record_id)
        if entry is None:
            if record_id == root:
                raise InputError(f"no record {root.hex()}", remedy="is it of this chain and registry?")
            lineage.missing.append(record_id)
            continue
        lineage.entries[record_id] = entry
        if depth and distance == depth:
            lineage.cut = lineage.cut or bool(entry.record.links)
            continue
        for link in entry.record.links:
            if link.parent not in asked:
                asked.add(link.parent)
                pending.append((link.parent, distance + 1))
    return lineage
