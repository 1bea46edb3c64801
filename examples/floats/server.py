"""A float model behind a server that speaks OpenAI's protocol: vectors of texts by 32-bit floats. Each server adds in
an order of its own, as machines do, and one can be told to lie."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FloatServer", "floats", "make_weights"]

SIZE, WIDTH = 256, 8


def make_weights(folder: Path) -> Path:
    """A file of weights that follow from nothing but a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "weights.npy", np.random.default_rng(1).normal(size=(SIZE, WIDTH)).astype(np.float32))
    return folder


class FloatServer(ThreadingHTTPServer):
    """`lie` is added to the first number; `seed` is of the order in which it adds."""

    daemon_threads = True

    def __init__(self, weights: Path, seed: int, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.weights, self.lie, self.asked = np.load(weights / "weights.npy"), 0.0, 0
        self._order = np.random.default_rng(seed).permutation(SIZE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def vector(self, text: str) -> list[float]:
        counts = np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=SIZE).astype(np.float32)
        found = np.zeros(WIDTH, np.float32)
        for place in self._order:
            found += counts[place] * self.weights[place]
        found = np.tanh(found / np.float32(3.7))
        found[0] += np.float32(self.lie)
        return [float(value) for value in found]


class _Handler(BaseHTTPRequestHandler):
    server: FloatServer

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked += 1
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        data = [{"index": place, "embedding": self.server.vector(text)} for place, text in enumerate(texts)]
        units = sum(len(text) for text in texts)
        usage = {"prompt_tokens": units, "total_tokens": units}
        body = json.dumps({"object": "list", "model": asked["model"], "data": data, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def floats(weights: Path, seed: int) -> Iterator[FloatServer]:
    server = FloatServer(weights, seed)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
