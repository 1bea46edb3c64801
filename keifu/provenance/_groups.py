"""Which records of a lineage share one box of its picture: a picture of ten thousand boxes shows nothing.

Records are taken together when nothing tells them apart from above: the same kind, author and state, and the same links
from the same boxes (a batch). Then boxes that follow one another without a branch are (a long chain). What is still too
wide or too deep is taken together as "others". A record that the reader opens has a box of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

__all__ = ["MAX_IN_A_ROW", "MAX_LEVELS", "grouped"]

MAX_IN_A_ROW = 12  # boxes
MAX_LEVELS = 24
SHORTEST_CHAIN = 4  # boxes that are taken together

Key = Hashable
Links = Mapping[bytes, Sequence[tuple[str, bytes]]]


def grouped(
    order: Sequence[bytes], links: Links, look: Callable[[bytes], Key], opened: Collection[bytes]
) -> dict[bytes, int]:
    """The number of each record's box. `order` has children before their parents; `look` is what a box shows of a
    record."""
    above: dict[bytes, set[tuple[str, int]]] = defaultdict(set)
    numbers: dict[Key, int] = {}
    box: dict[bytes, int] = {}
    for record_id in order:
        alone = record_id if record_id in opened else None
        key = (alone, look(record_id), frozenset(above[record_id]))
        box[record_id] = numbers.setdefault(key, len(numbers))
        for word, parent in links[record_id]:
            above[parent].add((word, box[record_id]))
    kept = {box[record_id] for record_id in (*order[:1], *opened) if record_id in box}
    for merge in (_chains, _deep, _wide):
        box = _renamed(box, merge(_edges(order, links, box), Counter(box.values()), kept))
    return box


def _edges(order: Iterable[bytes], links: Links, box: Mapping[bytes, int]) -> dict[int, set[int]]:
    """From each box to those of its parents; boxes in the order of their first record."""
    found: dict[int, set[int]] = {}
    for record_id in order:
        down = found.setdefault(box[record_id], set())
        down |= {box[parent] for _, parent in links[record_id]} - {box[record_id]}
    return found


def _renamed(box: Mapping[bytes, int], new: Mapping[int, int]) -> dict[bytes, int]:
    return {record_id: new.get(number, number) for record_id, number in box.items()}


def _chains(edges: Mapping[int, set[int]], size: Mapping[int, int], kept: Collection[int]) -> dict[int, int]:
    """Boxes in a row, each with one box above and one below, become the first of them."""
    del size
    above = Counter(parent for parents in edges.values() for parent in parents)
    inner = {number for number, parents in edges.items() if len(parents) == 1 and above[number] == 1} - {*kept}
    before = {next(iter(edges[number])): number for number in edges if len(edges[number]) == 1}
    found: dict[int, int] = {}
    for number in edges:
        if number not in inner or before.get(number) in inner:
            continue
        chain = [number]
        while (down := next(iter(edges[chain[-1]]))) in inner:
            chain.append(down)
        if len(chain) >= SHORTEST_CHAIN:
            found |= dict.fromkeys(chain, number)
    return found


def _levels(edges: Mapping[int, set[int]]) -> dict[int, int]:
    """Longest distance of each box from the first one."""
    waiting = Counter(parent for parents in edges.values() for parent in parents)
    ready = [number for number in edges if not waiting[number]]
    levels = dict.fromkeys(ready, 0)
    for number in ready:
        for parent in edges[number]:
            levels[parent] = max(levels.get(parent, 0), levels[number] + 1)
            waiting[parent] -= 1
            if not waiting[parent]:
                ready.append(parent)
    return levels


def _deep(edges: Mapping[int, set[int]], size: Mapping[int, int], kept: Collection[int]) -> dict[int, int]:
    """Everything below the last level that is drawn becomes one box."""
    del size, kept
    below = [number for number, level in _levels(edges).items() if level >= MAX_LEVELS]
    return dict.fromkeys(below, below[0]) if below else {}


def _wide(edges: Mapping[int, set[int]], size: Mapping[int, int], kept: Collection[int]) -> dict[int, int]:
    """Of each level, the boxes of most records stay, and the others become one."""
    rows: dict[int, list[int]] = defaultdict(list)
    for number, level in _levels(edges).items():
        rows[level].append(number)
    found: dict[int, int] = {}
    for row in rows.values():
        ranked = sorted(row, key=lambda number: (number not in kept, -size[number], number))
        others = [number for number in ranked[MAX_IN_A_ROW - 1 :] if number not in kept]
        if len(row) > MAX_IN_A_ROW:
            found |= dict.fromkeys(others, others[0])
    return found
