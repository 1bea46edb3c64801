"""A local chain as `keifu chain --with-grants` makes it: attestors count, roles have coins."""

from __future__ import annotations

import json

import pytest

from keifu.chain import Anvil, ChainClient
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.cli import main
from keifu.local.dwellers import settle_in
from keifu.local.roles import ROLES
from keifu.local.suite import deploy_suite
from tests.ape_chain import GENESIS

ATTESTORS = ("attestor1", "attestor2", "attestor3")
AUTHOR, BUYER = ("--role", "author"), ("--role", "buyer")


@pytest.fixture(scope="package")
def anvil():
    with Anvil(since=GENESIS) as running:  # `keifu chain` lets time pass the same way
        yield running


@pytest.fixture(scope="package")
def records(anvil, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployments")
    client = ChainClient(anvil.rpc)
    settle_in(client, deploy_suite(client, Record(client.chain_id, genesis_of(client.rpc)), folder))
    return folder


@pytest.fixture(scope="package")
def suite(records):
    """Address by name."""
    contracts = json.loads(next(records.glob("*.json")).read_text())["contracts"]
    return {name: made["address"] for name, made in contracts.items()}


@pytest.fixture
def client(anvil):
    return ChainClient(anvil.rpc)


@pytest.fixture
def chain(anvil, records):
    """The chain, as it was before the test in the end."""
    snapshot = anvil.snapshot()
    yield anvil
    anvil.restore(snapshot)


@pytest.fixture
def keifu(chain, records, tmp_path, monkeypatch, capsys):
    """Runs one command line in a folder of its own; (exit status, output, error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEIFU_RPC", chain.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(records))
    for name in ("KEIFU_KEY_FILE", "KEIFU_ROLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*args):
        with pytest.raises(SystemExit) as ending:
            main([*map(str, args)])
        said = capsys.readouterr()
        return ending.value.code, said.out, said.err

    return run


@pytest.fixture
def does(keifu):
    """A command that must work, with --json; the document."""

    def does(*args):
        status, out, err = keifu(*args, "--json")
        assert status == 0, err
        return json.loads(out)

    return does


@pytest.fixture
def address():
    return lambda role: ROLES[role].account.address


@pytest.fixture
def minted(does, tmp_path):
    """A token of the author's with two files: the first digits of its number."""
    (tmp_path / "prompt.txt").write_text("You are brief.")
    (tmp_path / "memory.txt").write_text("Nothing yet.")
    made = does("inft", "mint", "prompt.txt", "memory.txt", "--kind", "prompt", "--kind", "memory", "--royalty", 500,
                "--clones", 1, "--generations", 1, "--out", "mine", *AUTHOR)  # fmt: skip
    return made["token"][:8]


@pytest.fixture
def prepared(does, minted, address):
    """A transfer to the buyer in `sold`, signed by nobody."""
    key = does("inft", "key", "--out", "transfer.key")["public_key"]
    does("inft", "prepare", minted, "--data", "mine", "--to", address("buyer"), "--public-key", key, "--out", "sold",
         "--backing", 100)  # fmt: skip
    return "sold/transfer.json"


@pytest.fixture
def signed(does, prepared):
    """The same, signed by all."""
    for role in ATTESTORS:
        does("inft", "attest", prepared, "--data", "mine", "--role", role)
    does("inft", "accept", prepared, "--key", "transfer.key", *BUYER)
    return prepared


@pytest.fixture
def sold(does, signed, minted, address):
    """Settled by the seller; the sale."""
    does("inft", "order", minted, "--price", 100, "--backing", 100, "--buyer", address("buyer"), "--out", "order.json",
         *AUTHOR)  # fmt: skip
    does("inft", "agree", "order.json", *BUYER)
    return does("inft", "settle", "order.json", "--proofs", signed, *AUTHOR)


@pytest.fixture
def account(does, minted):
    return does("account", "create", minted, *AUTHOR)["account"]
