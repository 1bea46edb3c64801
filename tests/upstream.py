"""A server that speaks OpenAI's protocol, and misbehaves as the prompt tells it. It signs its answers as servers in a
trusted execution environment do."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from keifu.compute.tee import TeeWord
from keifu.keys import Account, keccak256

__all__ = ["TEE", "upstream", "word_of"]

TEE = Account.from_role("key of an enclave")

WORDS = ("one", " two", " three", " four")


def word_of(key: Account, request: bytes, response: bytes) -> TeeWord:
    """What a server in a TEE signs about one answer."""
    text = ":".join(["theirs", *(hashlib.sha256(body).hexdigest() for body in (request, response))])
    return TeeWord(text, key.sign(keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text.encode()))))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        self.server.request = self.rfile.read(int(self.headers["content-length"]))
        self.server.given.clear()
        asked: dict[str, Any] = json.loads(self.server.request)
        self.server.asked.append(asked)
        prompt = asked.get("prompt") or asked["messages"][-1]["content"]
        if prompt == "hang":
            self.server.released.wait(20)
            return
        if prompt == "fail":
            self._whole(500, {"error": "no"})
        elif asked.get("stream"):
            self._stream(asked, prompt)
        else:
            self._whole(200, self._answer(asked, prompt), cut=prompt == "die")

    def do_GET(self) -> None:
        """The word about the last answer."""
        word = word_of(self.server.key, self.server.request, bytes(self.server.given))
        said = {"text": word.text, "signature": "0x" + word.signature.hex(), "signing_address": self.server.key.address}
        self._whole(self.server.word_status, said)

    def _answer(self, asked: dict[str, Any], prompt: str) -> dict[str, Any]:
        words = WORDS[: asked["max_tokens"]]
        lie = 1_000_000 if prompt == "lie" else 0
        usage = {"prompt_tokens": len(prompt.split()) + lie, "completion_tokens": len(words)}
        message = {"role": "assistant", "content": "".join(words)}
        choice = {"index": 0, "message": message, "text": message["content"], "finish_reason": "stop"}
        return {"id": "x", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [choice],
                "usage": usage}  # fmt: skip

    def _whole(self, status: int, document: dict[str, Any], *, cut: bool = False) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body) + cut))
        self.end_headers()
        self._write(body)
        self.close_connection = cut

    def _stream(self, asked: dict[str, Any], prompt: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        endless = prompt == "endless"
        words = WORDS * 100_000 if endless else WORDS[: asked["max_tokens"]]
        try:
            for place, word in enumerate(words):
                if prompt == "die" and place == 2:
                    return
                if prompt == "silence" and place == 2:
                    self.server.released.wait(20)
                    return
                delta = {"content": word * (1_000 if endless else 1)}
                self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            lie = 1_000_000 if prompt == "lie" else 0
            used = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(words) + lie}
            self._event({"choices": [], "usage": used})
            self._write(b"data: [DONE]\n\n")
        except OSError:
            self.server.left.set()

    def _event(self, more: dict[str, Any]) -> None:
        document = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **more}
        self._write(b"data: " + json.dumps(document).encode() + b"\n\n")

    def _write(self, data: bytes) -> None:
        self.server.given += data
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # whoever connects while five wait is cut off, by the library's own

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.request, self.given = b"", bytearray()
        self.key, self.word_status = TEE, 200
        self.released, self.left = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def upstream() -> Iterator[_Server]:
    server = _Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
