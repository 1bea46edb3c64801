"""StakingHub.set_terms: a commission that counts after its notice."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import COMMISSION_BPS, FEE_DUST

NOTICE = 14  # epochs


def test_a_commission_counts_after_its_notice(hub, operator, next_epoch):
    receipt = hub.set_terms(2_500, "ipfs://new", sender=operator)
    now = hub.epoch()
    assert hub.COMMISSION_NOTICE() == NOTICE
    assert receipt.events == [
        hub.TermsAnnounced(operator=operator, commission_bps=2_500, epoch=now + NOTICE, metadata="ipfs://new")
    ]
    next_epoch(NOTICE - 1)
    assert hub.operator_state(operator).commission_bps == COMMISSION_BPS
    next_epoch()
    assert hub.operator_state(operator).commission_bps == 2_500


def test_a_second_announcement_replaces_the_first(hub, operator, next_epoch):
    hub.set_terms(2_500, "", sender=operator)
    next_epoch(NOTICE - 1)
    hub.set_terms(400, "", sender=operator)
    next_epoch(NOTICE - 1)
    assert hub.operator_state(operator).commission_bps == COMMISSION_BPS
    next_epoch()
    assert hub.operator_state(operator).commission_bps == 400


def test_too_high(hub, operator):
    with ape.reverts("hub: commission too high"):
        hub.set_terms(10_001, "", sender=operator)


def test_by_nobody_known(hub, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.set_terms(0, "", sender=stranger)


def test_what_was_earned_before_is_paid_by_the_terms_before(staked, operator, delegator, next_epoch):
    """Attack 9: nobody touches the operator until a whole commission counts; the delegator keeps its part."""
    next_epoch()
    staked.set_terms(10_000, "", sender=operator)
    staked.reward(operator, 110 * COIN, sender=operator)
    next_epoch(NOTICE + 3)
    # The weights are 1,000 own and 100 delegated coins, so the pool's part is 10, less a tenth.
    assert abs(staked.pending_rewards(operator, delegator) - 9 * COIN) <= FEE_DUST
