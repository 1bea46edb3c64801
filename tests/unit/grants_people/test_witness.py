"""Which records are shown to the witness, where what was withdrawn stands behind deprecated ones."""

from __future__ import annotations

from keifu.grants.witness import path_to
from keifu.provenance import Kind, Link, Record, Relation, Status
from keifu.provenance.lineage import Lineage
from keifu.provenance.registry import Entry

TEAM = "0x" + "11" * 20
A, B, C, D, E = (bytes([number]) * 32 for number in range(1, 6))


def entry(known, status, *parents, relation=Relation.DERIVED_FROM):
    links = tuple(Link(relation, parent) for parent in parents)
    return Entry(known, Record(TEAM, Kind.MODEL, known, links=links), status, 0, 0)


def path(*entries):
    lineage = Lineage(entries[0].id, {item.id: item for item in entries})
    return [record.digest for record in path_to(lineage)]


def test_the_shortest_way_without_what_was_withdrawn():
    old, gone = Status.DEPRECATED, Status.REVOKED
    line = entry(A, old, B, C), entry(B, old, D), entry(D, old, E), entry(C, old, E), entry(E, gone)
    assert path(*line) == [A, C]


def test_nothing_where_nothing_was_withdrawn():
    assert path(entry(A, Status.DEPRECATED, B), entry(B, Status.ACTIVE)) == []
    assert path(entry(A, Status.REVOKED, B), entry(B, Status.REVOKED)) == []


def test_what_a_record_takes_the_place_of_is_no_way():
    replaced = entry(A, Status.DEPRECATED, B, relation=Relation.SUPERSEDES)
    assert path(replaced, entry(B, Status.REVOKED)) == []


def test_a_parent_that_the_node_does_not_give_is_passed_over():
    assert path(entry(A, Status.DEPRECATED, B, C), entry(C, Status.REVOKED)) == [A]
