"""What is wrong is said before the first transaction, with what to do about it; what goes wrong later stops the run."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from ethwire.constants import GWEI
from ethwire.rpc import Rpc
from keifu.chain import Anvil, ChainClient, Fees, RpcDeployer, created_address, services, sign_transaction
from keifu.chain.deployments import Record
from keifu.chain.factory import PROXY
from keifu.chain.parameters import Params
from keifu.chain.verify import verify_suite
from keifu.deploy import running, sources
from keifu.deploy.pool import replace_stuck
from keifu.deploy.running import carry_out
from keifu.deploy.status import read_status
from keifu.errors import ChainMismatch, CheckFailed, EnvironmentFault, InputError, RpcError, UsageError
from tests.ape_chain import GENESIS
from tests.faulty_node import Change, Drop, FaultyNode
from tests.integration.deploy.conftest import Team

OTHER = "0x" + "0b" * 20


@pytest.fixture
def plan(team):
    return team.plan()


@pytest.fixture
def nothing_sent(team):
    before = team.client.rpc.quantity("eth_getTransactionCount", team.account.address, "latest")
    yield
    assert team.client.rpc.quantity("eth_getTransactionCount", team.account.address, "latest") == before


def changed(plan, **changes):
    return msgspec.structs.replace(plan, **changes)


def put(team, nonce, fees, value=1):
    """A transaction of the team's, signed elsewhere, into the node's pool."""
    raw, _ = sign_transaction(
        team.account, chain_id=31_337, nonce=nonce, fees=fees, gas=21_000, to=OTHER, value=value, data=b""
    )
    team.client.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())


def test_a_factory_that_would_be_elsewhere_is_refused(tmp_path):
    with Anvil(timestamp=GENESIS) as other:
        other.rpc.call("anvil_setCode", PROXY, "0x")
        team = Team(other, tmp_path)
        plan = team.plan()
        team.client.send(team.account, OTHER, value=1)  # the nonce that the plan counts on is used
        with pytest.raises(CheckFailed, match=f"will be at 0x.*, the plan has it at {plan.factory}"):
            team.run(plan)
        assert not team.record.creations


def test_an_own_factory_of_earlier_days_stands_in_the_plan(team):
    code = team.client.load("Create3Factory").creation_code
    team.client.send(team.account, None, code)
    plan = team.plan()
    team.run(plan)
    assert plan.factory == created_address(team.account.address, 0) == team.record.factory


def test_a_node_that_lies_of_a_service_s_terms_has_nothing_queued(team, plan, monkeypatch):
    why = "AlignmentCourt needs a horizon of 1 second, and 28 days was agreed to"
    with monkeypatch.context() as lying:
        lying.setattr(services, "longest_fault", lambda chain, service: 1)
        with pytest.raises(CheckFailed, match=why):
            team.run(plan)
    assert set(read_status(team.client, team.record).services.values()) == {"not queued"}


@pytest.mark.usefixtures("nothing_sent")
class TestBeforeTheFirstTransaction:
    def test_another_chain_is_refused(self, team, plan, tmp_path):
        with Anvil(chain_id=1_337, timestamp=GENESIS) as other:
            elsewhere = Team(other, tmp_path / "other")
            with pytest.raises(ChainMismatch, match="the plan is for chain 31337, this is 1337"):
                elsewhere.run(plan)

    def test_a_chain_of_the_same_number_is_refused(self, plan, tmp_path):
        with Anvil(timestamp=GENESIS + 1) as other, pytest.raises(ChainMismatch, match="its first block is 0x"):
            Team(other, tmp_path / "other").run(plan)

    def test_a_record_of_another_chain_is_refused(self, team, plan):
        chain = RpcDeployer(team.client, team.account)
        with pytest.raises(ChainMismatch, match="the record is of chain 1, the plan of 31337"):
            carry_out(chain, Record(1, plan.chain.genesis), plan, save=lambda record: None)

    def test_another_account_is_refused(self, team, plan):
        other = RpcDeployer(team.client, team.chain.account("another"))
        with pytest.raises(UsageError, match=f"the plan is for {team.account.address}, not {other.sender}"):
            team.run(plan, other)

    def test_too_little_ether_is_said_with_the_amount(self, team, plan):
        team.client.rpc.call("anvil_setBalance", team.account.address, hex(plan.most - 1))
        with pytest.raises(EnvironmentFault, match=r"pay it 0\.000000 ether \(1 wei\), then run the same command"):
            team.run(plan)

    def test_other_sources_than_the_plan_s_are_refused(self, team, plan):
        first, second, *rest = plan.steps
        other = msgspec.structs.replace(second, creation="00" * 32)
        with pytest.raises(UsageError, match=f"these sources make other contracts than the plan: {second.contract}"):
            team.run(changed(plan, steps=(first, other, *rest)))

    @pytest.mark.parametrize(
        ("piece", "change", "what"),
        [("table", {"value": OTHER}, "parameters"), ("services", {"multiple": 1}, "services")],
    )
    def test_a_plan_that_says_something_else_than_it_does_is_refused(self, team, plan, piece, change, what):
        first, *rest = getattr(plan, piece)
        other = changed(plan, **{piece: (msgspec.structs.replace(first, **change), *rest)})
        with pytest.raises(UsageError, match=f"the plan says something else of its {what} than would be sent"):
            team.run(other)

    def test_arguments_that_are_not_what_is_encoded_are_refused(self, team, plan):
        first, second, *rest = plan.steps
        other = msgspec.structs.replace(second, arguments={"holder": OTHER})
        with pytest.raises(UsageError, match=f"these sources make other contracts than the plan: {second.contract}"):
            team.run(changed(plan, steps=(first, other, *rest)))

    def test_roles_that_the_parameters_do_not_give_are_refused(self, team, plan):
        roles = plan.roles_after | {"proposer": (OTHER,)}
        with pytest.raises(UsageError, match="something else of its roles"):
            team.run(changed(plan, roles_before=roles, roles_after=roles))
        steps = tuple(msgspec.structs.replace(step, state="there") for step in plan.steps)
        with pytest.raises(CheckFailed, match=r"the plan says that Create3Factory, .* is there, and nothing is"):
            team.run(changed(plan, roles_before=roles, roles_after=roles, steps=steps))

    def test_fees_above_those_of_the_plan_are_not_paid(self, team, plan):
        cheap = msgspec.structs.replace(plan.chain, base_fee=0, tip=GWEI)
        with pytest.raises(RpcError, match=f"no more than {GWEI} are paid"):
            team.run(changed(plan, chain=cheap))

    def test_a_plan_that_differs_from_the_chain_is_refused(self, team, plan):
        with pytest.raises(UsageError, match="the chain differs from the plan: Timelock: min_delay"):
            team.run(changed(plan, differences=("Timelock: min_delay is 1, not 2",)))

    def test_a_chain_that_the_probe_found_unfit_is_refused(self, team, plan):
        unfit = msgspec.structs.replace(plan.chain, lacking=("the opcode MCOPY",))
        with pytest.raises(EnvironmentFault, match="lacks the opcode MCOPY"):
            team.run(changed(plan, chain=unfit))

    def test_a_working_tree_with_changes_is_refused_where_money_is(self, team, plan, monkeypatch):
        def dirty():
            raise UsageError("the working tree has changes: contracts/token/KeifuToken.vy")

        monkeypatch.setattr(running, "is_local", lambda chain_id: False)
        monkeypatch.setattr(running, "require_clean", dirty)
        with pytest.raises(UsageError, match="the working tree has changes"):
            team.run(plan)

    def test_a_nonce_that_is_missing_is_named(self, team, plan):
        put(team, 3, Fees(10 * GWEI, GWEI))
        with pytest.raises(EnvironmentFault, match=f"{team.account.address} has sent nonce 3, and nonce 0 is missing"):
            team.run(plan)

    def test_parameters_that_nobody_named_are_refused_where_money_is(self, tmp_path):
        with Anvil(chain_id=16_602, timestamp=GENESIS) as public:
            team = Team(public, tmp_path / "public")
            with pytest.raises(UsageError, match="treasury, proposers, executors, daily_blocks must be named"):
                team.plan()


def mine_what_offers_more(rpc, fee):
    """Mine a block once the pool's only transaction offers more than that; what it offers."""
    while True:
        pending = rpc.call("txpool_content")["pending"]
        [[transaction]] = [list(of.values()) for of in pending.values()]
        if (offered := int(transaction["maxFeePerGas"], 16)) > fee:
            rpc.call("evm_mine")
            return offered


