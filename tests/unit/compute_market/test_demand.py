"""ComputeMarket.demand, answer and close: a paid request is answered in time, or its fee comes back."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.compute.promises import shown
from keifu.keys import keccak256
from keifu.units import COIN
from tests.unit.compute_market.conftest import (
    ANSWER_WINDOW,
    BOND,
    COVER_RESERVE,
    LOCKED,
    REQUEST,
    RESTITUTION,
    SERVICE_RESERVE,
    UNNAMED,
    WINDOW,
    sha,
)
from tests.unit.staking.conftest import HORIZON

FEE = 50 * COIN


@pytest.fixture
def answered(receipt, receipts, key):
    """A receipt of the request and an answer, as the contract takes it."""

    def answered(response=b"an answer", by=key, **changes):
        said = receipt(**{"request_hash": keccak256(REQUEST), "response_hash": keccak256(response), **changes})
        return shown(receipts.sign(by, [said])[0])

    return answered


def test_a_demand_brings_its_bond(market, token, covered, asked, channel_id, operator, payer):
    before = token.balanceOf(payer)
    receipt = asked()
    deadline = receipt.timestamp + ANSWER_WINDOW
    assert receipt.return_value == deadline
    assert before - token.balanceOf(payer) == BOND == token.balanceOf(market)
    found = market.demand_of(channel_id, operator)
    assert (found.requester, found.deadline, bytes(found.request)) == (payer, deadline, keccak256(REQUEST))
    assert (found.refund, market.demanded(channel_id)) == (FEE, FEE)
    (event,) = receipt.events.filter(market.Demanded)
    assert (bytes(event.channel), event.operator, event.requester) == (channel_id, operator, payer)
    assert (event.fee, event.refund, event.deadline, bytes(event.request)) == (FEE, FEE, deadline, REQUEST)


def test_the_authorizer_asks_too(market, covered, asked, authorizer, channel_id, operator):
    """Whoever holds an API key: its bond comes back to it, the refund goes to the payer."""
    asked(authorizer)
    assert market.demand_of(channel_id, operator).requester == authorizer


def test_nobody_else_asks(covered, asked, operator, stranger, prover):
    for who in (operator, stranger):
        with ape.reverts("compute: not the payer"):
            asked(who)


def test_a_contract_may_be_the_payer(project, market, served, cover, channel, channels, deployer, operator, token):
    """A payer that is a contract calls for itself; no signature of it is asked for."""
    wallet = project.ContractWallet.deploy(deployer, sender=deployer)
    other = replace(channel, payer=str(wallet), payer_authorizer="0x" + 40 * "0")
    channel_id = bytes(channels.getChannelId(other.values))
    cover(config=other, channel_id=channel_id)
    assert market.cover_of(channel_id, operator).payer == wallet


def test_only_what_was_paid(market, covered, asked, channels, channel_id, payer, operator, answered):
    """CMP-6: fees of all demands never exceed the channel's claims."""
    channels.set_claimed(channel_id, 2 * FEE, sender=payer)
    for fee, reason in ((0, "compute: no fee"), (2 * FEE + 1, "compute: fee was not paid")):
        with ape.reverts(reason):
            asked(fee=fee, claimed=None)
    asked(claimed=None)
    market.answer(answered(), b"an answer", sender=operator)
    with ape.reverts("compute: fee was not paid"):
        asked(fee=FEE + 1, claimed=None)
    asked(claimed=None)
    assert market.demanded(channel_id) == 2 * FEE


def test_the_largest_fee(covered, asked):
    with ape.reverts("compute: fee was not paid"):
        asked(fee=2**128 - 1)


def test_a_channel_without_a_cover_cannot_ask(market, served, asked, channel_id, operator, cover, payer):
    with ape.reverts("compute: no cover"):
        asked()
    cover()
    market.release(channel_id, operator, sender=payer)
    with ape.reverts("compute: no cover"):
        asked()


def test_until_the_evidence_window_ends(covered, asked, chain):
    """CMP-4"""
    with chain.isolate():
        chain.pending_timestamp = covered.last + WINDOW
        asked()
    chain.pending_timestamp = covered.last + WINDOW + 1
    with ape.reverts("compute: no cover"):
        asked()


def test_one_at_a_time(covered, asked, authorizer):
    """CMP-6: an operator owes no more answers at once than it has signed covers."""
    asked()
    with ape.reverts("compute: demand is open"):
        asked(authorizer)


