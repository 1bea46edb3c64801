"""The pictures of the README are of today's sources, load nothing from another host and read in light and dark."""

from __future__ import annotations

import ast
import html
import re

import pytest

from scripts.flow_picture import STEPS
from scripts.record_demo import MOMENTS, PICTURES
from tests.unit.docs.pages import ROOT

RECORDING = PICTURES / "demo.svg"
ALL = sorted(PICTURES.glob("*.svg"))


def recorded():
    """The text of the recording without any blanks: a long line was wrapped, and runs of it are apart."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", RECORDING.read_text(encoding="utf-8"))
    return bare(html.unescape("".join(texts)))


def bare(text):
    return re.sub(r"\s+", "", text)


def claims(source):
    """What a chapter says that it has checked, where that is one text without figures."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "check":
            what = node.args[0]
            if isinstance(what, ast.Constant):
                yield what.value


@pytest.mark.parametrize("chapter", sorted((ROOT / "examples" / "demo").glob("*.py")), ids=lambda path: path.stem)
def test_the_recording_shows_every_claim_of_the_demo(chapter):
    """Else it is of an older demo: python -m scripts.record_demo."""
    shown = recorded()
    assert [claim for claim in claims(chapter.read_text(encoding="utf-8")) if bare(claim) not in shown] == []


def test_the_recording_stops_where_it_is_meant_to():
    shown = recorded()
    assert [start for start, _ in MOMENTS if bare(start) not in shown] == []


def test_a_claim_that_was_never_recorded_is_missed():
    [claim] = claims('story.check("the moon is a coin", True)')
    assert bare(claim) not in recorded()


def test_the_flow_shows_every_step():
    drawn = (PICTURES / "flow.svg").read_text(encoding="utf-8")
    assert [step.name for step in STEPS if html.escape(step.name) not in drawn] == []


@pytest.mark.parametrize("picture", ALL, ids=lambda path: path.name)
def test_a_picture_loads_nothing(picture):
    text = picture.read_text(encoding="utf-8")
    assert re.findall(r"(?:href|src)=\"(?!#)[^\"]*|url\((?!#)[^)]*|@import|@font-face", text) == []


@pytest.mark.parametrize("picture", ALL, ids=lambda path: path.name)
def test_a_picture_reads_in_light_and_dark(picture):
    """Either it changes its colours, or it brings a background of its own."""
    text = picture.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text or re.search(r"<rect[^>]*fill=|fill: #fbfaf7", text)
