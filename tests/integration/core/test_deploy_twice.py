"""A deployment knows what it goes on with: the same suite, or a refusal that names what differs."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from keifu.chain import Params, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record, open_record
from keifu.chain.verify import verify_suite
from keifu.errors import EnvironmentFault, UsageError
from tests.profiles import quick_or_deep

OTHER = "0x" + "0b" * 20
TRANSACTIONS = 50  # the factory, forty-one contracts, and eight services queued in the timelock
# All of them are alike but the factory, the first and the last contract, and each service.
CUTS = quick_or_deep((0, 1, 8, *range(41, TRANSACTIONS)), tuple(range(TRANSACTIONS)))


class Cut(Exception):
    """The power goes out."""


class CutDeployer(RpcDeployer):
    """Sends so many transactions; the next one is lost before it is sent, or its answer after it."""

    def __init__(self, client, account, cut_at, *, sent):
        super().__init__(client, account)
        self.cut_at, self.sent = cut_at, sent

    def send(self, to, data):
        self.cut_at -= 1
        if self.cut_at >= 0:
            return super().send(to, data)
        if self.sent:
            super().send(to, data)
        raise Cut


@pytest.fixture
def account(chain):
    return chain.account("deployer")


@pytest.fixture
def deployer(chain, account):
    """A new one each time, as a new process has it."""
    return lambda: RpcDeployer(chain.client(), account)


def sent(chain, account) -> int:
    return int(chain.rpc.call("eth_getTransactionCount", account.address, "latest"), 16)


@pytest.fixture
def busy(chain, account):
    """The account's first transaction is no factory."""
    chain.client().send(account, OTHER, value=1)


@pytest.mark.case("tools-3")
def test_a_busy_account_never_makes_a_second_suite(chain, account, deployer, busy):
    first = deploy_protocol(deployer())
    before = sent(chain, account)
    assert deploy_protocol(deployer()) == first
    assert deploy_protocol(deployer(), record=Record(31_337, "")) == first
    assert sent(chain, account) == before


@pytest.mark.case("tools-3")
def test_an_account_that_is_busy_afterwards_finds_its_suite(chain, account, deployer):
    first = deploy_protocol(deployer())
    chain.client().send(account, OTHER, value=1)
    assert deploy_protocol(deployer()) == first


@pytest.mark.case("tools-3")
def test_a_suite_is_found_again_without_its_record(chain, deployer, distribution):
    record, again = Record(31_337, ""), Record(31_337, "")
    deploy_protocol(deployer(), Params(distribution=distribution), record=record)
    deploy_protocol(deployer(), Params(distribution=distribution), record=again)
    for name in list(record.creations)[1:]:  # what made the factory is found only by a record that saw it begin
        assert again.creations[name] == record.creations[name]
    assert again.factory == record.factory


@pytest.mark.case("tools-3")
def test_a_distribution_is_added_to_a_suite_and_stays(deployer, distribution):
    record = Record(31_337, "")
    deploy_protocol(deployer(), record=record)
    added = deploy_protocol(deployer(), Params(distribution=distribution), record=record)
    assert "TGEDistributor" in added.addresses
    assert deploy_protocol(deployer(), record=record) == added


@pytest.mark.case("tools-3")
def test_a_second_suite_needs_a_label_and_a_record_of_its_own(deployer):
    record = Record(31_337, "")
    first = deploy_protocol(deployer(), record=record)
    with pytest.raises(UsageError, match="label none, not second"):
        deploy_protocol(deployer(), Params(label="second"), record=record)
    second = deploy_protocol(deployer(), Params(label="second"))
    assert not set(first.addresses.values()) & set(second.addresses.values())


@pytest.mark.case("tools-3")
def test_transactions_that_are_not_mined_are_waited_for(chain, account, deployer):
    chain.rpc.call("evm_setAutomine", False)
    try:
        chain.rpc.call("anvil_impersonateAccount", account.address)
        chain.rpc.call("eth_sendTransaction", {"from": account.address, "to": OTHER, "value": "0x1"})
        with pytest.raises(EnvironmentFault, match=f"{account.address} has transactions that are not mined yet: 1"):
            deploy_protocol(deployer())
    finally:
        chain.rpc.call("evm_setAutomine", True)
        chain.mine()


@pytest.mark.case("tools-3")
@pytest.mark.parametrize("is_sent", [False, True], ids=["before it is sent", "after it is sent"])
def test_cut_off_at_any_transaction_it_comes_to_the_undisturbed_manifest(
    chain, account, distribution, tmp_path, is_sent
):
    params = Params(distribution=distribution)

    def run(folder, cut_at):
        record = open_record(31_337, "0xaa", folder)
        chain.client().forget_nonces()
        backend = CutDeployer(chain.client(), account, cut_at, sent=is_sent)
        deploy_protocol(backend, params, record=record, save=lambda changed: changed.save(folder))

    def manifest(folder):
        """Without the hashes of transactions: a fee that was read again makes another one."""
        record = open_record(31_337, "0xaa", folder)
        assert [check for check in verify_suite(chain.client(), record) if not check.holds] == []
        assert all(made.transaction for made in record.creations.values())
        for name, made in record.creations.items():
            record.creations[name] = msgspec.structs.replace(made, transaction="")
        return msgspec.json.encode(record)

    beginning = chain.snapshot()
    run(tmp_path / "undisturbed", TRANSACTIONS)
    undisturbed = manifest(tmp_path / "undisturbed")
    for cut_at in CUTS:
        chain.restore(beginning)
        beginning = chain.snapshot()
        folder = tmp_path / str(cut_at)
        with pytest.raises(Cut):
            run(folder, cut_at)
        run(folder, TRANSACTIONS)
        assert manifest(folder) == undisturbed, cut_at
        assert sent(chain, account) == TRANSACTIONS


@pytest.mark.case("tools-4")
@pytest.mark.parametrize(
    "changes",
    [{"start": 1_767_225_600_000}, {"start": 1}, {"start": -5}, {"step": 0}, {"steps": 0}, {"sweep_after": 0}],
)
def test_what_cannot_be_mended_is_refused_before_anything_is_sent(chain, account, deployer, distribution, changes):
    record, saved = Record(31_337, ""), []
    params = Params(distribution=replace(distribution, **changes))
    with pytest.raises(UsageError, match=next(iter(changes))):
        deploy_protocol(deployer(), params, record=record, save=saved.append)
    assert (sent(chain, account), saved, record) == (0, [], Record(31_337, ""))


@pytest.mark.case("tools-7")
@pytest.mark.parametrize("name", ["timelock_delay", "unbonding", "epoch_length", "seed_stride", "daily_blocks"])
def test_a_parameter_out_of_bounds_is_refused_before_anything_is_sent(chain, account, deployer, name):
    with pytest.raises(UsageError, match=name):
        deploy_protocol(deployer(), replace(Params(), **{name: -1}))
    assert sent(chain, account) == 0
