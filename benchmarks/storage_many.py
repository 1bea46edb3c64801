"""Many storage nodes on one machine beside one: what a gigabyte served costs them."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
import numpy as np

from benchmarks._beside import line_of, python_beside
from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks.storage import CONNECTIONS, SEGMENTS, Load, stored
from keifu.node.storage.alone import Settings
from keifu.storage.layout import FETCHED, SEGMENT_BYTES

__all__ = ["ROWS"]

NODES = 14
ANSWERS = 16  # different ones
UNCOUNTED, ROUNDS = 2, 9  # until every node has given each answer twice, as the one has after its first round
EACH = 14  # requests of a connection in a round, of FETCHED segments each, as a download makes them
GB = 10**9


@dataclass(frozen=True)
class Costs:
    """Processor seconds for a gigabyte, in each round."""

    one: list[float]
    many: list[float]


def _costs(_: Lab) -> Costs:
    random = np.random.default_rng(1)
    segments = [random.bytes(SEGMENT_BYTES) for _ in range(SEGMENTS)]
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        servers = [_node(stack, folder, str(number)) for number in range(1 + NODES)]
        root = [stored(url, segments) for _, url in servers][-1]
        paths = [f"/v1/shards/{root.hex()}/{number}+{FETCHED}" for number in range(0, ANSWERS * FETCHED, FETCHED)]
        loads = [
            Load(stack, folder, name, found, paths, EACH, UNCOUNTED + ROUNDS)
            for name, found in (("one", servers[:1]), ("many", servers[1:]))
        ]
        rounds = [[load.ask() * GB / (FETCHED * SEGMENT_BYTES) for load in loads] for _ in range(UNCOUNTED + ROUNDS)]
    return Costs(*([costs[place] for costs in rounds[UNCOUNTED:]] for place in range(len(loads))))


def _node(stack: ExitStack, folder: Path, name: str) -> tuple[int, str]:
    """A node: its process and address."""
    settings = folder / f"{name}.json"
    settings.write_bytes(msgspec.json.encode(Settings(str(folder / name))))
    node = stack.enter_context(python_beside("keifu.node.storage.alone", str(settings)))
    return node.pid, line_of(node)


def _ratio(lab: Lab) -> float:
    costs = lab.shared(_costs)
    return median(many / one for one, many in zip(costs.one, costs.many, strict=True))


ROWS = (
    Row(
        "ratio.nodes_14",
        _ratio,
        f"processor seconds a GB that {NODES} nodes serve to one client, over those of one node; {CONNECTIONS} "
        f"connections, answers that were asked for before, median of {ROUNDS} interleaved rounds",
        also=(("processor seconds a GB of one", lambda lab: median(lab.shared(_costs).one)),),
        heavy=True,
    ),
)
