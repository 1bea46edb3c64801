"""`ProofValidator`: what it answers stands in the court and in the registry of provenance."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Record, RegistryDomain, Status
from keifu.units import DAY
from tests.unit.court.courtroom import Courtroom
from tests.unit.identity.world import wallet_signature
from tests.unit.inft.world import nonce_of

SALT, SCHEMA = nonce_of("salt"), nonce_of("audited by hand")


@pytest.fixture(scope="module")
def built():
    """The court and the registry with an agent whose wallet is the operator, and a token with public data."""
    room = Courtroom()
    evm, owner, seller = room.evm, room.owner, room.evm.account("seller")
    nft = evm.deploy("IntelligentNFT", owner, "", sender=owner)
    identity = evm.deploy("AgentIdentity", nft, sender=owner)
    validation = evm.deploy("AgentValidation", identity, sender=owner)
    registry = evm.deploy("ProvenanceRegistry", sender=owner)
    validator = evm.deploy("ProofValidator", validation, room.court, registry, sender=owner)
    token = nft.mint_data(seller, 1, [nonce_of("data")], 0, False, 0, 0, 0, sender=seller).value
    agent = identity.register(sender=seller).value
    identity.bind_data(agent, token, sender=seller)
    record = Record(seller.address, Kind.AGENT, bytes(nft.data_hash_of(token)))
    registry.register(record.args, sender=seller)
    registry.store_links([record.args], sender=seller)
    scene = SimpleNamespace(
        room=room, evm=evm, seller=seller, auditor=evm.account("auditor"), nft=nft, identity=identity, token=token,
        validation=validation, registry=registry, validator=validator, agent=agent, record=record,
        record_id=RegistryDomain(evm.chain_id, registry.address).record_id(record),
    )  # fmt: skip
    deadline = evm.now + 60
    signature = wallet_signature(scene, agent, room.operator.address, deadline, room.operator)
    identity.setAgentWallet(agent, room.operator, deadline, signature, sender=seller)
    return scene


@pytest.fixture
def scene(built):
    with built.evm.anchor():
        yield built


@pytest.fixture
def faults(scene):
    """The request whether the operator was convicted."""
    request = bytes(scene.validator.fault_request(scene.agent, scene.room.operator, SALT))
    scene.validation.validationRequest(scene.validator, scene.agent, "", request, sender=scene.seller)
    return request


@pytest.fixture
def audit(scene):
    """The request whether the auditor's word about the data stands."""
    args = (scene.agent, scene.auditor, SCHEMA, scene.record_id, SALT)
    request = bytes(scene.validator.audit_request(*args))
    scene.validation.validationRequest(scene.validator, scene.agent, "", request, sender=scene.seller)
    return request


def status(scene, request):
    _, _, response, proof, tag, _ = scene.validation.getValidationStatus(request)
    return response, bytes(proof), tag


def clean(scene, operator=None):
    who = scene.room.operator if operator is None else operator
    return scene.validator.answer_clean(scene.agent, who, SALT, sender=scene.room.stranger)


def guilty(scene, case, operator=None):
    return scene.validator.answer_fault(
        scene.agent, operator or scene.room.operator, SALT, case, sender=scene.room.stranger
    )


def audited(scene, record=None):
    args = (scene.agent, scene.auditor, SCHEMA, (record or scene.record).args, SALT)
    return scene.validator.answer_audit(*args, sender=scene.room.stranger).value


def convicted(scene):
    case = scene.room.open()
    scene.room.court.concede(case, sender=scene.room.service)
    return case


def attest(scene, **changes):
    attestation = Attestation(SCHEMA, scene.record_id, **changes)
    scene.registry.attest(attestation.args, sender=scene.auditor)


def test_no_fault_was_shown(scene, faults):
    assert bytes(clean(scene).value) == faults
    assert status(scene, faults) == (100, bytes(32), "proven-faults")


def test_of_an_operator_that_has_not_agreed(scene, faults):
    """PRV-1: the wallet has signed; another name, or none, answers nothing."""
    with reverts("validator: not the agent's operator"):
        clean(scene, scene.room.stranger)
    with reverts("validator: no operator"):
        clean(scene, ZERO_ADDRESS)
    scene.identity.transferFrom(scene.seller, scene.auditor, scene.agent, sender=scene.seller)
    with reverts("validator: not the agent's operator"):
        clean(scene)
    assert scene.validation.getSummary(scene.agent, [], "") == (0, 0)


def test_what_was_not_asked(scene):
    with reverts("validation: no such request"):
        clean(scene)
    with reverts("validation: no such request"):
        audited(scene)


