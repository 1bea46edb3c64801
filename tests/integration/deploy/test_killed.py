"""count.resume and count.verify with small numbers; `make fuzz-deep` kills at each transaction."""

from __future__ import annotations

import pytest

from keifu.chain import Anvil
from tests import killed_deployments
from tests.ape_chain import GENESIS
from tests.profiles import quick_or_deep
from tests.seeded_differences import Room

EVERY = quick_or_deep(20, 1)
PART = quick_or_deep(6, 1)
TRANSACTIONS = 40  # the factory, 29 contracts, five services queued and five listed, at least


@pytest.mark.slow
def test_a_deployment_killed_at_any_transaction_comes_to_the_undisturbed_manifest():
    found = list(killed_deployments.trials(EVERY))
    assert [place for place, same in found if not same] == []
    assert len(found) * EVERY >= TRANSACTIONS


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with Anvil(timestamp=GENESIS) as anvil:
        yield Room(anvil, tmp_path_factory.mktemp("room"))


@pytest.mark.parametrize(("kind", "least"), [("code", 30), ("roles", 8), ("services", 16), ("choices", 20)])
def test_every_seeded_difference_is_named(room, kind, least):
    found = list(room.choices(PART) if kind == "choices" else getattr(room, kind)())
    assert [item.what for item in found if not item.found] == []
    assert len(found) >= least
