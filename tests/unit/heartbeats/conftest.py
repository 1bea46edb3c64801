"""A hub with the heartbeat service, an environment with one promotion, an operator that has locked three reserves."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from keifu.keys import Account
from keifu.provenance import Heartbeat, Kind, Record, RegistryDomain, environments_domain, heartbeat_digest
from keifu.staking import KeyKind, heartbeats_domain, key_consent
from keifu.units import COIN, DAY
from tests.roles import role_fixtures
from tests.unit.staking.conftest import HORIZON, deploy_hub

WINDOW = 3 * DAY
RESTITUTION = 1_000 * COIN
REWARD = PENALTY = RESTITUTION // 10
DAMAGES = (RESTITUTION + REWARD) * 5 // 4
RESERVE = DAMAGES + PENALTY
LOCKED = 3 * RESERVE
TERM = 30 * DAY
ENOUGH = 2**256 - 1

globals().update(
    role_fixtures(
        "deployer",
        "owner",
        "operator",
        "prover",
        "other_prover",
        "author",
        "restituted",
        "stranger",
        "sink",
        "treasury",
    )
)


def sha(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.fixture(scope="module")
def node():
    """A machine of the operator: signs heartbeats and never sends."""
    return Account.from_role("node")


@pytest.fixture(scope="module")
def token(project, deployer):
    return project.KeifuToken.deploy(deployer, sender=deployer)


@pytest.fixture(scope="module")
def registry(project, deployer):
    return project.ProvenanceRegistry.deploy(sender=deployer)


@pytest.fixture(scope="module")
def environments(project, deployer, registry):
    return project.Environments.deploy(registry, sender=deployer)


@pytest.fixture(scope="module")
def hub(project, token, owner, sink, treasury, deployer):
    return deploy_hub(project, token, owner, sink, treasury, deployer)


@pytest.fixture(scope="module")
def heartbeats(project, deployer, owner, operator, token, hub, environments):
    service = project.HeartbeatService.deploy(token, hub, environments, RESTITUTION, WINDOW, sender=deployer)
    hub.list_service(service, HORIZON, 4, sender=owner)
    token.transfer(operator, 2 * LOCKED, sender=deployer)
    token.approve(hub, ENOUGH, sender=operator)
    hub.register_operator(0, "", sender=operator)
    hub.lock(service, operator, LOCKED, sender=operator)
    return service


@pytest.fixture(scope="module")
def weights(registry, author):
    record = Record(
        str(author), Kind.WEIGHTS, sha("weights"), manifest=sha("manifest"), licence="CC0-1.0", version="1.0.0"
    )
    registry.register(record.args, sender=author)
    return record


@pytest.fixture(scope="module")
def declare(environments, registry, chain, author, weights, restituted):
    """Declares an environment by name, with one promotion of the weights; its id."""
    known = RegistryDomain(chain.chain_id, registry.address).record_id(weights)

    def declare(name):
        environments.declare_environment(name, [], False, restituted, sender=author)
        environment = environments.environment_id(author, name)
        environments.promote(environment, known, sender=author)
        return environment

    return declare


@pytest.fixture(scope="module")
def production(declare):
    return declare("production")


@pytest.fixture(scope="module")
def agree(heartbeats, chain):
    """A key's consent to speak for an operator."""
    domain = heartbeats_domain(chain.chain_id, heartbeats.address)
    return lambda key, operator, kind=KeyKind.HEARTBEAT: key_consent(domain, str(operator), key, kind)


@pytest.fixture
def bound(heartbeats, agree, node, operator, production, chain):
    """The operator's node is named and its binding runs for thirty days; its last second."""
    heartbeats.register_key(node.address, KeyKind.HEARTBEAT, agree(node, operator), sender=operator)
    last = chain.pending_timestamp + TERM
    heartbeats.bind(production, last, sender=operator)
    chain.pending_timestamp += 10
    chain.mine()
    return last


@pytest.fixture
def beat(node, production, chain, weights):
    """A heartbeat of now; `changes` replaces fields by name."""

    def beat(**changes):
        true = Heartbeat(node.address, production, 1, weights.digest, chain.pending_timestamp - 5)
        return replace(true, **changes)

    return beat


@pytest.fixture
def lie(bound, beat):
    return beat(digest=sha("swapped weights"))


@pytest.fixture(scope="module")
def sign(environments, chain, node):
    domain = environments_domain(chain.chain_id, environments.address)
    return lambda heartbeat, by=node: by.sign(heartbeat_digest(domain, heartbeat))


@pytest.fixture
def commit(heartbeats, sign, chain):
    """Commits to a heartbeat as `who`; its signature."""

    def commit(heartbeat, who, signature=None):
        signature = signature or sign(heartbeat)
        heartbeats.commit(heartbeats.evidence_of(heartbeat.args, signature, who), sender=who)
        return signature

    return commit
