"""TGE-1: all 8,000 validators claim at the event and after the last step; every payout is what the model says."""

from __future__ import annotations

from audit.tge_replay import VALIDATOR_COINS, VALIDATORS, replay, validators
from keifu.units import COIN


def test_tge_1_every_validator_is_paid_to_the_wei():
    result = replay(validators())
    assert result.claims == 2 * VALIDATORS
    assert result.mismatches == 0
    assert result.paid == VALIDATORS * VALIDATOR_COINS * COIN
    assert result.left == 0
