"""A client in a process of its own: a file to fourteen nodes, and back with four of them dead.

    python -m benchmarks._put FILE K M URL…

Prints a line of JSON after each of the two ways: seconds, processor seconds, and the most memory it had until then.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from benchmarks._beside import peak_bytes
from keifu.storage.ciphers import FileKeys
from keifu.storage.codec import Encoder
from keifu.storage.nodes import NodeClient
from keifu.storage.transfer import HELD, Downloads, upload

__all__ = ["Taken"]


class Taken(msgspec.Struct):
    """One way: `peak` is the most memory until then, in bytes."""

    seconds: float
    cpu_seconds: float
    peak: int


def main(path: Path, k: int, m: int, urls: list[str]) -> None:
    nodes = [NodeClient(url) for url in urls]
    encoder = Encoder(FileKeys.fresh(), k, m, held=HELD)
    begun = _now()
    with path.open("rb") as source:
        descriptor = upload(source, path.stat().st_size, encoder, nodes)
    _say(begun)
    alive = [None if shard % 3 == 0 and shard < 3 * m else node for shard, node in enumerate(nodes)]
    begun = _now()
    with path.open("rb") as source, Downloads(descriptor, alive, encoder.keys) as downloads:
        for part in downloads.read():
            if part != source.read(len(part)):
                raise SystemExit("the file came back changed")
        if source.read(1):
            raise SystemExit("the file came back shorter")
    _say(begun)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _say(begun: tuple[float, float]) -> None:
    ended = _now()
    taken = Taken(ended[0] - begun[0], ended[1] - begun[1], peak_bytes(os.getpid()))
    print(msgspec.json.encode(taken).decode(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
