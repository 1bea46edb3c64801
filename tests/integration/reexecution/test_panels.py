"""An answer of a float model from the provider's node over the client's doubt to the panel's word and the court's
verdict, with real nodes on a real chain."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import keifu
from examples.floats.server import FloatServer
from keifu.keys import Account
from keifu.reexecution.reading import Demand, Stage
from keifu.units import COIN
from tests.integration.compute.conftest import PaidNode, until
from tests.integration.node.conftest import Node
from tests.integration.reexecution.conftest import (
    FEE,
    MEMBERS,
    OPERATOR,
    RESTITUTION,
    TOLERANCE,
    Panels,
    Run,
)

CLIENT = "payer"
PANEL = 3
AGREES, DIFFERS = 1, 2


class Story:
    """One promise, and an answer under it."""

    def __init__(self, paid: Panels, run: Run, provider: PaidNode) -> None:
        self.paid, self.run, self.provider = paid, run, provider
        opened = run(CLIENT, "channel", "open", "--to", provider.account, "--amount", COIN)
        self.channel = opened["channel"]
        terms = ["--panel", PANEL, "--needed", 2, "--digest", paid.digest.hex()]
        tolerance = ["--absolute", TOLERANCE.absolute, "--relative", TOLERANCE.relative]
        offered = run(OPERATOR, "reexecute", "offer", self.channel, *terms, *tolerance, "--price", 10)
        self.promise = offered["promise"]
        assert offered["pool"] == paid.pool.hex()

    def accept(self) -> None:
        """And wait until the node's clock has come to the promise: the chain may be seconds ahead."""
        self.run(CLIENT, "reexecute", "accept", self.promise, "--most", 10)
        until(lambda: self.ask("are we there?")["evidence"] == "re-executed")

    def ask(self, text: str = "how far is it?") -> dict[str, Any]:
        asked = ["--provider", self.provider.url, "--most", 1_000]
        asked += ["--operator", Account.from_role(OPERATOR).address]
        found: dict[str, Any] = self.run(CLIENT, "infer", "words", "--endpoint", "embeddings", "--text", text, *asked)
        return found

    def open(self) -> int:
        """A demand about the newest answer, with its panel drawn."""
        newest = self.run("", "reexecute", "kept")[-1]
        receipt = newest["receipt"]
        number: int = self.run(CLIENT, "reexecute", "open", receipt)["id"]
        assert self.run(CLIENT, "reexecute", "open", receipt)["id"] == number  # again: the same
        self.paid.to_the_seed(number)
        done = self.run(CLIENT, "reexecute", "settle", number)["done"]
        assert "drew the panel" in done
        return number

    def demand(self, number: int) -> Demand:
        return self.paid.reading.demand(number)

    def until_over(self, number: int) -> None:
        """Members take turns by the chain's time, so blocks go on."""
        until(lambda: self.paid.anvil.mine() or self.demand(number).stage == Stage.OVER)

    def words(self, number: int) -> list[int]:
        demand = self.demand(number)
        return [seat.word for seat in self.paid.reading.seats(demand, self.paid.reading.promise(demand.promise))]

    def seals(self, number: int) -> int:
        demand = self.demand(number)
        seats = self.paid.reading.seats(demand, self.paid.reading.promise(demand.promise))
        return sum(any(seat.seal) for seat in seats)


@pytest.fixture
def story(paid: Panels, run: Run, provider: PaidNode) -> Story:
    return Story(paid, run, provider)


def until_all(story: Story, number: int, *, sealed: int) -> None:
    until(lambda: story.seals(number) == sealed)


