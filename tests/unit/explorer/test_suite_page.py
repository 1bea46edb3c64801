"""The page of the deployment: services with their terms, roles, what waits in the timelock, and what a node says."""

from __future__ import annotations

from contextlib import closing

import pytest

from benchmarks.explorer_world import address, word
from keifu import abi
from keifu.chain.creation import Creation
from keifu.chain.deployments import Record
from keifu.chain.parameters import Params
from keifu.chain.plan import Plan
from keifu.chain.roles import NAMES
from keifu.chain.verify import Check
from keifu.deploy.planning import table_of
from keifu.explorer import Explorer
from keifu.explorer.deployed import Codes, Deployed, Looked, deployed_at
from keifu.units import COIN, DAY
from tests.unit.explorer.conftest import text
from tests.unit.explorer.pages import Page

PROPOSER = "0x" + next(role for role, name in NAMES.items() if name == "proposer").hex()
ZERO = "0x" + "00" * 32


def queue(scribe, number, target, payload, delay=2 * DAY, amount=0):
    said = {"id": word(number), "target": target, "payload": "0x" + payload.hex(), "predecessor": ZERO, "delay": delay}
    scribe.log("Timelock", "CallScheduled", index=0, amount=amount, **said)


def call(contract, function, *arguments):
    return abi.load(contract).interface.function(function, len(arguments)).encode(arguments)


def part(page, name):
    """A section of a page."""
    return page.split(f'id="{name}"')[1].split("</section>")[0]


def test_services_have_their_last_terms(changing):
    explorer, scribe = changing
    market, gone = scribe.addresses["ComputeMarket"], address("service")
    for service, horizon in ((market, DAY), (market, 14 * DAY), (gone, DAY)):
        scribe.log("StakingHub", "ServiceListed", service=service, horizon=horizon, max_multiple=4)
    scribe.log("StakingHub", "ServiceRemoved", service=gone, slashes_until=scribe.time + DAY)
    scribe.write()
    rows = part(text(explorer, "/en/suite"), "services").split("<tr>")
    [row] = [row for row in rows if market in row]
    assert "14 days" in row
    assert ">listed<" in row
    [row] = [row for row in rows if gone in row]
    assert ">removed<" in row


def test_a_role_that_was_taken_is_not_shown(changing):
    explorer, scribe = changing
    keeper, deployer = address("keeper"), address("first")
    for who in (deployer, keeper):
        scribe.log("Timelock", "RoleGranted", role=PROPOSER, account=who, sender=deployer)
    scribe.log("Timelock", "RoleRevoked", role=PROPOSER, account=deployer, sender=keeper)
    scribe.log("Timelock", "RoleGranted", role=word("strange"), account=keeper, sender=keeper)
    scribe.write()
    shown = part(text(explorer, "/en/suite"), "roles")
    assert "proposer" in shown
    assert keeper in shown
    assert deployer not in shown
    assert word("strange")[:10] in shown  # a role that the suite does not know is shown as well


