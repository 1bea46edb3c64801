"""The commands of storage and the SDK, on a real chain with nodes that accept."""

from __future__ import annotations

import json
import re

import pytest

import keifu
from ethwire.commands import exit_status
from keifu.cli import store_serve
from keifu.cli.root import cli
from keifu.errors import CheckFailed, RpcError
from keifu.keys import Account
from keifu.storage.client.caring import Care
from keifu.storage.client.storing import Storing
from keifu.units import DAY
from tests.integration.storage.market.conftest import DATA
from tests.storing import EPOCH


@pytest.fixture
def run(fresh, tmp_path, monkeypatch, capsys):
    """Runs a command as the client; what it printed."""
    for name, value in (
        ("KEIFU_RPC", fresh.anvil.url),
        ("KEIFU_DEPLOYMENTS", str(fresh.folder / "deployments")),
        ("KEIFU_ROLE", "client"),
        ("KEIFU_STORAGE", str(tmp_path / "client")),
        ("XDG_STATE_HOME", str(tmp_path / "state")),
        ("XDG_DATA_HOME", str(tmp_path / "documents")),
    ):
        monkeypatch.setenv(name, value)

    def run(*words, role="client", status=0):
        monkeypatch.setenv("KEIFU_ROLE", role)
        found = exit_status(cli, [str(word) for word in words], program="keifu")
        said = capsys.readouterr()
        assert found == status, said
        return said.err if status else said.out

    return run


SHAPE = ("--for", f"{10 * EPOCH} seconds", "--code", "2+1")


