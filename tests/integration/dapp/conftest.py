"""The page for holders and authors on a real chain, in a real browser, with wallets that tests answer for."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.browser import Tab
from keifu.chain.deployments import open_record
from keifu.chain.header import genesis_of
from keifu.explorer import Explorer
from keifu.explorer.dapp import Dapp
from keifu.index import Indexer, suite_of
from keifu.local.kit import Playground, opened
from keifu.serving import Limits, Request, Response, Server
from tests.integration.dapp.wallet import Wallet, injected, relay
from tests.integration.explorer.conftest import browser  # noqa: F401 - the same browser, the same way

ROOT = Path(__file__).parents[3]
WIDE, NARROW = (1_100, 900), (360, 740)


class Site:
    """An explorer with the page, over an index of a chain that tests change."""

    def __init__(self, chain: Playground, folder: Path, page: Path) -> None:
        self.chain, self.wallets = chain, dict[str, Wallet]()
        record = open_record(chain.kit.chain_id, genesis_of(chain.client.rpc), chain.folder)
        place = str(folder / "index.sqlite")
        self._indexer = Indexer(chain.client.rpc, suite_of(record), place, on_notice=lambda notice: None)
        self.index()
        self.explorer = Explorer(place, dapp=Dapp(page, chain.grants))
        self._server = Server(self._answer, host="127.0.0.1", port=0, limits=Limits())
        self.url = self._server.url
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._server.run, args=(self._ended.is_set,))
        self._thread.start()

    def index(self) -> None:
        """Take in what has happened on the chain."""
        self._indexer.run(lambda step: step.caught_up)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self.explorer.close()
        self._indexer.close()

    def _answer(self, request: Request) -> Response:
        return relay(self.wallets, request) if request.path == "/wallet" else self.explorer(request)


@pytest.fixture(scope="package")
def page(tmp_path_factory) -> Path:
    """The page, built into a folder of its own."""
    folder = tmp_path_factory.mktemp("page")
    subprocess.run(["node", "examples/dapp/build.mjs", folder], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="package")
def site(kit, page, tmp_path_factory) -> Iterator[Site]:
    with opened(kit) as chain, closing(Site(chain, tmp_path_factory.mktemp("site"), page)) as made:
        yield made


@pytest.fixture
def chain(site) -> Iterator[Playground]:
    """What a test does is undone, on the chain and in the index."""
    with site.chain.undoing() as chain:
        yield chain
    site.index()


@pytest.fixture
def wallet(site, chain) -> Wallet:
    """The holder's, on the suite's chain."""
    made = Wallet("Amber", chain.account("holder").address, chain.kit.chain_id, chain.url)
    site.wallets = {made.info["uuid"]: made}
    return made


@pytest.fixture(scope="package")
def _tab(browser) -> Tab:  # noqa: F811
    return browser.tab()


@pytest.fixture
def tab(site, _tab, wallet) -> Iterator[Tab]:
    """The browser's page, not opened yet. Nothing that it asks for may be elsewhere, and no script may fail."""
    _tab.size(*WIDE)
    _tab.asked.clear()
    _tab.faults.clear()
    yield _tab
    assert [asked for asked in _tab.asked if not asked.startswith((f"{site.url}/", "data:"))] == []
    assert _tab.faults == []
    _tab.open("about:blank")


def visit(tab: Tab, site: Site, part: str = "") -> None:
    """Open the page with the site's wallets in the browser."""
    script = tab.call("Page.addScriptToEvaluateOnNewDocument", source=injected(*site.wallets.values()))
    tab.open(f"{site.url}/dapp/{part}")
    tab.call("Page.removeScriptToEvaluateOnNewDocument", **script)
    says(tab, "Connect your wallet")


def text(tab: Tab, selector: str) -> str:
    return tab.evaluate(f"(document.querySelector({selector!r}) ?? {{innerText: ''}}).innerText")


def press(tab: Tab, label: str) -> None:
    """The visible button with a line that begins with these words, as soon as it can be pressed."""
    is_it = f"one.innerText.split('\\n').some(line => line.startsWith({label!r})) && one.offsetParent && !one.disabled"
    is_it += " && !one.ariaBusy"
    found = f"[...document.querySelectorAll('button, [role=tab]')].find(one => {is_it})"
    tab.until(f"Boolean({found})")
    tab.evaluate(f"{found}.click()")


def says(tab: Tab, words: str, selector: str = "body") -> None:
    """Wait for words on the page."""
    tab.until(f"(document.querySelector({selector!r}) ?? {{innerText: ''}}).innerText.includes({words!r})")


def enter(tab: Tab, site: Site, part: str = "") -> None:
    """Open the page and connect the first wallet."""
    visit(tab, site, part)
    press(tab, next(iter(site.wallets.values())).info["name"])
    says(tab, "In your wallet", "#sums")
