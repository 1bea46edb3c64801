"""The chain of a run: what is shared, what is undone, and what failed."""

from __future__ import annotations

import pytest

from benchmarks import tge
from benchmarks._lab import Lab
from keifu.errors import ArtifactError


@pytest.fixture(scope="module")
def lab():
    with Lab() as running:
        yield running


def test_shared_things_are_made_once(lab):
    assert lab.shared(tge.our_token) is lab.shared(tge.our_token)


def test_a_build_that_failed_is_not_tried_again(lab):
    tried = []

    def build(lab):
        tried.append(lab)
        return lab.deploy("NoSuchContract")

    for _ in range(2):
        with pytest.raises(ArtifactError, match="no contract NoSuchContract"):
            lab.shared(build)
    assert len(tried) == 1


def test_what_happens_inside_undo_is_gone_and_nonces_still_fit(lab):
    token = lab.shared(tge.our_token)
    with lab.undo():
        token.transfer(tge.holder(0), 5, sender=lab.deployer)
        assert token.balanceOf(tge.holder(0)) == 5
    assert token.balanceOf(tge.holder(0)) == 0
    token.transfer(tge.holder(0), 6, sender=lab.deployer)
    assert token.balanceOf(tge.holder(0)) == 6


def test_gas_is_the_receipts_and_the_same_every_time(lab):
    token = lab.shared(tge.our_token)

    def transfer():
        return lab.gas(token.transfer(tge.holder(1), 5, sender=lab.deployer))

    with lab.undo():
        first = transfer()
    with lab.undo():
        assert transfer() == first
        assert transfer() == first - 17_100  # the slot is in use now
