"""A plan says what is going to be; rehearsed and carried out, it is so."""

from __future__ import annotations

import json

import msgspec.structs
import pytest

from keifu.chain import Anvil
from keifu.chain.deployments import Record, record_schema
from keifu.chain.factory import PROXY
from keifu.chain.parameters import Params, meanings
from keifu.chain.verify import verify_suite
from keifu.deploy.document import Document
from keifu.deploy.planning import steps_of
from keifu.deploy.rehearsal import rehearse
from keifu.deploy.status import read_status
from keifu.errors import InputError
from tests.ape_chain import GENESIS
from tests.integration.deploy.conftest import Team

OTHER = "0x" + "0b" * 20


@pytest.fixture(scope="module")
def finished(anvil, tmp_path_factory):
    """A suite from its plan, to the listing of the services; the team, the plan and what the chain was before."""
    team = Team(anvil, tmp_path_factory.mktemp("finished"))
    plan = team.plan()
    before = anvil.rpc.call("eth_getTransactionCount", team.account.address, "latest")
    outcome = team.finish(plan)
    return team, plan, outcome, int(before, 16)


def test_nothing_is_sent_for_a_plan(team):
    before = team.client.rpc.block_number()
    team.plan()
    assert team.client.rpc.block_number() == before
    assert not team.folder.exists()


def test_the_addresses_of_the_plan_are_those_of_the_suite(finished):
    team, plan, _, _ = finished
    assert {step.contract: step.address for step in plan.steps} == dict(team.record.contracts)


def test_the_gas_of_the_plan_is_what_it_takes(finished):
    """Measured on an empty chain beforehand, with the same rules."""
    team, plan, _, _ = finished
    for step in plan.steps:
        receipt = team.client.rpc.call("eth_getTransactionReceipt", team.record.creations[step.contract].transaction)
        assert int(receipt["gasUsed"], 16) == step.gas, step.contract


def test_what_it_took_is_below_what_was_said_to_be_needed(finished):
    team, plan, _, _ = finished
    spent = plan.balance - team.client.balance(team.account)
    assert 0 < spent <= plan.most


def test_services_are_listed_by_the_terms_of_the_plan(finished):
    team, plan, outcome, _ = finished
    assert all(item.listed for item in outcome.services)
    record = team.record
    assert record.services == {
        row.contract: {"horizon": row.horizon, "multiple": row.multiple} for row in plan.services
    }


def test_the_suite_verifies_and_nothing_is_left_but_the_handover(finished):
    team, _, _, _ = finished
    assert [check.what for check in verify_suite(team.client, team.record) if not check.holds] == []
    status = read_status(team.client, team.record)
    assert (status.missing, status.pending, set(status.services.values())) == ((), "", {"listed"})
    assert "handover" in status.next


def test_the_manifest_says_of_which_sources_it_is(finished):
    record = finished[0].record
    assert record.compiler == "vyper 0.4.3"
    assert all(made.abi_hash for made in record.creations.values())
    if record.commit:  # in a clone
        assert len(record.commit) == 40


def test_a_second_run_sends_nothing(finished):
    team, plan, _, _ = finished
    before = team.client.rpc.block_number()
    team.run(plan)
    assert team.client.rpc.block_number() == before


def test_a_plan_for_what_is_there_makes_nothing(finished):
    team, _, _, _ = finished
    again = team.plan()
    assert (again.due, again.gas, {row.state for row in again.services}) == ((), 0, {"listed"})
    assert again.roles_before == again.roles_after != {}


def test_the_addresses_are_the_same_on_every_chain(finished, tmp_path):
    _, plan, _, _ = finished
    with Anvil(chain_id=1_337, timestamp=GENESIS + 7, hardfork="prague") as other:
        other.client().send(other.account("deployer"), OTHER, value=1)  # an account that has been used
        there = Team(other, tmp_path).plan()
    assert [(step.contract, step.address) for step in there.steps] == [(s.contract, s.address) for s in plan.steps]


def test_a_chain_without_the_proxy_has_other_addresses_and_the_plan_says_so(finished, tmp_path):
    with Anvil(timestamp=GENESIS) as other:
        other.rpc.call("anvil_setCode", PROXY, "0x")
        team = Team(other, tmp_path)
        plan = team.plan()
        team.run(plan)
        assert {step.contract: step.address for step in plan.steps} == dict(team.record.contracts)
    assert plan.factory != finished[1].factory
    assert any("the addresses are other ones" in note for note in plan.chain.notes())


def test_a_plan_is_rehearsed_on_a_fork_with_history(finished):
    team, plan, _, _ = finished
    before = team.client.rpc.block_number()
    found = rehearse(plan.chain, plan.deployer, plan.params, record=team.record, fork=team.chain.url)
    assert (found.holds, sum(found.gas.values())) == (True, 0)
    assert team.client.rpc.block_number() == before


def test_what_differs_from_what_is_there_stands_in_the_plan(finished):
    team, plan, _, _ = finished
    parameters = {**plan.parameters, "demand_bond": 6}
    params = Params.from_data(parameters)
    found = rehearse(plan.chain, plan.deployer, params, now=GENESIS)
    steps = steps_of(team.client, plan.deployer, params, plan.factory, team.record, found)
    states = {step.contract: step.state for step in steps if step.state != "there"}
    assert states == dict.fromkeys(
        ("ComputeMarket", "ComputeOrders"), "demand_bond is 5000000000000000000, not 6000000000000000000"
    )


def test_every_parameter_has_a_meaning_in_the_plan(finished):
    plan = finished[1]
    assert meanings().keys() == plan.parameters.keys()
    said = {row.name: row for row in plan.table}
    assert all(row.meaning for name, row in said.items() if name != "deployer")
    assert said["timelock_delay"].bounds == "0 seconds to 30 days"


def test_a_plan_file_is_read_as_it_was_written(finished, tmp_path):
    plan = finished[1]
    page = plan.write(tmp_path / "plan.json")
    assert Document.read(tmp_path / "plan.json") == plan
    text = page.read_text()
    assert plan.digest in text
    assert all(step.contract in text for step in plan.steps)
    changed = json.loads((tmp_path / "plan.json").read_text())
    changed["parameters"]["demand_bond"] = 6
    (tmp_path / "plan.json").write_text(json.dumps(changed))
    assert Document.read(tmp_path / "plan.json").digest != plan.digest


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": 9}'])
def test_what_is_no_plan_is_refused(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputError, match=r"cannot read .*plan\.json"):
        Document.read(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("seeds", "contract"), [("drand", "DrandRandomness"), ("commit-reveal", "CommitRevealRandomness")]
)
def test_another_source_of_seeds_is_a_choice_of_the_plan(team, seeds, contract):
    plan = team.plan(seeds=seeds, label=seeds)
    places = {step.contract: step.address for step in plan.steps}
    assert contract in places
    assert "Randomness" not in places
    team.run(plan)
    assert team.client.at(places["AlignmentCourt"], "AlignmentCourt").randomness() == places[contract]
    assert [check.what for check in verify_suite(team.client, team.record) if not check.holds] == []


def test_the_manifest_has_a_schema():
    schema = record_schema()
    properties = schema["$defs"]["Record"]["properties"]
    assert properties.keys() == {field.encode_name for field in msgspec.structs.fields(Record)}
