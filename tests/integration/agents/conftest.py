"""A local chain as `keifu chain --with-grants` makes it: attestors count, roles have coins."""

from __future__ import annotations

import json

import pytest

from keifu.local.roles import ROLES
from tests.integration.dwellers import anvil, chain, client, does, keifu, records
from tests.integration.node.conftest import KEIFU, Node

__all__ = ["anvil", "chain", "client", "does", "keifu", "records"]

ATTESTORS = ("attestor1", "attestor2", "attestor3")
AUTHOR, BUYER = ("--role", "author"), ("--role", "buyer")


@pytest.fixture(scope="package")
def suite(records):
    """Address by name."""
    contracts = json.loads(next(records.glob("*.json")).read_text())["contracts"]
    return {name: made["address"] for name, made in contracts.items()}


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


@pytest.fixture
def attestors(does, tmp_path):
    """Starts one for each role by a program; gives the nodes, and the options that name them."""
    started = []

    def start(program=(KEIFU,)):
        for role in ATTESTORS:
            folder = tmp_path / f"{role} of {len(started)}"
            does("node", "attestor", "init", folder, "--role", role, "--listen", "127.0.0.1:0", "--store", "shared",
                 "--owner-pages", "127.0.0.1:0")  # fmt: skip
            started.append(Node("attestor", folder, program).run())
        return started[-len(ATTESTORS) :]

    yield start
    for node in started:
        if node.process.poll() is None:
            node.end()
            node.process.wait()


def asking(nodes):
    return [word for node in nodes for word in ("--attestor", "http://" + node.get("/status").json()["attests_at"])]
