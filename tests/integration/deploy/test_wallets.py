"""A deployment that a hardware wallet signs, as ape knows it: whatever the device does, nothing is half-done."""

from __future__ import annotations

from typing import Any

import pytest
from ape.api import AccountAPI
from ape.exceptions import AccountsError
from ape.types import AddressType, TransactionSignature
from eth_account import Account as EthAccount
from eth_utils import to_checksum_address

from ethwire.constants import GWEI
from ethwire.rpc import Rpc
from keifu.chain import ChainClient, Fees, sign_transaction
from keifu.chain.verify import verify_suite
from keifu.deploy.pool import replace_stuck
from keifu.errors import CheckFailed, EnvironmentFault, UsageError
from scripts._ape_deployer import ApeAccount, ApeDeployer
from tests.faulty_node import Change, FaultyNode

FOURTH = 4
OTHER_ADDRESS = "0x" + "0b" * 20
DECLINED, OTHER, NO_FORM = "declined", "other", "no form"


class DriverFault(Exception):
    """As drivers of devices raise them: none of ape's, none of ours."""


class Device(AccountAPI):
    """Keeps its key, shows each transaction, and does at one of them what `faults` says."""

    key: bytes
    faults: dict[int, Any] = {}  # noqa: RUF012 - pydantic copies it
    shown: list[Any] = []  # noqa: RUF012

    @property
    def address(self) -> AddressType:
        return to_checksum_address(EthAccount.from_key(self.key).address)

    def sign_message(self, msg: Any, **options: Any) -> None:
        del msg, options

    def sign_transaction(self, txn: Any, **options: Any) -> Any:
        del options
        self.shown.append(txn.model_copy())
        fault = self.faults.get(len(self.shown))
        if isinstance(fault, Exception):
            raise fault
        if fault == DECLINED:
            return None
        if fault == OTHER:
            txn.max_fee *= 2
        signed = EthAccount.sign_transaction(txn.model_dump(by_alias=True, exclude={"sender"}), self.key)
        r, s = (0, 0) if fault == NO_FORM else (signed.r, signed.s)
        txn.signature = TransactionSignature(v=signed.v, r=r.to_bytes(32, "big"), s=s.to_bytes(32, "big"))
        return txn


@pytest.fixture
def device(team, networks):
    del networks  # ape makes transactions for the network that it is connected to
    return Device(key=team.account.secret())


def wallet(team, device):
    return ApeDeployer(device, team.client, team.record.factory)


def sent(team):
    return team.client.rpc.quantity("eth_getTransactionCount", team.account.address, "pending")


def test_a_device_signs_the_whole_deployment(team, device):
    plan = team.plan()
    team.run(plan, wallet(team, device))
    team.chain.warp(plan.params.timelock_delay)
    outcome = team.run(plan, wallet(team, device))
    assert all(item.listed for item in outcome.services)
    assert {step.contract: step.address for step in plan.steps} == dict(team.record.contracts)
    assert [check.what for check in verify_suite(team.client, team.record) if not check.holds] == []
    assert len(device.shown) == sent(team)
    assert max(transaction.max_fee for transaction in device.shown) <= plan.chain.max_fee


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (DECLINED, "its owner declined"),
        (AccountsError("the device is locked"), "the device is locked"),
        (DriverFault("0x6985\nmore of it"), "0x6985"),
        (DriverFault(), "DriverFault"),
        (OSError("no device is there"), "no device is there"),
    ],
)
def test_a_device_that_signs_nothing_leaves_nothing_half_done(team, device, fault, why):
    plan = team.plan()
    device.faults = {FOURTH: fault}
    with pytest.raises(EnvironmentFault, match=f"{device.address} signed nothing: {why} \\(look at") as caught:
        team.run(plan, wallet(team, device))
    assert caught.value.remedy.endswith("what was done before stays")
    assert sent(team) == FOURTH - 1 == len(team.record.creations)
    assert team.record.pending.contract == plan.steps[FOURTH - 1].contract
    if fault == DECLINED:
        team.run(plan, wallet(team, device))
        assert sent(team) == len(plan.steps) + len(plan.services)
        assert [check.what for check in verify_suite(team.client, team.record) if not check.holds] == []


@pytest.mark.parametrize("fault", [OTHER, NO_FORM])
def test_what_the_device_was_not_asked_for_is_not_sent(team, device, fault):
    plan = team.plan()
    device.faults = {1: fault}
    with pytest.raises((CheckFailed, EnvironmentFault), match=r"signed (another transaction than|nothing)"):
        team.run(plan, wallet(team, device))
    assert sent(team) == 0


def test_a_device_replaces_what_is_stuck(team, device):
    team.client.rpc.call("evm_setAutomine", False)
    raw, _ = sign_transaction(
        team.account, chain_id=31_337, nonce=0, fees=Fees(3 * GWEI, GWEI), gas=21_000, to=OTHER_ADDRESS, value=1,
        data=b"",
    )  # fmt: skip
    team.client.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())

    def mine_it(request, result):
        if request["method"] == "eth_sendRawTransaction" and result:
            team.chain.mine()
        return result

    with FaultyNode(team.chain.url, Change(mine_it)) as node:
        replaced = replace_stuck(ChainClient(Rpc(node.url)), ApeAccount(device), polls=1, sleep=lambda seconds: None)
    team.client.rpc.call("evm_setAutomine", True)
    assert (replaced, len(device.shown)) == ([0], 2)  # its first fee was too low to take the place
    assert (sent(team), team.client.balance(OTHER_ADDRESS)) == (1, 0)


@pytest.mark.parametrize("what", ["public_key", "secret", "shared_point", "sign"])
def test_a_device_gives_nothing_else(team, device, what):
    account = ApeAccount(device)

    def ask():
        found = getattr(account, what)
        return found() if what == "secret" else found(b"\1" * 64)

    with pytest.raises(UsageError, match=f"{team.account.address} signs transactions alone"):
        ask()
