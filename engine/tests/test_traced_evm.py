"""TracedEvm is LocalEvm with another machine under it: same results, and notes of what ran."""

from typing import Any

import pytest

from ethwire.constants import DAY
from evmstorm.coverage import TracedEvm
from evmstorm.evm import LocalEvm, reverts

TOTAL = 10**20
EXIT_DELAY = 3 * DAY


def story(evm: LocalEvm) -> list[Any]:
    """A deposit, and an exit that is taken too early and then in time; everything that can be seen on the way."""
    owner, guardian, depositor = evm.account("owner"), evm.account("guardian"), evm.account("depositor")
    token = evm.deploy("PlainToken", sender=owner)
    vault = evm.deploy("ThirdPartyVault", token, guardian, owner, sender=owner)
    token.mint(depositor, TOTAL, sender=owner)
    token.approve(vault, TOTAL, sender=depositor)
    start = evm.snapshot()
    made = vault.deposit(TOTAL, sender=depositor)
    asked = vault.request_exit(TOTAL // 2, sender=depositor)
    with reverts("vault: exit is not ripe"):
        vault.exit(sender=depositor)
    evm.warp(EXIT_DELAY)
    left = vault.exit(sender=depositor)
    seen = [token.address, vault.address, made.logs, asked.logs, left.logs]
    seen += [vault.shares(depositor), evm.storage(vault, 0), token.balanceOf(depositor)]
    evm.restore(start)
    return [*seen, vault.shares(depositor), evm.now]


def test_same_results_as_the_native_machine() -> None:
    assert story(TracedEvm()) == story(LocalEvm())


def test_notes_every_instruction_and_jump() -> None:
    evm = TracedEvm()

    story(evm)

    runtime = evm.load("ThirdPartyVault").runtime_code
    hits = next(found for code, found in evm.hits.items() if code.startswith(runtime))
    assert hits.pcs[0] == 4  # deposit, request, exit, exit; the views were asked by Python
    assert all(hits.taken.get(pc, 0) + hits.passed.get(pc, 0) == hits.pcs[pc] for pc in hits.taken)


@pytest.mark.parametrize("static", [True, False])
def test_views_by_python_code_leave_no_notes(static: bool) -> None:
    evm = TracedEvm()
    owner = evm.account("owner")
    token = evm.deploy("PlainToken", sender=owner)
    before = len(evm.hits)

    if static:
        token.balanceOf(owner)
    else:
        token.mint(evm.account("receiver"), 1, sender=owner)

    assert (len(evm.hits) == before) is static