def test_a_conviction_is_a_proven_fault(scene, faults):
    """PRV-2"""
    clean(scene)
    case = convicted(scene)
    receipt = guilty(scene, case)
    assert list(receipt.events("FaultShown")[0].args.values()) == [faults, scene.agent, case]
    words = (scene.room.court.address, case, scene.room.service.address, scene.room.operator.address)
    proof = keccak256(b"".join(bytes.fromhex(f"{word if type(word) is int else int(word, 16):064x}") for word in words))
    assert status(scene, faults) == (0, proof, "proven-faults")
    assert scene.validator.is_faulty(faults)


def test_a_fault_stays_one(scene, faults):
    """PRV-2"""
    case = convicted(scene)
    guilty(scene, case)
    with reverts("validator: fault was shown"):
        clean(scene)
    with reverts("validator: fault was shown"):
        guilty(scene, case)
    assert status(scene, faults)[0] == 0


def test_also_of_a_wallet_that_is_none_any_more(scene, faults):
    """PRV-2"""
    clean(scene)
    case = convicted(scene)
    scene.identity.unsetAgentWallet(scene.agent, sender=scene.seller)
    guilty(scene, case)
    assert status(scene, faults)[0] == 0


@pytest.mark.parametrize("votes", [(), (False,) * 4], ids=["open", "acquitted"])
def test_no_conviction(scene, faults, votes):
    """PRV-2: neither a case that runs nor an acquittal."""
    case = scene.room.open()
    if votes:
        scene.room.hear(case, *votes)
        scene.room.close(case)
        assert scene.room.court.over(case)
    with reverts("validator: nobody was convicted"):
        guilty(scene, case)
    clean(scene)


def test_a_first_verdict_that_can_be_reheard(scene, faults):
    """PRV-2: a conviction counts when it is final."""
    case = scene.room.open()
    scene.room.hear(case, *(True,) * 4)
    assert not scene.room.court.over(case)
    with reverts("validator: nobody was convicted"):
        guilty(scene, case)
    scene.room.close(case)
    guilty(scene, case)


def test_a_conviction_of_another(scene, faults):
    case = convicted(scene)
    with reverts("validator: case is of another"):
        guilty(scene, case, scene.room.stranger)
    assert not scene.validator.is_faulty(faults)


def test_an_audit_that_stands(scene, audit):
    """PRV-3"""
    assert audited(scene) == 0
    attest(scene)
    assert audited(scene) == 100
    answer, proof, tag = status(scene, audit)
    assert (answer, tag) == (100, "audit")
    assert proof != bytes(32)


@pytest.mark.parametrize(
    "change", ["attestation revoked", "attestation expired", "record withdrawn", "token burned", "unbound"]
)
def test_an_audit_that_stands_no_more(scene, audit, change):
    """PRV-3: whoever asks again sees it."""
    attest(scene, expiry=scene.evm.now + DAY, revocable=True)
    assert audited(scene) == 100
    if change == "attestation revoked":
        scene.registry.revoke_attestation(SCHEMA, scene.record_id, sender=scene.auditor)
    elif change == "attestation expired":
        scene.evm.warp(DAY)
    elif change == "record withdrawn":
        scene.registry.set_status(scene.record_id, Status.REVOKED, "a fault", sender=scene.seller)
    elif change == "token burned":
        scene.nft.burn(scene.token, sender=scene.seller)
    else:
        scene.identity.bind_data(scene.agent, 0, sender=scene.seller)
    assert audited(scene) == 0
    assert status(scene, audit)[0] == 0


def test_an_audit_of_another_record_answers_another_request(scene, audit):
    """PRV-3: the request names the record, so nobody answers it with a wrong one."""
    attest(scene)
    other = Record(scene.seller.address, Kind.AGENT, nonce_of("other data"))
    scene.registry.register(other.args, sender=scene.seller)
    with reverts("validator: lineage is not stored"):
        audited(scene, other)
    scene.registry.store_links([other.args], sender=scene.seller)
    with reverts("validation: no such request"):
        audited(scene, other)


def test_another_attester_or_schema_is_another_request(scene, audit):
    assert audit != bytes(scene.validator.audit_request(scene.agent, scene.seller, SCHEMA, scene.record_id, SALT))
    assert audit != bytes(scene.validator.audit_request(scene.agent, scene.auditor, SALT, scene.record_id, SALT))
    assert audit != bytes(scene.validator.audit_request(scene.agent + 1, scene.auditor, SCHEMA, scene.record_id, SALT))
    assert bytes(scene.validator.fault_request(0, scene.seller, SALT)) != bytes(
        scene.validator.fault_request(0, scene.seller, SCHEMA)
    )


def test_nothing_to_read(scene):
    for court, registry in ((ZERO_ADDRESS, scene.registry), (scene.room.court, ZERO_ADDRESS)):
        with reverts("validator: nothing to read"):
            scene.evm.deploy("ProofValidator", scene.validation, court, registry, sender=scene.room.owner)
    assert scene.validator.validation() == scene.validation.address
    assert scene.validator.identity() == scene.identity.address
    assert scene.validator.court() == scene.room.court.address
    assert scene.validator.registry() == scene.registry.address
