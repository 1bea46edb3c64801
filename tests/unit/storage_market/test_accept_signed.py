"""StorageDeals.accept_signed: all shards of a deal at once, each by its provider's signature."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.keys import Account, Domain
from keifu.units import COIN
from tests.unit.storage_market.conftest import DAMAGES, FUNDS, LOCKED, PRICE, RATE, RESTITUTION, stream
from tests.wallet_forms import FORMS, high_s, salted

PROVIDERS = 5


@pytest.fixture(scope="module")
def keys():
    return [Account.from_role(f"provider {number}") for number in range(PROVIDERS)]


@pytest.fixture(scope="module")
def locked(hub, market, deals, token, keys, accounts, deployer, client):
    """Each key is an operator with a lock."""
    for key in keys:
        who = accounts.impersonate_account(key.address)
        client.transfer(who, COIN)
        token.transfer(who, FUNDS, sender=deployer)
        token.approve(hub, FUNDS, sender=who)
        hub.register_operator(0, "", sender=who)
        hub.lock(market, who, LOCKED, sender=who)
    return keys


@pytest.fixture
def deal(locked, open_deal):
    return open_deal(*((key.address, stream(key.address, at + 1)) for at, key in enumerate(locked)))


@pytest.fixture
def domain(deals, chain):
    return Domain("Keifu Storage", "1", chain.chain_id, deals)


@pytest.fixture
def signed(deal, domain, locked, chain, token):
    """Every provider's acceptance."""

    def signed(*terms, deadline=None, by=locked, of=deal, domain=domain):
        deadline = chain.pending_timestamp + 60 if deadline is None else deadline
        return [of.signed(index, key, domain, deadline, *terms, token=str(token)) for index, key in enumerate(by)]

    return signed


def test_all_shards_at_once(market, deals, deal, signed, locked, stranger):
    """STO-2: anybody may send it."""
    deals.accept_signed(deal.id, signed(), sender=stranger)
    for index, key in enumerate(locked):
        shard = deals.shard(deal.id, index)
        assert (shard.provider.lower(), shard.ordinal, shard.state) == (key.address.lower(), 0, 1)
        ledger = market.ledger(key.address)
        assert (ledger.stored, ledger.pending, ledger.damages) == (index + 1, PRICE, DAMAGES)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_signature(deals, deal, signed, stranger, form):
    items = [(*item[:4], form(item[4])) for item in signed()]
    deals.accept_signed(deal.id, items, sender=stranger)


def test_the_domain_that_viem_makes(deals, deal, signed, domain, stranger):
    deals.accept_signed(deal.id, signed(domain=salted(domain)), sender=stranger)


def test_other_terms_were_not_signed(deals, deal, signed, stranger):
    for terms in ((PRICE + 1, RESTITUTION, deal.end), (PRICE, RESTITUTION + 1, deal.end), (PRICE, RESTITUTION, 9)):
        with ape.reverts("deals: not the provider's key"):
            deals.accept_signed(deal.id, signed(*terms), sender=stranger)


def test_who_has_not_signed(deals, deal, signed, locked, domain, chain, stranger, token):
    """Another key, another deal, another contract, another place, an odd signature."""
    good = signed()
    elsewhere = Domain("Keifu Storage", "1", chain.chain_id, stranger)
    swapped = [deal.signed(0, locked[0], domain, chain.pending_timestamp + 60, token=str(token)), *good[1:]]
    swapped[1] = (*good[1][:4], good[0][4])
    for items in (
        signed(by=[locked[0], *[locked[0]] * 4]),
        signed(domain=elsewhere),
        swapped,
        [(*good[0][:4], b""), *good[1:]],
        [(*good[0][:4], high_s(good[0][4])), *good[1:]],
        [(ZERO_ADDRESS, *good[0][1:4], b"\x01" * 65), *good[1:]],
    ):
        with ape.reverts("deals: not the provider's key"):
            deals.accept_signed(deal.id, items, sender=stranger)


def test_all_or_none(market, deals, deal, signed, locked, stranger):
    with ape.reverts("deals: not all shards"):
        deals.accept_signed(deal.id, signed()[:4], sender=stranger)
    items = signed()
    items[2] = (*items[2][:2], items[2][2] + 1, *items[2][3:])
    with ape.reverts("deals: not in the deal"):
        deals.accept_signed(deal.id, items, sender=stranger)
    assert market.shards_of(locked[0].address) == 0


def test_until_the_deadline(deals, deal, signed, chain, stranger):
    late = signed(deadline=chain.pending_timestamp - 1)
    with ape.reverts("deals: signature has expired"):
        deals.accept_signed(deal.id, late, sender=stranger)


def test_a_signature_counts_once(deals, deal, signed, stranger):
    items = signed()
    deals.accept_signed(deal.id, items, sender=stranger)
    with ape.reverts("deals: shard is taken"):
        deals.accept_signed(deal.id, items, sender=stranger)


def test_a_contract_s_word_is_none(project, deals, deployer, open_deal, locked, domain, chain, token, stranger):
    """ERC-1271 is not asked: a contract could change its answer."""
    wallet = project.ContractWallet.deploy(locked[0].address, sender=deployer)
    deal = open_deal((wallet.address, stream("wallet", 1)), salt=b"\x09" * 32)
    signed = [deal.signed(0, locked[0], domain, chain.pending_timestamp + 60, token=str(token))]
    with ape.reverts("deals: not the provider's key"):
        deals.accept_signed(deal.id, signed, sender=stranger)


def test_the_domain_is_shown(deals, chain):
    assert tuple(deals.eip712Domain())[1:5] == ("Keifu Storage", "1", chain.chain_id, deals.address)


def test_a_signature_for_another_token(deals, open_deal, coin, listed, locked, domain, chain, token, stranger):
    """STO-2: a price is in one token; nobody stores for as many units of a cheaper one."""
    shards = [(key.address, stream(key.address, 1 + at)) for at, key in enumerate(locked)]
    deal = open_deal(*shards, token=coin, price=RATE, salt=b"\x08" * 32)
    deadline, terms = chain.pending_timestamp + 60, (RATE, RESTITUTION, deal.end)

    def signed(named):
        return [deal.signed(index, key, domain, deadline, *terms, token=str(named)) for index, key in enumerate(locked)]

    for wrong in (token, listed()):
        with ape.reverts("deals: not the provider's key"):
            deals.accept_signed(deal.id, signed(wrong), sender=stranger)
    deals.accept_signed(deal.id, signed(coin), sender=stranger)
