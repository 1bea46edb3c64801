"""A client may sign for some requests at once: then it sends the same payment again, and can lose no more than that."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import httpx
import pytest

from keifu.compute.client.checks import Check, ReplyRefused
from keifu.compute.client.client import ProviderFault
from keifu.errors import UsageError
from keifu.payments.wallet import MAX_AHEAD, SHARE, PaymentRefused
from keifu.payments.x402 import AHEAD, PAYMENT_SIGNATURE, Payment, Requirements, VoucherPayload, decode
from tests.unit.compute.client.provider import (
    CHANNEL_ID,
    FEE,
    MOST,
    PATH,
    QUESTION,
    TERMS,
    WHO,
    FakeProvider,
)

STEP = 4
AHEAD_TERMS = replace(TERMS, ahead=STEP)
PRIVATE = replace(WHO, url="https://provider")


def ask(client, count=1, who=WHO):
    for _ in range(count):
        client.ask(who, PATH, QUESTION)


def test_one_payment_is_sent_again_until_it_is_used_up(asking):
    client = asking(provider := FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client, 20)
    assert sorted(set(provider.vouchers)) == provider.vouchers[:1] + [STEP * MOST + step for step in (63, 126)]
    assert len(set(provider.payments)) == len(set(provider.vouchers)) == 3
    assert provider.charged == 20 * FEE


def test_the_most_that_anybody_can_lose_is_the_step(asking):
    """Whoever has the newest voucher claims it all, whether or not anything was answered for it."""
    client = asking(FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    for _ in range(30):
        ask(client)
        kept = client.store.channel(CHANNEL_ID)
        assert kept.signed - kept.charged <= STEP * MOST


@pytest.mark.parametrize(("takes_ahead", "step"), [(False, STEP), (True, 1)])
def test_a_voucher_names_one_request_unless_both_sides_say_so(asking, takes_ahead, step):
    provider = FakeProvider(takes_ahead=takes_ahead)
    client = asking(provider, terms=replace(TERMS, ahead=step))
    ask(client, 3)
    assert provider.vouchers == [MOST, FEE + MOST, 2 * FEE + MOST]
    assert not any(AHEAD in (decode(item, Payment, PAYMENT_SIGNATURE).extensions or {}) for item in provider.payments)


def test_it_says_that_it_is_signed_ahead_and_nothing_that_is_not_needed(asking):
    client = asking(provider := FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client)
    payment = decode(provider.payments[0], Payment, PAYMENT_SIGNATURE)
    assert (payment.extensions, payment.accepted.extra) == ({AHEAD: True}, {})


def test_a_client_that_starts_again_sends_what_it_had_signed(asking):
    provider = FakeProvider(takes_ahead=True)
    first = asking(provider, terms=AHEAD_TERMS)
    ask(first)
    first.store.close()
    ask(asking(provider, terms=AHEAD_TERMS))
    assert len(set(provider.payments)) == 1


def test_when_the_deposit_has_no_room_for_a_step_it_is_spent_to_its_end(asking):
    client = asking(provider := FakeProvider(takes_ahead=True, balance=STEP * MOST + FEE), terms=AHEAD_TERMS)
    with pytest.raises(PaymentRefused, match="exceeds_balance"):
        ask(client, 100)
    assert provider.charged + MOST > provider.balance
    assert provider.vouchers == sorted(provider.vouchers)


def test_what_somebody_else_bought_by_it_is_noticed(asking):
    """The next receipt counts more than this client owes."""
    client = asking(provider := FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client)
    provider.charged += FEE
    provider.number += 1
    with pytest.raises(ReplyRefused) as refused:
        ask(client)
    assert refused.value.checks == (Check.CHARGED,)


def test_when_somebody_else_has_used_it_up_nothing_more_is_signed(asking):
    client = asking(provider := FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client)
    signed = client.store.channel(CHANNEL_ID).signed
    provider.charged = signed
    with pytest.raises(PaymentRefused, match="mismatch"):
        ask(client)
    assert client.store.channel(CHANNEL_ID).signed == signed


def test_lost_answers_count_before_more_is_signed(asking):
    provider = FakeProvider(takes_ahead=True, fails=500)
    client = asking(provider, terms=AHEAD_TERMS)
    for _ in range(STEP + 1):
        with pytest.raises(ProviderFault):
            ask(client)
    assert provider.vouchers == [STEP * MOST] * STEP + [2 * STEP * MOST]


def test_what_was_answered_once_is_paid_by_its_name_until_it_is_used_up(asking):
    provider = FakeProvider(takes_ahead=True, takes_brief=True)
    client = asking(provider, terms=AHEAD_TERMS)
    ask(client, 20)
    vouchers = len(set(provider.payments))
    assert (vouchers, len(provider.briefs), provider.charged) == (3, 20 - vouchers, 20 * FEE)
    assert all(item.state == "answered" for item in client.store.requests())


def test_a_server_that_forgot_a_payment_gets_it_whole(asking):
    provider = FakeProvider(takes_ahead=True, takes_brief=True)
    client = asking(provider, terms=AHEAD_TERMS)
    ask(client, 2)
    provider.named.clear()
    ask(client, 2)
    assert (len(provider.briefs), len(set(provider.payments)), provider.charged) == (3, 1, 4 * FEE)
    assert [item.state for item in client.store.requests()] == [*["answered"] * 2, "void", *["answered"] * 2]


@pytest.mark.parametrize(
    ("takes_ahead", "takes_brief", "step"), [(True, False, STEP), (False, True, STEP), (True, True, 1)]
)
def test_a_payment_goes_whole_unless_both_sides_say_otherwise(asking, takes_ahead, takes_brief, step):
    provider = FakeProvider(takes_ahead=takes_ahead, takes_brief=takes_brief)
    ask(asking(provider, terms=replace(TERMS, ahead=step)), 3)
    assert (provider.briefs, provider.charged) == ([], 3 * FEE)


def test_what_was_not_answered_yet_goes_whole(asking):
    """The server may not have it: of two at once the second may come first."""
    provider = FakeProvider(takes_ahead=True, takes_brief=True)
    client = asking(provider, terms=AHEAD_TERMS)
    provider.fails = 503
    for _ in range(2):
        with pytest.raises(ProviderFault):
            ask(client)
    assert (provider.briefs, len(set(provider.payments))) == ([], 1)


def test_a_server_that_knows_no_name_for_ever_is_paid_whole_each_time(asking):
    """It gets no voucher for it that it would not get otherwise."""
    provider = FakeProvider(takes_ahead=True, takes_brief=True)
    client = asking(provider, terms=AHEAD_TERMS)
    for _ in range(4):
        provider.named.clear()
        ask(client)
    assert (provider.charged, len(set(provider.payments))) == (4 * FEE, 1)
    assert client.store.channel(CHANNEL_ID).signed <= STEP * MOST


# what a provider has earned ------------------------------------------------------------------------------------------


def test_a_provider_that_has_answered_much_earns_that_more_is_signed_at_once(asking):
    client = asking(provider := FakeProvider(takes_ahead=True, amount=FEE, balance=10**6))
    before = 0
    for number in range(1, 7 * SHARE):
        ask(client, who=PRIVATE)
        kept = client.store.channel(CHANNEL_ID)
        if kept.signed != before:
            answered_when_signed, before = FEE * (number - 1), kept.signed
        # Whatever the provider does now: one request is lost, or one part in 32 of what it has answered.
        assert kept.signed - answered_when_signed <= max(FEE, answered_when_signed // SHARE)
    steps = [later - earlier for earlier, later in pairwise(dict.fromkeys(provider.vouchers))]
    assert steps == sorted(steps)
    assert (steps[0], steps[2 * SHARE - 1], steps[-1]) == (FEE, 2 * FEE, 6 * FEE)
    assert provider.charged == FEE * (7 * SHARE - 1)


def named(client, earned, ahead=None):
    """Beyond what is signed already, what the next voucher names of a provider that has earned so much."""
    client.wallet.terms = replace(TERMS, ahead=ahead)
    kept = client.store.channel(CHANNEL_ID)
    asked = Requirements("batch-settlement", "eip155:1", "0x", str(MOST), "0x", 60, {AHEAD: True})
    payment = client.wallet.payment(kept, asked, kept.signed + MOST, deposit=False, now=0, earned=earned)
    assert isinstance(payment.payload, VoucherPayload)
    return int(payment.payload.voucher.max_claimable_amount) - kept.signed


@pytest.mark.parametrize(
    ("answered", "step"),
    [(0, 1), (2 * SHARE - 1, 1), (2 * SHARE, 2), (MAX_AHEAD * SHARE - 1, MAX_AHEAD - 1), (10**9, MAX_AHEAD)],
)
def test_what_is_earned_is_counted_in_money_and_has_an_end(asking, answered, step):
    ask(client := asking(FakeProvider(takes_ahead=True)))
    assert named(client, answered * MOST) == step * MOST


@pytest.mark.parametrize("ahead", [1, STEP])
def test_what_the_user_says_goes_before_what_was_earned(asking, ahead):
    ask(client := asking(FakeProvider(takes_ahead=True)))
    assert named(client, 10**9, ahead) == ahead * MOST


def test_where_others_may_read_it_nothing_is_signed_ahead(asking):
    """Whoever reads a payment that was signed ahead can use it up."""
    client = asking(provider := FakeProvider(takes_ahead=True, amount=FEE, balance=10**6))
    ask(client, 3 * SHARE)
    assert provider.vouchers == [FEE * number for number in range(1, 3 * SHARE + 1)]


def test_a_stranger_gets_nothing_for_what_another_has_earned(asking):
    """Whoever answers at another address may name a receiver that has earned much, take its payment, and go shopping
    with it there."""
    client = asking(provider := FakeProvider(takes_ahead=True, amount=FEE, balance=10**6))
    ask(client, 3 * SHARE + 1, PRIVATE)
    answers, signed = provider.number, client.store.channel(CHANNEL_ID).signed
    assert signed > FEE * answers
    provider.vouchers.clear()
    ask(client, who=replace(PRIVATE, url="https://stranger"))
    assert provider.vouchers == [FEE * (answers + 1)]
    assert client.store.channel(CHANNEL_ID).signed == signed
    assert (client.store.earned(CHANNEL_ID, "https://stranger"), client.store.earned(CHANNEL_ID, PRIVATE.url)) == (
        FEE, FEE * answers,
    )  # fmt: skip


def test_an_answer_that_comes_again_earns_nothing(asking):
    provider = FakeProvider(takes_ahead=True)
    client = asking(provider)
    ask(client, who=PRIVATE)
    first = provider.sent

    def again(channel, request, *, stream):
        return httpx.Response(200, headers=first[0], content=iter([first[1]]))

    provider.answer = again
    with pytest.raises(ReplyRefused) as refused:
        ask(client, who=PRIVATE)
    assert refused.value.checks == (Check.NUMBER,)
    assert client.store.earned(CHANNEL_ID, PRIVATE.url) == client.store.channel(CHANNEL_ID).fees == FEE


def test_a_channel_that_others_pay_from_is_paid_one_by_one(asking):
    """The first receipt shows it; what is asked next names no more than this client owes, and nothing is lost."""
    client = asking(provider := FakeProvider(takes_ahead=True, amount=FEE, balance=10**6))
    ask(client, 3 * SHARE, PRIVATE)
    provider.charged += FEE
    provider.number += 1
    with pytest.raises(ReplyRefused) as found:
        ask(client, who=PRIVATE)
    assert found.value.checks == (Check.CHARGED,)
    before = provider.charged
    for _ in range(3):
        with pytest.raises(PaymentRefused, match="mismatch"):
            ask(client, who=PRIVATE)
    assert provider.charged == before


def test_who_shows_a_channel_names_what_was_charged_alone(asking):
    client = asking(FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client)
    kept = client.store.channel(CHANNEL_ID)
    payment = decode(client.wallet.identify(kept), Payment, PAYMENT_SIGNATURE)
    assert int(payment.payload.voucher.max_claimable_amount) == kept.charged == FEE < kept.signed


def test_a_refusal_that_stays_is_said_after_one_try(asking):
    """Also where more was signed before than this request needs."""
    client = asking(provider := FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client)
    client.wallet.terms = replace(AHEAD_TERMS, ahead=1)
    calls = len(provider.payments)
    provider.charged = 10 * MOST
    with pytest.raises(PaymentRefused, match="mismatch"):
        ask(client)
    assert len(provider.payments) == calls
    assert [item.state for item in client.store.requests()] == ["answered", "void"]


@pytest.mark.parametrize(
    ("url", "is_private"),
    [
        ("https://provider", True), ("http://127.0.0.1:8000", True), ("http://[::1]:8000", True),
        ("http://localhost:1", True), ("HTTPS://provider", True), ("http://provider", False),
        ("http://10.0.0.7", False), ("http://localhost.example", False), ("http://", False),
        ("http://[::1", False), ("http://https", False),
    ],
)  # fmt: skip
def test_private_is_what_is_encrypted_or_stays_here(url, is_private):
    assert replace(WHO, url=url).is_private is is_private


def test_where_two_at_once_find_no_room_for_a_step_both_are_paid_one_by_one(asking):
    """The second is told the same after the first was."""
    client = asking(FakeProvider(takes_ahead=True), terms=AHEAD_TERMS)
    ask(client)
    kept = client.store.channel(CHANNEL_ID)
    refused = "invalid_batch_settlement_evm_cumulative_exceeds_balance"
    assert [client.wallet.comes_short(kept, refused) for _ in range(2)] == [True, True]
    assert not client.wallet.comes_short(kept, "invalid_batch_settlement_evm_cumulative_amount_mismatch")
    assert named(client, 10**9, STEP) == MOST


@pytest.mark.parametrize("ahead", [0, -1, MAX_AHEAD + 1])
def test_what_no_voucher_pays_is_refused(ahead):
    with pytest.raises(UsageError, match=f"it pays 1 to {MAX_AHEAD:,}"):
        replace(TERMS, ahead=ahead)
    assert replace(TERMS, ahead=MAX_AHEAD).ahead == MAX_AHEAD
