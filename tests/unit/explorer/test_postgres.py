"""The same pages from PostgreSQL, word for word."""

from __future__ import annotations

from contextlib import closing

import pytest

from benchmarks.explorer_world import small, world
from keifu.explorer import Explorer
from tests.postgres import running_server
from tests.unit.explorer.conftest import HOSTILE, HOSTILE_URI, text

pytestmark = pytest.mark.xdist_group("postgres")


def test_pages_from_postgresql_are_those_from_sqlite(explorer, known):
    places = [
        "/en", "/en/operators", "/en/slashes", "/ja/cases", "/en/case/1", "/en/grants", "/en/escrow/1", "/en/records",
        f"/en/operator/{known['cheat']}", f"/en/environment/{known['environment'][2:]}", f"/en/address/{known['lab']}",
        f"/en/record/{known['second'][2:]}", f"/en/record/{known['data'][2:]}/impact", "/en/block/2",
        f"/en/search?q={known['first'][2:10]}",
    ]  # fmt: skip
    with running_server() as server:
        place = server.new_database()
        with world(place) as scribe:
            small(scribe, metadata=HOSTILE_URI, name=HOSTILE)
            with closing(Explorer(place)) as other:
                for target in places:
                    assert text(other, target) == text(explorer, target), target
