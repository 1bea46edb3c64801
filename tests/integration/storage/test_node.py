"""Storage nodes of the market as processes: what they accept, prove, answer, delete and are paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from ethwire.keys import recover
from keifu.keys import Account, keccak256
from keifu.node.storage.contracts import FREE, word_of
from tests.integration.node.conftest import until
from tests.integration.storage.world import PRICE, World, place


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("storage")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        made = World(folder)
        yield made
        made.close()


def test_a_deal_is_kept_accepted_proven_and_paid(world):
    node = world.node("first provider")
    with node.inside():
        deal = world.open(["first provider"])
        assert deal.hand(node, 0).status_code == 409
        deal.upload(node, 0)
        assert deal.hand(node, 0).json() == {"state": "kept"}
        until(lambda: deal.state(node, 0) == "accepted")
        epoch = world.next_epoch()
        world.pass_epoch(lambda: world.proven("first provider", epoch))
        assert world.market.ledger(Account.from_role("first provider"))[-1] == PRICE


@pytest.fixture(scope="module")
def trio(world):
    """Three providers that run."""
    names = ["provider a", "provider b", "provider c"]
    nodes = [world.node(name) for name in names]
    with ExitStack() as held:
        for node in nodes:
            held.enter_context(node.inside())
        yield names, nodes


def test_all_shards_are_accepted_at_once_with_signatures(world, trio):
    names, nodes = trio
    deal = world.open(names, 2)
    signed = []
    for index, node in enumerate(nodes):
        deal.upload(node, index)
        said = deal.hand(node, index, "?signed").json()
        assert said["state"] == "signed"
        placed = deal.named[index]
        signature = bytes.fromhex(said["signature"][2:])
        signed.append((placed.provider, placed.root, placed.leaves, said["deadline"], signature))
    assert world.shard(deal, 0)[4] == FREE
    world.deals.accept_signed(deal.id, signed, sender=world.customer)
    until(lambda: all(deal.state(node, index) == "accepted" for index, node in enumerate(nodes)))


def test_a_signature_that_nobody_used_is_followed_by_an_acceptance(world, trio):
    names, nodes = trio
    deal = world.open(names[:1])
    deal.upload(nodes[0], 0)
    said = deal.hand(nodes[0], 0, "?signed").json()
    world.anvil.warp_to(said["deadline"] + 1)
    until(lambda: deal.state(nodes[0], 0) == "accepted")


def test_a_leaf_that_is_demanded_is_shown_on_the_chain(world, trio):
    names, nodes = trio
    deal = world.open(names[1:2])
    deal.upload(nodes[1], 0)
    deal.hand(nodes[1], 0)
    until(lambda: deal.state(nodes[1], 0) == "accepted")
    leaf = httpx.get(f"{place(nodes[1])}/v1/shards/{deal.shards[0].root.hex()}/leaves/1500")
    assert leaf.content == b"".join(deal.shards[0].segments)[1500 * 256 : 1501 * 256]
    world.repairs.demand(deal.id, 0, word_of(deal.named, 0), 1500, sender=world.customer)
    until(lambda: not world.repairs.demand_of(deal.id, 0)[3])
    assert world.repairs.credits(world.anvil.account(names[1])) == world.repairs.demand_fee()


def test_what_ends_is_cleared_deleted_and_that_is_signed(world, trio):
    names, nodes = trio
    deal = world.open(names[2:], price=2 * PRICE)
    deal.upload(nodes[2], 0)
    deal.hand(nodes[2], 0)
    until(lambda: deal.state(nodes[2], 0) == "accepted")
    assert httpx.get(deal.url(nodes[2], 0, "/deletion")).status_code == 404
    world.deals.close(deal.id, [0], sender=world.customer)
    for _ in range(2):
        epoch = world.next_epoch()
        world.pass_epoch(partial(world.proven, names[2], epoch))
    until(lambda: deal.state(nodes[2], 0) == "deleted")
    said = httpx.get(deal.url(nodes[2], 0, "/deletion")).json()
    text = said["text"].encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d" % len(text) + text)
    assert recover(digest, bytes.fromhex(said["signature"][2:])) == Account.from_role(names[2]).address.lower()
    root = deal.shards[0].root.hex()
    assert f"deal {deal.id.hex()}\nindex 0\nshard {root}\n" in said["text"]
    assert httpx.get(f"{place(nodes[2])}/v1/shards/{root}").status_code == 404