def test_demands_of_friends_take_nobody_s_place(
    market, covered, cover, asked, channel, channels, operator, stranger, payer, channel_id
):
    """CMP-6: a provider cannot keep a stranger waiting by asking itself."""
    friend = replace(channel, payer=str(stranger))
    other = bytes(channels.getChannelId(friend.values))
    cover(config=friend, channel_id=other, sender=stranger)
    asked(stranger, config=friend, of_channel=other)
    first = market.demand_of(other, operator).deadline
    asked()
    assert market.demand_of(channel_id, operator).deadline - first < 60


def test_the_longest_request(covered, asked):
    asked(request=b"\xff" * 2_048)


def test_too_long_a_request(covered, asked):
    with ape.reverts(UNNAMED):
        asked(request=b"\xff" * 2_049)


# answers --------------------------------------------------------------------------------------------------------------


def test_an_answer_earns_the_bond(market, covered, asked, answered, channel_id, operator, stranger, chain):
    """CMP-6: the operator's, whoever brings the answer; the cover goes on."""
    asked()
    receipt = market.answer(answered(number=7), b"an answer", sender=stranger)
    (event,) = receipt.events.filter(market.Answered)
    assert (bytes(event.channel), event.operator, event.number) == (channel_id, operator, 7)
    assert bytes(event.response) == b"an answer"
    assert (market.credits(operator), market.credits(stranger)) == (BOND, 0)
    assert market.demand_of(channel_id, operator).deadline == 0
    assert market.cover_of(channel_id, operator).reserve == COVER_RESERVE


def test_an_answer_of_the_last_second(market, covered, asked, answered, operator, chain):
    """CMP-6"""
    deadline = asked().timestamp + ANSWER_WINDOW
    with chain.isolate():
        chain.pending_timestamp = deadline
        market.answer(answered(), b"an answer", sender=operator)
    chain.pending_timestamp = deadline + 1
    with ape.reverts("compute: no answer is due"):
        market.answer(answered(), b"an answer", sender=operator)


def test_what_is_no_answer(market, covered, asked, answered, operator):
    asked()
    for given, response, reason in (
        (answered(request_hash=sha("another")), b"an answer", "compute: not the answer"),
        (answered(response_hash=sha("another")), b"an answer", "compute: not the answer"),
        (answered(), b"another answer", "compute: not the answer"),
        (answered(channel_id=sha("another")), b"an answer", "compute: no answer is due"),
        (answered(time=2**63), b"an answer", "compute: time has not come"),
    ):
        with ape.reverts(reason):
            market.answer(given, response, sender=operator)


def test_nobody_else_answers(market, covered, asked, answered, name_key, second_key, other_operator):
    """CMP-6: only a receipt of the operator's key counts."""
    asked()
    name_key(second_key, other_operator)
    with ape.reverts("compute: no answer is due"):
        market.answer(answered(by=second_key, time=0), b"an answer", sender=other_operator)


def test_nothing_is_asked(market, covered, asked, answered, operator):
    with ape.reverts("compute: no answer is due"):
        market.answer(answered(), b"an answer", sender=operator)
    asked()
    market.answer(answered(), b"an answer", sender=operator)
    with ape.reverts("compute: no answer is due"):
        market.answer(answered(), b"an answer", sender=operator)


def test_the_longest_answer(market, covered, asked, answered, operator):
    """The bond is worth one and a half times this gas, and is fixed in coins at deployment."""
    asked()
    response = b"\xff" * 4_096
    receipt = market.answer(answered(response), response, sender=operator)
    assert receipt.gas_used <= 230_000


def test_who_asks_twice_pays_twice(market, token, covered, asked, answered, payer, operator):
    """CMP-10: work demanded again is paid by a bond each time, and the answer may be the old one."""
    before = token.balanceOf(payer)
    for _ in range(2):
        asked(fee=COIN)
        market.answer(answered(), b"an answer", sender=operator)
    assert market.credits(operator) == 2 * BOND == before - token.balanceOf(payer)


# no answer ------------------------------------------------------------------------------------------------------------


