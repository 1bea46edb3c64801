"""check_record, state_of and lineage_status: what a light client asks."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.provenance import Kind, Link, Relation, Status

from .conftest import sha


def test_check_record_knows_exactly_this_content(registry, dataset):
    assert registry.check_record(dataset.args) == Status.ACTIVE
    for changed in (
        replace(dataset, digest=sha("other")),
        replace(dataset, uri="ipfs://elsewhere"),
        replace(dataset, licence="MIT"),
        replace(dataset, version="1.0.1"),
        replace(dataset, kind=Kind.CODE),
        replace(dataset, program_root=sha("p")),
    ):
        assert registry.check_record(changed.args) == Status.UNKNOWN


def test_unknown_record_has_no_state(registry):
    assert registry.state_of(sha("nobody"))[1:] == [0, 0, 0] or tuple(registry.state_of(sha("nobody")))[1:] == (0, 0, 0)


def test_eip712_domain(registry, chain):
    fields = registry.eip712Domain()
    assert list(fields)[1:5] == ["Keifu Provenance", "1", chain.chain_id, registry.address]


@pytest.fixture(scope="module")
def family(registry, author, make, domain, dataset, weights):
    """Data set, weights, quantised weights, evaluation: a chain of four."""
    small = make("int8", Kind.WEIGHTS, (Link(Relation.QUANTISED_FROM, domain.record_id(weights)),))
    registry.register(small.args, sender=author)
    report = make("report", Kind.EVALUATION, (Link(Relation.DERIVED_FROM, domain.record_id(small)),))
    registry.register(report.args, sender=author)
    return [report, small, weights, dataset]


def test_lineage_without_withdrawal(registry, family, domain):
    args = [record.args for record in family]
    assert tuple(registry.lineage_status(args, [0, 0, 1, 2])) == (domain.record_id(family[0]), Status.ACTIVE)


@pytest.mark.parametrize("status", [Status.DEPRECATED, Status.REVOKED])
def test_withdrawn_ancestor_shows_from_every_descendant(registry, author, family, domain, dataset_id, status):
    """REG-8"""
    registry.set_status(dataset_id, status, "copied", sender=author)
    for start in range(4):
        args = [record.args for record in family[start:]]
        via = [max(i - 1, 0) for i in range(len(args))]
        assert tuple(registry.lineage_status(args, via)) == (dataset_id, status)


def test_a_stranger_is_no_ancestor(registry, author, make, family):
    unrelated = make("unrelated")
    registry.register(unrelated.args, sender=author)
    with ape.reverts("registry: not an ancestor"):
        registry.lineage_status([family[0].args, unrelated.args], [0, 0])


def test_changed_ancestor_is_no_ancestor(registry, family):
    with ape.reverts("registry: not an ancestor"):
        registry.lineage_status([family[0].args, replace(family[1], version="2").args], [0, 0])


def test_child_must_come_first(registry, family):
    with ape.reverts("registry: child comes first"):
        registry.lineage_status([family[0].args, family[1].args], [0, 1])


def test_one_child_index_a_record(registry, family):
    with ape.reverts("registry: one child index a record"):
        registry.lineage_status([family[0].args], [])
    with ape.reverts("registry: one child index a record"):
        registry.lineage_status([], [])


def test_unregistered_subject_is_refused(registry, make):
    with ape.reverts("registry: unknown record"):
        registry.lineage_status([make("never registered").args], [0])
