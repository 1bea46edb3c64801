"""A relayer's process on a real chain with the whole suite."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx

from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from tests.integration.compute.conftest import KEIFU, Paid, until

__all__ = ["RelayerProcess"]


class RelayerProcess:
    """A relayer's folder, and the process that runs from it."""

    def __init__(self, paid: Paid, folder: Path, role: str, **own: Any) -> None:
        self.folder = folder
        paid.anvil.account(role)
        wish = Wish(
            paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role=role,
            own={"listen": "127.0.0.1:0", "poll": "1 second", **own},
        )  # fmt: skip
        self.account = make_node(kind_of("relayer"), folder, wish).account
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *settings: str) -> RelayerProcess:
        flags = [word for item in settings for word in ("--set", item)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [KEIFU, "node", "relayer", "run", self.folder, *flags], stdout=log, stderr=log, env=dict(os.environ)
            )
        until(self._announced, self.process)
        self.url = f"http://{self.status()['relays_at']}"
        return self

    @property
    def log_file(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    def _announced(self) -> bool:
        path = self.folder / "running.json"
        assert self.process is not None
        found = json.loads(path.read_text()) if path.exists() else {}
        self.owner_pages = found.get("owner_pages", "")
        return bool(found.get("pid") == self.process.pid)

    def page(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.owner_pages}{path}")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page("/status").json()
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
