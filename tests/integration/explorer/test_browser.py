"""The explorer in a real browser: live, without scripts, narrow, dark, by keyboard, and with strangers' texts in it."""

from __future__ import annotations

import json

import pytest

from benchmarks.explorer_world import promote, record
from keifu.provenance.bundle_file import decode_parts
from tests.conformance.forged import packed
from tests.conformance.make import FOLDER
from tests.integration.explorer.conftest import NARROW, WIDE

pytestmark = pytest.mark.xdist_group("browser")
RUNS = "document.querySelector('#production tbody tr td:nth-child(2)').innerText"
SUITE = json.loads((FOLDER / "suite.json").read_text())


def places(site) -> list[str]:
    """Pages with wide tables, long words, a picture and a form."""
    known = {name: value.removeprefix("0x") for name, value in site.known.items()}
    return [
        f"en/record/{known['second']}",
        f"ja/operator/0x{known['cheat']}",
        "en/grants",
        f"en/address/0x{known['lab']}",
    ]


def test_every_page_fits_a_narrow_screen_and_runs_nothing_of_a_stranger(tab, site):
    tab.size(*NARROW)
    for place in places(site):
        tab.open(f"{site.url}/{place}")
        assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW[0], place
        assert tab.evaluate("typeof hacked") == "undefined", place


def test_a_page_changes_with_the_chain_and_back_when_a_block_is_undone(tab, site):
    tab.open(f"{site.url}/en")
    before = tab.evaluate(RUNS)
    tab.until("document.getElementById('live').innerText.startsWith('Live')")
    tab.evaluate("window.same = true")
    site.scribe.next_block()
    promote(site.scribe, site.known["environment"], 2, site.known["second"])
    site.scribe.write()
    tab.until(f"{RUNS}.endsWith('2.0')")
    assert tab.evaluate("document.querySelector('#production tr.new') !== null")
    site.scribe.revert(site.scribe.block)
    tab.until(f"{RUNS} === {before!r}")
    assert tab.evaluate("window.same")  # it was never loaded anew


def test_a_page_goes_on_after_the_server_was_started_anew(tab, site):
    tab.open(f"{site.url}/en/records")
    tab.until("document.getElementById('live').innerText.startsWith('Live')")
    tab.evaluate("window.same = true")
    site.end()
    tab.until("document.getElementById('live').innerText.startsWith('No connection')")
    site.scribe.next_block()
    record(site.scribe, "while nobody looked", 5, site.known["lab"])
    site.scribe.write()
    site.start()
    tab.until("document.querySelector('tbody tr').innerText.includes('while nobody looked')")
    assert tab.evaluate("window.same")
    site.scribe.revert(site.scribe.block)
    tab.faults.clear()  # the requests that nobody answered


def test_without_scripts_everything_is_there_as_tables(tab, site):
    tab.size(*WIDE, scripts=False)
    tab.open(f"{site.url}/en/record/{site.known['second'][2:]}")
    heads = "[...document.querySelectorAll('#lineage th')].map(item => item.innerText)"
    assert tab.evaluate(heads) == ["Record", "Relation", "To", "State"]
    tab.open(f"{site.url}/en/verify")
    assert tab.evaluate("getComputedStyle(document.querySelector('noscript')).display") != "none"


def test_the_keyboard_is_enough(tab, site):
    tab.open(f"{site.url}/en")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.press("Enter", "\r")
    tab.until("document.activeElement.id === 'main'")
    tab.press("/", "/")
    assert tab.evaluate("document.activeElement.id") == "q"
    for digit in site.known["first"][2:10]:
        tab.press(digit, digit)
    tab.press("Enter", "\r")
    tab.until("location.pathname === '/en/search' && document.readyState === 'complete'")
    assert (
        tab.evaluate("document.querySelector('main td a').getAttribute('href')")
        == f"/en/record/{site.known['first'][2:]}"
    )


def test_dark_and_light_are_two_and_both_can_be_read(tab, site):
    seen = set()
    for dark in (False, True):
        tab.size(*WIDE, dark=dark)
        tab.open(f"{site.url}/en/record/{site.known['second'][2:]}")
        paper, *inks = tab.evaluate(
            "[getComputedStyle(document.body).backgroundColor, ...['h1', 'main a', 'dt', '.badge', '.picture text']"
            ".map(one => { const style = getComputedStyle(document.querySelector(one));"
            " return one.includes('text') ? style.fill : style.color; })]"
        )
        seen.add(paper)
        assert min(contrast(paper, ink) for ink in inks) >= 4.5, (paper, inks)  # as WCAG asks of small text
    assert len(seen) == 2


def test_the_policy_of_the_page_stops_a_program_that_got_in(tab, site):
    tab.open(f"{site.url}/en")
    tab.evaluate(
        "const made = document.createElement('script'); made.textContent = 'hacked = 1'; document.body.append(made);"
        "const image = document.createElement('img'); image.setAttribute('onerror', 'hacked = 1');"
        "image.src = '/nothing'; document.body.append(image); 1"
    )
    handler, *rest = sorted(tab.failed(3))  # the image that is not there is one of them
    assert "inline event handler violates" in handler
    assert any("inline script violates" in fault for fault in rest)
    assert tab.evaluate("typeof hacked") == "undefined"


@pytest.mark.parametrize(
    ("name", "said", "kind"),
    [
        ("one-model", "Believed: everything", "good"), ("forged", "Not believed. root:", "bad"),
        ("stranger", "Proved, but its author is none", "bad"), ("", "One more file", "note"),
    ],
)  # fmt: skip
def test_a_bundle_is_verified_where_it_is_dropped(tab, site, tmp_path, name, said, kind):
    case = next(item for item in SUITE["good"] if item["name"] == "one-model")
    trust, bundle = tmp_path / "trust.json", tmp_path / "it.bundle"
    authors = {"authors": ["0x" + "11" * 20]} if name == "stranger" else {}
    trust.write_text(json.dumps(case["trust"] | authors))
    data = (FOLDER / "one-model.bundle").read_bytes()
    if name == "forged":
        data = packed({**decode_parts(data).to_json(), "root": "1" * len(case["root"])})
    bundle.write_bytes(data)
    tab.open(f"{site.url}/en/verify")
    asked = len(tab.asked)
    tab.give("#trust", trust)
    if name:
        tab.give("#bundle", bundle)
    tab.until(f"document.getElementById('verdict').innerText.startsWith({said[:8]!r})")
    found = tab.evaluate("[document.getElementById('verdict').innerText, document.getElementById('verdict').className]")
    assert (found[0].startswith(said), found[1]) == (True, kind), found
    assert [one for one in tab.asked[asked:] if "/static/" not in one] == []  # nothing was sent


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, of two colours as `rgb(1, 2, 3)`."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        lines = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * line for weight, line in zip((0.2126, 0.7152, 0.0722), lines, strict=True))

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)
