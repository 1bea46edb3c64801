"""What anybody may do in a demand, where another is first each time: members' nodes do the same by themselves."""

from __future__ import annotations

import pytest

from keifu.chain.suite import COURT, REEXECUTION
from keifu.errors import Revert
from keifu.keys import Account
from keifu.reexecution import actions
from keifu.reexecution.reading import seal
from keifu.staking import court
from keifu.units import DAY
from tests.beaten import Beaten
from tests.integration.compute.conftest import PaidNode
from tests.integration.reexecution.conftest import FEE, MEMBERS, NEWCOMER, Panels, Run
from tests.integration.reexecution.test_panels import CLIENT, DIFFERS, PANEL, Story

ANSWER, SALT = b"\x11" * 32, b"\x22" * 32
STEPS = ("capture", "draw", "close", "pull", "settle_seat", "settle")


@pytest.fixture
def story(paid: Panels, run: Run, provider: PaidNode) -> Story:
    made = Story(paid, run, provider)
    made.accept()
    made.ask()
    return made


@pytest.fixture
def second(paid: Panels) -> Beaten:
    return Beaten(paid.by(paid.payer), paid.by(Account.from_role(NEWCOMER)), *STEPS)


def opened(story: Story) -> int:
    receipt = story.run("", "reexecute", "kept")[-1]["receipt"]
    number: int = story.run(CLIENT, "reexecute", "open", receipt)["id"]
    story.paid.to_the_seed(number)
    return number


def say(story: Story, number: int) -> None:
    """Each member seals and shows that the answer differs."""
    demand, where = story.demand(number), story.paid.suite[REEXECUTION]
    seats = story.paid.reading.seats(demand, story.paid.reading.promise(demand.promise))
    by = {Account.from_role(name).address.lower(): story.paid.by(Account.from_role(name)) for name in MEMBERS}
    for place, seat in enumerate(seats):
        sealed = seal(number, DIFFERS, ANSWER, SALT, seat.executor)
        by[seat.executor].call(where, REEXECUTION, "commit", number, place, sealed)
    story.paid.pass_to(demand.commit_until + 1)
    for place, seat in enumerate(seats):
        by[seat.executor].call(where, REEXECUTION, "reveal", number, place, DIFFERS, ANSWER, SALT)
    story.paid.pass_to(demand.reveal_until + 1)


def test_a_demand_is_over_though_another_does_each_step_first(story: Story, second: Beaten) -> None:
    paid, number = story.paid, opened(story)
    assert actions.go_on(second, paid.suite, paid.reading, number) == []
    assert (second.beaten, story.demand(number).drawn > 0) == (["capture", "draw"], True)
    paid.pass_to(story.demand(number).reveal_until + 1)
    assert actions.go_on(second, paid.suite, paid.reading, number) == []
    assert second.beaten[2:] == ["close"] + ["settle_seat"] * PANEL
    paid.pass_to(paid.reading.promise(story.promise).until + 1)  # longer by what nobody judged
    assert actions.go_on(second, paid.suite, paid.reading, number) == []
    assert second.beaten[-1] == "settle"
    seats = paid.reading.seats(story.demand(number), paid.reading.promise(story.promise))
    assert all(seat.is_settled for seat in seats)
    assert paid.reading.promise(story.promise).reserve == 0


def test_a_verdict_is_pulled_though_another_brings_seed_and_verdict_first(story: Story, second: Beaten) -> None:
    paid, number = story.paid, opened(story)
    actions.go_on(second, paid.suite, paid.reading, number)
    say(story, number)
    case = story.run(CLIENT, "reexecute", "accuse", number)["case"]
    paid.pass_to(paid.client.now + DAY + 1)
    assert court.advance(second, paid.suite, case) == "seed"
    epoch = court.read_case(paid.suite.at(paid.client, COURT), case).seed_epoch
    paid.client.rpc.call("anvil_mine", hex(paid.reading.randomness.source(epoch) + 2 - paid.client.rpc.block_number()))
    assert court.draw(paid.client, second, paid.suite, case) == 0
    assert second.beaten[-1] == "capture"
    assert court.read_case(paid.suite.at(paid.client, COURT), case).phase == "commit"
    while court.advance(second, paid.suite, case) != "over":
        paid.pass_to(paid.client.now + DAY)
    assert actions.go_on(second, paid.suite, paid.reading, number) == []
    assert second.beaten[3:] == ["pull"] + ["settle_seat"] * PANEL


def test_a_refusal_of_what_nobody_did_is_told(story: Story, second: Beaten) -> None:
    """The chain refuses, and what was due is due as before."""

    class Wrong(Beaten):
        def transact(self, address: str, name: str, function: str, *args: object) -> object:
            return super().transact(address, name, function, *([99] if function == "draw" else args))

    number = opened(story)
    wrong = Wrong(second, second)
    with pytest.raises(Revert, match="reexecution: not the stage"):
        actions.go_on(wrong, story.paid.suite, story.paid.reading, number)


def test_a_seat_or_a_promise_that_is_refused_is_not_said_to_be_free(story: Story, second: Beaten) -> None:
    class Refused(Beaten):
        def transact(self, address: str, name: str, function: str, *args: object) -> object:
            if function in ("settle_seat", "settle"):
                raise Revert("reexecution: not now")
            return super().transact(address, name, function, *args)

    paid, number = story.paid, opened(story)
    refused, failed = Refused(second, second), pytest.raises(Revert, match="reexecution: not now")
    actions.go_on(second, paid.suite, paid.reading, number)
    paid.pass_to(story.demand(number).reveal_until + 1)
    with failed:
        actions.go_on(refused, paid.suite, paid.reading, number)
    assert len(actions.go_on(paid.by(paid.payer), paid.suite, paid.reading, number)) == PANEL
    paid.pass_to(paid.reading.promise(story.promise).until + 1)
    with failed:
        actions.go_on(refused, paid.suite, paid.reading, number)
    assert paid.reading.promise(story.promise).reserve > 0


def test_what_another_had_paid_out_is_paid_once(story: Story, second: Beaten) -> None:
    """Anybody may have a credit paid to its account."""

    class Paid(Beaten):
        def transact(self, address: str, name: str, function: str, *args: object) -> object:
            if function == "withdraw":
                self._first.call(address, name, "pay", self.sender)
            return super().transact(address, name, function, *args)

    paid, number = story.paid, opened(story)
    actions.go_on(second, paid.suite, paid.reading, number)
    say(story, number)
    name, before = MEMBERS[0], paid.held_by(MEMBERS[0])
    member = paid.by(Account.from_role(name))
    assert actions.withdraw(Paid(member, second), paid.suite) == FEE
    assert paid.held_by(name) == before + FEE
    assert actions.withdraw(member, paid.suite) == 0
