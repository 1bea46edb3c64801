"""A connection ends with whoever holds it."""

from __future__ import annotations

import gc
import ssl
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ethwire.http import certificates
from ethwire.rpc import Rpc


class Node(BaseHTTPRequestHandler):
    """Answers every request alike, over a connection that stays."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Node) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("closed", [True, False])
def test_no_socket_is_left_open(url: str, closed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python would say on the way is said through `unraisablehook`, wherever the program then is."""
    gc.collect()  # what other tests have left open is not this one's
    said: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", lambda fault: said.append(fault.exc_value))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        rpc = Rpc(url)
        assert rpc.chain_id() == 31_337
        if closed:
            rpc.close()
        del rpc
        gc.collect()
    assert said == []


def test_certificates_are_read_only_for_what_is_encrypted() -> None:
    """A client that reads them all the same would take a tenth of a second for each server of this machine."""
    bare = certificates("http://127.0.0.1:1")
    assert isinstance(bare, ssl.SSLContext)
    assert bare.cert_store_stats()["x509"] == 0
    assert certificates("https://rpc.example") is True
