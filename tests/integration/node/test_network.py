"""`keifu up`, `status`, `logs` and `down` with real processes, on the chain of the tests and on one of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from keifu.chain import Anvil, Rpc
from keifu.chain.header import genesis_of
from keifu.chain.held import holder_of
from keifu.errors import RpcError
from keifu.network.control import down
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.network.processes import start
from keifu.units import DAY
from tests.integration.node.conftest import until

PARTS = ["index", "api", "explorer", "operator-1", "juror-1", "keeper-1", "compute-1", "relayer-1", "storage-1"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Folder of a network; whatever runs from it ends with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = NetworkFolder(tmp_path / "network")
    yield folder
    if folder.is_made:
        down(folder)


@pytest.fixture
def asked(keifu, place):
    """Runs a command about the network; status and JSON."""

    def asked(verb: str, *args) -> tuple[int, dict]:
        status, out, _ = keifu(verb, *args, "--folder", place.path, "--json")
        return status, json.loads(out)

    return asked


def by_name(found: dict) -> dict[str, dict]:
    return {part["name"]: part for part in found["parts"]}


def test_a_network_is_kept_looked_at_and_ended(keifu, asked, place, at_first):
    deployments = at_first.folder / "deployments"
    chain = ("--rpc", at_first.anvil.url, "--deployments", deployments)
    few = ("--operators", 1, "--watchers", 0, "--jurors", 1, "--keepers", 1, "--compute", 1, "--relayers", 1)
    few += ("--storage", 1)
    status, made = asked("up", *few, *chain)
    parts = by_name(made)
    assert (status, list(parts), {part["ok"] for part in parts.values()}) == (0, PARTS, {True})
    assert made["env"] == {"KEIFU_RPC": at_first.anvil.url, "KEIFU_DEPLOYMENTS": str(deployments)}
    beat = httpx.get(f"{parts['operator-1']['address']}/heartbeats").json()
    assert (beat["seq"], beat["environment"]) == (1, made["environment"])
    [model] = httpx.get(f"{parts['compute-1']['address']}/v1/models").json()["data"]
    assert (model["keifu"]["environment"], model["keifu"]["promotion_seq"]) == (made["environment"], 1)
    market = at_first.suite.at(at_first.client, "ComputeMarket")
    seller = place.load().part("compute-1").account
    until(lambda: market.service(seller, bytes.fromhex(made["environment"]))[3])  # it has offered them

    [kind] = httpx.get(f"{parts['relayer-1']['address']}/supported").json()["kinds"]
    assert kind["scheme"] == "batch-settlement"
    storer = httpx.get(f"{parts['storage-1']['address']}/v1/node").json()
    assert (storer["operator"], storer["accepting"]) == ("storage-1", True)

    status, _, err = keifu("up", "--folder", place.path)
    assert (status, f"process {made['supervisor']}" in err) == (3, True)

    os.kill(parts["operator-1"]["process"], signal.SIGKILL)
    again = until(lambda: (now := by_name(asked("status")[1])["operator-1"])["ok"] and now["restarts"] == 1 and now)
    assert again["process"] != parts["operator-1"]["process"]
    assert '"event": "running"' in keifu("logs", "operator-1", "--folder", place.path)[1]

    os.kill(made["supervisor"], signal.SIGKILL)
    until(lambda: place.holder() is None)
    status, left = asked("status")
    assert (left["supervisor"], by_name(left)["operator-1"]["ok"]) == (None, True)
    status, ended = asked("down", "--remove")
    assert (status, ended["ended"], place.path.exists()) == (0, PARTS, False)
    assert at_first.client.rpc.block_number() > 0  # the chain was not its own


def test_a_network_on_a_chain_that_another_command_keeps(keifu, asked, place, monkeypatch):
    """Only its address is said: the record is found by the chain itself. The chain outlives the network."""
    for name in ("KEIFU_RPC", "KEIFU_DEPLOYMENTS"):
        monkeypatch.delenv(name)
    assert keifu("chain", "--detach", "--port", 0)[0] == 0
    try:
        [chain] = json.loads(keifu("chain", "status", "--json")[1])["chains"]
        url = chain["url"]
        status, made = asked("up", "--operators", 1, "--watchers", 1, "--rpc", url)
        parts = by_name(made)
        assert (status, made["env"]["KEIFU_RPC"], {part["ok"] for part in parts.values()}) == (0, url, {True})
        beat = httpx.get(f"{parts['operator-1']['address']}/heartbeats").json()
        assert (beat["seq"], beat["environment"]) == (1, made["environment"])
        page = f"{parts['explorer']['address']}/en/environment/{made['environment']}"
        until(lambda: f'title="{beat["digest"]}"' in httpx.get(page).text)  # a watcher has handed it on
        assert asked("down", "--remove")[0] == 0
        with Rpc(url) as rpc:
            assert rpc.block_number() > 0
    finally:
        assert keifu("chain", "stop")[0] == 0


def test_a_chain_that_is_killed_goes_on_where_it_was(place):
    place.path.mkdir()
    with Anvil(state=str(place.chain_state)) as anvil:
        anvil.mine(3)
        port, genesis = anvil.url.rpartition(":")[2], genesis_of(anvil.rpc)
    url = f"http://127.0.0.1:{port}"
    place.save(Network(31_337, genesis, url, "", "", (Part("chain", "chain", url=url),)))
    command = [sys.executable, "-m", "keifu", "up", "--foreground", "--folder", place.path]
    supervisor = subprocess.Popen(command)
    chain = place.part_lock("chain")
    with Rpc(url, attempts=1) as rpc:
        until(lambda: answers(rpc), supervisor)
        rpc.call("evm_mine")
        newest = rpc.call("eth_getBlockByNumber", "latest", False)
        until(lambda: newest["number"] in saved(place), supervisor)
        assert saved(place).count("0x0") == 2  # one more, of this start
        os.kill(first := holder_of(chain), signal.SIGKILL)
        until(lambda: holder_of(chain) not in (None, 0, first) and answers(rpc), supervisor)
        assert rpc.call("eth_getBlockByNumber", newest["number"], False) == newest
        assert genesis_of(rpc) == genesis
        assert saved(place).count("0x0") == 1
        rpc.call("evm_increaseTime", DAY)
        rpc.call("evm_mine")
        ahead = rpc.call("eth_getBlockByNumber", "latest", False)
        until(lambda: ahead["number"] in saved(place), supervisor)
        os.kill(second := holder_of(chain), signal.SIGKILL)
        until(lambda: holder_of(chain) not in (None, 0, second) and answers(rpc), supervisor)
        rpc.call("evm_mine")
        later = rpc.call("eth_getBlockByNumber", "latest", False)
        assert later["timestamp"] > ahead["timestamp"]  # time never goes back
    assert down(place) == ["chain", "supervisor"]
    assert supervisor.wait() == 0


def saved(place: NetworkFolder) -> list[str]:
    """Numbers of the blocks that are on the disk."""
    return [block["header"]["number"] for block in json.loads(place.chain_state.read_text())["blocks"]]


def answers(rpc: Rpc) -> bool:
    try:
        return rpc.block_number() >= 0
    except RpcError:
        return False


# what is refused ----------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(keifu, place):
    """Starts a network, which has to be refused in one line with a remedy; the line."""

    def refused(*args, status: int = 3) -> str:
        before = sorted(place.path.rglob("*")) if place.path.exists() else None
        found, out, err = keifu("up", "--folder", place.path, *args)
        assert (found, out, err.count("\n")) == (status, "", 1), err
        assert err.endswith(")\n")
        assert (sorted(place.path.rglob("*")) if place.path.exists() else None) == before
        return err

    return refused


def test_a_port_that_is_taken(refused):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        assert f"port {other.getsockname()[1]} cannot be had" in refused("--first-port", other.getsockname()[1])


def test_a_folder_of_something_else_half_a_network_and_a_damaged_one(refused, place):
    place.path.mkdir()
    (place.path / "thesis.txt").write_text("mine")
    assert "is not empty and holds no network" in refused()
    place.making.touch()
    assert f"was not made to its end (nothing runs from it; begin anew: rm -r {place.path})" in refused()
    place.file.write_text('{"chain_id": 31337, "gene')
    assert f"{place.file} is not whole" in refused()
    place.file.unlink()


def test_another_chain_than_the_network_was_made_for(refused, place, at_first):
    place.path.mkdir()
    place.save(Network(31_337, "0x" + "12" * 32, at_first.anvil.url, "", "", (Part("index", "index"),)))
    assert "serves another chain 31337 than this network was made for" in refused()
    assert "was made otherwise than --operators 2" in refused("--operators", 2, status=2)
    place.file.unlink()


def test_a_chain_without_the_suite_leaves_nothing(refused, at_first, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "is recorded for chain" in refused("--rpc", at_first.anvil.url, "--deployments", tmp_path / "empty")
    assert "--artefacts is for --environment" in refused("--artefacts", "x", status=2)


def test_a_network_that_is_not_there(keifu, place):
    for verb in ("status", "logs", "down"):
        status, out, err = keifu(verb, "--folder", place.path)
        assert (status, out, "(make one: keifu up)" in err) == (3, "", True)


def test_only_what_holds_its_file_is_ended(place):
    """A process id that stands in a file says nothing: the one that had it may have ended long ago."""
    place.path.mkdir()
    place.save(Network(31_337, "", "", "", "", (Part("index", "index"), Part("api", "api"))))
    bystander = subprocess.Popen([shutil.which("sleep"), "60"])
    place.part_lock("index").parent.mkdir()
    place.part_lock("index").write_text(str(bystander.pid))
    part = start([shutil.which("sleep"), "60"], place.part_lock("api"), place.log("api"), os.environ)
    assert start(["true"], place.part_lock("api"), place.log("api"), os.environ) is None
    until(lambda: holder_of(place.part_lock("api")) == part.pid)
    assert down(place) == ["api"]
    assert (part.wait(), bystander.poll()) == (-signal.SIGTERM, None)
    bystander.kill()
    bystander.wait()