def test_a_stuck_transaction_is_replaced_at_a_bounded_fee(tmp_path):
    with Anvil(timestamp=GENESIS) as own:  # going back does not take back its base fee
        team = Team(own, tmp_path)
        plan = team.plan()
        own.rpc.call("evm_setAutomine", False)
        put(team, 0, Fees(2 * GWEI, GWEI))
        with pytest.raises(EnvironmentFault, match="not mined yet: 1, from nonce 0 on") as caught:
            team.run(plan)
        assert "--replace-stuck" in caught.value.remedy
        with ThreadPoolExecutor() as pool:
            mining = pool.submit(mine_what_offers_more, Rpc(own.url), 2 * GWEI)
            assert replace_stuck(team.client, team.account, polls=1, sleep=lambda seconds: None) == [0]
            offered = mining.result()
        assert 2 * GWEI < offered <= 1_000 * GWEI
        assert team.client.balance(OTHER) == 0  # what was stuck never took effect
        assert replace_stuck(team.client, team.account) == []


def test_a_node_that_breaks_off_after_accepting_makes_nothing_twice(team, plan):
    def enough(name, address):
        if name == "StakingHub":
            raise KeyboardInterrupt

    with FaultyNode(team.chain.url, Drop("eth_sendRawTransaction", every=2)) as node:
        chain = RpcDeployer(ChainClient(Rpc(node.url, sleep=lambda seconds: None)), team.account)
        with pytest.raises(KeyboardInterrupt):
            carry_out(chain, team.record, plan, save=lambda changed: changed.save(team.folder), on_step=enough)
    team.run(plan)
    sent = team.client.rpc.quantity("eth_getTransactionCount", team.account.address, "latest")
    assert sent == len(plan.steps) + len(plan.services)
    assert [check.what for check in verify_suite(team.client, team.record) if not check.holds] == []


