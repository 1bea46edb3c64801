"""The registry beside the Ethereum Attestation Service."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import tge
from benchmarks._lab import Lab
from benchmarks._rows import Measure, Row, seconds
from benchmarks._trees import root_of
from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.keys import Account, keccak256
from keifu.provenance import Kind, Label, Link, Record, RegistryDomain, Relation
from keifu.provenance.bundle import Bundle, make_bundle
from keifu.provenance.documents import Documents
from keifu.provenance.lineage import walk
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Provenance
from keifu.provenance.trust import Trust
from keifu.units import DAY

__all__ = ["ROWS", "halves_gas", "short_proof_gas"]

NOTHING = b"\0" * 32
EAS_BATCH = 20
ANCHORED = 10_000
GENERATIONS, BREADTH = 10, 11
DEPTH = 20  # of a tree of 1,048,576 leaves
FAR = 2**40  # an expiry that never comes, unix seconds
URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"


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
        links = [(int(Relation.DERIVED_FROM), self.parents[0]), (int(Relation.TRAINED_ON), self.parents[1])]
        return _record(self.author, Kind.WEIGHTS, name, links)


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
    parents = [_record(author, Kind.DATASET, f"data set {number}", []) for number in range(2)]
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
    """Of each of ANCHORED records under one anchor."""
    ours = lab.shared(_ours)
    with lab.undo():
        receipt = ours.registry.anchor(_sha("root"), ANCHORED, _sha("manifest"), URI, sender=ours.author)
        return lab.gas(receipt) / ANCHORED


def halves_gas(lab: Lab) -> int:
    """Of an anchor over ANCHORED records by the halves of their tree."""
    ours, halves = lab.shared(_ours), [_sha("half"), _sha("other half")]
    root = root_of(halves[0], halves[1:])
    with lab.undo():
        return lab.gas(ours.registry.anchor(root, ANCHORED, _sha("manifest"), URI, halves, sender=ours.author))


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


def short_proof_gas(lab: Lab, depth: int) -> int:
    """A proof in a tree of so many levels that was anchored by its halves, checked by a transaction alone."""
    ours, digest = lab.shared(_ours), _sha("file")
    *proof, other = [_sha(f"sibling {level}") for level in range(depth)]
    half = root_of(keccak256(keccak256(digest)), proof)
    root = root_of(half, [other])
    with lab.undo():
        ours.registry.anchor(root, 2**depth, _sha("manifest"), URI, [half, other], sender=ours.author)
        check, arguments = ours.registry.root_of, (ours.author.address, digest, proof)
        if check(*arguments) != root:
            raise AssertionError("the registry refuses a member")
        return lab.gas(lab.client.send(ours.author, ours.registry.address, check.encode(*arguments)))


def _membership(lab: Lab) -> int:
    """A proof of DEPTH hashes, checked by a transaction that does nothing else."""
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


def _label_membership(lab: Lab) -> int:
    """The same of a label, with its labeller's signature."""
    ours = lab.shared(_ours)
    labeller = Account.from_role("bench labeller")
    domain = RegistryDomain(lab.client.chain_id, ours.registry.address)
    label = Label(labeller.address, ours.subject, 77, _sha("sample"), (7).to_bytes(32, "big"))
    digest = domain.label_digest(label)
    proof = [_sha(f"sibling {level}") for level in range(DEPTH)]
    root = root_of(keccak256(keccak256(digest)), proof)
    with lab.undo():
        ours.registry.anchor(root, 2**DEPTH, _sha("manifest"), URI, sender=ours.author)
        check = ours.registry.is_label
        arguments = (ours.author.address, root, label.args, proof, labeller.sign(digest))
        if not check(*arguments):
            raise AssertionError("the registry refuses a label")
        return lab.gas(lab.client.send(ours.author, ours.registry.address, check.encode(*arguments)))


# the offline bundle ---------------------------------------------------------------------------------------------------


def _bundle(lab: Lab) -> tuple[Bundle, Trust]:
    """A hundred records in ten generations, each with two parents, the last one with eleven."""
    author = lab.account("bench author")
    source = Provenance(lab.client, lab.deploy("ProvenanceRegistry").address)
    parents: list[bytes] = []
    for generation in range(GENERATIONS - 1):
        records = []
        for number in range(BREADTH):
            links = [Link(Relation.DERIVED_FROM, parents[number - back]) for back in range(2) if parents]
            name = _sha(f"record {generation} {number}")
            records.append(source.register(Record(author.address, Kind.DATASET, name, links=tuple(links)), author))
        parents = records
    links = [Link(Relation.TRAINED_ON, parent) for parent in parents]
    newest = source.register(Record(author.address, Kind.WEIGHTS, _sha("newest"), links=tuple(links)), author)
    lineage = walk(source, newest)
    if len(lineage.entries) != (GENERATIONS - 1) * BREADTH + 1:
        raise AssertionError(f"{len(lineage.entries)} records in the lineage")
    proved = Proved.now(source)
    return make_bundle(proved, lineage, Documents()), proved.pinned


def _verify_bundle(lab: Lab) -> float:
    """Seconds from the file to the verdict."""
    bundle, trust = lab.shared(_bundle)
    with tempfile.TemporaryDirectory(prefix="keifu-bench-") as folder:
        path = Path(folder) / "lineage.bundle"
        bundle.write(path)
        return seconds(lambda: Bundle.read(path).verify(trust))


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
    schema = ("bytes32 digest", ZERO_ADDRESS, True)
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
    Row(
        "gas.membership_1m",
        _membership,
        "no peer; one of 1,000,000 leaves, checked by a transaction",
        also=(("of a label, with its labeller's signature:", _label_membership),),
    ),
    Row(
        "info.bundle_verify",
        _verify_bundle,
        "seconds; offline bundle of 100 records in ten generations, from the file to the verdict; asked for: 1 s",
        heavy=True,
    ),
)
