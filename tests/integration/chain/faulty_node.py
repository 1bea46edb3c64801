"""A JSON-RPC proxy in front of anvil that fails on purpose: the faults that a real node makes only when it hurts."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Fault = Callable[[dict[str, Any], Any], Any]


class FaultyNode:
    """Forwards to `upstream`; `fault(request, result)` returns what the client gets instead, or raises to break
    the connection off."""

    def __init__(self, upstream: str, fault: Fault) -> None:
        self.fault = fault
        client = httpx.Client()
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests = json.loads(body)
                answers = client.post(upstream, content=body, headers={"Content-Type": "application/json"}).json()
                try:
                    if isinstance(requests, list):
                        for request, answer in zip(requests, answers, strict=True):
                            answer["result"] = node.fault(request, answer.get("result"))
                    else:
                        answers["result"] = node.fault(requests, answers.get("result"))
                except ConnectionError:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                content = json.dumps(answers).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> FaultyNode:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