def test_code_that_changes_in_the_middle_stops_the_run(team, plan):
    record = team.record
    chain = RpcDeployer(team.client, team.account)

    def meddle(name, address):
        if name == "Timelock":
            team.client.rpc.call("anvil_setCode", plan.steps[-1].address, "0x60")

    with pytest.raises(CheckFailed, match=f"something is at {plan.steps[-1].address}"):
        carry_out(chain, record, plan, save=lambda changed: changed.save(team.folder), on_step=meddle)
    assert len(team.record.creations) == len(plan.steps) - 1


def test_a_node_that_moves_to_another_chain_in_the_middle_stops_the_run(team, plan):
    def elsewhere(request, result):
        return hex(5) if request["method"] == "eth_chainId" else result

    with FaultyNode(team.chain.url) as node:
        chain = RpcDeployer(ChainClient(Rpc(node.url)), team.account)

        def move(name, address):
            if name == "Timelock":
                node.faults.append(Change(elsewhere))

        with pytest.raises(ChainMismatch, match="the plan is for chain 31337, this is 5"):
            carry_out(chain, team.record, plan, save=lambda changed: changed.save(team.folder), on_step=move)
    assert [*team.record.contracts][-1] == "Timelock"
    team.run(plan)


def test_a_clone_with_changes_is_told_from_a_clean_one(tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "contracts").mkdir()
    for name in ("a.vy", "b.vy"):
        (tmp_path / "contracts" / name).write_text("x")
    git("add", ".")
    git("-c", "user.name=tests", "-c", "user.email=tests@example.org", "commit", "-m", "all")
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    sources.require_clean()
    assert len(sources.commit()) == 40
    (tmp_path / "contracts" / "a.vy").write_text("y")
    (tmp_path / "contracts" / "c.vy").write_text("y")
    with pytest.raises(UsageError, match=r"the working tree has changes: contracts/a\.vy, contracts/c\.vy"):
        sources.require_clean()


@pytest.mark.parametrize("name", ["seeds", "demand_bond", "proposers"])
def test_a_choice_that_cannot_be_is_named(team, name):
    with pytest.raises(InputError, match=name):
        team.plan(**{name: "nobody knows"})


def test_parameters_of_records_that_knew_fewer_are_read():
    data = Params().data()
    del data["seeds"], data["seed_bond"]
    assert Params.from_data(data) == Params()
