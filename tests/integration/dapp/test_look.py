"""How the page looks and is used: narrow, dark, by keyboard, by a screen reader, and with strangers' texts in it."""

from __future__ import annotations

import pytest

from keifu.chain import RpcDeployer
from keifu.staking import actions
from tests.integration.dapp.conftest import NARROW, WIDE, enter, press, says, visit
from tests.integration.explorer.test_browser import contrast

pytestmark = pytest.mark.xdist_group("dapp")
PARTS = ("coins", "stake", "register", "check")
SHOWN = "h1, h3, .lead, .faint, .figure, dt, dd, button:enabled, [role=tab], label, .note p"
COLOURS = """[...document.querySelectorAll(SHOWN)].filter(one => one.offsetParent).map(one => {
  let behind = one;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  return [getComputedStyle(behind).backgroundColor, getComputedStyle(one).color, one.outerHTML.slice(0, 80)];
})"""
UNNAMED = """[...document.querySelectorAll("input, select, button, dialog")].filter(one =>
  !(one.labels?.length || one.ariaLabel || one.innerText?.trim() || one.textContent.trim()))
  .map(one => one.outerHTML)"""


@pytest.fixture
def opened(tab, site, wallet, tmp_path):
    """The page with something in every part of it."""
    (tmp_path / "data.txt").write_text("x")
    enter(tab, site)
    tab.give("#choose-file", tmp_path / "data.txt")
    says(tab, "Manifest", "#hashed")
    wallet.refuses.add("eth_sendTransaction")
    press(tab, "Claim")
    says(tab, "You declined", "#notes")
    tab.until("!document.querySelector('#grants button').ariaBusy")
    return tab


def test_it_fits_a_narrow_screen_and_everything_has_a_name(opened):
    opened.size(*NARROW)
    for part in PARTS:
        opened.evaluate(f"document.getElementById('tab-{part}').click()")
        assert opened.evaluate("document.documentElement.scrollWidth") <= NARROW[0], part
        assert opened.evaluate(UNNAMED) == [], part


def test_dark_and_light_can_be_read(opened):
    papers = set()
    for dark in (False, True):
        opened.size(*WIDE, dark=dark)
        for part in PARTS:
            opened.evaluate(f"document.getElementById('tab-{part}').click()")
            for paper, ink, what in opened.evaluate(COLOURS.replace("SHOWN", repr(SHOWN))):
                assert contrast(paper, ink) >= 4.5, (what, paper, ink)  # as WCAG asks of small text
                papers.add(paper)
    assert len(papers) >= 4


def test_the_keyboard_is_enough(tab, site, wallet):
    visit(tab, site)
    focus = "document.activeElement.id || document.activeElement.innerText.trim()"
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    for wanted in ("Keifu 系譜", "Explorer", "Amber"):
        tab.press("Tab")
        assert tab.evaluate(focus) == wanted
    tab.press("Enter", "\r")
    says(tab, "In your wallet", "#sums")
    tab.evaluate("document.getElementById('tab-coins').focus()")
    for key, wanted in (
        ("ArrowRight", "tab-stake"),
        ("End", "tab-check"),
        ("ArrowRight", "tab-coins"),
        ("ArrowLeft", "tab-check"),
    ):
        tab.press(key)
        assert tab.evaluate(focus) == wanted
        assert (
            tab.evaluate("document.getElementById(document.activeElement.getAttribute('aria-controls')).hidden")
            is False
        )
    tab.press("Home")
    tab.press("Tab")
    assert tab.evaluate(focus).startswith("Claim")
    tab.press("Enter", "\r")
    says(tab, "Confirmed in block", "#notes")
    tab.until("document.activeElement.id === 'coins'")  # the button is gone; its part of the page has the focus


def test_an_operator_s_own_words_stay_words(tab, site, chain, wallet):
    named = RpcDeployer(chain.client, chain.account("owner"))
    actions.register(named, chain.suite, 100, "https://<img src=x onerror=hacked=1>/")
    site.index()
    enter(tab, site, "#stake")
    options = tab.evaluate("[...document.querySelectorAll('#operator option')].map(one => one.textContent)")
    assert any(option.startswith("<img src=x onerror=hacked=1> · 0x") for option in options)
    assert tab.evaluate("typeof hacked") == "undefined"


def test_the_commission_is_the_chain_s_and_what_was_announced_stands_beside_it(tab, site, chain, wallet):
    operator = RpcDeployer(chain.client, chain.account("operator"))
    *_, now, _ = chain.contract("StakingHub").operator_state(operator.account.address)
    actions.register(operator, chain.suite, 5_000, "https://operator.example")
    site.index()
    enter(tab, site, "#stake")
    says(tab, f"keeps {now / 100:g} % (soon 50 %) of what it earns", "#stake-room")


def test_an_index_out_of_reach_is_said_with_what_to_do(tab, site, wallet):
    enter(tab, site)
    tab.evaluate(
        "window.real = window.fetch; window.fetch = (place, ...more) =>"
        " String(place).startsWith('/wallet') ? real(place, ...more) :"
        " Promise.resolve(new Response('{}', { status: 503 })); 1"
    )
    press(tab, "Refresh")
    says(tab, "This page's server says 503 about account/", "#sums .fault")
    tab.evaluate("window.fetch = window.real; 1")
    press(tab, "Try again")
    says(tab, "1,000 KEIFU", "#sums")
