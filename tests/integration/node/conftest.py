"""A real chain with the suite, an environment with two artefacts, an honest operator, and one that lies when told."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from keifu.chain import Anvil, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record as DeploymentRecord
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.cli import main
from keifu.keys import Account
from keifu.node.kinds import kind_of
from keifu.node.runtime import Runtime
from keifu.provenance import Heartbeat, Kind, Record, environments_domain, heartbeat_digest
from keifu.provenance.digest import digest_path
from keifu.provenance.heartbeats import line_of
from keifu.provenance.registry import Provenance
from keifu.staking import actions
from keifu.units import COIN, DAY
from tests.ape_chain import GENESIS

KEIFU = Path(sys.executable).parent / "keifu"
RESERVE = 1_475 * COIN
POLL_SECONDS = 0.1


def until(holds: Callable[[], Any], process: subprocess.Popen[bytes] | None = None) -> Any:
    """What `holds` gives as soon as it gives something; a process that ends before fails. No test has a bar of time."""
    while not (found := holds()):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}")
        time.sleep(POLL_SECONDS)
    return found


class World:
    """The chain and everybody on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.anvil = Anvil(timestamp=GENESIS)
        self.client = self.anvil.client()
        deployer, self.author, self.owner = (self.anvil.account(name) for name in ("deployer", "author", "owner"))
        chain = RpcDeployer(self.client, deployer)
        record = DeploymentRecord(self.client.chain_id, genesis_of(self.client.rpc))
        self.suite = deploy_protocol(chain, record=record, save=lambda found: found.save(folder / "deployments"))
        list_now(chain, self.suite, self.anvil.warp)
        self.service = self.suite.at(self.client, "HeartbeatService")
        self.provenance = Provenance(self.client, self.suite["ProvenanceRegistry"], self.suite["Environments"])
        self.artefacts = [self._artefact(number) for number in (1, 2)]
        self.environment = self.provenance.declare("production", [], self.owner)
        self.promote(0)
        token = self.suite.at(self.client, "KeifuToken")
        for name in ("first watcher", "second watcher"):
            self.anvil.account(name)
        for name in ("honest operator", "lying operator"):
            token.transfer(self.anvil.account(name), 2 * RESERVE, sender=deployer)

    def _artefact(self, number: int) -> bytes:
        path = self.models / f"v{number}"
        path.mkdir(parents=True)
        (path / "weights.bin").write_bytes(bytes([number]) * 1_000)
        record = Record(self.author.address, Kind.WEIGHTS, digest_path(path).root)
        return self.provenance.register(record, self.author)

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def promote(self, number: int) -> int:
        return self.provenance.promote(self.environment, self.artefacts[number], self.owner)

    def digest(self, number: int) -> bytes:
        return digest_path(self.models / f"v{number + 1}").root

    def enlist(self, name: str, url: str = "") -> None:
        actions.register(RpcDeployer(self.client, self.anvil.account(name)), self.suite, 0, url)

    def binding(self, name: str) -> Any:
        return self.service.binding(Account.from_role(name).address, self.environment)

    def reports(self) -> list[Any]:
        """Every report so far."""
        topic = self.service.interface.event("Reported").topic.hex()
        wanted = {"address": self.service.address, "topics": ["0x" + topic], "fromBlock": "0x0", "toBlock": "latest"}
        found: list[Any] = self.client.rpc.call("eth_getLogs", wanted)
        return found

    def signed(self, node: Account, seq: int, digest: bytes, *, later: int = 0) -> str:
        """A heartbeat of now, or so many seconds later, as one line."""
        said = Heartbeat(node.address.lower(), self.environment, seq, digest, self.client.now + later)
        domain = environments_domain(self.client.chain_id, self.suite["Environments"])
        return line_of(said, node.sign(heartbeat_digest(domain, said)))


class Peer:
    """An operator's page that serves whatever a test puts there."""

    def __init__(self) -> None:
        peer, self.body, self.asked = self, b"", 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                peer.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(peer.body)))
                self.end_headers()
                self.wfile.write(peer.body)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(POLL_SECONDS,))
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


