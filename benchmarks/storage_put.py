"""A file to fourteen storage nodes and back with four of them dead: time beside what it needs at least, and memory."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from benchmarks import limits
from benchmarks._beside import line_of, peak_bytes, processor_seconds, python_beside
from benchmarks._lab import Lab
from benchmarks._put import Taken
from benchmarks._rows import Row, cpu_seconds, seconds
from keifu.merkle.indexed import roots_of
from keifu.node.storage.alone import Settings
from keifu.storage.ciphers import FileKeys, Segments
from keifu.storage.erasure import Code
from keifu.storage.layout import CHUNK_BYTES, LEAF_BYTES, SEGMENT_BYTES

__all__ = ["ROWS"]

K, M = 10, 4
SEED = 1
MIB = 1 << 20
GB = 10**9
SAMPLE_STRIPES = 52  # for the parts alone: an eighth of a GiB


@dataclass(frozen=True)
class Whole:
    """One file of so many bytes there and back."""

    size: int
    put: Taken
    get: Taken
    node_put_seconds: float  # of the processor, all nodes together
    node_get_seconds: float
    node_peak: int
    node_steady: int  # a moment after


def _whole(size: int) -> Whole:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        file = folder / "file"
        _write(file, size)
        nodes, urls = [], []
        for number in range(K + M):
            settings = folder / f"{number}.json"
            settings.write_bytes(msgspec.json.encode(Settings(str(folder / str(number)))))
            nodes.append(stack.enter_context(python_beside("keifu.node.storage.alone", str(settings))))
            urls.append(line_of(nodes[-1]))
        pids = [node.pid for node in nodes]
        used = [sum(map(processor_seconds, pids))]
        client = stack.enter_context(python_beside("benchmarks._put", str(file), str(K), str(M), *urls))
        put = msgspec.json.decode(line_of(client), type=Taken)
        used.append(sum(map(processor_seconds, pids)))
        get = msgspec.json.decode(line_of(client), type=Taken)
        used.append(sum(map(processor_seconds, pids)))
        peak, steady = max(map(peak_bytes, pids)), max(map(_steady_bytes, pids))
        return Whole(size, put, get, used[1] - used[0], used[2] - used[1], peak, steady)


def _steady_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _write(path: Path, size: int) -> None:
    random = np.random.default_rng(SEED)
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(random.bytes(MIB))


# what it needs at least -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Processor seconds for a byte of each part alone, and seconds of the disk for a byte that becomes durable."""

    cipher: float
    parity: float
    rebuilding: float
    hashing: float
    sending: float
    disk: float


def _parts(_: Lab) -> Parts:
    sample = SAMPLE_STRIPES * K * SEGMENT_BYTES
    data = np.random.default_rng(SEED).bytes(sample)
    keys = FileKeys.fresh()
    segments, code = Segments(keys, keys.header(K, M)), Code(K, M)
    rows = np.frombuffer(data, np.uint8).reshape(SAMPLE_STRIPES, K, SEGMENT_BYTES)
    pieces = np.empty((K + M, SEGMENT_BYTES), np.uint8)
    sealed = np.empty(SEGMENT_BYTES, np.uint8)

    def encrypt() -> None:
        for number in range(sample // CHUNK_BYTES):
            chunk = data[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
            segments.encrypt(chunk, number, sealed, last=False)

    def encode() -> None:
        for stripe in rows:
            code.encode(stripe, pieces[K:])

    def rebuild() -> None:
        for stripe in rows:
            known = {shard: stripe[shard % K] for shard in range(M, K + M)}
            code.rebuild(known, range(M))

    def hash_all() -> None:
        for stripe in rows:
            roots_of(stripe.reshape(K, -1, LEAF_BYTES), 0)

    works = (encrypt, encode, rebuild, hash_all, lambda: _over_loopback(data))
    for work in works:
        work()  # compiled, and in the caches
    cipher, parity, rebuilding, hashing, sending = (_best(work) / sample for work in works)
    return Parts(cipher, parity, rebuilding, hashing, sending, _disk_seconds(data) / sample)


def _best(work: Callable[[], object], rounds: int = 3) -> float:
    return min(cpu_seconds(work) for _ in range(rounds))


def _over_loopback(data: bytes) -> None:
    """Bare TCP from one thread to another, a segment at a time."""
    view = memoryview(data)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            with socket.create_connection(server.getsockname()) as peer:
                for start in range(0, len(data), SEGMENT_BYTES):
                    peer.sendall(view[start : start + SEGMENT_BYTES])

        sender = threading.Thread(target=send)
        sender.start()
        buffer = bytearray(SEGMENT_BYTES)
        with server.accept()[0] as peer:
            while peer.recv_into(buffer):
                pass
        sender.join()


def _disk_seconds(data: bytes) -> float:
    with tempfile.TemporaryFile(buffering=0) as file:

        def write() -> None:
            file.write(data)
            os.fdatasync(file.fileno())

        return seconds(write)


def _least(size: int, parts: Parts) -> float:
    """Seconds that a file there and back takes at least: its processor seconds over all cores, or its disk. What is
    stored is hashed by its sender and by its node, what is read by its reader."""
    stored, cores = size * (K + M) / K, os.cpu_count() or 1
    put = size * (parts.cipher + parts.parity) + stored * (2 * parts.hashing + parts.sending)
    get = size * (parts.cipher + parts.rebuilding + parts.hashing + parts.sending)
    return max(put / cores, stored * parts.disk) + get / cores


# rows -----------------------------------------------------------------------------------------------------------------


def _one(_: Lab) -> Whole:
    return _whole(limits.GIB)


def _four(_: Lab) -> Whole:
    return _whole(4 * limits.GIB)


def _ratio(whole: Callable[[Lab], Whole]) -> Callable[[Lab], float]:
    def ratio(lab: Lab) -> float:
        found = lab.shared(whole)
        return (found.put.seconds + found.get.seconds) / _least(found.size, lab.shared(_parts))

    return ratio


def _processors(lab: Lab) -> float:
    """The same in processor seconds: other work on the machine does not count."""
    found = lab.shared(_one)
    used = found.put.cpu_seconds + found.node_put_seconds + found.get.cpu_seconds + found.node_get_seconds
    return used / (os.cpu_count() or 1) / _least(found.size, lab.shared(_parts))


def _put_rate(lab: Lab) -> float:
    """GB for a processor second of client and nodes together."""
    found = lab.shared(_one)
    return found.size / GB / (found.put.cpu_seconds + found.node_put_seconds)


ROWS = (
    Row(
        "rate.storage_put",
        _put_rate,
        f"1 GiB into {K + M} nodes, processor seconds of the client and of all nodes; the cost report reads it",
        heavy=True,
        unit="GB/CPU-s",
    ),
    Row(
        "ratio.put_1g",
        _ratio(_one),
        f"AES-GCM, ISA-L, keccak on both sides and bare sockets, each alone, over {os.cpu_count()} cores, or the disk",
        also=(("in processor seconds", _processors), ("4 GiB", _ratio(_four))),
        heavy=True,
    ),
    Row(
        "memory.client",
        lambda lab: lab.shared(_four).get.peak / MIB,
        "the client's whole process, put of 4 GiB and get with four nodes dead",
        heavy=True,
    ),
    Row(
        "memory.storage_node",
        lambda lab: lab.shared(_four).node_peak / MIB,
        "the largest of 14 nodes, put and get of 4 GiB",
        also=(("after it", lambda lab: lab.shared(_four).node_steady / MIB),),
        heavy=True,
    ),
)