def test_an_honest_answer_is_agreed_to_and_members_are_paid(story: Story, member: Callable[[str], Node]) -> None:
    assert story.ask()["evidence"] == "unverified"  # before the promise holds
    story.accept()
    assert story.ask()["evidence"] == "re-executed"
    number = story.open()
    nodes = [member(name).run() for name in MEMBERS]
    until_all(story, number, sealed=3)
    before = [story.paid.held_by(name) for name in MEMBERS]
    story.paid.pass_to(story.demand(number).commit_until + 1)
    until(lambda: story.words(number) == [AGREES] * 3)
    nodes[0].assert_shown()
    story.paid.pass_to(story.demand(number).reveal_until + 1)
    story.until_over(number)
    until(lambda: [story.paid.held_by(name) for name in MEMBERS] == [item + FEE for item in before])
    found = story.run("", "reexecute", "status", number)
    assert (found["next"], found["differs"], found["answered"]) == ("over", 0, 3)
    assert story.ask()["evidence"] == "re-executed"  # the promise goes on


def test_a_provider_that_lies_loses_and_its_client_has_its_money_back(
    story: Story, member: Callable[[str], Node], words: FloatServer
) -> None:
    story.accept()
    words.lie = 0.5
    assert story.ask()["evidence"] == "re-executed"  # nothing of it can be seen in the answer
    number = story.open()
    nodes = [member(name).run() for name in MEMBERS]
    until_all(story, number, sealed=3)
    story.paid.pass_to(story.demand(number).commit_until + 1)
    until(lambda: story.words(number) == [DIFFERS] * 3)
    story.paid.pass_to(story.demand(number).reveal_until + 1)
    assert story.run("", "reexecute", "status", number)["next"] == "accuse"
    case = story.run(CLIENT, "reexecute", "accuse", number)["case"]
    assert "case 1" in story.run(CLIENT, "reexecute", "accuse", number, status=2)
    assert story.run("", "reexecute", "status", number)["next"] == "court"
    story.run(OPERATOR, "reexecute", "concede", number)
    story.until_over(number)  # a member pulls the verdict
    for node in nodes:
        assert node.end() == 0
    settled = story.run(CLIENT, "reexecute", "settle", number)
    assert (settled["outcome"], settled["case_id"]) == ("convicted", case)
    _, _, costs = story.paid.reading.court.verdict(case)
    assert int(settled["paid"]) == RESTITUTION + PANEL * FEE + costs
    assert story.run("", "reexecute", "promise", story.promise)["state"] == "over"
    assert story.ask()["evidence"] == "unverified"  # a promise pays once


def test_a_silent_member_is_fined_and_the_others_decide(story: Story, member: Callable[[str], Node]) -> None:
    story.accept()
    story.ask()
    number = story.open()
    for name in MEMBERS[:2]:
        member(name).run()
    until_all(story, number, sealed=2)
    story.paid.pass_to(story.demand(number).commit_until + 1)
    until(lambda: sorted(story.words(number)) == [0, AGREES, AGREES])
    story.paid.pass_to(story.demand(number).reveal_until + 1)
    story.until_over(number)
    story.run(CLIENT, "reexecute", "settle", number)
    slots = story.paid.reading.slots(story.paid.pool)
    assert {slot.executor: slot.fines for slot in slots} == {
        Account.from_role(name).address.lower(): fines for name, fines in zip(MEMBERS, (0, 0, 1), strict=True)
    }


def test_a_member_killed_between_seal_and_showing_shows_what_it_sealed(
    story: Story, member: Callable[[str], Node], servers: dict[str, FloatServer]
) -> None:
    story.accept()
    story.ask()
    number = story.open()
    nodes = [member(name).run() for name in MEMBERS]
    until_all(story, number, sealed=3)
    for node in nodes:
        node.end(signal.SIGKILL)
    asked = [servers[name].asked for name in MEMBERS]
    for path in nodes[2].folder.glob("node.sqlite*"):
        path.unlink()  # one has lost its disk, too, and computes again what its key has sealed
    story.paid.pass_to(story.demand(number).commit_until + 1)
    for node in nodes:
        node.run()
    until(lambda: story.words(number) == [AGREES] * 3)
    assert [servers[name].asked - before for name, before in zip(MEMBERS, asked, strict=True)] == [0, 0, 1]


