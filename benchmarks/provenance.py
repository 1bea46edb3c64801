"""The registry beside the Ethereum Attestation Service."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from benchmarks import tge
from benchmarks._lab import Lab
from benchmarks._rows import Measure, Row
from benchmarks._trees import root_of
from keifu.abi import Contract
from keifu.keys import Account, keccak256

__all__ = ["ROWS"]

NOBODY = "0x" + "00" * 20
NOTHING = b"\0" * 32
EAS_BATCH = 20
ANCHORED = 10_000
DEPTH = 20  # of a tree of 1,048,576 leaves
DAY = 86_400
FAR = 2**40  # an expiry that never comes, unix seconds
URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
DATASET, WEIGHTS = 1, 4  # kinds
DERIVED_FROM, TRAINED_ON = 1, 2  # relations


def _sha(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


# ours -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Registry:
    """The registry with two parents, a record that links to them, and attesters who have spoken about it."""

    registry: Contract
    environments: Contract
    author: Account
    parents: tuple[bytes, ...]
    subject: bytes

    def record(self, name: str) -> tuple[object, ...]:
        """A weights record with digest, content root, manifest and two links."""
        links = [(DERIVED_FROM, self.parents[0]), (TRAINED_ON, self.parents[1])]
        return _record(self.author, WEIGHTS, name, links)


def _record(author: Account, kind: int, name: str, links: list[tuple[int, bytes]]) -> tuple[object, ...]:
    """Author, kind, digest, content root, program root, manifest, URI, licence, version, links."""
    digests = (_sha(name), _sha(name + " content"), NOTHING, _sha(name + " manifest"))
    return (author.address, kind, *digests, URI, "Apache-2.0", "1.0.0", links)


def _attestation(schema: str, subject: bytes) -> tuple[object, ...]:
    """Schema, subject, expiry, revocable, reference, data."""
    return (_sha(schema), subject, FAR, True, NOTHING, _sha("report"))


def _ours(lab: Lab) -> Registry:
    author = lab.account("bench author")
    registry = lab.deploy("ProvenanceRegistry")
    parents = [_record(author, DATASET, f"data set {number}", []) for number in range(2)]
    for parent in parents:
        registry.register(parent, sender=author)
    ids = tuple(registry.record_id(parent) for parent in parents)
    ours = Registry(registry, lab.deploy("Environments", registry), author, ids, b"")
    registry.register(ours.record("subject"), sender=author)
    return replace(ours, subject=registry.record_id(ours.record("subject")))


def _register(lab: Lab) -> int:
    ours = lab.shared(_ours)
    with lab.undo():
        return lab.gas(ours.registry.register(ours.record("another"), sender=ours.author))


def _attest(lab: Lab) -> int:
    ours = lab.shared(_ours)
    with lab.undo():
        return lab.gas(ours.registry.attest(_attestation("review", ours.subject), sender=ours.author))


def _anchor(lab: Lab) -> float:
    """Gas of each record of an anchor."""
    ours = lab.shared(_ours)
    with lab.undo():
        anchored = ours.registry.anchor(_sha("root"), ANCHORED, _sha("manifest"), URI, sender=ours.author)
        return lab.gas(anchored) / ANCHORED


def _promote_with(entries: int) -> Measure:
    """The second promotion under a policy of so many entries, each with an attester of its own."""

    def promote(lab: Lab) -> int:
        ours = lab.shared(_ours)
        with lab.undo():
            policy = []
            for number in range(entries):
                attester = lab.account(f"bench attester {number}")
                ours.registry.attest(_attestation(f"check {number}", ours.subject), sender=attester)
                policy.append((_sha(f"check {number}"), 1, DAY, [attester.address]))
            ours.environments.declare_environment("production", policy, sender=ours.author)
            environment = ours.environments.environment_id(ours.author, "production")
            ours.environments.promote(environment, ours.subject, sender=ours.author)
            return lab.gas(ours.environments.promote(environment, ours.subject, sender=ours.author))

    return promote


def _membership(lab: Lab) -> int:
    """A proof of twenty hashes, checked by a transaction that does nothing else."""
    ours = lab.shared(_ours)
    digest = _sha("label")
    proof = [_sha(f"sibling {level}") for level in range(DEPTH)]
    root = root_of(keccak256(keccak256(digest)), proof)
    with lab.undo():
        ours.registry.anchor(root, 2**DEPTH, _sha("manifest"), URI, sender=ours.author)
        check = ours.registry.is_member
        arguments = (ours.author.address, root, digest, proof)
        if not check(*arguments):
            raise AssertionError("the registry refuses a member")
        return lab.gas(lab.client.send(ours.author, ours.registry.address, check.encode(*arguments)))


# the Ethereum Attestation Service -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Eas:
    """EAS with a schema of one digest, and one attestation made."""

    contract: Contract
    schema: bytes

    def data(self, number: int) -> tuple[object, ...]:
        """An attestation of a digest: recipient, expiry, revocable, reference, data, value."""
        return (tge.holder(number), 0, True, NOTHING, keccak256(number.to_bytes(32, "big")), 0)


def _eas(lab: Lab) -> Eas:
    registry = lab.deploy("SchemaRegistry")
    schema = ("bytes32 digest", NOBODY, True)
    uid: bytes = registry.register.call(*schema, sender=lab.deployer)
    registry.register(*schema, sender=lab.deployer)
    eas = Eas(lab.deploy("EAS", registry), uid)
    eas.contract.attest((uid, eas.data(1)), sender=lab.deployer)
    return eas


def _eas_attest(lab: Lab) -> int:
    eas = lab.shared(_eas)
    with lab.undo():
        return lab.gas(eas.contract.attest((eas.schema, eas.data(2)), sender=lab.deployer))


def _eas_batch(lab: Lab) -> float:
    """Gas of each attestation of a batch."""
    eas = lab.shared(_eas)
    batch = [eas.data(number) for number in range(2, 2 + EAS_BATCH)]
    with lab.undo():
        return lab.gas(eas.contract.multiAttest([(eas.schema, batch)], sender=lab.deployer)) / EAS_BATCH


ROWS = (
    Row("gas.register", _register, "EAS attest of 32 bytes without any link; a record with two links", _eas_attest),
    Row("gas.attest", _attest, "EAS attest of 32 bytes", _eas_attest),
    Row("gas.anchor_record", _anchor, "EAS multiAttest, each of 20; each of 10,000 records in one anchor", _eas_batch),
    Row(
        "gas.promote",
        _promote_with(2),
        "no peer; policy of two attestations, second promotion of the environment",
        also=(("with three:", _promote_with(3)), ("with four:", _promote_with(4))),
    ),
    Row("gas.membership_1m", _membership, "no peer; one of 1,000,000 leaves, checked by a transaction"),
)
