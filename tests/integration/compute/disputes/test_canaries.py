"""A watcher buys canaries of two providers, in processes of their own: the one that fakes a token is convicted."""

from __future__ import annotations

import httpx
import pytest

from keifu.chain.suite import DISPUTES
from keifu.compute.client.disputing import reading_of
from keifu.inference.disputes.reading import Outcome
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.node.watcher.making import CANARY_KEY, canary_section
from keifu.units import COIN
from tests.integration.compute.conftest import until
from tests.integration.compute.disputes.conftest import RESTITUTION, DisputedNode

TEXTS = "Is it true that a receipt binds it? Nobody has to believe it.\n\nWhat is a proof of work?\n"
HELD, DAY = 200 * COIN, 10 * COIN


class Watching(DisputedNode):
    """The same of a watcher."""

    kind = "watcher"

    def run(self, *settings):
        self.start(*settings)
        until(self._announced, self.process)
        return self

    def canaries(self):
        return self.status().get("canaries", {})

    def count(self, outcome):
        page = httpx.get(f"http://{self.owner_pages}/metrics").text
        name = f'keifu_node_canaries_total{{outcome="{outcome}"}} '
        return next((float(line[len(name) :]) for line in page.splitlines() if line.startswith(name)), 0.0)


@pytest.fixture
def watch(paid, environment, integers, tmp_path):
    """Makes a watcher of the providers that are named; it runs."""
    made = []

    def watch(*nodes):
        (tmp_path / "texts").mkdir()
        (tmp_path / "texts" / "mail.txt").write_text(TEXTS)
        own = canary_section(
            integers, tmp_path / "texts", environment, every=1, most=COIN // 100, day=DAY, deposit=COIN,
            restitution=RESTITUTION,
        )  # fmt: skip
        own["canaries"]["providers"] = {node.account: node.url for node in nodes}
        wish = Wish(
            paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role="watcher", second_key=CANARY_KEY,
            own={"poll": "1 second", **own},
        )  # fmt: skip
        paid.anvil.account("watcher")
        key = paid.anvil.account(f"watcher {CANARY_KEY}")
        paid.token.transfer(key, HELD, sender=paid.deployer.account)
        node = Watching(paid, tmp_path / "watcher", make_node(kind_of("watcher"), tmp_path / "watcher", wish).account)
        made.append(node)
        return node.run(), key.address

    yield watch
    for node in made:
        node.process.kill()
        node.process.wait()


def test_a_faked_token_is_found_by_a_canary_and_convicted(paid, sell, watch):
    honest, faker = sell("honest seller"), sell("lying seller", "tests.faking_node")
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
