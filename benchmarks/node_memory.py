"""The memory of nodes at rest, with a million events of the suite behind them.

A loop of bytes in the place of the hub's code logs what the hub logs when operators announce their terms: a thousand
events a transaction, from ten thousand operators. Then the hub's own code is put back, and the nodes begin.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec

from benchmarks._lab import GENESIS, Lab
from benchmarks._rows import Row
from keifu.abi import load
from keifu.chain import Anvil, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record as DeploymentRecord
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.chain.suite import HUB
from keifu.errors import CheckFailed
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance

__all__ = ["ROWS"]

EVENTS, A_TRANSACTION, SAYING = 1_000_000, 1_000, 10_000  # SAYING: operators that they are from
URL = "https://operator.example/heartbeats"
GAS = 30_000_000
AT_REST_SECONDS = 5.0  # after the last event was read
POLL_SECONDS = 0.5
MINED_SECONDS = 0.01
MIB = 1 << 20


def _loop(topic: bytes) -> str:
    """Code that logs its call's data after the first word, A_TRANSACTION times: the operator is the first word plus the
    number of the round."""
    copied = "602036038060205f37"  # [size of the data], which is in memory from 0 on
    begin = "5f5b"  # [size, round = 0], and where it jumps back to
    at = (len(copied) + 2) // 2
    logged = f"805f35017f{topic.hex()}835fa2"  # log2(0, size, topic, round + first word)
    again = f"6001018061{A_TRANSACTION:04x}1160{at:02x}5700"  # round + 1, while it is below A_TRANSACTION
    return f"0x{copied}{begin}{logged}{again}"


def _fill(anvil: Anvil, hub: str) -> None:
    """A million events of the hub, A_TRANSACTION in each block."""
    event = load(HUB).interface.event("TermsAnnounced")
    code = anvil.rpc.call("eth_getCode", hub, "latest")
    anvil.rpc.call("anvil_setCode", hub, _loop(event.topic))
    words = [500, 1, 96, len(URL)]
    data = b"".join(word.to_bytes(32, "big") for word in words) + URL.encode().ljust(64, b"\0")
    for number in range(EVENTS // A_TRANSACTION):
        first = 1 + number * A_TRANSACTION % SAYING
        call = {
            "from": anvil.faucet.address, "to": hub, "gas": hex(GAS),
            "data": "0x" + first.to_bytes(32, "big").hex() + data.hex(),
        }  # fmt: skip
        sent = anvil.rpc.call("eth_sendTransaction", call)
        while (receipt := anvil.rpc.call("eth_getTransactionReceipt", sent)) is None:
            time.sleep(MINED_SECONDS)  # on a busy machine
        if len(receipt["logs"]) != A_TRANSACTION:
            raise CheckFailed(f"{len(receipt['logs'])} events in a block, {A_TRANSACTION} were wanted")
    anvil.rpc.call("anvil_setCode", hub, code)
    anvil.mine()


def _resident(pid: int, name: str) -> float:
    """MiB of a process, as the kernel says: VmRSS now, VmHWM at the most."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if found is None:
        raise CheckFailed(f"process {pid} shows no {name}")
    return int(found[1]) / 1_024


def _is_ready(page: httpx.URL) -> bool:
    """A node that reads a long history may be late with its pages."""
    try:
        return httpx.get(page, trust_env=False).is_success
    except httpx.TimeoutException:
        return False


def _until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while not holds():
        if process.poll() is not None:
            raise CheckFailed(f"a node has ended with {process.returncode}")
        time.sleep(POLL_SECONDS)


class _Nodes:
    """An operator and a watcher on a chain with a million events."""

    def __init__(self, held: ExitStack, folder: Path) -> None:
        self._held, self._folder = held, folder
        self._anvil = held.enter_context(Anvil(timestamp=GENESIS))
        client = self._anvil.client()
        chain = RpcDeployer(client, self._anvil.account("deployer"))
        record = DeploymentRecord(client.chain_id, genesis_of(client.rpc))
        suite = deploy_protocol(chain, record=record, save=lambda found: found.save(folder / "deployments"))
        list_now(chain, suite, self._anvil.warp)
        owner = self._anvil.account("owner")
        provenance = Provenance(client, suite["ProvenanceRegistry"], suite["Environments"])
        weights = folder / "weights.bin"
        weights.write_bytes(secrets.token_bytes(MIB))
        artefact = provenance.register(Record(owner.address, Kind.WEIGHTS, digest_path(weights).root), owner)
        self._environment = provenance.declare("production", [], owner)
        provenance.promote(self._environment, artefact, owner)
        _fill(self._anvil, suite[HUB])
        self._own: dict[str, dict[str, Any]] = {
            "operator": {"artefacts": [str(weights)], "listen": "127.0.0.1:0"},
            "watcher": {"poll": "1 second"},
        }

    def resident(self, kind: str) -> tuple[float, float]:
        """MiB of a node at rest, and at the most before."""
        self._anvil.account(f"{kind} node")
        environment = self._environment.hex() if kind == "operator" else ""
        wish = Wish(
            self._anvil.url, "127.0.0.1:0", self._folder / "deployments",
            role=f"{kind} node", environment=environment, own=self._own[kind],
        )  # fmt: skip
        folder = self._folder / kind
        make_node(kind_of(kind), folder, wish)
        log = self._held.enter_context((self._folder / f"{kind}.log").open("wb"))
        command = [sys.executable, "-m", "keifu", "node", kind, "run", str(folder)]
        environ = {**os.environ, "XDG_STATE_HOME": str(self._folder / "state")}
        node = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        try:
            _until((folder / "running.json").exists, node)
            pages = httpx.URL(f"http://{msgspec.json.decode((folder / 'running.json').read_bytes())['owner_pages']}")
            _until(lambda: _is_ready(pages.join("/readyz")), node)
            time.sleep(AT_REST_SECONDS)
            return _resident(node.pid, "VmRSS"), _resident(node.pid, "VmHWM")
        finally:
            node.send_signal(signal.SIGTERM)
            node.wait()


@cache
def _measured() -> dict[str, tuple[float, float]]:
    with tempfile.TemporaryDirectory(prefix="keifu-memory-") as folder, ExitStack() as held:
        nodes = _Nodes(held, Path(folder))
        return {kind: nodes.resident(kind) for kind in ("operator", "watcher")}


def _largest(_: Lab) -> float:
    return max(at_rest for at_rest, _ in _measured().values())


def _of(kind: str, place: int) -> Callable[[Lab], float]:
    return lambda _: _measured()[kind][place]


ROWS = (
    Row(
        "memory.node",
        _largest,
        f"resident memory {AT_REST_SECONDS:.0f} s after the last event was read, the larger one of an operator and a"
        f" watcher, real processes on anvil; {EVENTS:,} events that the watcher follows, of {SAYING:,} operators",
        also=(
            ("MiB of the operator", _of("operator", 0)),
            ("of the watcher", _of("watcher", 0)),
            ("of the watcher at the most, while it read", _of("watcher", 1)),
        ),
        heavy=True,
    ),
)
