"""CommitRevealRandomness.commit, reveal, forfeit: bonded secrets. RND-3"""

from __future__ import annotations

import ape
import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN

LENGTH = 10_000
BOND = 10 * COIN
SECRETS = {"operator": b"\x01" * 32, "delegator": b"\x02" * 32, "stranger": b"\x03" * 32}


@pytest.fixture(scope="module")
def source(project, cast, hub, token, deployer, sink):
    contract = project.CommitRevealRandomness.deploy(token, sink, BOND, LENGTH, sender=deployer)
    for role in SECRETS:
        token.approve(contract, 2**256 - 1, sender=cast[role])
    return contract


@pytest.fixture
def phase(source, chain):
    """Go to the commit (0) or reveal (1) phase of an epoch."""

    def phase(epoch, half):
        chain.pending_timestamp = source.genesis() + epoch * LENGTH + half * LENGTH // 2 + 100
        chain.mine()

    return phase


def sealed(epoch, account, secret):
    return keccak(encode(["uint256", "address", "bytes32"], [epoch, account.address, secret]))


def test_three_secrets_make_a_seed_for_the_next_epoch(source, cast, token, phase):
    before = token.balanceOf(cast["operator"])
    for role, secret in SECRETS.items():
        source.commit(sealed(1, cast[role], secret), sender=cast[role])
    assert token.balanceOf(source) == 3 * BOND
    phase(0, 1)
    for role, secret in SECRETS.items():
        source.reveal(secret, sender=cast[role])
    assert source.seed(1) == bytes(32)  # its epoch has not begun
    phase(1, 0)
    assert source.seed(1) != bytes(32)
    assert token.balanceOf(cast["operator"]) == before
    assert source.next() == 3


def test_rnd_3_too_few_reveals_make_no_seed_and_silence_costs_the_bond(source, cast, token, phase, sink, stranger):
    for role, secret in SECRETS.items():
        source.commit(sealed(1, cast[role], secret), sender=cast[role])
    phase(0, 1)
    for role in ("operator", "delegator"):
        source.reveal(SECRETS[role], sender=cast[role])
    with ape.reverts("randomness: reveal phase not over"):
        source.forfeit(1, sender=stranger)
    phase(1, 0)
    assert source.seed(1) == bytes(32)
    before = token.balanceOf(sink)
    source.forfeit(1, sender=stranger)
    assert token.balanceOf(sink) == before + BOND
    assert source.forfeit(1, sender=stranger).return_value == 0


def test_phases_and_secrets(source, operator, phase):
    with ape.reverts("randomness: empty commitment"):
        source.commit(bytes(32), sender=operator)
    source.commit(sealed(1, operator, SECRETS["operator"]), sender=operator)
    with ape.reverts("randomness: already committed"):
        source.commit(sealed(1, operator, SECRETS["operator"]), sender=operator)
    with ape.reverts("randomness: reveal phase not open"):
        source.reveal(SECRETS["operator"], sender=operator)
    phase(0, 1)
    with ape.reverts("randomness: commit phase over"):
        source.commit(b"\x01" * 32, sender=operator)
    with ape.reverts("randomness: not that secret"):
        source.reveal(SECRETS["delegator"], sender=operator)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: ZERO_ADDRESS}, "randomness: token is no contract"),
        ({1: ZERO_ADDRESS}, "randomness: no sink"),
        ({2: 0}, "randomness: no bond"),
        ({3: 3}, "randomness: bad length"),
    ],
)
def test_constructor_refusals(project, token, deployer, sink, change, reason):
    args = [token, sink, BOND, LENGTH]
    for index, value in change.items():
        args[index] = value
    with ape.reverts(reason):
        project.CommitRevealRandomness.deploy(*args, sender=deployer)