def test_what_waits_is_named_with_its_arguments_and_its_time(changing):
    explorer, scribe = changing
    channels = scribe.addresses["Channels"]
    queue(scribe, "fee", channels, call("Channels", "setFee", 50))
    queue(scribe, "done", channels, call("Channels", "setFee", 60))
    queue(scribe, "stopped", channels, call("Channels", "setFee", 70))
    queue(scribe, "stranger", address("elsewhere"), b"\1\2\3\4" + b"<script>")
    queue(scribe, "broken", channels, call("Channels", "setFee", 80)[:10])
    queue(scribe, "ether", address("payee"), b"", amount=5 * COIN)
    scribe.log("Timelock", "CallExecuted", id=word("done"), index=0, target=channels, amount=0, payload="0x")
    scribe.log("Timelock", "Cancelled", id=word("stopped"))
    queued = scribe.time
    scribe.write()
    page = text(explorer, "/en/suite")
    shown = part(page, "pending")
    assert "Channels.setFee(basisPoints=50)" in shown
    assert "basisPoints=60" not in shown
    assert "basisPoints=70" not in shown
    assert f"{address('elsewhere')} 0x01020304" in shown
    assert f"Channels 0x{call('Channels', 'setFee', 80)[:10].hex()}" in shown
    assert f"{address('payee')} 0x with 5,000,000,000,000,000,000 wei" in shown
    assert shown.count('<td data-label="State">waits</td>') == 4
    assert "script" not in Page(part(page, "pending").join(("<div>", "</div>"))).tags
    scribe.next_block((queued + 2 * DAY - scribe.time) // 12)
    queue(scribe, "stopped", channels, call("Channels", "setFee", 70))  # what was cancelled may be queued again
    scribe.write()
    shown = part(text(explorer, "/en/suite"), "pending")
    assert shown.count(">may be executed<") == 4
    assert "basisPoints=70" in shown


def recorded():
    """A record with the token alone."""
    record = Record(31_337, "0x", deployer=address("deployer"), parameters=Params().data(), compiler="vyper 0.4.3")
    record.creations["KeifuToken"] = Creation.plain(
        "KeifuToken", address("KeifuToken"), abi.load("KeifuToken").interface
    ).made("0x", 5, b"\1")
    return Deployed(record, table_of(Plan(Params(), deployer=record.deployer), 31_337))


@pytest.mark.parametrize(
    ("looked", "says"),
    [
        (Looked(7, 90), (">all agrees<", "90 questions at block 7", ">as recorded<")),
        (
            Looked(7, 90, (Check("KeifuToken.code", False, "another"),)),
            (">something differs<", "KeifuToken.code another", ">differs<"),
        ),
        (Looked(0, fault="no answer"), (">not compared<", "no answer")),
    ],
)
def test_what_a_node_says_of_the_code(made, looked, says):
    with closing(Explorer(str(made[0]), deployed=lambda *_: recorded(), look=lambda *_: looked)) as explorer:
        text(explorer, "/en/suite")
        explorer.codes.join()
        page = text(explorer, "/en/suite")
    for words in (*says, "vyper 0.4.3", "timelock_delay", "0 seconds to 30 days"):
        assert words in page


def test_the_record_is_looked_for_in_the_folder_that_is_named(tmp_path):
    genesis = "0x" + "0a" * 32
    assert deployed_at(tmp_path, 31_337, genesis) is None
    record = recorded().record
    record.genesis = genesis
    record.save(tmp_path)
    found = deployed_at(tmp_path, 31_337, genesis)
    assert found.record == record
    assert found.parameters == recorded().parameters
    assert found.schedule is None  # of no token event
    record.save(tmp_path).write_text("{")
    assert deployed_at(tmp_path, 31_337, genesis) is None


def test_without_a_record_or_a_node_the_page_says_so(read):
    page = read("/en/suite")
    assert "No node has answered yet" in page
    assert "The deployment record is not at hand" in page
    assert "as recorded" not in page


def test_a_node_is_asked_again_only_when_the_timelock_has_acted():
    asked = []

    def look():
        asked.append(1)
        return Looked(len(asked))

    codes = Codes(look)
    assert codes.now("first") is None
    codes.join()
    for _ in range(3):
        assert codes.now("first") == Looked(1)
    assert codes.now("second") in (Looked(1), Looked(2))
    codes.join()
    assert codes.now("second") == Looked(2)
    assert len(asked) == 2


def test_a_node_that_did_not_answer_is_asked_again():
    answers = iter([Looked(0, fault="no answer"), Looked(7)])
    codes = Codes(lambda: next(answers))
    codes.now("first")
    codes.join()
    assert codes.now("first") in (Looked(0, fault="no answer"), Looked(7))
    codes.join()
    assert codes.now("first") == Looked(7)