def test_a_file_from_its_quote_to_its_end(run, fresh, file, tmp_path):
    said = run("store", "quote", file, *SHAPE)
    assert re.search(r"quote 1: [0-9.]+ coins at the most, for 3 shards, any 2 of which give it, until epoch \d+", said)
    assert "lost within a year: 1 in" in said
    put = json.loads(run("store", "put", file, "--quote", 1, "--json"))
    assert put["state"] == "stored"
    assert json.loads(run("store", "put", file, "--quote", 1, "--json")) == put
    run("store", "get", 1, "--out", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == DATA
    run("store", "get", put["address"], "--out", tmp_path / "part", "--range", "10-19")
    assert (tmp_path / "part").read_bytes() == DATA[10:20]
    assert run("store", "ls").splitlines()[1].startswith("1     data.bin  stored")
    assert len(json.loads(run("store", "status", 1, "--json"))["shards"]) == 3
    assert run("store", "verify", 1, "--path", file).count(" ok") == 3
    assert "is paid until epoch" in run("store", "renew", 1, "--for", f"{5 * EPOCH} seconds", "--max-price", 100)
    assert run("store", "repair", 1) == "nothing is to be repaired\n"
    assert run("store", "watch", 1, "--rounds", 1, "--every", "1 second") == "3 of 3 leaves were shown\n"
    friend = Account.from_role("friend")
    run("store", "share", 1, "--to", friend.public_key.hex(), "--out", tmp_path / "box")
    run("store", "get", put["address"], "--out", tmp_path / "theirs", "--box", tmp_path / "box", "--folder",
        tmp_path / "their folder", role="friend")  # fmt: skip
    assert (tmp_path / "theirs").read_bytes() == DATA
    refused = run(
        "store", "get", put["address"], "--out", tmp_path / "x", "--folder", tmp_path / "none", role="", status=2
    )
    assert "this file is private" in refused
    assert "3 shards end soon" in run("store", "close", 1)
    record = json.loads(run("store", "erase", 1, "--json"))
    assert record["keys_shredded"] > 0
    assert record["deleted"] == []
    run("store", "get", 1, "--out", tmp_path / "late", status=1)
    fresh.anvil.warp(3 * EPOCH)
    assert "coins were paid out" in run("store", "refund", 1)


def test_a_file_without_a_deal_is_neither_renewed_nor_ended_nor_shared(run, file, tmp_path, monkeypatch):
    def fails(self, row, source):
        raise CheckFailed("no node answers", remedy="")

    monkeypatch.setattr(Storing, "_send", fails)
    assert "no node answers" in run("store", "put", file, *SHAPE, "--max-price", 50, status=1)
    friend = Account.from_role("friend").public_key.hex()
    for words in (
        ("renew", 1, "--for", "1 day", "--max-price", 1),
        ("share", 1, "--to", friend, "--out", tmp_path / "box"),
        ("repair", 1),
        ("close", 1),
        ("refund", 1),
    ):
        assert "file 1 is not stored yet" in run("store", *words, status=2)
    assert json.loads(run("store", "erase", 1, "--json"))["deal"] == ""


def test_nothing_is_paid_without_a_bound(run, file):
    assert "nothing is paid without a bound" in run("store", "put", file, *SHAPE, status=2)
    assert "at most were agreed" in run("store", "put", file, *SHAPE, "--max-price", 0, status=1)


def test_providers_are_listed_by_price(run, fresh):
    fresh.providers[1].service.declared = {"region": "eu", "operator": "acme"}
    listed = json.loads(run("store", "providers", "--json"))
    assert [int(item["price"]) for item in listed] == sorted(int(item["price"]) for item in listed)
    assert ("eu", "acme") in {(item["region"], item["operator"]) for item in listed}
    assert len(run("store", "providers").splitlines()) == 6


def test_a_record_names_what_is_stored_and_is_fetched_by(run, file, tmp_path):
    put = json.loads(run("store", "put", file, *SHAPE, "--public", "--max-price", 100, "--json"))
    run("store", "get", put["address"], "--out", tmp_path / "anybody", "--folder", tmp_path / "none", role="")
    assert (tmp_path / "anybody").read_bytes() == DATA
    made = json.loads(run("prov", "register", file, "--kind", "dataset", "--stored", put["address"], "--json"))
    assert made["record"]["digest"] == put["content_root"]
    assert made["record"]["uri"] == put["address"]
    said = run("prov", "verify", made["id"], "--fetch", tmp_path / "copy", role="stranger")
    assert "ok   stored: 600,000 bytes from storage" in said
    assert (tmp_path / "copy").read_bytes() == DATA
    assert "ok   bytes: 600,000 bytes give the content root" in run("prov", "verify", made["id"], "--path", file)
    (tmp_path / "other").write_bytes(DATA[:-1] + b"!")
    run("prov", "verify", made["id"], "--path", tmp_path / "other", status=1)
    plain = json.loads(run("prov", "register", file, "--kind", "dataset", "--uri", put["address"], "--json"))
    said = run("prov", "verify", plain["id"], "--fetch", tmp_path / "again")
    assert "ok   bytes: 1 file, 600,000 bytes: as registered" in said
    bare = json.loads(run("prov", "register", file, "--kind", "weights", "--json"))
    assert "is no address in storage" in run("prov", "verify", bare["id"], "--fetch", tmp_path / "x", status=2)


def test_three_lines_of_python(run, file, tmp_path):
    with keifu.connect(role="client") as k:
        stored = k.storage.put(file, max_price="200", days=1, code=(2, 1))
        assert k.storage.get(stored.address, tmp_path / "copy") == len(DATA)
        assert (tmp_path / "copy").read_bytes() == DATA
        assert k.storage.read(stored.address, 100, 5) == DATA[100:105]
        assert k.storage.list() == [stored]
        assert k.storage.verify(stored.address)
        assert k.storage.quote(file, code=(2, 1)).cost > 0
        box = k.storage.share(stored.address, Account.from_role("friend").public_key)
        end = k.storage.renew(stored.address, days=1, max_price="200")
        assert end > 0
    with keifu.connect(role="friend") as k:
        assert k.storage.read(stored.address, 0, 4, box=box) == DATA[:4]
    with keifu.connect(role="client") as k:
        assert k.storage.erase(stored.address) == 0


def test_a_watcher_goes_on_when_an_endpoint_was_away(run, file, monkeypatch):
    run("store", "put", file, *SHAPE, "--max-price", 100)
    rounds, slept = Care.round, []
    answers = [RpcError("no endpoint answers", remedy="wait"), None, RpcError("no endpoint answers", remedy="wait")]

    def made(self, storing, now):
        if fault := answers.pop(0):
            raise fault
        return rounds(self, storing, now)

    monkeypatch.setattr(Care, "round", made)
    monkeypatch.setattr(store_serve.time, "sleep", slept.append)
    assert run("store", "watch", 1, "--rounds", 2) == "3 of 3 leaves were shown\n"
    assert slept == [3_600]
    assert "no endpoint answers" in run("store", "watch", 1, "--rounds", 1, status=3)


def test_an_endowment_from_its_founding_to_its_next_term(run, fresh, file, tmp_path):
    run("store", "put", file, *SHAPE, "--unmasked", "--max-price", 50)
    words = ("--term", f"{8 * EPOCH} seconds", "--fall", 10, "--above", 20)
    said = run("store", "endow", 1, "--amount", 60, *words)
    assert re.search(r"endowment 0x[0-9a-f]{40} pays for file 2: [0-9.]+ coins a shard and epoch, 10 % less each", said)
    assert run("store", "endow", 1, "--amount", 60, *words) == said
    run("store", "get", 2, "--out", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == DATA
    before = json.loads(run("store", "endowed", 2, "--json", role=""))
    assert before["number"] == 1
    assert json.loads(run("store", "top-up", 2, "--amount", 5, "--json"))["lasts"] >= before["lasts"]
    assert "term 1 is paid" in run("store", "extend", 2)
    fresh.anvil.warp((before["opens"] - fresh.market.epoch()) * EPOCH)
    assert "term 2 is paid" in run("store", "extend", 2)
    run("store", "get", 2, "--out", tmp_path / "later")
    assert (tmp_path / "later").read_bytes() == DATA
    for verb in (("renew", 2, "--for", "1 day", "--max-price", 1), ("close", 2), ("erase", 2)):
        assert "an endowment pays for file 2" in run("store", *verb, status=2)
    assert "file 1 has no endowment" in run("store", "extend", 1, status=2)
    assert "may still go on" in run("store", "wind-up", 2, status=1)


def test_an_endowment_in_python(run, fresh, file):
    with keifu.connect(role="client") as k:
        stored = k.storage.put(file, public=True, max_price="200", days=1, code=(2, 1))
        days = -(-8 * EPOCH // DAY)
        made = k.storage.endow(stored.address, amount=2_000, term_days=days, fall=5.0, above=10.0)
        assert k.storage.read(made.address, 100, 5) == DATA[100:105]
        assert made.coins < 2_000
        assert k.storage.extend(made.address) == made
