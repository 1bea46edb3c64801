"""Anvil: a node with a clock of its own that ends with its owner, however that ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keifu.chain import Anvil
from keifu.errors import EnvironmentFault
from tests.ape_chain import GENESIS

OWNER = """
import sys
from keifu.chain import Anvil
with Anvil() as anvil:
    anvil.mine(int(sys.argv[1]))
    print(anvil.url.rsplit(":", 1)[1], flush=True)
    sys.stdin.read()
"""
LONG = 700  # blocks: past 500, anvil keeps older states in files


def times(anvil: Anvil) -> list[int]:
    newest = int(anvil.rpc.call("eth_blockNumber"), 16)
    blocks = [anvil.rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(newest + 1)]
    return [int(block["timestamp"], 16) for block in blocks]


def test_a_chain_with_a_first_time_has_a_clock_of_its_own():
    with Anvil(timestamp=GENESIS) as anvil:
        anvil.mine(3)
        anvil.warp(1_000)
        anvil.warp_to(GENESIS + 10**6)
        anvil.mine()
        made = times(anvil)
    assert [moment - GENESIS for moment in made] == [0, 1, 2, 3, 1_003, 10**6, 10**6 + 1]


def test_going_back_takes_the_clock_back():
    with Anvil(timestamp=GENESIS) as anvil:
        before = anvil.snapshot()
        anvil.warp(1_000)
        anvil.restore(before)
        anvil.mine()
        assert times(anvil) == [GENESIS, GENESIS + 1]


def test_a_stopped_node_may_be_stopped_again():
    with Anvil() as anvil:
        anvil.stop()


def test_a_node_that_does_not_start_says_why():
    with pytest.raises(EnvironmentFault, match=r"anvil did not start: .*Unknown hardfork: atlantis"):
        Anvil(hardfork="atlantis")


def closed(port: int) -> bool:
    """Waits until whoever listens there lets go of a connection; whether nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.recv(1)
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False
    return False


@pytest.fixture
def places(tmp_path, monkeypatch) -> Path:
    """Where a node may leave files: its home and the folder for temporary ones."""
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def files(folder: Path) -> list[Path]:
    """What is there, also while another process removes it: a folder that is gone has none."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def test_a_node_that_is_stopped_leaves_no_states(places):
    with Anvil() as anvil:
        anvil.mine(LONG)
        anvil.rpc.call("eth_blockNumber")
        assert files(places)
    assert files(places) == []


def test_a_node_ends_and_leaves_nothing_when_its_owner_is_killed(places):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(LONG)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    port = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    assert any(closed(port) for _ in range(3))
    for _ in range(6_000):  # its files are removed after it has ended
        if not files(places):
            break
        time.sleep(0.01)
    assert files(places) == []
