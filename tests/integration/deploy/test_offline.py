"""A plan's transactions, signed where no network is, make the very same suite."""

from __future__ import annotations

import msgspec
import pytest

from ethwire.constants import GWEI
from keifu.chain.verify import verify_suite
from keifu.deploy.offline import PresignedDeployer, Unsigned, sign_all, unsigned_of
from keifu.errors import EnvironmentFault, InputError, UsageError

OTHER = "0x" + "0b" * 20


@pytest.fixture
def plan(team):
    return team.plan()


@pytest.fixture
def unsigned(team, plan):
    return unsigned_of(team.client, plan)


def test_what_is_signed_elsewhere_makes_the_planned_suite(team, plan, unsigned, tmp_path):
    unsigned.write(tmp_path / "unsigned.json")
    signed = sign_all(Unsigned.read(tmp_path / "unsigned.json"), team.account)
    signed.write(tmp_path / "signed.json")
    chain = PresignedDeployer(team.client, Unsigned.read(tmp_path / "signed.json"))
    team.run(plan, chain)
    team.chain.warp(plan.params.timelock_delay)
    outcome = team.run(plan, chain)
    assert all(item.listed for item in outcome.services)
    assert {step.contract: step.address for step in plan.steps} == dict(team.record.contracts)
    assert [check.what for check in verify_suite(team.client, team.record) if not check.holds] == []
    sent = team.client.rpc.quantity("eth_getTransactionCount", team.account.address, "latest")
    assert sent == len(signed.entries)


def test_it_can_cost_no_more_than_is_written_there(plan, unsigned):
    assert [entry.nonce for entry in unsigned.entries] == list(range(len(unsigned.entries)))
    assert len(unsigned.entries) == len(plan.steps) + 2 * len(plan.services)
    assert {entry.max_fee for entry in unsigned.entries} == {plan.chain.max_fee}
    assert not any(entry.raw for entry in unsigned.entries)


def test_another_key_signs_nothing(team, unsigned):
    with pytest.raises(UsageError, match=f"transactions of {team.account.address}, not "):
        sign_all(unsigned, team.chain.account("another"))


def test_what_was_not_signed_is_not_sent(team, plan, unsigned):
    signed = sign_all(unsigned, team.account)
    fewer = msgspec.structs.replace(signed, entries=signed.entries[:3])
    with pytest.raises(EnvironmentFault, match="was not signed beforehand"):
        team.run(plan, PresignedDeployer(team.client, fewer))
    assert len(team.record.creations) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"to": "0x" + "0b" * 20},
        {"data": "0x" + "00" * 4},
        {"gas": 29_000_000},
        {"max_fee": 900 * GWEI},
        {"priority": 900 * GWEI},
        {"nonce": 40},
    ],
)
def test_what_the_plan_does_not_have_is_not_signed(team, unsigned, change):
    first, second, *rest = unsigned.entries
    another = (first, msgspec.structs.replace(second, **change), *rest)
    with pytest.raises(UsageError, match="these transactions are not those of their plan: nothing was signed"):
        sign_all(msgspec.structs.replace(unsigned, entries=another), team.account)


def test_a_plan_that_says_something_else_than_it_does_is_not_signed(team, unsigned):
    [treasury] = [row for row in unsigned.plan.table if row.name == "treasury"]
    table = [msgspec.structs.replace(row, value=OTHER) if row is treasury else row for row in unsigned.plan.table]
    plan = msgspec.structs.replace(unsigned.plan, table=tuple(table))
    with pytest.raises(UsageError, match="the plan says something else of its parameters than would be sent"):
        sign_all(msgspec.structs.replace(unsigned, plan=plan), team.account)


def test_no_key_stands_in_what_is_written(team, unsigned):
    text = msgspec.json.encode(sign_all(unsigned, team.account))
    assert team.account.secret().hex().encode() not in text


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "unsigned.json").write_text("{}")
    with pytest.raises(InputError, match=r"cannot read .*unsigned\.json"):
        Unsigned.read(tmp_path / "unsigned.json")
