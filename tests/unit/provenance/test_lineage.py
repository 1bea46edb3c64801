"""walk and the pictures of a lineage, over records in memory."""

from __future__ import annotations

from xml.dom.minidom import parseString

import pytest

from keifu.errors import InputError
from keifu.provenance import Kind, Link, Record, RegistryDomain, Status
from keifu.provenance.lineage import Lineage, walk
from keifu.provenance.registry import Entry

DOMAIN = RegistryDomain(31_337, "0x" + "11" * 20)
AUTHOR = "0x" + "ab" * 20


class Shelf(dict):
    """Records in memory, as a store."""

    def add(self, number, *parents, status=Status.ACTIVE):
        links = tuple(Link(1, parent) for parent in parents)
        record = Record(AUTHOR, Kind.DATASET, bytes([number]) * 32, links=links)
        record_id = DOMAIN.record_id(record)
        self[record_id] = Entry(record_id, record, status, 1_000 + number)
        return record_id

    def entry(self, record_id):
        return self.get(record_id)


@pytest.fixture
def diamond():
    """Top over left and right over bottom, with a longer way round on the left."""
    shelf = Shelf()
    bottom = shelf.add(1)
    middle = shelf.add(2, bottom)
    left, right = shelf.add(3, middle), shelf.add(4, bottom)
    return shelf, shelf.add(5, left, right), bottom


def test_each_record_once_and_the_longest_way(diamond):
    shelf, top, bottom = diamond
    lineage = walk(shelf, top)
    assert len(lineage.entries) == 5
    assert lineage.depth == 3
    assert lineage.tree().count(bottom.hex()[:8]) == 2
    assert "(see above)" in lineage.tree()


def test_depth_cuts_and_says_so(diamond):
    shelf, top, _ = diamond
    lineage = walk(shelf, top, depth=1)
    assert len(lineage.entries) == 3
    assert lineage.cut
    assert not walk(shelf, top).cut


def test_missing_ancestor_is_told(diamond):
    shelf, top, bottom = diamond
    del shelf[bottom]
    lineage = walk(shelf, top)
    assert lineage.missing == [bottom]
    assert "(not known here)" in lineage.tree()
    parseString(lineage.to_svg())  # noqa: S318 - our own text


def test_withdrawn_ancestor_is_marked():
    shelf = Shelf()
    bottom = shelf.add(1, status=Status.REVOKED)
    lineage = walk(shelf, shelf.add(2, bottom))
    assert [entry.id for entry in lineage.withdrawn] == [bottom]
    assert "!revoked" in lineage.tree()


def test_unknown_root(diamond):
    with pytest.raises(InputError, match="no record"):
        walk(diamond[0], bytes(32))


def test_cycle_is_refused():
    """No id can commit to itself, so only a store with false ids can show one."""
    ids = bytes([1]) * 32, bytes([2]) * 32
    records = [Record(AUTHOR, Kind.DATASET, bytes([9]) * 32, links=(Link(1, ids[1 - i]),)) for i in range(2)]
    shelf = Shelf({ids[i]: Entry(ids[i], records[i], Status.ACTIVE, 0) for i in range(2)})
    with pytest.raises(InputError, match="form a cycle"):
        walk(shelf, ids[0]).to_svg()


def test_picture_is_xml_with_every_record(diamond):
    shelf, top, _ = diamond
    lineage = walk(shelf, top, names={top: "<top> & more"})
    picture = parseString(lineage.to_svg())  # noqa: S318 - our own text
    assert len(picture.getElementsByTagName("g")) == 5


def test_ten_thousand_deep_needs_no_recursion():
    shelf, parent = Shelf(), None
    for number in range(3_000):
        record = Record(
            AUTHOR, Kind.DATASET, number.to_bytes(31, "big") + b"\x01", links=(Link(1, parent),) if parent else ()
        )
        parent = DOMAIN.record_id(record)
        shelf[parent] = Entry(parent, record, Status.ACTIVE, 0)
    lineage = walk(shelf, parent)
    assert lineage.depth == 2_999
    assert len(lineage.tree().splitlines()) == 3_000


def test_empty_names_do_not_leak_between_lineages():
    first, second = Lineage(bytes(32)), Lineage(bytes(32))
    first.names[b"x"] = "y"
    assert second.names == {}
