"""Readers of storage give what the contract's own views give."""

from __future__ import annotations

from functools import partial

import pytest

from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine
from evmstorm.fuzz.storage import Field, Reader


def test_slots_agree_with_views(evm: LocalEvm) -> None:
    owner, spender = evm.account("owner"), evm.account("spender")
    token = evm.deploy("PlainToken", sender=owner)
    token.mint(owner, 77, sender=owner)
    token.approve(spender, 5, sender=owner)
    artifact = artifacts.load("PlainToken")

    def reader(name: str) -> Reader:
        return Reader(evm.raw.slot, token.address, name, Field(artifact.slot(name), 0, 0, 256))

    assert reader("totalSupply")() == token.totalSupply()
    assert reader("balanceOf")(owner.address) == token.balanceOf(owner)
    assert reader("allowance")(owner.address, spender.address) == token.allowance(owner, spender)


def test_packed_fields_are_cut_out(evm: LocalEvm) -> None:
    stored = {3: (7 << 128) | 9}
    high, low = (
        Reader(lambda _, slot: partial(stored.get, slot), "0x", "x", Field(1, 2, bit, 128)) for bit in (128, 0)
    )

    assert (high(), low()) == (7, 9)


@pytest.mark.parametrize("machine", [NativeMachine, PyrevmMachine])
def test_a_watch_says_what_changed_and_forgets_nothing_that_is_undone(machine) -> None:
    evm = LocalEvm(machine=machine)
    owner, other = evm.account("owner"), evm.account("other")
    token = evm.deploy("PlainToken", sender=owner)
    artifact = artifacts.load("PlainToken")
    supply = Reader(evm.raw.slot, token.address, "x", Field(artifact.slot("totalSupply"), 0, 0, 256))
    held = Reader(evm.raw.slot, token.address, "x", Field(artifact.slot("balanceOf"), 0, 0, 256))
    changed = evm.raw.watch([supply.place(), held.place(owner.address)])
    assert [bool(changed()), bool(changed())] == [True, False]
    mark = evm.raw.snapshot()
    token.mint(owner, 1, sender=owner)
    assert [bool(changed()), bool(changed())] == [True, False]
    token.approve(other, 5, sender=owner)
    assert not changed()
    evm.raw.revert(mark)
    assert [bool(changed()), bool(changed())] == [True, False]
