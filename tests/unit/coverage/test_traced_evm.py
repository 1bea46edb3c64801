"""TracedEvm is LocalEvm with another machine under it: same results, and notes of what ran."""

from typing import Any

import pytest

from evmstorm.coverage import TracedEvm
from evmstorm.evm import LocalEvm, reverts

TOTAL = 10**20


def story(evm: LocalEvm) -> list[Any]:
    """A grant from its creation to a claim too many; everything that can be seen on the way."""
    owner, beneficiary = evm.account("owner"), evm.account("beneficiary")
    token = evm.deploy("KeifuToken", owner, sender=owner)
    escrow = evm.deploy("VestingEscrow", token, "0x" + "00" * 20, sender=owner)
    token.approve(escrow, TOTAL, sender=owner)
    start = evm.snapshot()
    plan = (beneficiary.address, owner.address, TOTAL, evm.now, 100, 10, 2, 3)
    created = escrow.create(plan, sender=owner)
    evm.warp(550)
    claimed = escrow.claim(1, sender=beneficiary)
    with reverts("escrow: nothing to claim"):
        escrow.claim(1, sender=beneficiary)
    seen = [token.address, escrow.address, created.value, created.logs, claimed.value, claimed.logs]
    seen += [escrow.plan(1), evm.storage(escrow, 0), token.balanceOf(beneficiary)]
    evm.restore(start)
    return [*seen, escrow.plan(1), evm.now]


def test_same_results_as_the_native_machine() -> None:
    assert story(TracedEvm()) == story(LocalEvm())


def test_notes_every_instruction_and_jump() -> None:
    evm = TracedEvm()

    story(evm)

    runtime = evm.load("VestingEscrow").runtime_code
    hits = next(found for code, found in evm.hits.items() if code.startswith(runtime))
    assert hits.pcs[0] == 3  # create, claim, claim; the views were asked by Python
    assert all(hits.taken.get(pc, 0) + hits.passed.get(pc, 0) == hits.pcs[pc] for pc in hits.taken)


@pytest.mark.parametrize("static", [True, False])
def test_views_by_python_code_leave_no_notes(static: bool) -> None:
    evm = TracedEvm()
    owner = evm.account("owner")
    token = evm.deploy("KeifuToken", owner, sender=owner)
    before = len(evm.hits)

    if static:
        token.balanceOf(owner)
    else:
        token.transfer(evm.account("receiver"), 1, sender=owner)

    assert (len(evm.hits) == before) is static
