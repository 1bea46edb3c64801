"""A watcher with canaries, in a process of its own, and what is asked of it beside two sellers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from keifu.chain.suite import DISPUTES
from keifu.compute.client.disputing import reading_of
from keifu.inference.disputes.reading import Outcome
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.node.watcher.making import CANARY_KEY, canary_section
from keifu.units import COIN
from tests.integration.compute.conftest import until
from tests.integration.compute.disputes.conftest import RESTITUTION, DisputedNode
from tests.integration.compute.market.conftest import Promised

HELD, DAY = 200 * COIN, 10 * COIN
Watch = Callable[..., Any]


class Watching(DisputedNode):
    """The same of a watcher."""

    kind = "watcher"

    def run(self, *settings: str) -> Watching:
        self.start(*settings)
        until(self._announced, self.process)
        return self

    def canaries(self) -> Any:
        return self.status().get("canaries", {})

    def count(self, outcome: str) -> float:
        page = httpx.get(f"http://{self.owner_pages}/metrics").text
        name = f'keifu_node_canaries_total{{outcome="{outcome}"}} '
        return next((float(line[len(name) :]) for line in page.splitlines() if line.startswith(name)), 0.0)


@contextmanager
def watching(paid: Promised, environment: bytes, integers: Path, asked: Path, folder: Path) -> Iterator[Watch]:
    """Makes a watcher of the providers that are named, which asks from a folder; it runs."""
    made: list[Watching] = []

    def watch(*nodes: DisputedNode) -> tuple[Watching, str]:
        own = canary_section(
            integers, asked, environment, every=1, most=COIN // 100, day=DAY, deposit=COIN, restitution=RESTITUTION
        )
        own["canaries"]["providers"] = {node.account: node.url for node in nodes}
        wish = Wish(
            paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role="watcher", second_key=CANARY_KEY,
            own={"poll": "1 second", **own},
        )  # fmt: skip
        paid.anvil.account("watcher")
        key = paid.anvil.account(f"watcher {CANARY_KEY}")
        paid.token.transfer(key, HELD, sender=paid.deployer.account)
        node = Watching(paid, folder / "watcher", make_node(kind_of("watcher"), folder / "watcher", wish).account)
        made.append(node)
        return node.run(), key.address

    yield watch
    for node in made:
        node.process.kill()
        node.process.wait()


def convicted_by_canaries(paid: Promised, watch: Watch, honest: DisputedNode, faker: DisputedNode) -> None:
    """The one that lies loses, the other is found right; no seller can tell who asks."""
    watcher, key = watch(honest, faker)
    reading = reading_of(paid.client, paid.suite, 0)
    (opened,) = until(lambda: reading.opened(operator=faker.account), watcher.process)
    assert (opened.challenger, key) == (key.lower(), watcher.canaries()["account"].lower())
    outcome = until(lambda: reading.outcome(opened), watcher.process)
    assert outcome == Outcome(True, RESTITUTION, RESTITUTION // 10)
    until(lambda: watcher.canaries()["replies"].get("right"), watcher.process)
    assert reading.opened(operator=honest.account) == []
    assert watcher.count("bought") >= 1
    assert 0 < int(watcher.canaries()["spent_today"]) <= DAY
    disputes = paid.suite.at(paid.client, DISPUTES)
    until(lambda: disputes.credits(key) == 0 and paid.token.balanceOf(key) > HELD, watcher.process)
    assert "canary" not in (honest.log() + faker.log())
    assert watcher.end() == 0
    assert "a reply to a canary: convicted" in watcher.log()
