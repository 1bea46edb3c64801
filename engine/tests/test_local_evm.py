"""The in-process EVM: accounts, time, snapshots, logs, revert reasons."""

from __future__ import annotations

import pytest

from ethwire.abi import Interface, decode_revert
from ethwire.errors import AbiError, UsageError
from ethwire.keys import keccak256
from evmstorm.evm import LocalEvm, reverts


@pytest.fixture
def evm():
    return LocalEvm()


@pytest.fixture
def user(evm):
    return evm.account("user")


@pytest.fixture
def meter(evm, user):
    return evm.deploy("Meter", 100, sender=user)


def test_a_transaction_returns_value_and_events(meter, user):
    receipt = meter.add(7, sender=user)
    assert receipt.value == 7
    [counted] = receipt.logs
    assert (counted.event, counted.args) == ("Counted", {"by": user.address, "total": 7})
    assert meter.total() == 7


def test_a_default_argument_is_an_overload(meter, user):
    meter.add(sender=user)
    assert meter.total() == 1


def test_a_revert_carries_its_reason(meter, user):
    with reverts("meter: over the limit"):
        meter.add(101, sender=user)
    assert meter.total() == 0


def test_a_constructor_revert_carries_its_reason(evm, user):
    with reverts("meter: no limit"):
        evm.deploy("Meter", 0, sender=user)


def test_a_revert_with_an_error_of_the_contract_s_own_carries_its_name(evm, user):
    abi = [
        {"type": "function", "name": "go", "inputs": [], "outputs": [], "stateMutability": "nonpayable"},
        {"type": "error", "name": "TooMuch", "inputs": [{"name": "wanted", "type": "uint256"}]},
    ]
    selector = keccak256(b"TooMuch(uint256)")[:4]
    refuses = bytes.fromhex(f"63{selector.hex()}6000526024601cfd")  # the selector and a word, whatever is called
    creation = bytes.fromhex(f"6c{refuses.hex()}600052600d6013f3")
    contract = evm.deploy_code(Interface("Refuser", abi), creation, sender=user)

    with reverts("TooMuch"):
        contract.go(sender=user)
    assert evm.revert().data == selector + bytes(32)
    assert decode_revert(selector + bytes(32)) == ""
    with reverts("TooMuch"):
        evm.deploy_code(Interface("Refuser", abi), refuses, sender=user)


def test_reverts_fails_on_another_reason_and_on_none(meter, user):
    message = "reverted with 'meter: over the limit', not with 'meter: limit'"
    with pytest.raises(AssertionError, match=message), reverts("meter: limit"):
        meter.add(101, sender=user)
    with pytest.raises(AssertionError, match="did not revert"), reverts("meter: limit"):
        meter.add(sender=user)


def test_call_changes_nothing(meter, user):
    assert meter.add.call(5, sender=user) == 5
    assert meter.total() == 0


def test_snapshot_restores_state_time_and_block_repeatedly(evm, meter, user):
    start = (evm.now, evm.block_number)
    number = evm.snapshot()
    for amount in (5, 9):
        evm.warp(100)
        meter.add(amount, sender=user)
        evm.restore(number)
        assert (meter.total(), evm.now, evm.block_number) == (0, *start)


def test_anchor_undoes_also_after_an_error(evm, meter, user):
    with reverts("meter: over the limit"), evm.anchor():
        meter.add(5, sender=user)
        meter.add(101, sender=user)
    assert meter.total() == 0


def test_time_runs_forward_only(evm):
    evm.warp(10)
    with pytest.raises(UsageError, match="time runs forward"):
        evm.warp_to(evm.now - 1)


def test_wrong_arguments_are_named(meter, user):
    with pytest.raises(AbiError, match="add:"):
        meter.add(-1, sender=user)
    with pytest.raises(AbiError, match="Meter has no function add with 2 arguments"):
        meter.add(1, 2, sender=user)
    with pytest.raises(AttributeError, match="Meter has no function subtract"):
        meter.subtract(1, sender=user)


def test_a_state_change_needs_a_sender(meter):
    with pytest.raises(UsageError, match="add changes state and needs a sender"):
        meter.add(1)


def test_equal_runs_give_equal_states():
    def run() -> tuple[str, int]:
        evm = LocalEvm()
        meter = evm.deploy("Meter", 5, sender=evm.account("user"))
        meter.add(3, sender=evm.account("user"))
        return meter.address, evm.storage(meter, 0)

    assert run() == run()
