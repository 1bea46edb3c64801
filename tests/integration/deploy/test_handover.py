"""The timelock goes from the deployer to a real Safe; from then on the deployer has nothing to say."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.chain import RpcDeployer
from keifu.chain.deployments import Holders
from keifu.chain.roles import NAMES
from keifu.chain.settings import agree
from keifu.chain.suite import TIMELOCK
from keifu.chain.timelock import Batch, advance_batch
from keifu.chain.verify import verify_suite
from keifu.deploy.changes import read_changes, safe_file, safe_files, try_out
from keifu.deploy.handover import handover_batch, leftovers
from keifu.deploy.rehearsal import rehearse
from keifu.deploy.waiting import find_waiting, waiting
from keifu.errors import InputError, Revert
from tests.integration.deploy.conftest import Team
from tests.integration.deploy.safe import Safe

PROPOSER = next(role for role, name in NAMES.items() if name == "proposer")

FEE = """
[[call]]
contract = "Channels"
function = "setFee"
arguments = [50]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("handed over")


@pytest.fixture(scope="module")
def safe(anvil):
    team = Team(anvil, None)
    return Safe(team.client, [anvil.account(f"keeper{number}") for number in range(3)])


@pytest.fixture(scope="module")
def deployed(anvil, safe, place):
    """A suite whose coins are the Safe's from the start, with its services listed."""
    team = Team(anvil, place)
    team.finish(team.plan(treasury=safe.address, label="safe"))
    return team


@pytest.fixture(scope="module")
def handed(deployed, safe):
    """The same, handed over."""
    record, chain = deployed.record, RpcDeployer(deployed.client, deployed.account)
    to = Holders((safe.address,), (ZERO_ADDRESS,))
    batch = handover_batch(deployed.client, record, to)
    assert advance_batch(chain, batch)
    deployed.chain.warp(record.params.timelock_delay)
    assert advance_batch(chain, batch) == 0
    record.holders = to
    record.save(deployed.folder)
    return deployed


def wrong(team):
    return [check.what for check in verify_suite(team.client, team.record) if not check.holds]


def test_before_the_handover_the_deployer_is_named_as_what_it_is(anvil, safe, tmp_path):
    snapshot = anvil.snapshot()
    team = Team(anvil, tmp_path)
    team.run(team.plan(label="before", treasury=safe.address))
    found = [check.what for check in leftovers(team.client, team.record, team.account.address) if not check.holds]
    anvil.restore(snapshot)
    assert sorted(found) == [
        *(f"{team.account.address} is no {role} of the timelock" for role in ("canceller", "executor", "proposer")),
        f"nothing that {team.account.address} may have queued waits in the timelock",
    ]


def test_a_treasury_that_is_the_deployer_is_found(anvil, tmp_path):
    snapshot = anvil.snapshot()
    team = Team(anvil, tmp_path)
    team.run(team.plan(label="own-treasury"))
    found = {check.what: check.detail for check in leftovers(team.client, team.record, team.account.address)
             if not check.holds}  # fmt: skip
    anvil.restore(snapshot)
    assert found[f"StakingHub names {team.account.address} nowhere"] == "treasury"
    assert found[f"{team.account.address} holds no coins of the suite"] == "1,000,000,000 coins"


def test_the_deployer_has_nothing_left(handed):
    found = list(leftovers(handed.client, handed.record, handed.account.address))
    assert [check.what for check in found if not check.holds] == []
    assert len(found) > len(handed.record.contracts)
    assert wrong(handed) == []


def test_what_the_deployer_queued_before_is_found_after_the_handover(anvil, safe, tmp_path):
    snapshot = anvil.snapshot()
    team = Team(anvil, tmp_path)
    team.finish(team.plan(label="queued", treasury=safe.address))
    record, chain = team.record, RpcDeployer(team.client, team.account)
    timelock = team.client.at(record.contracts[TIMELOCK], TIMELOCK)
    payload = timelock.interface.function("grantRole", 2).encode((PROPOSER, team.account.address))
    back = Batch(timelock.address, ((timelock.address, payload, ""),))
    for batch in (back, handover_batch(team.client, record, Holders((safe.address,), (ZERO_ADDRESS,)))):
        assert advance_batch(chain, batch)
    team.chain.warp(record.params.timelock_delay)
    assert advance_batch(chain, batch) == 0
    found = {check.what: check.detail for check in leftovers(team.client, record, team.account.address)
             if not check.holds}  # fmt: skip
    assert list(found) == [f"nothing that {team.account.address} may have queued waits in the timelock"]
    assert advance_batch(chain, back) == 0  # and so it would have been a proposer again
    assert timelock.hasRole(PROPOSER, team.account.address)
    anvil.restore(snapshot)


