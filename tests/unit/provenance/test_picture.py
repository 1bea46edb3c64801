"""The lineage picture: boxes never overlap, no line runs behind a box, every link is labelled."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from keifu.provenance._picture import BOX_HEIGHT, BOX_WIDTH, Box, Link, draw


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
    boxes = {key: Box(key, "active", "sha256", "#111") for key in levels}
    svg = draw("graph", boxes, levels, links)
    corners = numbers(r'<g><rect x="(-?[\d.]+)" y="([\d.]+)"', svg)
    assert len(corners) == len(boxes)
    for index, (x, y) in enumerate(corners):
        assert all(y != other_y or abs(x - other_x) >= BOX_WIDTH for other_x, other_y in corners[:index])
    # A lane is crossed by a vertical stretch: "… x y V bottom".
    for x, top, _ in numbers(r"(-?[\d.]+) ([\d.]+) V([\d.]+)", svg):
        assert all(not (left < x < left + BOX_WIDTH and y - 1 < top < y + BOX_HEIGHT) for left, y in corners)
    assert svg.count("made-from") == len(links)


def test_text_is_escaped():
    svg = draw("<title>", {"a": Box("<script>", "a & b", '"', "#111")}, {"a": 0}, [])
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
