"""StorageDeals.open: a client's escrow stands behind a root of shards and providers."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.storage import deal_id
from tests.unit.storage_market.conftest import ENOUGH, GWEI, PRICE, RESTITUTION, SALT, TERM

ROOT = b"\x07" * 32


@pytest.fixture
def opened(deals, client):
    """Opens a deal of 14 shards; `changes` replaces arguments by name."""

    def opened(sender=client, **changes):
        arguments = {
            "root": ROOT,
            "shards": 14,
            "price": PRICE,
            "restitution": RESTITUTION,
            "accept_by": 2,
            "end": 2 + TERM,
            "masked": True,
            "salt": SALT,
        }
        return deals.open(*(arguments | changes).values(), sender=sender)

    return opened


def test_the_escrow_covers_every_shard(deals, market, token, opened, client):
    """STO-1"""
    before = token.balanceOf(client)
    receipt = opened()
    escrow = PRICE * 14 * TERM * GWEI
    assert before - token.balanceOf(client) == escrow == token.balanceOf(market)
    assert token.balanceOf(deals) == 0
    known = deal_id(str(client), ROOT, SALT)
    assert bytes(receipt.return_value) == known
    found = deals.deal(known)
    assert (found.client, bytes(found.root), found.accept_by, found.begin) == (client, ROOT, 2, 2)
    assert (found.end, found.shards, found.closed, found.masked) == (2 + TERM, 14, False, True)
    assert (found.over, found.price, found.restitution) == (0, PRICE, RESTITUTION)
    (event,) = receipt.events.filter(deals.DealOpened)
    assert (bytes(event.deal), event.client, bytes(event.root), event.shards) == (known, client, ROOT, 14)
    assert (event.price, event.restitution, event.accept_by) == (PRICE, RESTITUTION, 2)
    assert (event.end, event.masked) == (2 + TERM, True)
    assert tuple(deals.shard(known, 0)) == (ZERO_ADDRESS, 0, 0, 0, 0)


def test_a_retry_finds_its_own_deal(deals, opened, other_client):
    opened()
    with ape.reverts("deals: deal is known"):
        opened()
    opened(salt=b"\x01" * 32)
    opened(sender=other_client)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shards": 0}, "deals: bad number of shards"),
        ({"shards": 33}, "deals: bad number of shards"),
        ({"accept_by": 0}, "deals: bad epochs"),
        ({"accept_by": 21}, "deals: bad epochs"),
        ({"end": 3}, "deals: bad epochs"),
        ({"end": 182}, "deals: bad epochs"),
        ({"end": 2**256 - 1}, "deals: bad epochs"),
        ({"price": 0}, "deals: bad price"),
        ({"price": 2**64}, "deals: bad price"),
        ({"restitution": 2**64}, "deals: bad price"),
    ],
)
def test_bad_terms(opened, changes, reason):
    with ape.reverts(reason):
        opened(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"shards": 1},
        {"shards": 32},
        {"accept_by": 1, "end": 3},
        {"accept_by": 20},
        {"accept_by": 179, "end": 181},
        {"price": 1},
        {"restitution": 0},
        {"restitution": 2**64 - 1},
    ],
)
def test_terms_at_their_edges(opened, changes):
    opened(**changes)


def test_coins_that_are_not_there(token, deals, opened, client):
    token.approve(deals, PRICE * 14 * TERM * GWEI - 1, sender=client)
    with ape.reverts("token: insufficient allowance"):
        opened()
    token.approve(deals, ENOUGH, sender=client)
    opened()


def test_no_such_deal(deals):
    with ape.reverts("deals: no such deal"):
        deals.deal(ROOT)
