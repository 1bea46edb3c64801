"""`keifu index` by its commands: what they print, and one line for each thing that can be wrong around them."""

from __future__ import annotations

import json
import resource
import socket
from contextlib import contextmanager

import pytest

from ethwire.commands import exit_status
from keifu.cli.root import cli
from keifu.index import Store, open_database
from keifu.index.store import FORMAT, Suite

CLOSED = "http://127.0.0.1:9"
ROOM = 100_000  # bytes: enough to begin with, and not for the tables


@pytest.fixture
def command(world, capsys, monkeypatch):
    """`keifu index …` in the test's folder, on its chain; status, output, errors."""
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("KEIFU_RPC", world.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(world.records))

    def call(*args: str) -> tuple[int, str, str]:
        status = exit_status(cli, ["index", *args], program="keifu")
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def left(world) -> list[str]:
    return sorted(path.name for path in world.folder.iterdir())


def test_the_suite_is_indexed_shown_and_checked(world, command):
    status, out, err = command("run", "--once", "--json")
    assert (status, err) == (0, "")
    shown = json.loads(out)
    assert (shown["block"]["number"], shown["contracts"][world.suite["StakingHub"].lower()]) == (
        world.client.rpc.block_number(), "StakingHub",
    )  # fmt: skip
    assert json.loads(command("status", "--json")[1]) == shown
    status, out, err = command("check")
    assert (status, err, " shares, " in out, "compared with the contracts' views" in out) == (0, "", True, True)


def test_a_figure_that_differs_fails_the_check_and_is_named(world, command):
    command("run", "--once")
    database = open_database(str(world.folder / "keifu-index.sqlite"))
    database.execute("DELETE FROM staking_hub_staked")
    database.close()
    status, out, err = command("check")
    assert (status, "StakingHub.operator_state(" in out) == (1, True)
    assert err.startswith("keifu: the contracts contradict 1 figure (either http://")


# what is wrong around it ----------------------------------------------------------------------------------------------


def test_a_place_that_is_none_is_refused_before_a_node_is_asked(command, monkeypatch):
    monkeypatch.setenv("KEIFU_RPC", CLOSED)
    status, _, err = command("run", "--db", "no/such/folder.sqlite")
    assert (status, "is no file in a folder that is there (--db FILE)" in err) == (2, True)


@pytest.mark.parametrize("verb", ["status", "check", "serve"])
def test_without_an_index_there_is_nothing_to_read(world, command, verb):
    status, _, err = command(verb)
    assert (status, "`keifu index run` makes it" in err, left(world)) == (3, True, [])


def test_a_node_that_is_silent_leaves_nothing_behind(world, command, monkeypatch):
    monkeypatch.setenv("KEIFU_RPC", CLOSED)
    status, _, err = command("run", "--once")
    assert (status, "did not answer" in err, left(world)) == (3, True, [])


def test_a_chain_without_a_suite_leaves_nothing_behind(world, command, tmp_path_factory):
    status, _, err = command("run", "--once", "--deployments", str(tmp_path_factory.mktemp("none")))
    assert (status, "no KeifuToken is recorded" in err, left(world)) == (3, True, [])


def test_the_database_of_another_deployment_is_refused_and_stays(world, command):
    database = open_database(str(world.folder / "other.sqlite"))
    Store(database, Suite(world.record.chain_id, "0x" + "7" * 64, {"0x" + "1" * 40: "KeifuToken"})).claim()
    database.close()
    before = (world.folder / "other.sqlite").read_bytes()
    status, _, err = command("run", "--once", "--db", "other.sqlite")
    assert (status, "other.sqlite is the index of chain 31337 that begins with 0x777" in err) == (3, True)
    assert (world.folder / "other.sqlite").read_bytes() == before


def test_a_database_of_a_newer_version_is_refused_before_a_node_is_asked(world, command, monkeypatch):
    command("run", "--once")
    database = open_database(str(world.folder / "keifu-index.sqlite"))
    Store.read(database).set(format=FORMAT + 1)
    database.close()
    monkeypatch.setenv("KEIFU_RPC", CLOSED)
    for verb in ("run", "status", "check", "serve"):
        status, _, err = command(verb)
        assert (status, "a newer version of Keifu wrote keifu-index.sqlite" in err) == (3, True), verb


def test_a_file_of_another_kind_is_refused_and_stays(world, command):
    (world.folder / "letter.txt").write_text("Dear reader, this is no database at all.\n" * 40)
    status, _, err = command("run", "--once", "--db", "letter.txt")
    assert (status, err) == (
        3, "keifu: letter.txt: file is not a database (it is another kind of file: name another one)\n",
    )  # fmt: skip
    assert left(world) == ["letter.txt"]


@contextmanager
def room_for(size: int):
    """As on a full disk: no file grows beyond it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_named_and_nothing_is_half_done(world, command):
    with room_for(ROOM):
        status, _, err = command("run", "--once")
    assert (status, "nothing of it was kept" in err, left(world)) == (3, True, []), err
    assert command("run", "--once")[0] == 0


def test_a_disk_that_fills_up_later_loses_nothing(world, command):
    command("run", "--once")
    file = world.folder / "keifu-index.sqlite"
    world.anvil.mine(40)
    with room_for(1):
        status, _, err = command("run", "--once")
    assert (status, "make room, then go on" in err) == (3, True), err
    assert file.is_file()
    assert command("run", "--once")[0] == 0
    assert json.loads(command("status", "--json")[1])["block"]["number"] == world.client.rpc.block_number()


def test_a_port_that_is_taken_is_named(command):
    command("run", "--once")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        status, out, err = command("serve", "--port", port)
    assert (status, out) == (3, "")
    assert err.startswith(f"keifu: cannot listen on 127.0.0.1:{port}: address already in use (")


def test_tables_are_listed_without_a_node(command, monkeypatch):
    monkeypatch.setenv("KEIFU_RPC", CLOSED)
    status, out, _ = command("tables", "StakingHub")
    assert (status, "staking_hub_staked" in out, "operator" in out) == (0, True, True)
    status, out, _ = command("tables", "--json")
    assert (status, {item["contract"] for item in json.loads(out)} >= {"StakingHub", "KeifuToken"}) == (0, True)
    status, _, err = command("tables", "Nobody")
    assert (status, err.startswith("keifu: there is no contract 'Nobody' (one of ")) == (2, True)
