"""An operator that serves other weights than were promoted, in the place of a node that a network has started."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from keifu.chain import ChainClient
from keifu.chain.deployments import open_record
from keifu.chain.held import holder_of
from keifu.keys import Account
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.digest import digest_path
from keifu.provenance.heartbeats import line_of

__all__ = ["SwappedOperator"]

RETRY_SECONDS = 0.02
POLL_SECONDS = 0.05


class SwappedOperator:
    """It signs what it really runs, which was not promoted. `since` (of the monotonic clock) is the moment from which
    anybody can get that."""

    def __init__(self, folder: NetworkFolder, network: Network, part: Part, client: ChainClient, weights: Path) -> None:
        said = httpx.get(f"{part.serves}/heartbeats", trust_env=False).raise_for_status().json()
        record = open_record(network.chain_id, network.genesis, Path(network.deployments))
        self.account, self._client = Account.from_role(part.role), client
        self._domain = environments_domain(network.chain_id, record.contracts["Environments"])
        self._environment, self._seq = bytes.fromhex(network.environment), said["seq"]
        self._digest = digest_path(weights).root
        self._server = _take_place(folder.part_lock(part.name), int(part.serves.rpartition(":")[2]), self._line)
        self.since = time.monotonic()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,))
        self._thread.start()

    def close(self) -> None:
        """The node may come back."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _line(self) -> bytes:
        said = Heartbeat(self.account.address.lower(), self._environment, self._seq, self._digest, self._client.now)
        return line_of(said, self.account.sign(heartbeat_digest(self._domain, said))).encode() + b"\n"


def _take_place(lock: Path, port: int, line: Any) -> ThreadingHTTPServer:
    """A server on the port of a node that is killed for it, as often as its supervisor starts it again."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = line()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    while True:
        if holder := holder_of(lock):
            with suppress(ProcessLookupError):
                os.kill(holder, signal.SIGKILL)
        try:
            return ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError:
            time.sleep(RETRY_SECONDS)
