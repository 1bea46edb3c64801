"""What whole transactions cost on anvil, cold, beside the bars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import artifacts
from keifu.chain import Anvil, ChainClient
from keifu.keys import Account, keccak256
from keifu.provenance import Attestation, Kind, Label, Link, Record, RegistryDomain
from keifu.units import DAY
from tests.ape_chain import GENESIS

from .conftest import sha

URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
MILLION_DEPTH = 20


@pytest.fixture(scope="module")
def chain_client():
    with Anvil(timestamp=GENESIS) as anvil:
        yield anvil, ChainClient(anvil.rpc, load=artifacts.load)


@pytest.fixture(scope="module")
def suite(chain_client):
    anvil, client = chain_client
    deployer, author = anvil.account("deployer"), anvil.account("author")
    registry = client.deploy("ProvenanceRegistry", sender=deployer)
    environments = client.deploy("Environments", registry.address, sender=deployer)
    domain = RegistryDomain(client.chain_id, registry.address)
    parents = [Record(author.address, Kind.DATASET, sha(str(i))) for i in range(2)]
    for parent in parents:
        registry.register(parent.args, sender=author)
    links = tuple(Link(1 + i, domain.record_id(parent)) for i, parent in enumerate(parents))
    weights = Record(
        author.address, Kind.WEIGHTS, sha("w"), sha("c"), bytes(32), sha("m"), URI, "Apache-2.0", "1.0.0", links
    )
    gas = registry.register(weights.args, sender=author).gas_used
    return registry, environments, domain, author, weights, gas


def test_register_with_two_links(suite):
    assert suite[-1] <= 80_000


def test_attest(chain_client, suite):
    registry, _, domain, author, weights, _ = suite
    said = Attestation(sha("schema"), domain.record_id(weights), 2**40, True, bytes(32), sha("data"))
    assert registry.attest(said.args, sender=author).gas_used <= 70_000


def test_anchor_of_ten_thousand(suite):
    registry, _, _, author, _, _ = suite
    assert registry.anchor(sha("root"), 10_000, sha("m"), URI, sender=author).gas_used / 10_000 <= 6


def test_promote(chain_client, suite):
    registry, environments, domain, author, weights, _ = suite
    subject = domain.record_id(weights)
    attesters = [chain_client[0].account(f"attester {i}") for i in range(4)]
    used = {}
    for i, attester in enumerate(attesters):
        registry.attest(Attestation(sha(f"schema {i}"), subject).args, sender=attester)
    for count in (2, 3, 4):
        policy = [(sha(f"schema {i}"), 1, DAY, [attesters[i].address]) for i in range(count)]
        environments.declare_environment(f"needs {count}", policy, sender=author)
        environment = environments.environment_id(author.address, f"needs {count}")
        used[count] = environments.promote(environment, subject, sender=author).gas_used
    assert used[2] <= 80_000
    assert used[3] - used[2] <= 12_000
    assert used[4] - used[3] <= 12_000


def test_membership_in_a_million(chain_client, suite):
    registry, _, domain, author, weights, _ = suite
    labeller = Account.from_role("labeller")
    label = Label(labeller.address, domain.record_id(weights), 77, sha("sample"), (7).to_bytes(32, "big"))
    digest = domain.label_digest(label)
    proof = [sha(f"sibling {level}") for level in range(MILLION_DEPTH)]
    root = keccak256(keccak256(digest))
    for sibling in proof:
        root = keccak256(min(root, sibling) + max(root, sibling))
    registry.anchor(root, 2**MILLION_DEPTH, sha("m"), URI, sender=author)

    def gas(function, *args):
        assert getattr(registry, function)(*args)
        data = getattr(registry, function).encode(*args)
        return chain_client[1].send(author, registry.address, data).gas_used

    assert gas("is_member", author.address, root, digest, proof) <= 41_000
    # One word more than `is_member` beside the signature: since when the labeller's key is closed.
    assert gas("is_label", author.address, root, label.args, proof, labeller.sign(digest)) <= 50_000
    assert not registry.is_label(author.address, root, replace(label, index=78).args, proof, labeller.sign(digest))


def test_membership_in_a_bundle_of_ten_thousand(chain_client, suite):
    """With a tree that was anchored by its halves; the newest fork has a floor of gas for calldata, which decides."""
    registry, _, _, author, _, _ = suite
    digest, proof = sha("file"), [sha(f"sibling {level}") for level in range((10_000 - 1).bit_length() - 1)]
    half, other = keccak256(keccak256(digest)), sha("other half")
    for sibling in proof:
        half = keccak256(min(half, sibling) + max(half, sibling))
    root = keccak256(min(half, other) + max(half, other))
    anchored = registry.anchor(root, 10_000, sha("m"), URI, [half, other], sender=author)
    assert anchored.gas_used / 10_000 <= 10
    assert registry.root_of(author.address, digest, proof) == root
    data = registry.root_of.encode(author.address, digest, proof)
    assert chain_client[1].send(author, registry.address, data).gas_used <= 41_000
    assert 21_000 + sum(10 if byte == 0 else 40 for byte in data) <= 41_000


def test_a_sound_lineage_adds_little_an_ancestor(suite):
    """Two links a record: what is walked is the artefact and each ancestor."""
    registry, environments, domain, author, _, _ = suite
    records: list[Record] = []
    for number in range(31):
        parents = tuple(Link(1, domain.record_id(record)) for record in records[-2:])
        records.append(Record(author.address, Kind.MODEL, sha(f"version {number}"), links=parents))
        registry.register(records[-1].args, sender=author)
    for start in range(0, len(records), 10):
        registry.store_links([record.args for record in records[start : start + 10]], sender=author)
    places = {}
    for name, sound in (("plain", False), ("sound", True)):
        environments.declare_environment(name, [], sound, sender=author)
        places[name] = environments.environment_id(author.address, name)
    for ancestors in (10, 30):
        used = {
            name: environments.promote(place, domain.record_id(records[ancestors]), sender=author).gas_used
            for name, place in places.items()
        }
        assert used["sound"] - used["plain"] <= 6_000 * ancestors
