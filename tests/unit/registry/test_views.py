"""check_record, state_of, store_links and soundness_of: what a light client and other contracts ask."""

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


@pytest.fixture
def stored(registry, stranger, family):
    """Their links, written down by a stranger, parents first."""
    return registry.store_links([record.args for record in reversed(family)], sender=stranger)


def test_anyone_stores_links_once(registry, stranger, family, stored, domain):
    assert stored.events == [
        registry.LinksStored(id=domain.record_id(record), count=len(record.links)) for record in reversed(family)
    ]
    assert registry.store_links([family[0].args], sender=stranger).events == []


def test_a_lineage_without_withdrawal_is_sound(registry, family, stored, domain):
    for record in family:
        assert tuple(registry.soundness_of(domain.record_id(record))) == (domain.record_id(record), Status.ACTIVE)


@pytest.mark.parametrize("status", [Status.DEPRECATED, Status.REVOKED])
@pytest.mark.parametrize("first", ["stored", "withdrawn"])
def test_withdrawn_ancestor_shows_from_every_descendant(
    registry, author, stranger, family, domain, dataset_id, status, first
):
    """REG-8: whether its links were stored before it was withdrawn or after."""
    store = [record.args for record in reversed(family)]
    if first == "stored":
        registry.store_links(store, sender=stranger)
    registry.set_status(dataset_id, status, "copied", sender=author)
    if first == "withdrawn":
        registry.store_links(store, sender=stranger)
    for record in family:
        assert tuple(registry.soundness_of(domain.record_id(record))) == (dataset_id, status)


def test_deprecated_then_revoked(registry, author, stored, dataset_id):
    registry.set_status(dataset_id, Status.DEPRECATED, "old", sender=author)
    registry.set_status(dataset_id, Status.REVOKED, "copied", sender=author)
    assert tuple(registry.soundness_of(dataset_id)) == (dataset_id, Status.REVOKED)


def test_links_that_nobody_stored_show_nothing(registry, weights_id):
    assert tuple(registry.soundness_of(weights_id)) == (weights_id, Status.UNKNOWN)


def test_every_branch_is_walked(registry, author, make, domain, stranger):
    """REG-8: sixteen parents, of which the last has a withdrawn parent that two others share."""
    source = make("source")
    registry.register(source.args, sender=author)
    links = (Link(Relation.DERIVED_FROM, domain.record_id(source)),)
    parts = [make(f"part {i}", links=links if i > 12 else ()) for i in range(16)]
    for part in parts:
        registry.register(part.args, sender=author)
    whole = make("whole", links=tuple(Link(Relation.DERIVED_FROM, domain.record_id(part)) for part in parts))
    registry.register(whole.args, sender=author)
    registry.store_links([source.args, *(part.args for part in parts[:15])], sender=stranger)
    with ape.reverts("registry: parent is not stored"):
        registry.store_links([whole.args], sender=stranger)
    registry.store_links([parts[15].args, whole.args], sender=stranger)
    assert registry.soundness_of(domain.record_id(whole))[1] == Status.ACTIVE
    registry.set_status(domain.record_id(source), Status.REVOKED, "copied", sender=author)
    assert tuple(registry.soundness_of(domain.record_id(whole))) == (domain.record_id(source), Status.REVOKED)


def test_changed_record_stores_nothing(registry, stranger, dataset, make):
    """REG-8: nobody writes down other parents than the record's."""
    for wrong in (replace(dataset, version="2"), make("never registered")):
        with ape.reverts("registry: unknown record"):
            registry.store_links([wrong.args], sender=stranger)
