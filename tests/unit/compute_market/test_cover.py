"""ComputeMarket.cover, cover_of and release: a receipt key's signature covers one channel, once, within its cap."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import checksum
from keifu.compute.promises import needed_for
from keifu.keys import Account
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN, DAY, HOUR
from tests.unit.compute_market.conftest import (
    CAP,
    COVER_RESERVE,
    LOCKED,
    PRICE,
    RESTITUTION,
    SERVICE_RESERVE,
    TERM,
    WINDOW,
)
from tests.wallet_forms import FORMS, high_s


def test_a_cover_reserves_and_is_paid(market, hub, token, served, cover, channel_id, payer, operator, key):
    """CMP-2, CMP-3"""
    before = token.balanceOf(payer)
    made = cover()
    found = market.cover_of(channel_id, operator)
    assert (found.payer, found.key, found.restitution) == (payer, checksum(key.address), RESTITUTION)
    assert (found.last, found.until, found.reserve) == (made.last, made.last + WINDOW, COVER_RESERVE)
    assert market.reserved(operator) == SERVICE_RESERVE + COVER_RESERVE
    assert tuple(market.cap(operator, key.address)) == (CAP, COVER_RESERVE)
    assert before - token.balanceOf(payer) == PRICE
    assert (token.balanceOf(market), market.credits(operator)) == (0, 0)


def test_what_is_said_of_it(market, hub, served, sign_cover, channel, channel_id, operator, payer, stranger, key):
    """Anybody may pay for it: the restitution is the payer's all the same."""
    made, signature = sign_cover()
    receipt = market.cover(channel.values, made.args, operator, signature, sender=stranger)
    (event,) = receipt.events.filter(market.Covered)
    assert (bytes(event.channel), event.operator, event.key) == (channel_id, operator, checksum(key.address))
    assert (event.payer, event.restitution, event.price) == (payer, RESTITUTION, PRICE)
    assert (event.since, event.last) == (receipt.timestamp + 1, made.last)
    (paid,) = receipt.events.filter(hub.Rewarded)
    assert (paid.operator, paid.amount) == (operator, PRICE)


