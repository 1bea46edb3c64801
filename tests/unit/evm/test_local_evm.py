"""The in-process EVM: accounts, time, snapshots, logs, revert reasons."""

from __future__ import annotations

import pytest

from evmstorm.evm import LocalEvm, reverts
from keifu.errors import AbiError, UsageError


@pytest.fixture
def evm():
    return LocalEvm()


@pytest.fixture
def user(evm):
    return evm.account("user")


@pytest.fixture
def counter(evm, user):
    return evm.deploy("Counter", 100, sender=user)


def test_a_transaction_returns_value_and_events(counter, user):
    receipt = counter.add(7, sender=user)
    assert receipt.value == 7
    [counted] = receipt.logs
    assert (counted.event, counted.args) == ("Counted", {"by": user.address, "total": 7})
    assert counter.total() == 7


def test_a_default_argument_is_an_overload(counter, user):
    counter.add(sender=user)
    assert counter.total() == 1


def test_a_revert_carries_its_reason(counter, user):
    with reverts("counter: over the limit"):
        counter.add(101, sender=user)
    assert counter.total() == 0


def test_a_constructor_revert_carries_its_reason(evm, user):
    with reverts("counter: no limit"):
        evm.deploy("Counter", 0, sender=user)


def test_reverts_fails_on_another_reason_and_on_none(counter, user):
    message = "reverted with 'counter: over the limit', not with 'counter: limit'"
    with pytest.raises(AssertionError, match=message), reverts("counter: limit"):
        counter.add(101, sender=user)
    with pytest.raises(AssertionError, match="did not revert"), reverts("counter: limit"):
        counter.add(sender=user)


def test_call_changes_nothing(counter, user):
    assert counter.add.call(5, sender=user) == 5
    assert counter.total() == 0


def test_snapshot_restores_state_time_and_block_repeatedly(evm, counter, user):
    start = (evm.now, evm.block_number)
    number = evm.snapshot()
    for amount in (5, 9):
        evm.warp(100)
        counter.add(amount, sender=user)
        evm.restore(number)
        assert (counter.total(), evm.now, evm.block_number) == (0, *start)


def test_anchor_undoes_also_after_an_error(evm, counter, user):
    with reverts("counter: over the limit"), evm.anchor():
        counter.add(5, sender=user)
        counter.add(101, sender=user)
    assert counter.total() == 0


def test_time_runs_forward_only(evm):
    evm.warp(10)
    with pytest.raises(UsageError, match="time runs forward"):
        evm.warp_to(evm.now - 1)


def test_wrong_arguments_are_named(counter, user):
    with pytest.raises(AbiError, match="add:"):
        counter.add(-1, sender=user)
    with pytest.raises(AbiError, match="Counter has no function add with 2 arguments"):
        counter.add(1, 2, sender=user)
    with pytest.raises(AttributeError, match="Counter has no function subtract"):
        counter.subtract(1, sender=user)


def test_a_state_change_needs_a_sender(counter):
    with pytest.raises(UsageError, match="add changes state and needs a sender"):
        counter.add(1)


def test_equal_runs_give_equal_states():
    def run() -> tuple[str, int]:
        evm = LocalEvm()
        counter = evm.deploy("Counter", 5, sender=evm.account("user"))
        counter.add(3, sender=evm.account("user"))
        return counter.address, evm.storage(counter, 0)

    assert run() == run()
