"""StakingHub.register_operator."""

from __future__ import annotations

import ape

from keifu.units import COIN


def test_registering(bare_hub, stranger):
    receipt = bare_hub.register_operator(500, "ipfs://me", sender=stranger)
    assert receipt.events == [
        bare_hub.TermsAnnounced(operator=stranger, commission_bps=500, epoch=bare_hub.epoch(), metadata="ipfs://me")
    ]
    state = bare_hub.operator_state(stranger)
    assert (state.commission_bps, state.epoch, state.bound, state.exposure, state.shares) == (
        500,
        bare_hub.epoch(),
        0,
        0,
        0,
    )


def test_only_once(hub, operator):
    with ape.reverts("hub: operator known"):
        hub.register_operator(0, "", sender=operator)


def test_the_whole_of_the_rewards_and_not_more(bare_hub, stranger):
    with ape.reverts("hub: commission too high"):
        bare_hub.register_operator(10_001, "", sender=stranger)
    bare_hub.register_operator(10_000, "", sender=stranger)


def test_nobody_stakes_with_a_newcomer(bare_hub, stranger, delegator):
    bare_hub.register_operator(0, "", sender=stranger)
    with ape.reverts("hub: pool is full"):
        bare_hub.stake(stranger, COIN, 0, 0, sender=delegator)
