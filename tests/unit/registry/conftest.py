"""Roles and records for the registry's unit tests, on anvil."""

from __future__ import annotations

import hashlib

import pytest
from ape.exceptions import TransactionError

from keifu.keys import Account
from keifu.provenance import Attestation, Kind, Link, Record, RegistryDomain, Relation
from tests.roles import role_fixtures

FAR = 2**40  # a deadline or expiry that no test reaches
WORDLESS = TransactionError.DEFAULT_MESSAGE  # what ape says when the ABI decoder refuses: such a revert has no data


def sha(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


SCHEMA = sha("evaluation passed")


globals().update(
    role_fixtures("deployer", "author", "attestor", "relayer", "stranger", "second_attestor", "environment_owner")
)


@pytest.fixture(scope="module")
def node():
    """Signs heartbeats and never sends."""
    return Account.from_role("node")


@pytest.fixture(scope="module")
def registry(project, deployer):
    return project.ProvenanceRegistry.deploy(sender=deployer)


@pytest.fixture(scope="module")
def environments(project, deployer, registry):
    return project.Environments.deploy(registry, sender=deployer)


@pytest.fixture(scope="module")
def contract_account(project, deployer):
    return project.HostileERC1271.deploy(sender=deployer)


@pytest.fixture(scope="module")
def domain(registry, chain):
    return RegistryDomain(chain.chain_id, registry.address)


@pytest.fixture(scope="module")
def key_of():
    """The keys of an ape test account, to sign plain digests."""
    return lambda account: Account(bytes.fromhex(account.private_key.removeprefix("0x")))


@pytest.fixture(scope="module")
def make(author):
    """A record by `author` about the artefact `name`."""

    def record(name: str, kind: Kind = Kind.DATASET, links: tuple[Link, ...] = (), by=author) -> Record:
        return Record(
            str(by), kind, sha(name), manifest=sha(f"{name} manifest"), licence="CC0-1.0", version="1.0.0", links=links
        )

    return record


@pytest.fixture(scope="module")
def dataset(registry, author, make, domain):
    """A registered data set without parents."""
    record = make("digits")
    registry.register(record.args, sender=author)
    return record


@pytest.fixture(scope="module")
def dataset_id(dataset, domain):
    return domain.record_id(dataset)


@pytest.fixture(scope="module")
def weights(registry, author, make, domain, dataset_id):
    """Registered weights, trained on the data set."""
    record = make("weights", Kind.WEIGHTS, (Link(Relation.TRAINED_ON, dataset_id),))
    registry.register(record.args, sender=author)
    return record


@pytest.fixture(scope="module")
def weights_id(weights, domain):
    return domain.record_id(weights)


@pytest.fixture(scope="module")
def evaluation(weights_id):
    """An attestation of the weights, without an end and revocable."""
    return Attestation(SCHEMA, weights_id)
