"""lib/bls_bn254.vy and DrandRandomness against plain Python, with keys whose secret is known. RND-6, RND-7"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import Params, deploy_protocol
from keifu.spec import drand_rounds
from tests.property.staking import bls
from tests.unit.court.courtroom import CONVICTED, Courtroom

PERIOD = 3
SECRET, OTHER_SECRET = 0x5EED, 0xC0FFEE


class DrandCourtroom(Courtroom):
    """Juries are drawn by a round of each hour."""

    def source_of_seeds(self):
        terms = (bls.public_key(SECRET), self.evm.now - PERIOD * 1_000, PERIOD, 3_600 // PERIOD)
        return self.evm.deploy("DrandRandomness", *terms, sender=self.owner)

    def draw(self, case):
        epoch = self.case(case)["seed_epoch"]
        number = self.box.source(epoch)
        assert not any(self.court.drawn(case, 0, juror) for juror in self.jurors)
        self.evm.warp_to(self.box.genesis() + (number - 1) * PERIOD)
        self.box.capture(epoch, bls.sign(SECRET, bls.round_message(number)), sender=self.accuser)
        self.court.advance(case, sender=self.stranger)


@pytest.fixture(scope="module")
def evm():
    return LocalEvm()


@pytest.fixture(scope="module")
def curve(evm):
    return evm.deploy("CurveHarness", sender=evm.account("deployer"))


@pytest.fixture(scope="module")
def drand(evm):
    """A network whose rounds began long ago, one an epoch."""
    sender, genesis = evm.account("deployer"), evm.now - PERIOD * 1_000
    randomness = evm.deploy("DrandRandomness", bls.public_key(SECRET), genesis, PERIOD, 1, sender=sender)
    evm.warp(PERIOD * 10_000)
    return randomness


@given(u=st.integers(0, bls.P - 1))
@example(u=0)
@example(u=1)
@example(u=bls.P - 1)
@example(u=(bls.P + 1) // 2)  # 1 / 2, where the formula divides by zero
@example(u=(bls.P - 1) // 2)
def test_a_field_element_is_mapped_as_the_rfc_says(curve, u):
    assert tuple(curve.map_to_curve(u)) == bls.map_to_curve(u)


@given(message=st.binary(min_size=32, max_size=32))
def test_a_message_is_hashed_as_the_rfc_says(curve, message):
    assert tuple(curve.hash_to_curve(message)) == bls.hash_to_curve(message)


def test_all_three_candidates_are_met(curve):
    """The map takes its first, second or third candidate; the samples above would not be worth much without each."""
    assert {bls.candidate(u) for u in range(30)} == {0, 1, 2}
    for u in range(30):
        assert tuple(curve.map_to_curve(u)) == bls.map_to_curve(u)


@settings(max_examples=10)
@given(secret=st.integers(1, bls.ORDER - 1))
@example(secret=1)
@example(secret=bls.ORDER - 1)
def test_rnd_7_every_point_of_the_group_is_a_key(curve, secret):
    """RND-7"""
    assert curve.is_key(bls.public_key(secret))


@settings(max_examples=10)
@given(epoch=st.integers(0, 9_999))
def test_rnd_6_only_the_key_s_signature_of_that_round(evm, drand, epoch):
    """RND-6"""
    sender, message = evm.account("stranger"), bls.round_message(drand.source(epoch))
    with evm.anchor():
        for wrong in (bls.sign(OTHER_SECRET, message), bls.sign(SECRET, bls.round_message(drand.source(epoch + 1)))):
            with reverts("randomness: not that signature"):
                drand.capture(epoch, wrong, sender=sender)
        seed = drand.capture(epoch, bls.sign(SECRET, message), sender=sender).value
        assert drand.seed(epoch) == seed != bytes(32)


def test_rnd_6_a_court_draws_its_jury_by_a_round():
    """RND-6, RND-1: no seat before the round is there; then the case runs as with any other source."""
    room = DrandCourtroom()
    case = room.open()
    room.to_seed(case)
    room.draw(case)
    assert all(room.court.drawn(case, 0, juror) for juror in room.jurors)
    room.vote(case, True, True, True, True)
    room.court.advance(case, sender=room.stranger)
    room.close(case)
    assert room.court.verdict(case)[0] == CONVICTED


def test_the_campaign_s_key_is_of_its_secret():
    assert bls.public_key(drand_rounds.SECRET) == drand_rounds.OWN_KEY


def test_the_suite_is_deployed_with_another_source_of_seeds():
    evm = LocalEvm()
    seeds = evm.deploy("MockRandomness", sender=evm.account("stranger"))
    suite = deploy_protocol(EvmDeployer(evm, evm.account("deployer")), Params(randomness=seeds.address))
    assert "Randomness" not in suite.addresses
    assert suite.at(evm, "AlignmentCourt").randomness() == seeds.address