def test_the_deployer_can_queue_nothing_any_more(handed, tmp_path):
    (tmp_path / "fee.toml").write_text(FEE)
    batch = read_changes(handed.client, handed.record, tmp_path / "fee.toml")
    with pytest.raises(Revert):
        advance_batch(RpcDeployer(handed.client, handed.account), batch)


def test_roles_that_nobody_agreed_to_are_found(handed, safe):
    record = handed.record
    record.holders = Holders((safe.address, handed.account.address), (ZERO_ADDRESS,))
    found = [check.what for check in verify_suite(handed.client, record) if not check.holds]
    assert set(found) == {"Timelock.proposer", "Timelock.canceller"}


def test_a_second_handover_to_the_same_has_nothing_to_do(handed):
    assert handover_batch(handed.client, handed.record, handed.record.holders).calls == ()


def test_a_handed_over_suite_is_rehearsed_on_a_fork(handed):
    plan = handed.plan()
    assert plan.due == ()
    assert rehearse(plan.chain, plan.deployer, plan.params, record=handed.record, fork=handed.chain.url).holds


def test_the_safe_changes_a_parameter_by_a_batch_that_people_read(handed, safe, tmp_path):
    (tmp_path / "fee.toml").write_text(FEE)
    record = handed.record
    batch = read_changes(handed.client, record, tmp_path / "fee.toml")
    assert [words for _, _, words in batch.calls] == ["Channels.setFee(basisPoints=50)"]
    try_out(handed.client, batch)
    queue, execute = safe_files(handed.client, batch, tmp_path / "fee.json", safe.address)
    with pytest.raises(Revert, match="GS020"):  # the Safe's own: too few signatures
        safe.run(queue, signers=1)
    safe.run(queue)
    with pytest.raises(Revert):
        safe.run(execute)  # before the delay is over
    handed.chain.warp(record.params.timelock_delay)
    safe.run(execute)
    assert handed.client.at(record.contracts["Channels"], "Channels").fee() == 50
    assert wrong(handed) == ["channels take a fee"]
    agree(handed.client, record)
    assert [check.what for check in verify_suite(handed.client, record) if not check.holds] == []


def test_the_safe_stops_what_waits(handed, safe, tmp_path):
    (tmp_path / "fee.toml").write_text(FEE.replace("50", "40"))
    batch = read_changes(handed.client, handed.record, tmp_path / "fee.toml")
    queue, execute = safe_files(handed.client, batch, tmp_path / "fee.json", safe.address)
    safe.run(queue)
    found = find_waiting(handed.client, handed.record, "")
    assert found.calls == ("Channels.setFee(basisPoints=40)",)
    interface = handed.client.load(TIMELOCK).interface
    data = interface.function("cancel", 1).encode((bytes.fromhex(found.number[2:]),))
    file = safe_file(handed.client, batch.timelock, "cancel", data, "", tmp_path / "fee.json")
    safe.run(file)
    handed.chain.warp(handed.record.params.timelock_delay)
    with pytest.raises(Revert):
        safe.run(execute)
    assert waiting(handed.client, handed.record) == []


def test_a_call_that_would_be_refused_is_not_queued(handed, tmp_path):
    (tmp_path / "fee.toml").write_text(FEE.replace("50", "101"))
    batch = read_changes(handed.client, handed.record, tmp_path / "fee.toml")
    with pytest.raises(Revert, match=r"Channels\.setFee\(basisPoints=101\) is refused: nothing was queued"):
        try_out(handed.client, batch)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1", "has no call"),
        ("[[call", "is no TOML file"),
        ('[[call]]\ncontract = "Nobody"\nfunction = "f"', "no Nobody is recorded"),
        ('[[call]]\ncontract = "Channels"\nfunction = "f"', "call 1"),
        ('[[call]]\ncontract = "Channels"\nfunction = "fee"', "Channels.fee changes nothing"),
        ('[[call]]\ncontract = "Channels"\nfunction = "setFee"\narguments = ["x"]', "call 1"),
        ('[[call]]\ncontract = "Channels"\nfunction = "setFee"\narguments = ["0xzz"]', "call 1: non-hexadecimal"),
        ('[[call]]\ncontract = "Channels"\nfuncton = "setFee"', "a call has contract, function and arguments"),
    ],
)
def test_a_file_of_calls_that_is_wrong_says_where(handed, tmp_path, text, why):
    (tmp_path / "calls.toml").write_text(text)
    with pytest.raises(InputError, match=why):
        read_changes(handed.client, handed.record, tmp_path / "calls.toml")
