"""Which tests share a worker, and which begin first, in a run with several workers.

Tests of a file share its fixtures: dealt out one by one, as `--dist loadgroup` does, every worker would make all of
them. Only tests marked `slow` are dealt out alone, unless they have a group. What is long begins first, so that the
workers end together.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

__all__ = ["Scheduling", "longest_first", "unit"]

GROUP, SLOW = "xdist_group", "slow"
TOGETHER = ("tests/integration/provenance/",)  # folders whose files share fixtures


class Scheduling(LoadGroupScheduling):
    """Deals out units in the order in which the workers have collected them."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit(super()._split_scope(nodeid))


def unit(scope: str) -> str:
    """What a test is dealt out with: its group, its folder or its file. `scope` is the test when it has no group."""
    path, found, _ = scope.partition("::")
    return next((folder for folder in TOGETHER if path.startswith(folder)), path) if found else scope


def longest_first(items: list[pytest.Item]) -> None:
    """Put units with slow tests first, then those with many tests; inside a unit the order stays."""
    units = [_unit_of(item) for item in items]
    slow = {name for name, item in zip(units, items, strict=True) if item.get_closest_marker(SLOW)}
    size, first = Counter(units), {name: place for place, name in reversed(list(enumerate(units)))}
    order = sorted(range(len(items)), key=lambda at: (units[at] not in slow, -size[units[at]], first[units[at]], at))
    items[:] = [items[at] for at in order]


def _unit_of(item: pytest.Item) -> str:
    """Gives a slow test without a group one of its own."""
    if item.get_closest_marker(SLOW) and not item.get_closest_marker(GROUP):
        item.add_marker(pytest.mark.xdist_group(item.name))
    group = item.get_closest_marker(GROUP)
    return unit(group.args[0] if group and group.args else group.kwargs["name"] if group else item.nodeid)
