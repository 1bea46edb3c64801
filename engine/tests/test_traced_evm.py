"""TracedEvm is LocalEvm with another machine under it: same results, and notes of what ran."""

from contextlib import suppress
from typing import Any

import pytest

from ethwire.abi import Interface
from ethwire.constants import DAY
from ethwire.errors import Revert
from evmstorm.coverage import TracedEvm
from evmstorm.evm import LocalEvm, reverts
from evmstorm.evm.hardforks import CANCUN

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


@pytest.fixture
def reference() -> Any:
    from py_evm_machine import PyEvmMachine  # noqa: PLC0415 - a second, which every worker would spend

    return PyEvmMachine(CANCUN)


def test_counts_are_those_of_another_evm(reference: Any) -> None:
    ours = TracedEvm()

    assert story(ours) == story(LocalEvm(machine=lambda fork: reference))

    assert ours.hits == reference.hits


@pytest.mark.parametrize(
    "code",
    [
        "60016002600301585b5b00",  # jump destinations in a row
        "5f35600757005b60ff5ffd",  # a conditional jump that is not taken
        "5f35600657fe5b5f35600d57fe5b00",
        "600436065f52600a80603e5700",  # no such place to jump to
        "5f600557fe5b60",  # a constant that the code's end cuts off
        "600160005b8015601457600190039060015660005b00",
        "60206001603e3e00",  # more than was returned: the run ends early
        "6005565b005b6001600357",
    ],
)
@pytest.mark.parametrize("word", [0, 1])
def test_counts_of_odd_code_are_those_of_another_evm(code: str, word: int, reference: Any) -> None:
    ours = TracedEvm()
    creation = bytes.fromhex(f"61{len(code) // 2:04x}80600a5f395ff3{code}")

    for evm in (ours, LocalEvm(machine=lambda fork: reference)):
        owner = evm.account("owner")
        contract = evm.deploy_code(Interface("odd", []), creation, sender=owner)
        with suppress(Revert):
            evm.send(owner, contract, word.to_bytes(32, "big"))

    assert ours.hits == reference.hits


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
