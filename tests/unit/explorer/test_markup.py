"""What a stranger says becomes text, whatever it is, and no address leads out."""

from __future__ import annotations

import pytest

from keifu.explorer.markup import Markup, el
from tests.unit.explorer.conftest import HOSTILE


def test_text_is_escaped_and_signs_that_nobody_sees_are_written_out():
    made = el("p", HOSTILE)
    assert "<script" not in made
    assert "<img" not in made
    assert "&lt;U+202E&gt;" in made


def test_attributes_are_escaped():
    assert el("a", title='" onclick="x', href="/en") == '<a title="&quot; onclick=&quot;x" href="/en"></a>'


def test_children_of_every_kind_stand_one_after_the_other():
    assert el("p", "a", 1, None, ["<", Markup("<b></b>")]) == "<p>a1&lt;<b></b></p>"
    assert el("input", checked=True, disabled=False, name=None) == "<input checked>"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", " /en", "https://elsewhere.example", "//elsewhere.example",
        "/\\elsewhere.example", "data:text/html,x", "/a b", "", "/\nx",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["href", "src", "action"])
def test_an_address_is_a_path_of_this_server(address, name):
    with pytest.raises(ValueError, match="is no path of this server"):
        el("a", **{name: address})


@pytest.mark.parametrize("name", ["onclick", "style", "on_load", "HREF", "a b"])
def test_attributes_that_run_or_dress_are_refused(name):
    with pytest.raises(ValueError, match="is no attribute of a page"):
        el("a", **{name: "x"})


@pytest.mark.parametrize("tag", ["script", "style"])
def test_no_page_has_a_program_in_it(tag):
    with pytest.raises(ValueError, match="is no element of a page"):
        el(tag, "alert(1)")


def test_an_element_that_is_none():
    with pytest.raises(ValueError, match="is no element of a page"):
        el("a><b")
