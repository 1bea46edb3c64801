"""The storage network's hot paths beside the limit of each, in one run: serving, hashing, parity."""

from __future__ import annotations

import ctypes
import io
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import msgspec
import numpy as np

from benchmarks import limits
from benchmarks._beside import PATIENCE_SECONDS, line_of, processor_seconds, python_beside
from benchmarks._lab import Lab
from benchmarks._load import Plan, answers_of
from benchmarks._rows import Row
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.merkle.indexed import roots_of
from keifu.node.storage.alone import Settings
from keifu.storage import codec
from keifu.storage.ciphers import FileKeys
from keifu.storage.codec import Encoder
from keifu.storage.erasure import TABLE_BYTES, Code, addresses, library
from keifu.storage.layout import CHUNK_BYTES, LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.nodes import NodeClient
from keifu.storage.trees import Mountains, segment_root, verify_segment

__all__ = ["CONNECTIONS", "ROUNDS", "ROWS", "SEGMENTS", "Load", "stored"]

SEED = 1
K, M = 10, 4
SEGMENTS = 256  # that are served: 64 MiB
CONNECTIONS, EACH, ROUNDS = 16, 100, 5
POLL_SECONDS = 0.01
ENCODED_BYTES = 64 << 20
CODE_ROUNDS = 11


# serving --------------------------------------------------------------------------------------------------------------


class Load:
    """Servers in processes of their own, and the client that asks them for every segment in turn."""

    def __init__(
        self,
        stack: ExitStack,
        folder: Path,
        name: str,
        servers: Sequence[tuple[int, str]],
        paths: list[str],
        each: int = EACH,
        rounds: int = ROUNDS,
    ) -> None:
        self._each = each  # requests of a connection in a round
        self._servers, self._plan = [pid for pid, _ in servers], folder / f"{name}.plan"
        place, *others = (urlsplit(url) for _, url in servers)
        asked = [f"GET {path} HTTP/1.1\r\nhost: node\r\n\r\n".encode() for path in paths]
        each *= rounds + 1
        requests = [
            [asked[(number + 17 * connection) % len(asked)] for number in range(each)]
            for connection in range(CONNECTIONS)
        ]
        self.last = [(each - 1 + 17 * connection) % len(asked) for connection in range(CONNECTIONS)]
        ports = [other.port or 0 for other in others]
        Plan(place.hostname or "", place.port or 0, requests, ports).write(self._plan)
        self._client = stack.enter_context(python_beside("benchmarks._load", str(self._plan)))
        line_of(self._client)
        self.ask()

    def ask(self) -> float:
        """Processor seconds a request of the servers."""
        assert self._client.stdin is not None
        before = self._seconds()
        self._client.stdin.write(f"{self._each}\n")
        self._client.stdin.flush()
        answered = int(line_of(self._client))
        return (self._seconds() - before) / answered

    def _seconds(self) -> float:
        return sum(processor_seconds(pid) for pid in self._servers)

    def answers(self) -> list[bytes]:
        """The last ones, when all was asked."""
        self._client.communicate(timeout=PATIENCE_SECONDS)
        return answers_of(self._plan)


@contextmanager
def _nginx(folder: Path, segments: list[bytes]) -> Iterator[tuple[int, str]]:
    """nginx with sendfile over a file a segment, one process. Raises EnvironmentFault where there is none."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise EnvironmentFault("nginx is absent", remedy="sudo apt install nginx-light")
    files = folder / "files"
    files.mkdir()
    for number, data in enumerate(segments):
        (files / str(number)).write_bytes(data)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    settings = folder / "nginx.conf"
    settings.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}\n"
        f"http {{ sendfile on; tcp_nopush on; access_log off; keepalive_requests 1000000; {paths}\n"
        "open_file_cache max=10000; open_file_cache_valid 600s;\n"
        f"server {{ listen 127.0.0.1:{port}; root {files}; }} }}\n"
    )
    with subprocess.Popen([program, "-e", f"{folder}/nginx.log", "-c", str(settings)]) as process:
        try:
            _await(port, process)
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise EnvironmentFault("nginx does not start", remedy="see what it prints")


def _http_nginx(_: Lab) -> float:
    """Segments a processor second of the node, of those of nginx; every last answer is checked by its proof."""
    random = np.random.default_rng(SEED)
    segments = [random.bytes(SEGMENT_BYTES) for _ in range(SEGMENTS)]
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        pid, url = stack.enter_context(_nginx(folder, segments))
        peer = Load(stack, folder, "nginx", [(pid, url)], [f"/{number}" for number in range(SEGMENTS)])
        settings = folder / "node.json"
        settings.write_bytes(msgspec.json.encode(Settings(str(folder / "node"))))
        node = stack.enter_context(python_beside("keifu.node.storage.alone", str(settings)))
        url = line_of(node)
        root = stored(url, segments)
        own = Load(stack, folder, "node", [(node.pid, url)], [f"/v1/shards/{root.hex()}/{n}" for n in range(SEGMENTS)])
        rounds = [(own.ask(), peer.ask()) for _ in range(ROUNDS)]
        for number, answer in zip(own.last, own.answers(), strict=True):
            _check(answer, root, number)
    return median(nginx / ours for ours, nginx in rounds)


def stored(url: str, segments: list[bytes]) -> bytes:
    """The segments as one shard in a node; its root."""
    client, upload, tree = NodeClient(url), bytes(32), Mountains()
    client.begin(upload, SEGMENTS * SEGMENT_BYTES // LEAF_BYTES)
    for number, data in enumerate(segments):
        root = segment_root(data, number)
        tree.append(root)
        client.put(upload, number, data, root)
    client.seal(upload, tree.root)
    client.close()
    return tree.root


def _check(answer: bytes, root: bytes, number: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    path = next(line for line in head.split(b"\r\n") if line.startswith(b"keifu-path: ")).partition(b": ")[2]
    hashes = [bytes.fromhex(path[at : at + 64].decode()) for at in range(0, len(path), 64)]
    verify_segment(root, SEGMENTS * SEGMENT_BYTES // LEAF_BYTES, number, body, hashes)


# in the pipeline ------------------------------------------------------------------------------------------------------


class _Timed:
    """Processor seconds of the calls of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self.seconds = function, 0.0

    def __call__(self, *arguments: Any) -> Any:
        started = time.thread_time()
        try:
            return self._function(*arguments)
        finally:
            self.seconds += time.thread_time() - started


