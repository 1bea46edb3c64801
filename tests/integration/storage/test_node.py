"""Storage nodes of the market as processes: what they accept, prove, answer, delete and are paid."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from ethwire.keys import recover
from keifu.chain import RpcDeployer
from keifu.keys import Account, keccak256
from keifu.payments.actions import deposit
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.onchain import Onchain
from keifu.storage.states import GWEI, State, shown
from keifu.units import COIN, DAY
from tests.integration.node.conftest import until
from tests.integration.storage.world import PRICE, Deal, make_coded, place


def test_a_deal_is_kept_accepted_proven_and_paid(world):
    node, account = world.node("first provider", withdraw_above=1), Account.from_role("first provider")
    with node.inside():
        deal = world.open(["first provider"])
        assert deal.hand(node, 0).status_code == 409
        deal.upload(node, 0)
        assert deal.hand(node, 0).json() == {"state": "kept"}
        until(lambda: deal.state(node, 0) == "accepted")
        epoch = world.next_epoch()
        world.pass_epoch(lambda: world.proven("first provider", epoch))
        assert world.market.ledger(account)[-1] == PRICE
        before = world.token.balanceOf(account)
        world.next_epoch()  # when it has its pay sent to itself
        until(lambda: world.token.balanceOf(account) == before + PRICE * GWEI)


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
    assert world.shard(deal, 0)[4] == State.FREE
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
    world.repairs.demand(deal.id, 0, shown(deal.named, 0), 1500, sender=world.customer)
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


def test_what_is_not_named_not_here_or_not_worth_it_is_refused_with_its_reason(world, trio):
    names, nodes = trio
    node = nodes[0]
    deal = world.open(names, 2)
    deal.upload(node, 0)
    url, upload = place(node), deal.shards[1].upload.hex()
    cheap = world.open(names[:1], price=1, restitution=COIN)
    cheap.upload(node, 0)
    wrong = {"named": [{**item, "leaves": 1} for item in deal.document["named"]]}
    asked = [
        (deal.hand(node, 1), 409, "another provider"),
        (deal.hand(node, 0, named=wrong["named"]), 409, "root of the deal"),
        (deal.hand(node, 0, k=0), 400, "nothing of a deal"),
        (deal.hand(node, 0, named="x" * 70_000), 400, "bytes at most"),
        (httpx.put(f"{url}/v1/deals/{'00' * 32}/0", json=deal.document), 404, "no such deal"),
        (cheap.hand(node, 0), 409, "restitution"),
        (httpx.get(f"{url}/v1/deals/../../etc/passwd"), 404, "nothing of this name"),
        (httpx.get(f"{url}/v1/deals/{'11' * 32}"), 404, "nobody has told"),
        (httpx.put(f"{url}/v1/uploads/{upload}/0/{'00' * 32}", content=b"x"), 404, "no such upload"),
        (httpx.put(f"{url}/v1/deals/{'00' * 32}/0", content=b"x" * 2**23), 413, ""),
    ]
    for answer, status, words in asked:
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    counted = node.get("/metrics").text
    for reason in ("not named", "malformed", "unknown deal", "terms", "unknown path", "unknown", "too large"):
        assert f'keifu_node_http_refused_total{{reason="{reason}"}}' in counted
    node.assert_shown()


def test_segments_beyond_the_free_ones_are_paid_through_a_channel(world):
    node = world.node("seller", "retrieval = { price = 1_000_000_000_000, free = 300_000 }")
    payer, key, me = world.customer, Account.from_role("key"), Account.from_role("seller").address
    channel = Channel(payer.address, key.address, me, me, world.suite["KeifuToken"], DAY, bytes(32))
    deposit(RpcDeployer(world.client, payer), world.suite, channel, COIN)
    with node.inside():
        shard = make_coded(99, 1, 1)[0]
        loose = Deal(b"", 1, [shard], [])
        loose.upload(node, 0)
        url = f"{place(node)}/v1/shards/{shard.root.hex()}/"
        assert httpx.get(url + "0").status_code == 200  # which is free
        refused = httpx.get(url + "1")
        assert (refused.status_code, "payment-required" in refused.headers) == (402, True)
        paid = {"authorization": f"Bearer kf-{key.secret().hex()}"}
        assert until(lambda: (got := httpx.get(url + "1", headers=paid)).status_code == 200 and got.content)
    vouchers = Vouchers(world.client.chain_id, world.suite["Channels"])
    held = Onchain(world.client, world.suite["Channels"], ("", "")).held(vouchers.channel_id(channel))
    assert held.claimed == -(-1_000_000_000_000 * 2**18 // 2**30)  # it was claimed when the node was ended
