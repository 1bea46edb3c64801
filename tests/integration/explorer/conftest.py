"""One browser for all tests of a process, and an explorer over a small made-up world that tests may change."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from benchmarks.browser import Browser, Tab, program
from benchmarks.explorer_world import Scribe, small, world
from keifu.errors import EnvironmentFault
from keifu.explorer import Explorer
from keifu.serving import Limits, Server
from tests.unit.explorer.conftest import HOSTILE, HOSTILE_URI

WIDE, NARROW = (1_100, 800), (360, 740)


class Site:
    """An explorer that is served, ended and served again at the same place."""

    def __init__(self, scribe: Scribe, known: dict[str, str], place: str) -> None:
        self.scribe, self.known, self.place = scribe, known, place
        self._port = 0

    def start(self) -> None:
        self.explorer = Explorer(self.place)
        refused = self.explorer.refused
        server = Server(self.explorer, host="127.0.0.1", port=self._port, limits=Limits(), refused=refused)
        self._port = int(server.address.rpartition(":")[2])
        self.url = server.url
        self._ended = threading.Event()
        self._thread = threading.Thread(target=server.run, args=(self._ended.is_set,))
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self.explorer.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        program()
    except EnvironmentFault as error:
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="package")
def site(tmp_path_factory) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("site") / "index.sqlite"
    with world(path) as scribe:
        made = Site(scribe, small(scribe, metadata=HOSTILE_URI, name=HOSTILE), str(path))
        made.start()
        with closing(scribe.store.database):
            yield made
            made.end()


@pytest.fixture(scope="package")
def _tab(browser) -> Tab:
    return browser.tab()


@pytest.fixture
def tab(_tab, site) -> Iterator[Tab]:
    """The page, wide and light. Nothing that it asks for may be elsewhere, and nothing on it may fail."""
    _tab.size(*WIDE)
    _tab.asked.clear()
    _tab.faults.clear()
    yield _tab
    assert [asked for asked in _tab.asked if not asked.startswith(f"{site.url}/")] == []
    assert _tab.faults == []
