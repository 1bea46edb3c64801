"""What keeps a node of any kind from starting: one line that names it and the remedy, exit status 3, and nothing left
behind."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections import namedtuple
from contextlib import ExitStack
from pathlib import Path

import pytest

from keifu.chain.held import agent_socket
from keifu.keys import Account
from keifu.keys.agent import Agent
from keifu.keys.keystore import save_account
from keifu.node.chain import NodeChain
from keifu.node.folder import NodeFolder
from keifu.node.kinds import KINDS
from keifu.node.settings import FILE
from tests.faulty_node import FaultyNode, Lag, Missing

CHEAP = {"n": 2, "r": 1, "p": 1}
WORD = b"correct horse"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(params=[kind.name for kind in KINDS])
def any_node(make, request):
    return make(request.param, "honest node")


@pytest.fixture
def node(make):
    return make("operator", "honest node")


@pytest.fixture
def refused(keifu):
    """Starts a node, which has to be refused; the one line."""

    def refused(node, *flags: str, status: int = 3) -> str:
        before = sorted(path.name for path in node.folder.iterdir())
        options = [part for flag in flags for part in ("--set", flag)]
        found, out, err = keifu("node", node.kind, "run", node.folder, "--json", *options)
        lines = [line for line in err.splitlines() if not line.startswith("{")]
        assert (found, out, len(lines)) == (status, "", 1), err
        assert lines[0].startswith("keifu: ")
        assert lines[0].endswith(")")  # the remedy
        assert sorted(path.name for path in node.folder.iterdir()) == before
        return lines[0]

    return refused


def test_ports_chains_and_endpoints_of_any_kind(refused, any_node, at_first):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        line = refused(any_node, f"http.listen={taken}")
    assert f"cannot listen on {taken}: " in line
    assert "ss -ltnp" in line
    assert "serves chain 31337, not 1337" in refused(any_node, "chain.id=1337")
    assert "begins with 0x" in refused(any_node, f"chain.genesis=0x{'12' * 32}")
    assert "127.0.0.1:9" in refused(any_node, "chain.rpc=http://127.0.0.1:9")


def test_an_endpoint_that_lies_or_lags_of_any_kind(refused, any_node, at_first):
    def other_code(request, result):
        return "0x60006000fd" if request["method"] == "eth_getCode" else result

    def other_hash(request, result):
        is_block = request["method"] == "eth_getBlockByNumber" and isinstance(result, dict)
        return result | {"stateRoot": "0x" + "11" * 32} if is_block and int(result["number"], 16) else result

    with FaultyNode(at_first.anvil.url, other_code) as liar:
        assert "has code 0x" in refused(any_node, f"chain.rpc={liar.url}")
        liar.faults[:] = [Missing("eth_getCode")]
        assert "does not exist" in refused(any_node, f"chain.rpc={liar.url}")
    if any_node.kind == "operator":  # which signs for a block that is final
        with FaultyNode(at_first.anvil.url, other_hash) as liar:
            assert "does not hash to its hash" in refused(any_node, f"chain.rpc={liar.url}", status=1)
    with FaultyNode(at_first.anvil.url, Lag(10**6)) as late:
        refused(any_node, f"chain.rpc={at_first.anvil.url},{late.url}")


def test_disk_clock_and_keys_of_any_kind(refused, any_node, at_first, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 1))
        assert "0 MiB left" in refused(any_node)
    with monkeypatch.context() as patched:  # as on a public chain: the test's chain has a clock of its own
        patched.setattr(NodeChain, "is_local", False)
        assert "this machine's clock is " in refused(any_node)
    path = any_node.folder / "key.json"
    save_account(Account.from_role("honest node"), path, WORD, scrypt=CHEAP)
    path.chmod(0o644)
    monkeypatch.setenv("KEIFU_PASSWORD", WORD.decode())
    assert f"others may read {path} (chmod 600 {path})" in refused(any_node, "key.role=", "key.file=key.json")
    path.chmod(0o600)
    monkeypatch.setenv("KEIFU_PASSWORD", "wrong")
    assert f"the password does not open {path}" in refused(any_node, "key.role=", "key.file=key.json")
    assert "no key to sign with (key.file" in refused(any_node, "key.role=")


def test_databases_and_configurations_of_any_kind(refused, any_node, at_first, tmp_path):
    records = tmp_path / "deployments"
    shutil.copytree(at_first.folder / "deployments", records)
    path = next(records.glob("*.json"))
    record = json.loads(path.read_text())
    record["contracts"]["HeartbeatService"]["code_hash"] = "0x" + "00" * 32
    path.write_text(json.dumps(record))
    assert "HeartbeatService at 0x" in refused(any_node, f"chain.deployments={records}")
    del record["contracts"]["HeartbeatService"]
    path.write_text(json.dumps(record))
    assert "no HeartbeatService is recorded" in refused(any_node, f"chain.deployments={records}")
    with ExitStack() as held:
        owner = {"kind": any_node.kind, "HeartbeatService": "0x" + "22" * 20}
        NodeFolder(any_node.folder).open_database(held, owner)
    assert "node.sqlite is of another node" in refused(any_node)
    configuration = any_node.folder / FILE
    whole = configuration.read_text()
    configuration.write_text(whole[: len(whole) // 2])
    assert f"{configuration}" in refused(any_node)


def test_the_operator_s_own_port(refused, node):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        assert f"cannot listen on {taken}: " in refused(node, f"operator.listen={taken}")


def test_a_juror_s_decisions_that_are_none(refused, make):
    juror = make("juror", "honest node")
    for wrong in (
        "[first-jury",
        '[jury]\n1 = "guilty"',
        '[first-jury]\nx = "guilty"',
        '[first-jury]\n1 = "yes"',
        "a = 1",
    ):
        (juror.folder / "decisions.toml").write_text(wrong)
        assert f"{juror.folder / 'decisions.toml'} holds no decisions" in refused(juror)


def test_a_key_that_the_agent_has_needs_no_password(keifu, node, at_first, monkeypatch):
    monkeypatch.delenv("KEIFU_PASSWORD", raising=False)
    path = node.folder / "key.json"
    account = at_first.anvil.account("honest node")
    save_account(account, path, WORD, scrypt=CHEAP)
    agent_socket().parent.mkdir(parents=True, exist_ok=True)
    own = ("--set", "key.role=", "--set", "key.file=key.json", "--json")
    assert "no password for the key file" in keifu("node", "operator", "doctor", node.folder, *own)[1]
    with ExitStack() as held:
        agent = Agent(agent_socket(), [account])
        thread = threading.Thread(target=agent.serve)
        thread.start()
        held.callback(thread.join)
        held.callback(agent.close)
        found = json.loads(keifu("node", "operator", "doctor", node.folder, *own)[1])["checks"]
        assert next(check["ok"] for check in found if check["check"] == "key")
        assert keifu("prov", "declare", "staging", "--key-file", path)[0] == 0  # the command line as well


def test_bytes_that_are_not_promoted_are_not_served(refused, node, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"other")
    flag = f"operator.artefacts=[{json.dumps(str(folder))}]"
    assert "promotion 1 is not among the artefacts" in refused(node, flag, status=1)


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


def test_status_and_drain_of_a_node_that_does_not_run(keifu, any_node):
    kind = any_node.kind
    status, _, err = keifu("node", kind, "status", any_node.folder)
    assert (status, f"keifu node {kind} run {any_node.folder}" in err) == (3, True)
    assert keifu("node", kind, "drain", any_node.folder)[:2] == (0, f"no node runs from {any_node.folder}\n")