class Node:
    """One node's folder, and the process that runs from it."""

    def __init__(self, kind: str, folder: Path, program: Sequence[str | Path] = (KEIFU,)) -> None:
        self.kind, self.folder, self.program = kind, folder, program
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> Node:
        """Start it, and wait until it has begun."""
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "node", self.kind, "run", self.folder], stdout=log, stderr=log, env=dict(os.environ)
            )
        process = self.process
        self.listens = until(lambda: self._announced(process.pid), process)
        return self

    def add_settings(self, *lines: str) -> None:
        """More of its own section, which is the last of its configuration."""
        path = self.folder / "node.toml"
        path.write_text("\n".join([path.read_text(), *lines]) + "\n")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Run it in a thread of this process, until the block ends."""
        runtime = Runtime(kind_of(self.kind), self.folder, stream=io.StringIO())
        thread = threading.Thread(target=runtime.run)
        thread.start()
        try:
            self.listens = until(lambda: self._announced(os.getpid()) if thread.is_alive() else "it has ended")
            yield
        finally:
            runtime.stop()
            thread.join()

    def _announced(self, pid: int) -> Any:
        path = self.folder / "running.json"
        found = json.loads(path.read_text()) if path.exists() else {}
        return found if found.get("pid") == pid else None

    def get(self, page: str, of: str = "owner_pages") -> httpx.Response:
        return httpx.get(f"http://{self.listens[of]}{page}")

    def heartbeat(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/heartbeats", "pages").json()
        return found

    def assert_shown(self) -> None:
        """Every metric that its dashboard names is in its /metrics."""
        known = set(re.findall(r"# HELP (\w+) ", self.get("/metrics").text))
        panels = json.loads((self.folder / "dashboard.json").read_text())["panels"]
        shown = {name for panel in panels for name in re.findall(r"keifu_node_\w+", panel["targets"][0]["expr"])}
        assert shown <= known

    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait()


@pytest.fixture(scope="package")
def world(tmp_path_factory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.anvil.stop()


@pytest.fixture
def at_first(world) -> Iterator[World]:
    """The world as it was made, and made so again afterwards."""
    snapshot = world.anvil.snapshot()
    yield world
    world.anvil.restore(snapshot)


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


@pytest.fixture
def keifu(at_first, monkeypatch, capsys, tmp_path):
    """Runs one command line in this process; (status, standard output, standard error)."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KEIFU_RPC", at_first.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(at_first.folder / "deployments"))
    before = signal.getsignal(signal.SIGTERM)

    def run(*args: Any) -> tuple[Any, str, str]:
        with pytest.raises(SystemExit) as exit_info:
            main([*map(str, args)])
        at_first.client.forget_nonces()
        out, err = capsys.readouterr()
        return exit_info.value.code, out, err

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def make(keifu, at_first, tmp_path):
    """Makes nodes: `make("operator", "honest node")`. Whatever runs from them is ended with the test."""
    made: list[Node] = []

    def make(kind: str, role: str, *options: Any) -> Node:
        folder = tmp_path / role.replace(" ", "-")
        own: list[Any] = ["--owner-pages", "127.0.0.1:0", "--role", role, *options]
        if kind == "operator":
            own += ["--environment", at_first.environment.hex(), "--listen", "127.0.0.1:0"]
            own += ["--artefacts", at_first.models / "*"]
        if kind == "notary" and not options:
            own.append("--watch-only")
        if kind == "reexecutor":
            own += ["--model", "floats", "--upstream", "http://127.0.0.1:9/v1", "--digest", "ab" * 32]
        status, _, err = keifu("node", kind, "init", folder, *own)
        assert status == 0, err
        made.append(Node(kind, folder))
        return made[-1]

    yield make
    for node in made:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait()


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Makes what follows happen on the machine of a name."""

    def at(name):
        monkeypatch.setenv("KEIFU_MACHINE", name)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))

    at("a")
    return at


@pytest.fixture
def liar(keifu, at_first, make, peer):
    """A bound operator whose page is the test's; signs with the key of its node."""
    at_first.enlist("lying operator", peer.url)
    node = make("operator", "lying node")
    status, _, err = keifu("node", "operator", "bind", node.folder, "--role", "lying operator")
    assert status == 0, err
    at_first.anvil.warp(DAY // 24)
    return Account.from_role("lying node")
