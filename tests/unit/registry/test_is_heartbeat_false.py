"""Environments.is_heartbeat_false: evidence that a node ran something else than the promotion named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.keys import Account
from keifu.provenance import Heartbeat, Kind, environments_domain, heartbeat_digest, is_heartbeat_signed
from keifu.units import DAY
from tests.wallet_forms import FORMS, high_s, salted

from .conftest import sha


@pytest.fixture(scope="module")
def production(environments, environment_owner, weights_id):
    environments.declare_environment("production", [], sender=environment_owner)
    environment = environments.environment_id(environment_owner, "production")
    environments.promote(environment, weights_id, sender=environment_owner)
    return environment


@pytest.fixture(scope="module")
def sign(environments, chain, node):
    domain = environments_domain(chain.chain_id, environments.address)
    return lambda heartbeat, by=node: by.sign(heartbeat_digest(domain, heartbeat))


@pytest.fixture(scope="module")
def lie(node, production, chain):
    return Heartbeat(node.address, production, 1, sha("swapped weights"), chain.blocks.head.timestamp)


def test_contradiction_is_evidence(environments, lie, sign, weights):
    """ENV-6"""
    assert environments.is_heartbeat_false(lie.args, sign(lie), weights.args)


def test_truth_is_none(environments, lie, sign, weights):
    """ENV-6: an honest node is never slashed."""
    truth = replace(lie, digest=weights.digest)
    assert not environments.is_heartbeat_false(truth.args, sign(truth), weights.args)


def test_old_promotion_is_judged_by_its_own_number(
    environments, environment_owner, production, lie, sign, weights, registry, author, make, domain
):
    """ENV-6: staleness is no fault; a heartbeat of an earlier number stays true."""
    other = make("other weights", Kind.WEIGHTS)
    registry.register(other.args, sender=author)
    environments.promote(production, domain.record_id(other), sender=environment_owner)
    stale = replace(lie, digest=weights.digest)
    assert not environments.is_heartbeat_false(stale.args, sign(stale), weights.args)
    assert not environments.is_heartbeat_false(stale.args, sign(stale), other.args)


def test_number_that_was_never_given_is_none(environments, lie, sign, weights):
    early = replace(lie, promotion_seq=2)
    assert not environments.is_heartbeat_false(early.args, sign(early), weights.args)


@pytest.mark.case("provenance-20")
def test_a_time_that_is_none_or_has_not_come_is_none(environments, lie, sign, weights, chain):
    for time in (0, chain.pending_timestamp + 30 * 365 * DAY):
        odd = replace(lie, time=time)
        assert not environments.is_heartbeat_false(odd.args, sign(odd), weights.args)


def test_another_record_is_none(environments, lie, sign, dataset):
    assert not environments.is_heartbeat_false(lie.args, sign(lie), dataset.args)


def test_another_signer_is_none(environments, lie, sign, weights):
    """ENV-6: nobody frames a node."""
    assert not environments.is_heartbeat_false(lie.args, sign(lie, Account.from_role("framer")), weights.args)
    assert not environments.is_heartbeat_false(lie.args, sign(lie)[:63], weights.args)
    assert not environments.is_heartbeat_false(replace(lie, time=1).args, sign(lie), weights.args)


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("domain_of", [lambda domain: domain, salted], ids=["domain", "zero salt"])
def test_python_and_contract_take_every_form(environments, chain, node, lie, weights, form, domain_of):
    domain = environments_domain(chain.chain_id, environments.address)
    signature = form(node.sign(heartbeat_digest(domain_of(domain), lie)))
    assert environments.is_heartbeat_false(lie.args, signature, weights.args)
    assert is_heartbeat_signed(domain, lie, signature)


@pytest.mark.parametrize("form", FORMS)
def test_python_and_contract_refuse_a_high_s(environments, chain, lie, sign, weights, form):
    signature = form(high_s(sign(lie)))
    assert not environments.is_heartbeat_false(lie.args, signature, weights.args)
    assert not is_heartbeat_signed(environments_domain(chain.chain_id, environments.address), lie, signature)
