"""The lineage picture: boxes never overlap, no line runs behind a box, every link is labelled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keifu.provenance import Kind, Record, Relation, Status
from keifu.provenance import Link as RecordLink
from keifu.provenance._picture import BOX_HEIGHT, BOX_WIDTH, Box, Link, draw
from keifu.provenance.lineage import Lineage
from keifu.provenance.registry import Entry


@st.composite
def graphs(chance):
    """Levels of up to fourteen boxes, and links that go down."""
    levels = {"b0": 0}
    links = []
    for index in range(1, chance(st.integers(1, 13)) + 1):
        child = f"b{chance(st.integers(0, index - 1))}"
        levels[f"b{index}"] = levels[child] + chance(st.integers(1, 3))
        links.append(Link(child, f"b{index}", "made-from"))
    used = sorted(set(levels.values()))
    return {key: used.index(level) for key, level in levels.items()}, links


def numbers(pattern: str, text: str) -> list[tuple[float, ...]]:
    return [tuple(map(float, match)) for match in re.findall(pattern, text)]


@given(graphs())
def test_boxes_do_not_overlap_and_lines_keep_clear_of_them(graph):
    levels, links = graph
    boxes = {key: Box(key, "active", "by", "sha256", "#111") for key in levels}
    svg = draw("graph", boxes, levels, links)
    corners = numbers(r'<g><rect x="(-?[\d.]+)" y="([\d.]+)"', svg)
    assert len(corners) == len(boxes)
    for index, (x, y) in enumerate(corners):
        assert all(y != other_y or abs(x - other_x) >= BOX_WIDTH for other_x, other_y in corners[:index])
    # A lane is crossed by a vertical stretch: "… x y V bottom".
    for x, top, _ in numbers(r"(-?[\d.]+) ([\d.]+) V([\d.]+)", svg):
        assert all(not (left < x < left + BOX_WIDTH and y - 1 < top < y + BOX_HEIGHT) for left, y in corners)
    assert svg.count("made-from") == len(links)


WIDEST, HIGHEST = 5_000, 4_000  # pixels, of a picture that people can look at


def made_from(shape):
    """A lineage from {name: (kind, names of its parents)}, children before parents."""
    ids = {name: bytes([1]) + name.encode().ljust(31, b"\0") for name in shape}
    lineage = Lineage(ids[next(iter(shape))], names={ids[name]: name for name in shape})
    for name, (kind, parents) in shape.items():
        links = tuple(RecordLink(Relation.DERIVED_FROM, ids[parent]) for parent in parents)
        record = Record("0x" + "11" * 20, kind, ids[name], licence="MIT", version="2.1", links=links)
        lineage.entries[ids[name]] = Entry(ids[name], record, Status.ACTIVE, 1_800_000_000)
    return lineage, ids


def wide(breadth, depth=2):
    """A tree: 273 records with a breadth of 16, as they were drawn 64,008 pixels wide."""
    shape, level = {}, ["top"]
    for row in range(depth + 1):
        below = [f"{name}.{number}" for name in level for number in range(breadth)] if row < depth else []
        for place, name in enumerate(level):
            kind = Kind.MODEL if row < depth else Kind.DATASET
            shape[name] = (kind, below[place * breadth : (place + 1) * breadth])
        level = below
    return shape


def chain(length):
    kinds = [Kind.MODEL, Kind.WEIGHTS]
    return {f"l{i}": (kinds[i % 2], [f"l{i + 1}"] if i + 1 < length else []) for i in range(length)}


def ladder(rungs):
    """Two chains with links across: nothing in it is a batch, and nothing a chain."""
    shape = {"top": (Kind.MODEL, ["a0", "b0"])}
    for i in range(rungs):
        below = [f"a{i + 1}", f"b{i + 1}"] if i + 1 < rungs else []
        shape |= {f"a{i}": (Kind.MODEL, below), f"b{i}": (Kind.DATASET, below)}
    return shape


def size(svg):
    return numbers(r'^<svg [^>]* width="(\d+)" height="(\d+)"', svg)[0]


@pytest.mark.case("provenance-17")
@pytest.mark.parametrize(
    ("shape", "boxes"),
    [(wide(16), 3), (wide(16, 3), 4), (chain(10_000), 3), (ladder(5_000), 48)],
    ids=["273 records", "4,369 records", "a chain of 10,000", "a ladder of 10,001"],
)
def test_a_large_lineage_stays_readable(shape, boxes):
    """Seen red without the groups: 273 records were 64,008 pixels wide."""
    lineage, _ = made_from(shape)
    svg = lineage.to_svg()
    width, height = size(svg)
    assert width < WIDEST
    assert height < HIGHEST
    assert svg.count("<g>") == boxes


@pytest.mark.case("provenance-17")
def test_a_record_that_is_opened_has_a_box_of_its_own():
    lineage, ids = made_from(wide(16))
    svg = lineage.to_svg([ids["top.3.5"], ids["top.3"]])
    assert ">top.3.5<" in svg
    assert ">top.3<" in svg
    assert ">15 × model<" in svg
    assert size(svg)[0] < WIDEST


def test_a_small_lineage_is_drawn_record_by_record_with_what_it_says():
    lineage, ids = made_from(wide(5))
    svg = lineage.to_svg()
    assert svg.count("<g>") == 31
    for text in ("top.1", ids["top.1"].hex()[:8] + " · active · 2.1", "by 0x11111111… · MIT", "2027-01-15"):
        assert text in svg


def test_text_is_escaped():
    svg = draw("<title>", {"a": Box("<script>", "a & b", "c", '"', "#111", "<hint>")}, {"a": 0}, [])
    assert "<script>" not in svg
    assert "<hint>" not in svg
    assert "&lt;script&gt;" in svg
