"""One process for a folder, one for a key, one deployment for a database; what is refused changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack

import pytest

from keifu.chain.held import hold
from keifu.errors import ChainMismatch, EnvironmentFault
from keifu.node import folder as folders
from keifu.node.folder import NodeFolder

OWNER = {"kind": "operator", "chain": "31337", "HeartbeatService": "0x" + "11" * 20}


@pytest.fixture
def node(tmp_path):
    return NodeFolder(tmp_path)


def test_two_nodes_never_act_from_one_folder(node):
    with ExitStack() as first, ExitStack() as second:
        node.claim(first, 1, "0xa")
        assert node.holder()
        with pytest.raises(EnvironmentFault, match=r"another node \(process \d+\) runs from"):
            node.claim(second, 1, "0xb")
    assert node.holder() is None


def test_two_nodes_never_act_with_one_key(node, tmp_path):
    other = NodeFolder(tmp_path / "other")
    with ExitStack() as first, ExitStack() as second:
        node.claim(first, 1, "0xa")
        with pytest.raises(EnvironmentFault, match="acts with key 0xa on chain 1"):
            other.claim(second, 1, "0xa")
        other_chain = ExitStack()
        with other_chain:
            NodeFolder(tmp_path / "third").claim(other_chain, 2, "0xa")


def test_a_note_of_a_node_that_was_killed_is_no_note(node):
    node.announce(owner_pages="127.0.0.1:1")
    assert node.announced() is None
    with ExitStack() as held:
        hold(held, node.lock, lambda _: EnvironmentFault(""), use="a test")
        assert node.announced()["owner_pages"] == "127.0.0.1:1"


def test_what_a_node_wrote_survives_a_loss_of_power(node):
    with ExitStack() as held:
        assert node.open_database(held, OWNER).execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_database_is_of_one_deployment(node):
    with ExitStack() as held:
        node.open_database(held, OWNER)
    with ExitStack() as held:
        node.open_database(held, OWNER)
    before = node.database_file.read_bytes()
    with ExitStack() as held, pytest.raises(ChainMismatch, match="its HeartbeatService is 0x1111"):
        node.open_database(held, {**OWNER, "HeartbeatService": "0x" + "22" * 20})
    assert node.database_file.read_bytes() == before


def test_a_database_of_something_else(node):
    with sqlite3.connect(node.database_file) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with ExitStack() as held, pytest.raises(ChainMismatch, match="the database of something else"):
        node.open_database(held, OWNER)


def test_a_damaged_database(node):
    node.database_file.write_bytes(b"not SQLite" * 200)
    with ExitStack() as held, pytest.raises(EnvironmentFault, match="cannot be used: file is not a database"):
        node.open_database(held, OWNER)
    assert node.database_file.read_bytes() == b"not SQLite" * 200


def test_a_disk_that_is_full(node, monkeypatch):
    monkeypatch.setattr(folders, "LEAST_FREE", 1 << 80)
    fault, remedy = node.fault()
    assert "MiB left" in fault
    assert remedy == "make room on it"


def test_a_folder_that_anybody_may_write(node):
    node.path.chmod(0o777)
    assert node.fault() == (f"anybody may write into {node.path}", f"chmod o-w {node.path}")


def test_no_folder(tmp_path):
    assert "there is no folder" in NodeFolder(tmp_path / "none").fault()[0]
