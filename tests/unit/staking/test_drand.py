"""DrandRandomness.capture: a seed is drand's signature of one round that the formula names. RND-6, RND-7"""

from __future__ import annotations

import ape
import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from keifu.spec.drand_rounds import KEY, OUTSIDE, ROUNDS
from tests.property.staking.bls import P

PERIOD = 3
(ROUND, SIGNATURE), (LATER, LATER_SIGNATURE) = ROUNDS.items()
STRIDE = LATER - ROUND
EPOCH = 24  # the first that can be named 300 rounds ahead
FIRST = ROUND - EPOCH * STRIDE

CAPTURE_GAS = 200_000


@pytest.fixture(scope="module")
def genesis(chain):
    """Such that round FIRST is now: a contract's clock, not the key, says when a round is due."""
    return chain.pending_timestamp - PERIOD * (FIRST - 1)


@pytest.fixture(scope="module")
def drand(project, deployer, genesis):
    return project.DrandRandomness.deploy(KEY, genesis, PERIOD, STRIDE, sender=deployer)


@pytest.fixture
def due(drand, genesis, chain):
    """The rounds are there."""
    chain.pending_timestamp = genesis + PERIOD * LATER
    chain.mine()
    return drand


def test_rnd_1_an_epoch_is_named_long_before_its_round(drand, genesis, chain):
    """RND-1"""
    assert drand.first() == FIRST
    assert (drand.next(), drand.source(EPOCH)) == (EPOCH, ROUND)
    moment = genesis + PERIOD * (ROUND - 1)
    chain.pending_timestamp = moment - drand.LOOKAHEAD() - 1
    chain.mine()
    assert drand.next() == EPOCH
    chain.pending_timestamp = moment - drand.LOOKAHEAD()
    chain.mine()
    assert drand.next() == EPOCH + 1


def test_rnd_6_anyone_brings_the_genuine_signature_once(due, stranger, chain):
    """RND-6"""
    receipt = due.capture(EPOCH, SIGNATURE, sender=stranger)
    seed = keccak(
        encode(["uint256", "address", "uint256", "uint256[2]"], [chain.chain_id, due.address, EPOCH, SIGNATURE])
    )
    assert receipt.events == [due.Captured(epoch=EPOCH, seed=seed, source=ROUND)]
    assert due.seed(EPOCH) == seed
    assert receipt.gas_used < CAPTURE_GAS
    with ape.reverts("randomness: already captured"):
        due.capture(EPOCH, SIGNATURE, sender=stranger)


def test_rnd_6_epochs_may_come_in_any_order(due, stranger):
    """RND-6"""
    due.capture(EPOCH + 1, LATER_SIGNATURE, sender=stranger)
    due.capture(EPOCH, SIGNATURE, sender=stranger)
    assert len({due.seed(EPOCH), due.seed(EPOCH + 1), bytes(32)}) == 3


@pytest.mark.parametrize(
    "signature",
    [LATER_SIGNATURE, (SIGNATURE[0], P - SIGNATURE[1]), (1, 2)],
    ids=["of another round", "negated", "generator"],
)
def test_rnd_6_no_other_signature(due, stranger, signature):
    """RND-6"""
    with ape.reverts("randomness: not that signature"):
        due.capture(EPOCH, signature, sender=stranger)
    assert due.seed(EPOCH) == bytes(32)


@pytest.mark.parametrize(
    "signature",
    [
        (0, 0),
        (SIGNATURE[0], SIGNATURE[1] + 1),
        (SIGNATURE[0] + P, SIGNATURE[1]),
        (SIGNATURE[0], SIGNATURE[1] + P),
        (SIGNATURE[1], SIGNATURE[0]),
        (2**256 - 1, 2**256 - 1),
    ],
    ids=["zero", "beside", "x in another form", "y in another form", "swapped", "largest"],
)
def test_rnd_7_a_signature_has_one_form_and_is_a_point(due, stranger, signature):
    """RND-7: a second form of the genuine signature would be a second seed."""
    with ape.reverts("randomness: not on the curve"):
        due.capture(EPOCH, signature, sender=stranger)


def test_not_before_its_time(drand, genesis, stranger, chain):
    chain.pending_timestamp = genesis + PERIOD * (ROUND - 1) - 1
    with ape.reverts("randomness: too early"):
        drand.capture(EPOCH, SIGNATURE, sender=stranger)


def test_an_epoch_whose_round_has_no_number_is_refused(drand, stranger):
    last = (2**64 - 1 - FIRST) // STRIDE
    for beyond in (last + 1, 2**256 - 1):
        with ape.reverts("randomness: epoch out of range"):
            drand.capture(beyond, SIGNATURE, sender=stranger)
        with ape.reverts("randomness: epoch out of range"):
            drand.source(beyond)
    with ape.reverts("randomness: too early"):
        drand.capture(last, SIGNATURE, sender=stranger)
    assert drand.source(last) <= 2**64 - 1 < drand.source(last) + STRIDE


@pytest.mark.parametrize(
    "key",
    [(0, 0, 0, 0), (*KEY[:3], KEY[3] + 1), (KEY[1], KEY[0], KEY[3], KEY[2]), (*KEY[:3], KEY[3] + P), OUTSIDE],
    ids=["zero", "beside", "real part first", "another form", "outside the group"],
)
def test_rnd_7_constructor_refuses_what_is_no_key(project, deployer, genesis, key):
    """RND-7"""
    with ape.reverts("randomness: not a key"):
        project.DrandRandomness.deploy(key, genesis, PERIOD, STRIDE, sender=deployer)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"period": 0}, "no period"),
        ({"stride": 0}, "no stride"),
        ({"genesis": 0}, "before genesis"),
        ({"genesis": 2**40}, "before genesis"),
    ],
)
def test_constructor_refuses(project, deployer, genesis, change, reason):
    terms = {"genesis": genesis, "period": PERIOD, "stride": STRIDE, **change}
    with ape.reverts(f"randomness: {reason}"):
        project.DrandRandomness.deploy(KEY, *terms.values(), sender=deployer)


def test_the_key_is_the_one_given(drand):
    assert tuple(drand.key()) == KEY
