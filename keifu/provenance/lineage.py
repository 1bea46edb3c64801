"""The graph of what an artefact was made from: walked from any source of records, drawn as tree, JSON or picture."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from html import escape
from typing import Any

from keifu.errors import InputError
from keifu.provenance._model import Status
from keifu.provenance.registry import Entry, RecordStore

__all__ = ["Lineage", "walk"]

SHORT = 8  # hex digits by which people tell records apart
# Picture, pixels.
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 210, 64, 40, 64, 24
COLOURS = {Status.ACTIVE: "#1a7f5a", Status.DEPRECATED: "#b7791f", Status.REVOKED: "#c53030"}


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
    def withdrawn(self) -> list[Entry]:
        """Every record of it that is not active."""
        return [entry for entry in self.entries.values() if entry.status != Status.ACTIVE]

    @property
    def depth(self) -> int:
        """Links on the longest path."""
        return max(self._levels().values(), default=0)

    def title(self, record_id: bytes) -> str:
        entry = self.entries.get(record_id)
        what = self.names.get(record_id) or (entry.record.kind.word if entry else "unknown")
        return f"{what} {record_id.hex()[:SHORT]}"

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

    def to_svg(self) -> str:
        """A picture: children above, parents below, one row for each distance on the longest path."""
        levels = self._levels()
        rows: dict[int, list[bytes]] = {}
        for record_id, level in levels.items():
            rows.setdefault(level, []).append(record_id)
        widest = max(len(row) for row in rows.values())
        width = 2 * MARGIN + widest * BOX_WIDTH + (widest - 1) * GAP_X
        height = 2 * MARGIN + len(rows) * BOX_HEIGHT + (len(rows) - 1) * GAP_Y
        places: dict[bytes, tuple[float, float]] = {}
        for level, row in rows.items():
            left = (width - len(row) * BOX_WIDTH - (len(row) - 1) * GAP_X) / 2
            for index, record_id in enumerate(row):
                places[record_id] = (left + index * (BOX_WIDTH + GAP_X), MARGIN + level * (BOX_HEIGHT + GAP_Y))
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="system-ui, sans-serif" font-size="12" role="img">',
            f"<title>Lineage of {escape(self.title(self.root))}</title>",
            '<rect width="100%" height="100%" fill="#fbfaf7"/>',
        ]
        parts += [line for record_id in levels for line in self._edges_svg(record_id, places)]
        parts += [self._box_svg(record_id, *place) for record_id, place in places.items()]
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _edges_svg(self, record_id: bytes, places: dict[bytes, tuple[float, float]]) -> list[str]:
        entry = self.entries.get(record_id)
        lines: list[str] = []
        for index, link in enumerate(entry.record.links if entry else ()):
            if link.parent not in places:
                continue
            x1, y1 = places[record_id][0] + BOX_WIDTH / 2, places[record_id][1] + BOX_HEIGHT
            x2, y2 = places[link.parent][0] + BOX_WIDTH / 2, places[link.parent][1]
            bend = (y1 + y2) / 2
            lines.append(
                f'<path d="M{x1:.0f} {y1:.0f} C{x1:.0f} {bend:.0f} {x2:.0f} {bend:.0f} {x2:.0f} {y2:.0f}" '
                'fill="none" stroke="#8a8578" stroke-width="1.4"/>'
            )
            # Near the parent, where lines of one child have spread.
            at = 0.68 - 0.08 * (index % 2)
            lines.append(
                f'<text x="{x1 + (x2 - x1) * at:.0f}" y="{y1 + (y2 - y1) * at:.0f}" text-anchor="middle" '
                f'fill="#5b574d" font-size="11">{escape(link.relation.word)}</text>'
            )
        return lines

    def _box_svg(self, record_id: bytes, x: float, y: float) -> str:
        entry = self.entries.get(record_id)
        colour = COLOURS.get(entry.status, "#777") if entry else "#999"
        what = self.names.get(record_id) or (entry.record.kind.word if entry else "not known here")
        detail = f"sha256 {entry.record.digest.hex()[:12]}…" if entry else ""
        state = entry.status.word if entry else "missing"
        return (
            f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8" fill="#fff" '
            f'stroke="{colour}" stroke-width="2"/>'
            f'<text x="{x + 12:.0f}" y="{y + 21:.0f}" font-weight="600" fill="#22201b">{escape(what)}</text>'
            f'<text x="{x + 12:.0f}" y="{y + 38:.0f}" fill="#5b574d">{record_id.hex()[:SHORT]} · {escape(state)}</text>'
            f'<text x="{x + 12:.0f}" y="{y + 54:.0f}" fill="#5b574d">{detail}</text></g>'
        )

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
