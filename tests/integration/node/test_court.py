"""The court's nodes on a real chain: votes are sealed and revealed in time whatever becomes of the process, the
operator's node calls the re-hearing of its own case, keepers draw juries and never pay twice."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from decimal import Decimal

import pytest

from keifu.chain import timelock
from keifu.chain.sender import Sender
from keifu.chain.suite import HUB, TIMELOCK
from keifu.keys import Account
from keifu.node.attempts import Attempts
from keifu.node.keeper.work import turn_of
from keifu.staking.court import read_case
from keifu.units import COIN, DAY
from tests.faulty_node import FaultyNode
from tests.integration.node.conftest import KEIFU, until
from tests.integration.node.court import JUROR, OPERATOR, Courthouse
from tests.webhook import Hook

PROVED = b"the transcript is false"
RULE = """
import json, sys
case = json.load(sys.stdin)
said = [bytes.fromhex(each["evidence"]) for each in case["statements"]]
if case["hearing"] == "first-jury":
    print("undecided")
else:
    print("innocent" if b"the transcript is false" in said else "guilty")
"""
PHASE_AT = 2 + 64 * 10  # where the phase ends among the words of a case
COMMITTED_AND_GUILTY, REVEALED_INNOCENT = 2, 1


@pytest.fixture(scope="module")
def courthouse(world):
    before = world.anvil.snapshot()
    yield Courthouse(world)
    world.anvil.restore(before)


@pytest.fixture
def at_first(courthouse, world):
    """The court as it was made, and made so again afterwards."""
    before = world.anvil.snapshot()
    yield world
    world.anvil.restore(before)


@pytest.fixture
def hook():
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def juror(make, tmp_path, hook):
    rule = tmp_path / "rule.py"
    rule.write_text(RULE)
    return make("juror", JUROR, "--poll", "1", "--rule", f"{sys.executable} {rule}", "--webhook", hook.url)


def _schedule(courthouse):
    """An action that waits in the timelock."""
    hub = courthouse.suite.at(courthouse.world.client, HUB)
    removal = timelock.operation(hub.address, hub.remove_service.encode(courthouse.sample))
    timelock.advance(courthouse.by("deployer"), courthouse.suite[TIMELOCK], removal)


def _said(hook, words):
    return [alert for alert in hook.got if words in alert["text"]]


def _next_block(world, keepers):
    """One more block, which every keeper has seen: as on a chain whose blocks are further apart than rounds."""
    world.anvil.mine()
    head = world.client.rpc.block_number()
    return until(lambda: all(_head(keeper) >= head for keeper in keepers))


def _head(keeper):
    found = re.search(r"^keifu_node_chain_head_block (\S+)", keeper.get("/metrics").text, re.M)
    return float(found[1])


def _has_revealed(juror, courthouse, case):
    """Whether the salt was ever given to the sender."""
    file, rpc, account = juror.folder / "sender.sqlite", courthouse.world.client.rpc, Account.from_role(JUROR)
    with Sender(file, rpc, account, deployment=courthouse.court.address) as sender:
        return Attempts(sender).last(f"reveal {case} 0") is not None


def _ended(keeper):
    """How the keeper's jobs ended, in a list that is not empty; None while one is open."""
    jobs = keeper.get("/status").json().get("jobs")
    return jobs or {"done": 0} if jobs is not None and "open" not in jobs else None


def _sent_by(world, *names):
    """Transactions of these accounts since they were made."""
    return sum(
        int(world.client.rpc.call("eth_getTransactionCount", Account.from_role(name).address, "latest"), 16)
        for name in names
    )


