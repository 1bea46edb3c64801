"""Attestors as processes: a sale with data that only the buyer can open, an attestor that dies, and some that lie."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from keifu.units import COIN, DAY
from tests.integration.agents.conftest import AUTHOR, BUYER, asking
from tests.integration.node.conftest import until

LYING = (sys.executable, Path(__file__).parents[2] / "lying_attestor.py")


@pytest.fixture
def request_of(does, minted, address):
    """A request of the author's for the buyer, at these nodes."""

    key = does("inft", "key", "--out", "sold.key")["public_key"]

    def request_of(nodes):
        return ("inft", "request", minted, "--data", "mine", "--to", address("buyer"), "--public-key", key,
                "--backing", 100, "--store", "shared", "--out", "sold", *asking(nodes), *AUTHOR)  # fmt: skip

    return request_of


def sale_of(does, minted, address):
    does("inft", "accept", "sold/offer.json", "--key", "sold.key", *BUYER)
    does("inft", "order", minted, "--price", 100, "--backing", 100, "--buyer", address("buyer"), "--out", "order.json",
         *AUTHOR)  # fmt: skip
    does("inft", "agree", "order.json", *BUYER)
    return does("inft", "settle", "order.json", "--proofs", "sold/transfer.json", *AUTHOR)["sale"]


def test_a_sale_by_attestors_one_of_which_dies(does, keifu, chain, attestors, request_of, minted, address, tmp_path):
    """Its coins are free when nobody can complain any more, and it leaves with them (ATT-4)."""
    nodes = attestors()
    dead = nodes[2]
    command = request_of(nodes)
    refusals(keifu, command, tmp_path)
    dead.end(signal.SIGKILL)
    dead.process.wait()
    status, _, err = keifu(*command)
    assert (status, "does not answer" in err, (tmp_path / "sold").exists()) == (3, True, False)
    for node in nodes[:2]:
        assert node.get("/status").json()["trouble"] == ""
    assert len(set(does(*request_of([nodes[0], nodes[1], dead.run()]))["attestors"])) == 3
    sale_of(does, minted, address)
    receives_what_it_fetches(does, keifu, tmp_path)
    assert (tmp_path / "got" / "0-prompt.txt").read_text() == "You are brief."
    old = {item["key"] for item in json.loads((tmp_path / "mine" / "token.json").read_text())["items"]}
    new = {item["key"] for item in json.loads((tmp_path / "sold" / "token.json").read_text())["items"]}
    assert not old & new
    dead.assert_shown()
    chain.warp(4 * DAY)
    until(lambda: {row["reserved"] for row in does("inft", "attestors")["attestors"]} == {"0"})
    for node in nodes:
        node.end()
    assert does("node", "attestor", "exit", dead.folder)["leaving"] == str(6_000 * COIN)
    chain.warp(15 * DAY)
    assert does("node", "attestor", "exit", dead.folder)["paid"] == str(6_000 * COIN)
    status, _, err = keifu("node", "attestor", "exit", dead.folder)
    assert (status, "has no coins behind the verifier" in err) == (1, True)


def receives_what_it_fetches(does, keifu, folder):
    """A buyer may have the transfer alone: what is encrypted comes from where the attestors have stored it."""
    for path in (folder / "sold").glob("item-*"):
        path.unlink()
    command = ("inft", "receive", "sold/transfer.json", "--key", "sold.key", "--out", "got")
    status, _, err = keifu(*command)
    assert (status, "does not begin with" in err, (folder / "got").exists()) == (2, True, False), err
    does(*command, "--store", "shared")


def refusals(keifu, command, folder):
    """Each has its own words, and leaves nothing."""
    mine = folder / "mine" / "item-0"
    whole = mine.read_bytes()
    wide = [1_001 if word == 100 else word for word in command]
    for words, body, said in (
        (command, whole[:-1], "are not what the token names"),
        (wide, whole, "backs at most 1,000 coins"),
        ((*command[:-2], *BUYER), whole, "owns the token, not"),
    ):
        mine.write_bytes(body)
        status, _, err = keifu(*words)
        assert (status, said in err, (folder / "sold").exists()) == (1, True, False), err
    mine.write_bytes(whole)


def test_who_was_sold_a_wrong_key_gets_the_price_and_the_signers_pay(
    does, keifu, attestors, request_of, minted, address
):
    """Rule 42 from end to end: three attestors lie together, the buyer shows its one-time key."""
    does(*request_of(attestors(LYING)))
    sale = sale_of(does, minted, address)
    status, _, err = keifu("inft", "receive", "sold/transfer.json", "--key", "sold.key", "--out", "got")
    assert (status, "prove a wrong key on chain" in err) == (1, True)
    locks = {row["attestor"]: int(row["mature"]) for row in does("inft", "attestors")["attestors"]}
    assert does("inft", "complain", "sold/transfer.json", "--key", "sold.key", *BUYER)["item"] == 0
    for row in does("inft", "attestors")["attestors"]:
        assert int(row["mature"]) < locks[row["attestor"]]
    assert does("inft", "release", sale, *BUYER)["credited"] == str(100 * COIN)
    assert does("inft", "withdraw", *BUYER)["paid"] == str(100 * COIN)
    # The seller has what the attestors backed.
    assert int(does("inft", "withdraw", *AUTHOR)["paid"]) >= 100 * COIN
