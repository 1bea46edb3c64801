"""RPF-2: a record of another chain, from a header that attestors with coins behind it signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.keys import Account
from evmstorm.evm import reverts
from keifu.provenance import Status
from keifu.staking import KeyKind, key_consent
from keifu.units import DAY

from .conftest import CHAIN, LOCKED, NUMBER, TERM, WINDOW


@pytest.fixture
def node(world, attestor):
    """A key that the first attestor has named."""
    key = Account.from_role("node")
    consent = key_consent(world.domain, attestor.address, key, KeyKind.HEARTBEAT)
    world.proofs.register_key(key.address, KeyKind.HEARTBEAT, consent, sender=attestor)
    return key


@pytest.mark.parametrize("count", [2, 3])
def test_rpf_2_a_quorum_s_word(world, proofs, count):
    assert proofs.attested_record(*world.claim(count=count).args) == world.found()


def test_rpf_2_a_named_key_s_word_is_its_attestor_s(world, proofs, node, attestor):
    proof = world.proof()
    claim = replace(world.claim(proof, count=1), signed=(world.signed(world.says(proof, node), node),), quorum=1)
    assert proofs.attested_record(*claim.args) == world.found()
    proofs.retire_key(node.address, sender=attestor)
    world.evm.warp(1)
    late = replace(claim, signed=(world.signed(world.says(proof, node), node),))
    with reverts("record proof: attestor is not trusted"):
        proofs.attested_record(*late.args)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quorum": 3}, "record proof: too few signatures"),
        ({"quorum": 0}, "record proof: too few signatures"),
        ({"chain": CHAIN + 1}, "record proof: bad signature"),
        ({"registry": "0x" + "7d" * 20}, "state proof: node does not hash"),
    ],
)
def test_refused_questions(world, proofs, changes, reason):
    with reverts(reason):
        proofs.attested_record(*replace(world.claim(), **changes).args)


def test_whom_the_caller_does_not_name(world, proofs):
    claim = world.claim()
    with reverts("record proof: attestor is not trusted"):
        proofs.attested_record(*replace(claim, trusted=claim.trusted[1:]).args)


def test_one_attestor_is_one(world, proofs):
    claim = world.claim()
    for signed in (claim.signed[:1] * 2, claim.signed[::-1]):
        with reverts("record proof: attestors are not in order"):
            proofs.attested_record(*replace(claim, signed=signed).args)


def test_another_header_than_was_signed(world, proofs):
    claim = world.claim()
    with reverts("record proof: bad signature"):
        proofs.attested_record(*replace(claim, proof=world.proof(Status.REVOKED)).args)
    with reverts("record proof: bad signature"):
        proofs.attested_record(*replace(claim, proof=world.proof(number=NUMBER + 1)).args)


def test_rpf_2_a_block_s_age(world, proofs):
    claim = world.claim()
    world.evm.warp(DAY)
    assert proofs.attested_record(*claim.args)[:3] == world.found()[:3]
    world.evm.warp(1)
    with reverts("record proof: block too old"):
        proofs.attested_record(*claim.args)


@pytest.mark.parametrize(("after", "counts"), [(0, True), (1, False)])
def test_rpf_2_until_the_last_second_of_a_binding(world, proofs, after, counts):
    last = world.proofs.binding(world.attestors[0])[1]
    world.evm.warp_to(last + after)
    claim = world.claim()
    if counts:
        assert proofs.attested_record(*claim.args) == world.found()
    else:
        with reverts("record proof: no binding answers"):
            proofs.attested_record(*claim.args)


@pytest.mark.parametrize(("after", "counts"), [(0, True), (1, False)])
def test_rpf_2_while_it_can_be_reported(world, proofs, after, counts):
    claim = replace(world.claim(), max_age=TERM + WINDOW)
    last = world.proofs.binding(world.attestors[0])[1]
    world.evm.warp_to(last + WINDOW + after)
    if counts:
        assert proofs.attested_record(*claim.args)[1:4] == world.found()[1:4]
    else:
        with reverts("record proof: no binding answers"):
            proofs.attested_record(*claim.args)


@pytest.mark.parametrize("seconds", [1, -2 * DAY])
def test_a_time_that_has_not_come_or_was_before(world, proofs, seconds):
    claim = world.claim()
    proof = claim.proof
    header = world.says(proof, world.attestors[0], time=world.evm.now + seconds)
    signed = (world.signed(header, world.attestors[0]), claim.signed[1])
    with reverts("record proof: no binding answers"):
        proofs.attested_record(*replace(claim, signed=signed).args)


def test_nobody_without_coins(world, proofs):
    """A trusted account that has never bound itself, and one whose reserve was taken."""
    newcomer, proof = world.evm.account("newcomer"), world.proof()
    claim = replace(
        world.claim(proof),
        trusted=(newcomer.address,),
        signed=(world.signed(world.says(proof, newcomer), newcomer),),
        quorum=1,
    )
    with reverts("record proof: no binding answers"):
        proofs.attested_record(*claim.args)
    report = world.contradiction()
    world.commit(report)
    proofs.report(*report, sender=world.prover)
    with reverts("record proof: no binding answers"):
        proofs.attested_record(*world.claim().args)
    assert world.hub.lock_of(proofs, world.attestors[0]) < LOCKED


def test_a_removed_service_vouches_for_nothing(world, proofs):
    claim = world.claim()
    world.hub.remove_service(proofs, sender=world.owner)
    with reverts("record proof: service not listed"):
        proofs.attested_record(*claim.args)
    proof = claim.proof
    assert proofs.record_at(world.says(proof, world.attestors[0]).block_hash, claim.registry, *claim.args[1:3])
