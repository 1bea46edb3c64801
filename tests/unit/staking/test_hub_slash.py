"""StakingHub.slash, slash_for, pay_insurance: own bond first, and who gets what."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import (
    EPOCH,
    EVIDENCE,
    HORIZON,
    UNBONDING,
    ticket_of,
)


def test_the_bond_pays_victim_prover_and_insurance(staked, operator, service, victim, prover):
    receipt = staked.slash(operator, 100 * COIN, victim, prover, EVIDENCE, sender=service)
    assert receipt.return_value == 100 * COIN
    assert receipt.events == [
        staked.Slashed(
            service=service,
            operator=operator,
            evidence=EVIDENCE,
            from_bond=100 * COIN,
            from_delegators=0,
            to_victim=50 * COIN,
            to_prover=30 * COIN,
        )
    ]
    assert staked.credit(victim) == 50 * COIN
    assert staked.credit(prover) == 30 * COIN
    assert staked.totals().insurance == 20 * COIN
    assert staked.operator_state(operator).jailed_until == 1 + staked.JAIL_EPOCHS()


def test_without_victim_and_prover_all_goes_to_the_insurance(staked, operator, service):
    staked.slash(operator, 100 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    assert staked.totals().insurance == 100 * COIN


def test_no_more_than_was_committed_and_what_was_taken_is_used_up(staked, operator, service):
    receipt = staked.slash(operator, 10_000 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    assert receipt.return_value == 1_500 * COIN
    assert staked.effective(service, operator) == 0
    assert staked.slash(operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service).return_value == 0


def test_delegators_and_leaving_ones_pay_after_the_bond(staked, operator, service, delegator, victim, prover, wait):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, sender=delegator))
    staked.unbond(2_000 * COIN, sender=operator)
    staked.slash(operator, 1_400 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    wait(UNBONDING)  # 600 of the bond mature; the ticket does not yet
    staked.slash(operator, 50 * COIN, victim, prover, EVIDENCE, sender=service)
    assert staked.ticket(delegator, ticket)[0] == 20 * COIN
    assert staked.position(operator, delegator) == (60 * COIN, 30 * COIN)
    assert staked.credit(victim) == staked.credit(prover) == 0
    assert staked.totals().insurance == 1_450 * COIN


def test_refusals(staked, operator, service, stranger):
    with ape.reverts("hub: not a slasher"):
        staked.slash(operator, 1, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=stranger)
    with ape.reverts("hub: zero amount"):
        staked.slash(operator, 0, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    with ape.reverts("hub: unknown operator"):
        staked.slash(stranger, 1, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)


def test_the_arbiter_slashes_in_the_service_s_name(staked, operator, service, arbiter, stranger):
    receipt = staked.slash_for(service, operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=arbiter)
    assert receipt.events[0].service == service
    for outsider in (stranger, service):
        with ape.reverts("hub: not the arbiter"):
            staked.slash_for(service, operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=outsider)


def test_a_removed_service_slashes_for_its_horizon_only(staked, operator, service, owner, chain):
    until = staked.remove_service(service, sender=owner).timestamp + HORIZON
    chain.pending_timestamp = until
    staked.slash(operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    chain.mine(timestamp=until + 1)
    assert staked.effective(service, operator) == 0
    with ape.reverts("hub: not a slasher"):
        staked.slash(operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)


def test_a_slash_that_takes_nothing_turns_the_books_once(hub, token, operator, delegator, service, owner, wait):
    """Regression: the books turned, but the pool did not remember it, and emission was counted twice."""
    hub.stake(operator, 100 * COIN, 0, sender=delegator)
    hub.fund_emission(1_000 * COIN, sender=owner)
    wait(EPOCH)
    hub.slash(operator, 1_500 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    wait(EPOCH + EPOCH // 2)  # amid the epoch, where a second more or less is next to nothing
    hub.slash(operator, 1, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    first = hub.pending_rewards(operator, delegator)
    hub.poke(operator, sender=owner)
    assert abs(hub.pending_rewards(operator, delegator) - first) * 1_000 < first


def test_insurance_is_paid_to_the_sink(staked, token, operator, service, stranger, sink):
    staked.slash(operator, 100 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    before = token.balanceOf(sink)
    receipt = staked.pay_insurance(sender=stranger)
    assert receipt.events[0] == staked.InsurancePaid(amount=100 * COIN)
    assert token.balanceOf(sink) == before + 100 * COIN
    assert staked.totals().insurance == 0
