"""The explorer over a real suite: every page is there, and its figures are those of the contracts' views."""

from __future__ import annotations

import re
from contextlib import closing

from keifu.explorer import Explorer
from tests.unit.explorer.conftest import text
from tests.unit.explorer.test_pages import followed

LOCK = re.compile(r"/address/(0x[0-9a-f]{40})[^<]*<.*?<data value=\"(\d+)\"")


def test_the_pages_of_a_real_suite_say_what_its_views_say(world):
    with world.indexed():
        pass
    hub = world.client.at(world.suite["StakingHub"], "StakingHub")
    with closing(Explorer(str(world.folder / "index.sqlite"))) as explorer:
        pages = followed(explorer, "/en")
        operators = {found[0] for target in pages if (found := re.findall(r"^/en/operator/(0x[0-9a-f]{40})$", target))}
        assert operators
        for operator in operators:
            page = text(explorer, f"/en/operator/{operator}")
            shown = int(re.search(r"Delegated to it.*?<data value=\"(\d+)\"", page)[1])
            assert shown == hub.operator_state(operator)[2]
            for service, amount in LOCK.findall(locks_of(page)):
                assert int(amount) == hub.lock_of(service, operator)


def locks_of(page: str) -> str:
    start = page.index('id="locks"')
    return page[start : page.index("</section>", start)]