def test_no_answer_gives_the_fee_back(market, hub, covered, asked, channel_id, operator, payer, stranger, key, chain):
    """CMP-6: the fee out of the restitution, the bond, and the cover is over."""
    deadline = asked().timestamp + ANSWER_WINDOW
    chain.pending_timestamp = deadline
    with ape.reverts("compute: no answer is overdue"):
        market.close(channel_id, operator, sender=stranger)
    chain.pending_timestamp = deadline + 1
    receipt = market.close(channel_id, operator, sender=stranger)
    assert market.Unanswered(channel=channel_id, operator=operator, refund=FEE) in receipt.events
    assert market.credits(payer) == FEE + BOND
    assert hub.lock_of(market, operator) == LOCKED - FEE * 5 // 4 - RESTITUTION // 10
    assert market.reserved(operator) == SERVICE_RESERVE
    assert market.cover_of(channel_id, operator).reserve == market.cap(operator, key.address)[1] == 0
    with ape.reverts("compute: no answer is overdue"):
        market.close(channel_id, operator, sender=stranger)


def test_the_authorizer_has_its_bond_back(market, covered, asked, channel_id, operator, payer, authorizer, chain):
    asked(authorizer)
    chain.pending_timestamp += ANSWER_WINDOW + 10
    market.close(channel_id, operator, sender=authorizer)
    assert (market.credits(payer), market.credits(authorizer)) == (FEE, BOND)


def test_never_more_than_the_restitution(market, covered, asked, channel_id, operator, payer, chain):
    """CMP-6"""
    asked(fee=1_000 * COIN, claimed=1_000 * COIN)
    chain.pending_timestamp += ANSWER_WINDOW + 10
    market.close(channel_id, operator, sender=payer)
    assert market.credits(payer) == RESTITUTION + BOND


def test_a_channel_of_another_token(market, served, cover, asked, channel, channels, operator, payer, stranger, chain):
    """CMP-6: the chain knows no rate, so the restitution stands for the fee."""
    other = replace(channel, token=str(stranger))
    channel_id = bytes(channels.getChannelId(other.values))
    cover(config=other, channel_id=channel_id)
    asked(fee=1, config=other, of_channel=channel_id)
    chain.pending_timestamp += ANSWER_WINDOW + 10
    market.close(channel_id, operator, sender=payer)
    assert market.credits(payer) == RESTITUTION + BOND


def test_a_report_meanwhile_leaves_the_bond(
    market, hub, covered, asked, lie, report, channel_id, operator, prover, payer, chain
):
    """CMP-5: the cover is taken once; the demand still ends."""
    asked()
    report(prover, lie())
    locked = hub.lock_of(market, operator)
    chain.pending_timestamp += ANSWER_WINDOW + 10
    receipt = market.close(channel_id, operator, sender=prover)
    assert market.Unanswered(channel=channel_id, operator=operator, refund=0) in receipt.events
    assert market.credits(payer) == RESTITUTION + BOND
    assert hub.lock_of(market, operator) == locked


def test_an_operator_that_leaves_itself_unanswered_loses(
    market, hub, token, covered, asked, channel_id, operator, payer, chain
):
    """CMP-10: payer and operator in one hand lose a fifth of the damages, and the penalty."""
    before = token.balanceOf(operator) + token.balanceOf(payer) + hub.lock_of(market, operator)
    asked()
    chain.pending_timestamp += ANSWER_WINDOW + 10
    market.close(channel_id, operator, sender=payer)
    market.withdraw(payer, sender=payer)
    after = token.balanceOf(operator) + token.balanceOf(payer) + hub.lock_of(market, operator)
    assert before - after == FEE // 4 + RESTITUTION // 10


def test_a_removed_market_still_answers(market, hub, covered, asked, answered, owner, operator, channel_id):
    hub.remove_service(market, sender=owner)
    asked()
    market.answer(answered(), b"an answer", sender=operator)
    assert market.credits(operator) == BOND


def test_after_the_hub_s_horizon_the_payer_frees_the_bond(
    market, hub, covered, asked, owner, channel_id, operator, payer, authorizer, chain
):
    """CMP-11: nothing is left to take, and no bond stays behind."""
    hub.remove_service(market, sender=owner)
    asked(authorizer)
    chain.pending_timestamp += HORIZON + ANSWER_WINDOW
    with ape.reverts("hub: not a slasher"):
        market.close(channel_id, operator, sender=authorizer)
    market.release(channel_id, operator, sender=payer)
    market.close(channel_id, operator, sender=authorizer)
    assert (market.credits(authorizer), market.credits(payer)) == (BOND, 0)
