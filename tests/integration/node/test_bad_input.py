"""What keeps a node from starting: one line that names it and the remedy, exit status 3, and nothing left behind."""

from __future__ import annotations

import json
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from keifu.keys import Account
from keifu.keys.keystore import save_account
from keifu.node.folder import NodeFolder
from keifu.node.settings import FILE

CHEAP = {"n": 2, "r": 1, "p": 1}


@pytest.fixture
def node(make):
    return make("operator", "honest node")


@pytest.fixture
def refused(keifu, node):
    """Starts the node, which has to be refused; the one line."""

    def refused(*flags: str, status: int = 3) -> str:
        before = sorted(path.name for path in node.folder.iterdir())
        options = [part for flag in flags for part in ("--set", flag)]
        found, out, err = keifu("node", "operator", "run", node.folder, "--json", *options)
        lines = [line for line in err.splitlines() if not line.startswith("{")]
        assert (found, out, len(lines)) == (status, "", 1), err
        assert lines[0].startswith("keifu: ")
        assert lines[0].endswith(")")  # the remedy
        assert sorted(path.name for path in node.folder.iterdir()) == before
        return lines[0]

    return refused


def test_a_port_that_is_taken(refused):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        for name in ("http.listen", "operator.listen"):
            line = refused(f"{name}={taken}")
            assert f"cannot listen on {taken}: " in line
            assert "ss -ltnp" in line


def test_an_endpoint_of_another_chain(refused):
    assert "serves chain 31337, not 1337" in refused("chain.id=1337")
    assert "begins with 0x" in refused(f"chain.genesis=0x{'12' * 32}")


def test_an_endpoint_that_is_not_there(refused):
    assert "127.0.0.1:9" in refused("chain.rpc=http://127.0.0.1:9")


def test_another_deployment_than_the_recorded_one(refused, at_first, tmp_path):
    folder = tmp_path / "deployments"
    shutil.copytree(at_first.folder / "deployments", folder)
    path = next(folder.glob("*.json"))
    record = json.loads(path.read_text())
    record["contracts"]["HeartbeatService"]["code_hash"] = "0x" + "00" * 32
    path.write_text(json.dumps(record))
    assert "HeartbeatService at 0x" in refused(f"chain.deployments={folder}")
    del record["contracts"]["HeartbeatService"]
    path.write_text(json.dumps(record))
    assert "no HeartbeatService is recorded" in refused(f"chain.deployments={folder}")


def test_a_key_file_that_others_may_read(refused, node, monkeypatch):
    monkeypatch.setenv("KEIFU_PASSWORD", "correct horse")
    path = node.folder / "key.json"
    save_account(Account.from_role("honest node"), path, b"correct horse", scrypt=CHEAP)
    path.chmod(0o644)
    assert f"others may read {path} (chmod 600 {path})" in refused("key.role=", "key.file=key.json")
    path.chmod(0o600)
    monkeypatch.setenv("KEIFU_PASSWORD", "wrong")
    assert f"the password does not open {path}" in refused("key.role=", "key.file=key.json")


def test_no_key(refused):
    assert "no key to sign with (key.file" in refused("key.role=")


def test_a_configuration_that_was_half_written(refused, node):
    path = node.folder / FILE
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    assert f"{path}" in refused()


def test_a_database_of_another_deployment(refused, node):
    with ExitStack() as held:
        NodeFolder(node.folder).open_database(held, {"kind": "operator", "HeartbeatService": "0x" + "22" * 20})
    assert "node.sqlite is of another node" in refused()


def test_bytes_that_are_not_promoted_are_not_served(refused, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"other")
    assert "promotion 1 is not among the artefacts" in refused(
        f"operator.artefacts=[{json.dumps(str(folder))}]", status=1
    )


def test_a_folder_that_is_there_already_is_not_made_again(keifu, node, at_first):
    args = ("--environment", at_first.environment.hex(), "--artefacts", "x", "--role", "node")
    status, _, err = keifu("node", "operator", "init", node.folder, *args)
    assert (status, "is not empty" in err) == (2, True)


def test_what_cannot_be_made_leaves_nothing(keifu, tmp_path, at_first):
    folder = Path(tmp_path) / "new"
    args = ("--environment", at_first.environment.hex(), "--artefacts", "x")
    status, _, err = keifu("node", "operator", "init", folder, *args)
    assert (status, "no password for the key file" in err) == (2, True)
    assert list(tmp_path.glob("*new*")) == []


def test_status_and_drain_of_a_node_that_does_not_run(keifu, node):
    status, _, err = keifu("node", "operator", "status", node.folder)
    assert (status, f"keifu node operator run {node.folder}" in err) == (3, True)
    assert keifu("node", "operator", "drain", node.folder)[:2] == (0, f"no node runs from {node.folder}\n")
