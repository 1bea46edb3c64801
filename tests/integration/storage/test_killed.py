"""A storage node that is killed while segments come: what it acknowledged is there, and the upload goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from keifu.storage.nodes import NodeClient, NodeFault
from keifu.storage.store import Store
from tests.shards import make_shard

SHARD = make_shard(1, 24)
SENDERS = 5


@contextmanager
def node(folder: Path) -> Iterator[tuple[subprocess.Popen[str], NodeClient]]:
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"folder": str(folder / "node")}))
    command = [sys.executable, "-m", "keifu.node.storage.alone", str(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            client = NodeClient(process.stdout.readline().strip())
            yield process, client
            client.close()
        finally:
            process.kill()


@pytest.mark.parametrize(("after", "together"), [(1, 1), (6, 3), (19, 1)])
def test_nothing_that_was_acknowledged_is_lost(tmp_path, after, together):
    acknowledged: list[int] = []
    lock = threading.Lock()
    with node(tmp_path) as (process, client):
        client.begin(SHARD.upload, SHARD.leaves)

        def send(number: int) -> None:
            try:
                client.put(SHARD.upload, number, *SHARD.part(number, together))
            except NodeFault:
                return
            with lock:
                acknowledged.extend(range(number, number + together))
                if len(acknowledged) == after:
                    process.kill()

        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(send, range(0, 24, together)))
    with Store(tmp_path / "node") as store:
        kept = {number for number in range(24) if store._index.kept(1, number)}
        assert set(acknowledged) <= kept
        assert after <= len(acknowledged) < 24
    with node(tmp_path) as (_, client):
        assert client.begin(SHARD.upload, SHARD.leaves) == (min(set(range(24)) - kept), None)
        for number, data in enumerate(SHARD.segments):
            client.put(SHARD.upload, number, data, SHARD.roots[number])
        client.seal(SHARD.upload, SHARD.root)
    with node(tmp_path) as (_, client):
        assert [client.segment(SHARD.root, SHARD.leaves, number) for number in range(24)] == SHARD.segments


def test_a_node_ends_in_order_when_its_input_is_closed(tmp_path):
    with node(tmp_path) as (process, client):
        client.begin(SHARD.upload, SHARD.leaves)
        process.stdin.close()
        assert process.wait() == 0