def test_a_case_from_the_drawn_seat_to_the_acquittal(keifu, at_first, courthouse, make, juror, hook):
    operator = make("operator", "honest node")
    operator.add_settings("poll = 1")
    assert keifu("node", "operator", "bind", operator.folder, "--role", OPERATOR)[0] == 0
    at_first.anvil.account("honest node")
    courthouse.pay("honest node", 5_000 * COIN)
    _schedule(courthouse)
    juror.run()
    until(lambda: _said(hook, f"the timelock may call remove_service(service={courthouse.sample}) of StakingHub"))
    case = courthouse.accuse(b"the transcript says so")
    courthouse.draw(case)
    until(lambda: _said(hook, "11 seats of the first-jury of case 1 drawn: vote before "))
    seats = until(lambda: juror.get("/status").json().get("seats"))
    assert seats["1 first-jury"]["vote"] == "undecided"
    assert "keifu_node_undecided_seats 11.0" in juror.get("/metrics").text
    juror.assert_shown()
    _commit_and_be_killed(keifu, at_first, courthouse, juror, case)
    with operator.inside():
        courthouse.pass_time(2 * DAY)
        until(lambda: courthouse.ballot(case)[2] == COMMITTED_AND_GUILTY)
        courthouse.pass_time(DAY)
        courthouse.court.advance(case, sender=at_first.owner)
        until(lambda: read_case(courthouse.court, case).hearing == "re-hearing")
        assert courthouse.court.get_case(case)[3] == Account.from_role("honest node").address.lower()
    courthouse.court.answer(case, PROVED, sender=at_first.anvil.account(OPERATOR))
    courthouse.draw(case)
    until(lambda: courthouse.ballot(case, 1)[1])
    courthouse.pass_time(2 * DAY)
    until(lambda: courthouse.ballot(case, 1)[2] == REVEALED_INNOCENT)
    courthouse.pass_time(DAY)
    courthouse.court.advance(case, sender=at_first.owner)
    assert read_case(courthouse.court, case).verdict == "acquitted"
    until(lambda: courthouse.token.balanceOf(Account.from_role(JUROR).address))
    status, out, _ = keifu("node", "juror", "decide", juror.folder, case, "guilty")
    assert (status, out) == (2, "")
    assert juror.end() == 0
    _adds_up(keifu, operator)


def _adds_up(keifu, operator):
    """The account statement of the operator's node: the bond of the re-hearing went and came back."""
    status, out, err = keifu("node", "operator", "statement", operator.folder, "--since", "0", "--until", "4000000000")
    assert status == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    entries = [(row["entry"], row["coins"]) for row in rows if row["entry"] in ("received", "paid")]
    assert entries == [("received", "5000"), ("paid", "-1178"), ("received", "1178")]
    assert [row["entry"] for row in rows].count("gas") == 2  # the approval, and the call
    for column in ("coins", "ether"):
        amounts = [Decimal(row[column]) for row in rows]
        assert sum(amounts[:-1]) == amounts[-1]


def _commit_and_be_killed(keifu, world, courthouse, juror, case):
    """The process is killed when the vote is on its way, and runs again."""
    world.client.rpc.call("evm_setAutomine", False)
    assert keifu("node", "juror", "decide", juror.folder, case, "guilty")[0] == 0
    until(lambda: int(world.client.rpc.call("txpool_status")["pending"], 16) == 1)
    juror.end(signal.SIGKILL)
    world.client.rpc.call("evm_setAutomine", True)
    world.anvil.mine()
    assert courthouse.ballot(case)[1] == 11
    juror.run()


def test_a_ballot_is_found_again_by_the_key_alone(keifu, at_first, courthouse, juror):
    case = courthouse.accuse(b"the transcript says so")
    courthouse.draw(case)
    assert keifu("node", "juror", "decide", juror.folder, case, "innocent")[0] == 0
    with juror.inside():
        until(lambda: courthouse.ballot(case)[1])
    for path in juror.folder.glob("*.sqlite*"):
        path.unlink()
    (juror.folder / "decisions.toml").unlink()
    courthouse.pass_time(2 * DAY)
    with juror.inside():
        until(lambda: courthouse.ballot(case)[2] == REVEALED_INNOCENT)