def test_the_sdk_takes_a_promise_and_doubts_an_answer(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEIFU_ROLE", CLIENT)
    with keifu.connect() as k:
        with pytest.raises(keifu.CheckFailed, match="it costs 10 coins"):
            k.doubts.accept(story.promise, most=9)
        with pytest.raises(keifu.UsageError, match="no such answer is kept"):
            k.doubts.open()
        last = k.doubts.accept(story.promise, most=10, pool=3)
        assert last == story.paid.reading.promise(story.promise).terms.last
        until(lambda: story.ask()["evidence"] == "re-executed")
        story.paid.pass_to(story.run("", "reexecute", "kept")[-1]["time"])
        with pytest.raises(keifu.UsageError, match="is no receipt's hash"):
            k.doubts.open(receipt="mine")
        opened = k.doubts.open()
        assert (opened.due, opened.answered, opened.case) == ("seed", 0, 0)
        assert k.doubts.open() == opened
        story.paid.to_the_seed(opened.demand)
        assert k.doubts.settle(opened.demand) == 0
        assert k.doubts.show(opened.demand).due == "commit"
        story.paid.pass_to(story.demand(opened.demand).reveal_until + 1)
        with pytest.raises(keifu.Revert, match="nothing to accuse of"):
            k.doubts.accuse(opened.demand)
        k.doubts.settle(opened.demand)
        assert k.doubts.show(opened.demand).due == "over"


def test_bad_input_is_refused_in_one_line_each_and_nothing_is_sent(story: Story, tmp_path: Path) -> None:
    run, before = story.run, story.paid.held_by(CLIENT)
    story.ask()  # before any promise holds
    receipt = run("", "reexecute", "kept")[-1]["receipt"]
    capture = tmp_path / "capture.har"
    capture.write_text("{}")
    refused = [
        (2, "is not kept", ("open", "ab" * 32)),
        (2, "is no receipt's hash and no file", ("open", "nowhere.har")),
        (2, "no promise of yours is about this answer", ("open", receipt)),
        (2, "no promise of yours is about this answer", ("open", receipt, "--promise", story.promise)),
        (2, "there is no promise 99", ("open", receipt, "--promise", 99)),
        (2, "there is no promise 99", ("accept", 99)),
        (1, "it costs 10 coins, not 9", ("accept", story.promise, "--most", 9)),
        (1, "reexecution: pool too small", ("accept", story.promise, "--most", 10, "--pool", 4)),
        (2, "there is no demand 1", ("settle", 1)),
        (2, "there is no demand 1", ("accuse", 1)),
        (1, "reexecution: no case", ("concede", 1)),
        (1, "reexecution: not the client", ("release", 99)),
    ]
    for status, words, command in refused:
        said = run(CLIENT, "reexecute", *command, status=status)
        assert (words in said, said.count("\n")) == (True, 1), (command, said)
    assert "HAR" in run(CLIENT, "reexecute", "open", capture, status=2)
    assert story.paid.held_by(CLIENT) == before


def test_an_answer_in_a_file_is_compared_and_opened_by_its_promise(story: Story, tmp_path: Path) -> None:
    story.accept()
    capture = tmp_path / "reply.har"
    asked = ["--provider", story.provider.url, "--operator", Account.from_role(OPERATOR).address]
    words = ["infer", "words", "--endpoint", "embeddings", "--text", "kept", "--most", 1_000, "--keep", capture]
    story.run(CLIENT, *words, *asked)
    compared = ["verify-reply", capture, *asked[2:]]
    for promise, word in (
        (("--promise", story.promise), "re-executed: "),
        ((), "unverified: "),
        (("--promise", 99), "unverified: "),
    ):
        findings = story.run("", *compared, *promise)
        [evidence] = [item for item in _checks(findings) if item["check"] == "evidence"]
        assert evidence["detail"].startswith(word)
    story.paid.pass_to(story.run("", "reexecute", "kept")[-1]["time"])
    demand = story.run(CLIENT, "reexecute", "open", capture, "--promise", story.promise)
    assert (demand["promise"], demand["stage"]) == (story.promise, "waiting")


def _checks(found: Any) -> list[dict[str, Any]]:
    return found["checks"] if isinstance(found, dict) else found
