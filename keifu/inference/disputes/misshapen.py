"""Where to dispute a text's vector whose groups are not as many as the model has.

A client without the model cannot count them: what came makes the trace's root, and is believed. The chain opens groups
as many levels below a position as the model has. What stands there is then none that a provider can open, as three
tensors and 32 zero bytes: below it, or within it, a hash would have to be 0. So silence is all that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from keifu.spec import inference_trees as trees

__all__ = ["Unopened", "is_misshapen", "unopened"]

_PLACES = 4  # of a boundary: the last one is always empty
_WITHIN = 2  # levels of a boundary


class Unopened(NamedTuple):
    """A group at a position, what stands there in its place, and the way from there to the position's root."""

    group: int
    node: bytes
    path: list[bytes]


def is_misshapen(shown: int, groups: int) -> bool:
    """Of so many groups that came, where the model has `groups`. More on the same levels are never opened."""
    return shown < groups or trees.depth(shown) != trees.depth(groups)


def unopened(leaves: Sequence[Sequence[bytes]], groups: int) -> Unopened | None:
    """By what came of one position, three tensors a group. None where nothing is known of that level, or where a group
    and its neighbour are missing, so that the node over both is empty: the provider is to show groups then, and
    cannot."""
    places = [leaf for group in leaves for leaf in (*group, bytes(32))]
    deeper = trees.depth(len(leaves)) + _WITHIN - trees.depth(groups)
    if deeper < 0 or (deeper == _WITHIN and len(leaves) % 2 == 0):
        return None
    # On the level of its own groups the first that is missing is empty. Above it any is a node over whole groups. Half
    # of a group ends with an empty tensor, and a quarter is one: the second half, and the last quarter.
    group = {0: _PLACES - 1, 1: 1, _WITHIN: len(leaves)}.get(deeper, 0)
    nodes = trees.levels(places)[deeper]
    node = nodes[group] if group < len(nodes) else bytes(32)
    return Unopened(group, node, trees.path(nodes, group))
