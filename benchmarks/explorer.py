"""The explorer as its reader waits for it: the first paint of a page, and the time from a block to what is shown.

Pages are opened in a headless Chromium that has seen none before, from a server in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO

from benchmarks._lab import GENESIS, Lab
from benchmarks._rows import Row
from benchmarks.browser import Browser, Tab
from benchmarks.explorer_world import address, large, world
from keifu.chain import Anvil
from keifu.chain.deployments import Record as Deployed
from keifu.chain.header import genesis_of
from keifu.errors import CheckFailed
from keifu.keys import Account, keccak256
from keifu.local.suite import deploy_suite
from keifu.provenance import Kind, Record
from keifu.provenance.registry import Provenance

__all__ = ["ROWS"]

OPERATORS, RECORDS = 10_000, 100_000
LARGEST_PAGE = 200_000  # bytes of the first page with all that it loads
ROUNDS, BLOCKS = 3, 7
IDLE_SECONDS = 1.0  # between blocks: the follower's pauses grow
OPENED = ("en", "en/environments", "en/operators", "en/records", "en/slashes", f"en/operator/{address('operator 0')}")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FIRST_ROW = "document.querySelector('tbody tr').innerText"


@contextmanager
def _keifu(*words: str, **environment: str) -> Iterator[IO[str]]:
    """A command that runs meanwhile; what it prints."""
    command = [str(Path(sys.executable).parent / "keifu"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
        try:
            assert process.stdout
            yield process.stdout
        finally:
            process.terminate()


@contextmanager
def _served(place: Path) -> Iterator[str]:
    """The address of an explorer over this index."""
    with _keifu("explorer", "serve", "--port", "0", "--db", str(place)) as said:
        yield said.readline().split()[0]


def _first_paint(_: Lab) -> float:
    """Seconds until the slowest of the pages shows something, and no more bytes than they may have."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "index.sqlite"
        with world(place) as scribe:
            large(scribe, operators=OPERATORS, records=RECORDS)
        with _served(place) as url, Browser() as browser:
            return max(median(_painted(browser, f"{url}/{page}") for _ in range(ROUNDS)) for page in OPENED)


def _painted(browser: Browser, url: str) -> float:
    tab = browser.tab()  # of a session of its own: nothing is in its cache
    tab.size(1_100, 800)
    tab.open(url)
    milliseconds = float(tab.until(PAINT))
    if tab.bytes > LARGEST_PAGE:
        raise CheckFailed(f"{url} is {tab.bytes:,} bytes, more than {LARGEST_PAGE:,}")
    tab.close()
    return milliseconds / 1_000


def _live(_: Lab) -> float:
    """Seconds from the sending of a transaction until the page that is open shows what it logged: the slowest block."""
    with tempfile.TemporaryDirectory() as folder, Anvil(timestamp=GENESIS) as anvil:
        client, place = anvil.client(), Path(folder) / "index.sqlite"
        suite = deploy_suite(client, Deployed(client.chain_id, genesis_of(client.rpc)), Path(folder))
        author, registry = anvil.account("author"), Provenance(client, suite["ProvenanceRegistry"])
        announced = f"{anvil.url},{anvil.url.replace('http', 'ws', 1)}"
        chain = {"KEIFU_RPC": announced, "KEIFU_DEPLOYMENTS": folder}
        registry.register(_record(author.address, 0), author)
        with _keifu("index", "run", "--db", str(place), **chain) as said:
            said.readline()
            with _served(place) as url, Browser() as browser:
                tab = browser.tab()
                tab.open(f"{url}/en/records")
                tab.until("document.getElementById('live').innerText.startsWith('Live')")
                return max(_shown(tab, registry, author, number) for number in range(1, BLOCKS + 1))


def _shown(tab: Tab, registry: Provenance, author: Account, number: int) -> float:
    time.sleep(IDLE_SECONDS)
    started = time.perf_counter()
    registry.register(_record(author.address, number), author)
    tab.until(f"{FIRST_ROW}.includes('round {number}.')")
    return time.perf_counter() - started


def _record(author: str, number: int) -> Record:
    return Record(author, Kind.DATASET, keccak256(b"%d" % number), version=f"round {number}.")


ROWS = (
    Row(
        "time.page",
        _first_paint,
        f"slowest of {len(OPENED)} pages, median of {ROUNDS} fresh sessions of headless Chromium; "
        f"{OPERATORS:,} operators, {RECORDS:,} records; each page with all that it loads < 200 kB",
        heavy=True,
    ),
    Row(
        "time.live",
        _live,
        f"from the sending of a transaction, slowest of {BLOCKS} blocks on anvil; index, explorer and browser are "
        "processes of their own",
        heavy=True,
    ),
)