def test_no_salt_is_shown_before_its_time(keifu, at_first, courthouse, juror):
    """Whoever sees the salt in the time of sealed votes takes the deposits."""
    case = courthouse.accuse(b"the transcript says so")
    courthouse.draw(case)
    assert keifu("node", "juror", "decide", juror.folder, case, "guilty")[0] == 0
    courthouse.pass_time(DAY)
    with juror.inside():
        until(lambda: courthouse.ballot(case)[1])
        courthouse.pass_time(DAY // 2)
        until(lambda: juror.get("/status").json()["seats"]["1 first-jury"]["vote"] == "guilty")
    assert not _has_revealed(juror, courthouse, case)


def test_an_endpoint_that_lies_about_the_phase_sees_no_salt(keifu, at_first, courthouse, juror):
    """One of two says that the time to reveal has come."""
    case = courthouse.accuse(b"the transcript says so")
    courthouse.draw(case)
    assert keifu("node", "juror", "decide", juror.folder, case, "guilty")[0] == 0
    with juror.inside():
        until(lambda: courthouse.ballot(case)[1])
    asked = "0x" + courthouse.court.get_case.encode(case).hex()

    def later(request, result):
        is_case = request["method"] == "eth_call" and request["params"][0].get("data") == asked
        return result[: PHASE_AT - 1] + "4" + result[PHASE_AT:] if is_case else result

    path = juror.folder / "node.toml"
    with FaultyNode(at_first.anvil.url, later) as liar:
        path.write_text(path.read_text().replace(at_first.anvil.url, f"{at_first.anvil.url},{liar.url}"))
        status, _, err = keifu("node", "juror", "run", juror.folder)
    assert (status, "disagree" in err or "agree" in err) == (3, True)
    assert courthouse.ballot(case)[2] == 0  # sealed
    assert not _has_revealed(juror, courthouse, case)


def test_two_keepers_pay_once_for_one_seed_and_each_step(at_first, courthouse, make, monkeypatch):
    """Whichever has the earlier turn does the job; the other one finds it done."""
    first = Account.from_role("first keeper").address
    monkeypatch.setattr("keifu.node.keeper.work.turn_of", lambda job, me: 1 if me == first else 3)
    keepers = [make("keeper", name, "--poll", "1") for name in ("first keeper", "second keeper")]
    for keeper in keepers:
        keeper.add_settings(f"for_seed = {10**16}", f"for_step = {10**16}")
    names = [keeper.folder.name.replace("-", " ") for keeper in keepers]
    for name in names:
        at_first.anvil.account(name)
    case = courthouse.accuse(b"the transcript says so")
    courthouse.pass_time(DAY + 1, 20)
    with keepers[0].inside(), keepers[1].inside():
        until(lambda: _next_block(at_first, keepers) and courthouse.phase(case) == "seed")
        courthouse.to_the_seed()
        until(lambda: _next_block(at_first, keepers) and courthouse.phase(case) == "commit")
        ended = [until(lambda k=keeper: _ended(k)) for keeper in keepers]
        keepers[0].assert_shown()
    assert _sent_by(at_first, *names) == 3  # the end of the time to answer, the seed, the jury
    assert sum(jobs.get("done", 0) for jobs in ended) == 3
    assert not any("paid for nothing" in jobs for jobs in ended)


def test_a_keeper_does_only_what_pays(keifu, at_first, courthouse, make):
    keeper = make("keeper", "first keeper", "--poll", "1")
    at_first.anvil.account("first keeper")
    status, out, _ = keifu("node", "keeper", "doctor", keeper.folder)
    assert (status, "say what the work is worth to you" in out) == (1, True)
    keeper.add_settings("for_seed = 1", "for_step = 1")
    case = courthouse.accuse(b"the transcript says so")
    courthouse.pass_time(DAY + 1, 20)
    with keeper.inside():
        until(lambda: (at_first.anvil.mine(), keeper.get("/status").json().get("waits"))[1])
        assert "does not pay" in keeper.get("/status").json()["waits"]
    assert courthouse.phase(case) == "answer"
    assert _sent_by(at_first, "first keeper") == 0
    assert keifu("node", "keeper", "exit", keeper.folder, "--to", Account.from_role("rich").address)[0] == 0


def test_keepers_have_turns_of_their_own():
    turns = {turn_of("seed 1 at 64", f"0x{number:040x}") for number in range(100)}
    assert len(turns) == 8


def test_a_juror_leaves_with_its_coins(keifu, at_first, courthouse, juror):
    status, out, _ = keifu("node", "juror", "exit", juror.folder, "--json")
    assert (status, json.loads(out)["leaving"]) == (0, str(1_000_000 * COIN))
    courthouse.pass_time(15 * DAY)
    status, out, _ = keifu("node", "juror", "exit", juror.folder)
    assert (status, out) == (0, "1,000,000 coins were paid out\n")


def test_a_key_that_sends_elsewhere_ends_the_sender_here(keifu, at_first, courthouse, make, machine, tmp_path):
    first = make("juror", JUROR, "--poll", "1")
    case = courthouse.accuse(b"the transcript says so")
    courthouse.draw(case)
    folder = tmp_path / "copy"
    shutil.copytree(first.folder, folder)
    assert keifu("node", "juror", "decide", first.folder, case, "guilty")[0] == 0
    assert keifu("node", "juror", "decide", folder, case, "innocent")[0] == 0
    (folder / "decisions.toml").rename(folder / "later")
    machine("b")
    copy = subprocess.Popen(
        [KEIFU, "node", "juror", "run", folder, "--take-over"], env=dict(os.environ), stderr=subprocess.PIPE, text=True
    )
    with copy:
        until((folder / "running.json").exists, copy)
        machine("a")
        with first.inside():
            until(lambda: courthouse.ballot(case)[1])
        (folder / "later").rename(folder / "decisions.toml")
        said = copy.communicate()[1].splitlines()[-1]
    assert copy.returncode == 3
    assert said.startswith("keifu: somebody else sends with 0x")
    assert "--take-over" in said
    assert not list(folder.glob("running.json"))
    courthouse.pass_time(2 * DAY)
    with first.inside():
        until(lambda: courthouse.ballot(case)[2])
    assert courthouse.ballot(case)[2] == 2  # guilty: what the first one had decided
