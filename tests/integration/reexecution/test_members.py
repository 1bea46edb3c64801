"""A re-executor joins its pool by itself when its coins are locked, and leaves with them."""

from __future__ import annotations

from collections.abc import Callable

from keifu.keys import Account
from keifu.reexecution.reading import SLOT_STAKE
from keifu.units import COIN
from tests.integration.compute.conftest import until
from tests.integration.node.conftest import Node
from tests.integration.reexecution.conftest import MEMBERS, NEWCOMER, Panels, Run


def executors(paid: Panels) -> list[str]:
    return [slot.executor for slot in paid.reading.slots(paid.pool)]


def test_a_newcomer_joins_once_its_coins_are_locked_and_leaves_with_them(
    paid: Panels, run: Run, member: Callable[[str], Node]
) -> None:
    me, before = Account.from_role(NEWCOMER).address.lower(), paid.held_by(NEWCOMER)
    node = member(NEWCOMER)
    assert "1 check failed: stake" in run("", "node", "reexecutor", "doctor", node.folder, status=1)
    run(NEWCOMER, "staking", "register")
    assert run(NEWCOMER, "reexecute", "lock", 2_000)["locked"] == str(SLOT_STAKE)
    node.run()
    until(lambda: me in executors(paid))
    assert node.end() == 0
    asked = run("", "node", "reexecutor", "exit", node.folder)
    assert (asked["paid"], asked["leaving"]) == ("0", str(SLOT_STAKE))
    paid.pass_to(asked["release_at"] + 1)
    assert run("", "node", "reexecutor", "exit", node.folder)["paid"] == str(SLOT_STAKE)
    assert me not in executors(paid)
    assert paid.held_by(NEWCOMER) == before
    assert "nothing is left to do" in run("", "node", "reexecutor", "exit", node.folder, status=1)


def test_a_member_whose_slot_has_ended_does_not_join_again_by_itself(
    paid: Panels, run: Run, member: Callable[[str], Node]
) -> None:
    node = member(MEMBERS[0])
    asked = run("", "node", "reexecutor", "exit", node.folder)
    assert asked["leaving"] == str(2_000 * COIN)
    node.run()
    until(lambda: "it is drawn no more" in node.get("/status").json()["trouble"])
    assert node.end() == 0
