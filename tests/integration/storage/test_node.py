"""Storage nodes of the market as processes: what they accept, prove, answer, delete and are paid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keifu.keys import Account
from tests.integration.node.conftest import until
from tests.integration.storage.world import PRICE, World


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("storage")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        made = World(folder)
        yield made
        made.anvil.stop()


def test_a_deal_is_kept_accepted_proven_and_paid(world):
    node = world.node("first provider")
    with node.inside():
        deal = world.open(["first provider"])
        assert deal.hand(node, 0).status_code == 409
        deal.upload(node, 0)
        assert deal.hand(node, 0).json() == {"state": "kept"}
        until(lambda: deal.state(node, 0) == "accepted")
        epoch = world.next_epoch()
        world.pass_epoch(lambda: world.proven("first provider", epoch))
        assert world.market.ledger(Account.from_role("first provider"))[-1] == PRICE