def _encoder() -> Encoder:
    return Encoder(FileKeys.fresh(), K, M, workers=1)


def _pass(encoder: Encoder, data: bytes) -> int:
    """All of the pipeline but the network: bytes of the shards."""
    return sum(stripe.pieces.nbytes for stripe in encoder.stripes(io.BytesIO(data)))


def _merkle_put(_: Lab) -> float:
    """Bytes a second of the roots in the pipeline, of openssl's hash of 256 bytes each; the best of each in turn."""
    data = np.random.default_rng(SEED).bytes(ENCODED_BYTES)
    ours, openssl = [], []
    with limits.one_core():
        _pass(_encoder(), data[:CHUNK_BYTES])
        for _round in range(CODE_ROUNDS):
            encoder, hashing = _encoder(), _Timed(roots_of)
            with patch.object(codec, "roots_of", hashing):
                size = _pass(encoder, data)
            ours.append(size / hashing.seconds)
            openssl.append(limits.openssl_speed("sha3-256", LEAF_BYTES))
    return max(ours) / max(openssl)


def _encode_isal(_: Lab) -> float:
    """Bytes a second of parity in the pipeline, of bare calls for the same bytes in the same pieces."""
    data = np.random.default_rng(SEED).bytes(ENCODED_BYTES)
    ours, bare = [], []
    with limits.one_core():
        _pass(_encoder(), data)
        for _round in range(CODE_ROUNDS):
            encoder = _encoder()
            coding = _Timed(encoder.code.encode)
            with patch.object(encoder.code, "encode", coding):
                size = _pass(encoder, data) * K // (K + M)
            ours.append(size / coding.seconds)
            bare.append(_bare_encode(data))
    return max(ours) / max(bare)


def _bare_encode(data: bytes) -> float:
    """Bytes a second of `ec_encode_data` alone, whose pointers were made before."""
    code, stripe = Code(K, M), K * SEGMENT_BYTES
    whole = len(data) // stripe
    source = np.frombuffer(data, np.uint8)[: whole * stripe].reshape(whole, K, SEGMENT_BYTES).copy()
    parity = np.empty((M, SEGMENT_BYTES), np.uint8)
    tables = np.empty(TABLE_BYTES * K * M, np.uint8)
    matrix = np.ascontiguousarray(code.matrix[K:])
    table = ctypes.c_void_p(tables.ctypes.data)
    library().ec_init_tables(K, M, ctypes.c_void_p(matrix.ctypes.data), table)
    calls = [(addresses(list(rows)), addresses(list(parity))) for rows in source]
    started = time.thread_time()
    for rows, out in calls:
        library().ec_encode_data(SEGMENT_BYTES, K, M, table, rows, out)
    taken = time.thread_time() - started
    expected = np.empty((M, SEGMENT_BYTES), np.uint8)
    code.encode(source[-1], expected)
    if (parity != expected).any():
        raise CheckFailed("bare calls give another parity")
    return whole * stripe / taken


ROWS = (
    Row(
        "ratio.http_nginx",
        _http_nginx,
        f"nginx with sendfile, one process each; {CONNECTIONS} connections, segments with their paths out of a pack, "
        f"median of {ROUNDS} interleaved rounds",
        heavy=True,
    ),
    Row(
        "ratio.merkle_put",
        _merkle_put,
        f"openssl's sha3-256 of 256 bytes; roots while 64 MiB become {K} + {M} masked shards, one core, best of "
        f"{CODE_ROUNDS} interleaved",
        heavy=True,
    ),
    Row(
        "ratio.encode_isal",
        _encode_isal,
        f"bare ec_encode_data; parity while 64 MiB become {K} + {M} masked shards, best of {CODE_ROUNDS} interleaved",
    ),
)
