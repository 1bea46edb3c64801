"""ProvenanceRegistry.register: one's own records, parents first, once."""

from __future__ import annotations

import ape
import pytest

from keifu.provenance import Kind, Link, Record, Relation, Status

from .conftest import WORDLESS, sha


def test_stores_what_contracts_need_and_logs_the_rest(registry, author, make, domain, dataset_id, chain):
    """REG-1: the event gives the whole record, whose id the record itself commits to."""
    record = make("weights", Kind.WEIGHTS, (Link(Relation.TRAINED_ON, dataset_id),))
    receipt = registry.register(record.args, sender=author)
    record_id = domain.record_id(record)
    assert receipt.return_value == record_id
    (event,) = receipt.events
    assert (event.id, event.author, event.digest) == (record_id, author, record.digest)
    assert Record.from_args(event.event_arguments["record"]) == record
    state = registry.state_of(record_id)
    assert tuple(state) == (author, Kind.WEIGHTS, Status.ACTIVE, chain.blocks.head.timestamp)


def test_id_is_the_eip712_digest_without_its_tail(registry, make, domain, dataset_id):
    records = [
        make("plain"),
        make("one link", links=(Link(1, dataset_id),)),
        make("sixteen links", links=tuple(Link(1 + i % 7, sha(str(i))) for i in range(16))),
    ]
    for record in records:
        assert registry.record_id(record.args) == domain.record_id(record)
        assert domain.record_id(record)[-6:] == bytes(6)


def test_sixteen_links_register(registry, author, make, domain):
    parents = [make(f"part {i}") for i in range(16)]
    for parent in parents:
        registry.register(parent.args, sender=author)
    links = tuple(Link(Relation.DERIVED_FROM, domain.record_id(parent)) for parent in parents)
    record = make("whole", links=links)
    registry.register(record.args, sender=author)
    assert registry.status_of(domain.record_id(record)) == Status.ACTIVE


def test_a_seventeenth_link_is_refused(registry, author, make, dataset_id):
    *plain, _ = make("too many").args
    with ape.reverts(WORDLESS):
        registry.register((*plain, [(1, dataset_id)] * 17), sender=author)


def test_another_author_is_refused(registry, stranger, make):
    """REG-3: nobody registers in another's name."""
    with ape.reverts("registry: not the author"):
        registry.register(make("stolen").args, sender=stranger)


def test_the_same_record_twice_is_refused(registry, author, dataset):
    """REG-1"""
    with ape.reverts("registry: record is registered"):
        registry.register(dataset.args, sender=author)


def test_the_same_digest_by_another_author_is_another_record(registry, stranger, dataset, make, domain):
    same_content = make("digits", by=stranger)
    registry.register(same_content.args, sender=stranger)
    assert domain.record_id(same_content) != domain.record_id(dataset)


@pytest.mark.parametrize("kind", [0, 11, 255])
def test_unknown_kind_is_refused(registry, author, make, kind):
    who, _, *rest = make("odd").args
    with ape.reverts("registry: unknown kind"):
        registry.register((who, kind, *rest), sender=author)


def test_empty_digest_is_refused(registry, author, make):
    who, kind, _, *rest = make("nothing").args
    with ape.reverts("registry: empty digest"):
        registry.register((who, kind, bytes(32), *rest), sender=author)


@pytest.mark.parametrize("relation", [0, 8, 255])
def test_unknown_relation_is_refused(registry, author, make, dataset_id, relation):
    *plain, _ = make("odd relation").args
    with ape.reverts("registry: unknown relation"):
        registry.register((*plain, [(relation, dataset_id)]), sender=author)


def test_unknown_parent_is_refused(registry, author, make, dataset_id, domain):
    """REG-2: parents exist before children, so there is no cycle; nothing is half-registered."""
    record = make("orphan", links=(Link(1, dataset_id), Link(1, sha("nobody"))))
    with ape.reverts("registry: unknown parent"):
        registry.register(record.args, sender=author)
    assert registry.status_of(domain.record_id(record)) == Status.UNKNOWN
