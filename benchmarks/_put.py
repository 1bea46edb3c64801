"""A client in a process of its own: a file to fourteen nodes, and back with four of them dead.

    python -m benchmarks._put FILE K M URL…

Prints wall-clock seconds of both, its processor seconds of both, and the most memory it had, as JSON.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import pairwise
from pathlib import Path

import msgspec

from benchmarks._beside import peak_bytes
from keifu.storage.ciphers import FileKeys
from keifu.storage.codec import Encoder
from keifu.storage.nodes import NodeClient
from keifu.storage.transfer import HELD, Downloads, upload

__all__ = ["Taken"]


class Taken(msgspec.Struct):
    put_seconds: float
    put_cpu_seconds: float
    get_seconds: float
    get_cpu_seconds: float
    peak: int


def main(path: Path, k: int, m: int, urls: list[str]) -> Taken:
    nodes = [NodeClient(url) for url in urls]
    encoder = Encoder(FileKeys.fresh(), k, m, held=HELD)
    times = [(time.perf_counter(), time.process_time())]
    with path.open("rb") as source:
        descriptor = upload(source, path.stat().st_size, encoder, nodes)
    times.append((time.perf_counter(), time.process_time()))
    alive = [None if shard % 3 == 0 and shard < 3 * m else node for shard, node in enumerate(nodes)]
    with path.open("rb") as source, Downloads(descriptor, alive, encoder.keys) as downloads:
        for part in downloads.read():
            if part != source.read(len(part)):
                raise SystemExit("the file came back changed")
        if source.read(1):
            raise SystemExit("the file came back shorter")
    times.append((time.perf_counter(), time.process_time()))
    (put, put_cpu), (get, get_cpu) = ((after[0] - before[0], after[1] - before[1]) for before, after in pairwise(times))
    return Taken(put, put_cpu, get, get_cpu, peak_bytes(os.getpid()))


if __name__ == "__main__":
    found = main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    print(msgspec.json.encode(found).decode(), flush=True)