def test_no_cover_is_zeros(market, channel_id, stranger):
    assert tuple(market.cover_of(channel_id, stranger)) == (ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_signature(market, served, sign_cover, channel, operator, payer, form):
    made, signature = sign_cover()
    market.cover(channel.values, made.args, operator, form(signature), sender=payer)


def test_a_signature_counts_once(market, served, sign_cover, channel, channel_id, operator, payer):
    """CMP-3: not after the cover is over, and not in another form."""
    made, signature = sign_cover()
    market.cover(channel.values, made.args, operator, signature, sender=payer)
    market.release(channel_id, operator, sender=payer)
    for form in FORMS:
        with ape.reverts("compute: signature was used"):
            market.cover(channel.values, made.args, operator, form(signature), sender=payer)


def test_a_signature_for_another_channel(market, served, sign_cover, channel, operator, payer, stranger):
    """CMP-3: every part of a configuration makes another channel."""
    made, signature = sign_cover()
    for other in (replace(channel, payer=str(stranger)), replace(channel, salt=b"\x01" * 32)):
        with ape.reverts("compute: another channel"):
            market.cover(other.values, made.args, operator, signature, sender=payer)


@pytest.mark.parametrize("name", ["restitution", "price", "last", "deadline"])
def test_a_signature_for_other_terms(market, served, sign_cover, channel, operator, payer, name):
    """CMP-3"""
    made, signature = sign_cover()
    other = replace(made, **{name: getattr(made, name) + 1})
    with ape.reverts("compute: not the operator's key"):
        market.cover(channel.values, other.args, operator, signature, sender=payer)


def test_whose_key_may_sign(
    market, served, sign_cover, channel, operator, other_operator, payer, name_key, second_key, key, domain
):
    """CMP-3: a receipt key of this operator; none that nobody named, of another kind or operator, or retired."""
    beats = Account.from_role("beats")
    name_key(beats, operator, KeyKind.HEARTBEAT, cap=0)
    name_key(second_key, other_operator)
    for by in (Account.from_role("nobody"), beats, second_key):
        made, signature = sign_cover(by)
        with ape.reverts("compute: not the operator's key"):
            market.cover(channel.values, made.args, operator, signature, sender=payer)
    made, signature = sign_cover()
    for odd in (high_s(signature), b"", b"\x01" * 65):
        with ape.reverts("compute: not the operator's key"):
            market.cover(channel.values, made.args, operator, odd, sender=payer)
    market.retire_key(key.address, sender=operator)
    with ape.reverts("compute: not the operator's key"):
        market.cover(channel.values, made.args, operator, signature, sender=payer)


def test_a_key_that_is_nobody_s_opens_nothing(market, served, sign_cover, channel, payer):
    """A retired key speaks for nobody, and nobody has no cap."""
    made, signature = sign_cover(Account.from_role("nobody"))
    with ape.reverts("compute: not the operator's key"):
        market.cover(channel.values, made.args, ZERO_ADDRESS, signature, sender=payer)


def test_a_contract_s_word_is_none(project, market, deployer, served, sign_cover, channel, payer, key):
    """CMP-3: a contract could change its answer, so ERC-1271 is not asked."""
    wallet = project.ContractWallet.deploy(key.address, sender=deployer)
    made, signature = sign_cover()
    with ape.reverts("compute: not the operator's key"):
        market.cover(channel.values, made.args, wallet, signature, sender=payer)


def test_it_begins_a_second_later(market, served, cover, channel_id, operator, chain):
    """CMP-5: what was signed in the second of a slash has been paid for."""
    cover()
    assert market.cover_of(channel_id, operator).since == chain.blocks.head.timestamp + 1


def test_days_and_restitutions(served, cover, chain, market, operator, key):
    market.set_cap(key.address, LOCKED, sender=operator)
    now = chain.pending_timestamp
    for changes, reason in (
        ({"last": now}, "compute: bad last day"),
        ({"last": now + 180 * DAY + 60}, "compute: bad last day"),
        ({"last": 2**64 - 1}, "compute: bad last day"),
        ({"deadline": now - 1}, "compute: signature has expired"),
        ({"restitution": COIN - 1}, "compute: bad restitution"),
        ({"restitution": 40_000 * COIN + 1}, "compute: bad restitution"),
        ({"restitution": 40_000 * COIN}, "compute: lock too small"),
    ):
        with ape.reverts(reason):
            cover(**changes)
    with chain.isolate():
        cover(last=chain.pending_timestamp + 180 * DAY)
    cover(restitution=COIN, price=0, deadline=chain.pending_timestamp)


def test_a_removed_market_covers_nothing(market, hub, owner, served, cover):
    hub.remove_service(market, sender=owner)
    with ape.reverts("compute: market not listed"):
        cover()


def test_covers_never_exceed_the_cap(market, served, cover, channel, channels, operator, key):
    """KEY-3: what promises of one key hold at a time."""
    market.set_cap(key.address, COVER_RESERVE, sender=operator)
    cover()
    other = replace(channel, salt=b"\x01" * 32)
    second = {"config": other, "channel_id": bytes(channels.getChannelId(other.values))}
    with ape.reverts("caps: over the key's cap"):
        cover(**second)
    market.set_cap(key.address, 2 * COVER_RESERVE, sender=operator)
    cover(**second)
    assert tuple(market.cap(operator, key.address)) == (2 * COVER_RESERVE, 2 * COVER_RESERVE)


def test_covers_never_exceed_the_lock(market, hub, served, cover, operator, key):
    """CMP-2"""
    market.set_cap(key.address, LOCKED, sender=operator)
    market.unlock(LOCKED - SERVICE_RESERVE - COVER_RESERVE + 1, [], [], sender=operator)
    with ape.reverts("compute: lock too small"):
        cover()
    hub.lock(market, operator, 1, sender=operator)
    cover()


def test_a_price_that_is_not_there(token, market, served, cover, payer):
    token.approve(market, PRICE - 1, sender=payer)
    with ape.reverts("token: insufficient allowance"):
        cover()


def test_a_stranger_takes_nobody_s_place(
    market, served, cover, name_key, second_key, other_operator, channel_id, operator, stranger
):
    """CMP-3: covers of two operators stand beside each other."""
    name_key(second_key, other_operator)
    cover(by=second_key, of=other_operator, sender=stranger, price=0, restitution=COIN)
    cover()
    assert market.cover_of(channel_id, operator).restitution == RESTITUTION
    assert market.cover_of(channel_id, other_operator).restitution == COIN


# prolonging -----------------------------------------------------------------------------------------------------------


def test_prolonging_takes_no_second_reserve(market, covered, cover, channel_id, operator, key, payer, token):
    before, held = market.cover_of(channel_id, operator), token.balanceOf(payer)
    cover(last=covered.last + DAY)
    after = market.cover_of(channel_id, operator)
    assert (after.since, after.last, after.reserve) == (before.since, covered.last + DAY, COVER_RESERVE)
    assert market.reserved(operator) == SERVICE_RESERVE + COVER_RESERVE
    assert market.cap(operator, key.address)[1] == COVER_RESERVE
    assert held - token.balanceOf(payer) == PRICE


def test_prolonging_by_another_key(market, covered, cover, channel_id, operator, key, second_key, name_key):
    """KEY-3: the reserve counts against the key that signed last."""
    name_key(second_key, operator)
    cover(by=second_key, last=covered.last + DAY)
    assert market.cap(operator, key.address)[1] == 0
    assert market.cap(operator, second_key.address)[1] == COVER_RESERVE
    assert market.cover_of(channel_id, operator).key == checksum(second_key.address)


def test_prolonging_needs_the_cap_of_now(market, covered, cover, operator, key):
    """KEY-3: a lowered cap counts for what is new, and a prolonged cover is."""
    market.set_cap(key.address, COVER_RESERVE - 1, sender=operator)
    with ape.reverts("caps: over the key's cap"):
        cover(last=covered.last + DAY)


def test_prolonging_changes_nothing_else(covered, cover):
    with ape.reverts("compute: another restitution"):
        cover(last=covered.last + DAY, restitution=RESTITUTION + 1)
    with ape.reverts("compute: last day is earlier"):
        cover(last=covered.last - 1)


# release --------------------------------------------------------------------------------------------------------------


def test_the_payer_frees_its_cover(market, covered, channel_id, operator, payer, key):
    receipt = market.release(channel_id, operator, sender=payer)
    assert market.CoverFreed(channel=channel_id, operator=operator) in receipt.events
    assert market.reserved(operator) == SERVICE_RESERVE
    assert market.cap(operator, key.address)[1] == 0 == market.cover_of(channel_id, operator).reserve


def test_nobody_else_frees_it(market, covered, channel_id, operator, authorizer, stranger, payer):
    """CMP-4"""
    for who in (operator, authorizer, stranger):
        with ape.reverts("compute: not the payer"):
            market.release(channel_id, operator, sender=who)
    market.release(channel_id, operator, sender=payer)
    with ape.reverts("compute: no cover"):
        market.release(channel_id, operator, sender=payer)


def test_a_new_cover_after_the_end(market, covered, cover, channel_id, operator, payer, chain):
    """CMP-5: it begins anew, so that nothing older is paid from it."""
    market.release(channel_id, operator, sender=payer)
    cover(restitution=2 * COIN, last=chain.pending_timestamp + TERM)
    found = market.cover_of(channel_id, operator)
    assert (found.since, found.reserve) == (chain.blocks.head.timestamp + 1, needed_for(2 * COIN))


def test_no_new_cover_while_an_answer_is_due(market, covered, asked, cover, channel_id, operator, payer):
    """CMP-6: an old demand never takes a new cover."""
    asked()
    market.release(channel_id, operator, sender=payer)
    with ape.reverts("compute: demand is open"):
        cover(price=PRICE + 1)


def test_who_signs_free_covers_fills_its_own_lock(market, served, cover, operator, other_operator, channel_id):
    """A price of zero is the signer's loss alone."""
    cover(price=0)
    assert market.reserved(other_operator) == 0
    assert market.reserved(operator) == SERVICE_RESERVE + COVER_RESERVE


def test_the_operator_s_own_key(market, hub, token, deployer, accounts, sign_cover, channel, channel_id, payer):
    """A key that nobody named speaks for its own account, and needs a cap like any other."""
    holder = accounts[12]
    own = Account(bytes.fromhex(holder.private_key.removeprefix("0x")))
    token.transfer(holder, LOCKED, sender=deployer)
    token.approve(hub, LOCKED, sender=holder)
    hub.register_operator(0, "", sender=holder)
    hub.lock(market, holder, LOCKED, sender=holder)
    made, signature = sign_cover(own)
    with ape.reverts("caps: over the key's cap"):
        market.cover(channel.values, made.args, holder, signature, sender=payer)
    market.set_cap(holder, CAP, sender=holder)
    market.cover(channel.values, made.args, holder, signature, sender=payer)


def test_a_cap_is_no_other_operator_s(
    market, served, cover, operator, domain, chain, accounts, payer, sign_cover, channel
):
    """KEY-3: what an account allowed itself counts no more once it speaks for somebody else."""
    holder = accounts[12]
    own = Account(bytes.fromhex(holder.private_key.removeprefix("0x")))
    market.set_cap(holder, 2**255, sender=holder)
    consent = key_consent(domain, str(operator), own, KeyKind.RECEIPT)
    market.register_key(own.address, KeyKind.RECEIPT, consent, sender=operator)
    made, signature = sign_cover(own)
    with ape.reverts("caps: over the key's cap"):
        market.cover(channel.values, made.args, operator, signature, sender=payer)


def test_who_sets_a_cap(market, served, key, operator, other_operator, stranger, name_key):
    """KEY-3: the operator of a receipt key, while it is one."""
    beats = Account.from_role("beats")
    name_key(beats, operator, KeyKind.HEARTBEAT, cap=0)
    for who, named in ((other_operator, key.address), (operator, str(stranger)), (operator, beats.address)):
        with ape.reverts("caps: not the caller's key"):
            market.set_cap(named, 1, sender=who)
    receipt = market.set_cap(key.address, 7, sender=operator)
    assert market.CapSet(operator=operator, key=key.address, cap=7) in receipt.events
    assert tuple(market.cap(operator, key.address)) == (7, 0)


def test_gas(market, served, sign_cover, channel, operator, payer):
    made, signature = sign_cover()
    receipt = market.cover(channel.values, made.args, operator, signature, sender=payer)
    assert receipt.gas_used <= 330_000


def test_deadlines_are_the_signer_s(served, cover, chain):
    """An hour later the signature opens nothing."""
    late = chain.pending_timestamp
    chain.pending_timestamp += 2 * HOUR
    with ape.reverts("compute: signature has expired"):
        cover(deadline=late, last=late + TERM)
