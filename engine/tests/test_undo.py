"""What an undo takes back and what it must leave, and that it leaves no memory behind."""

from __future__ import annotations

import random
import resource
import threading

import pytest

from ethwire.keys import keccak256
from evmstorm.conformance.machines import init_code
from evmstorm.conformance.programs import SENDER
from evmstorm.evm.hardforks import hardfork
from evmstorm.evm.native_machine import AccountState, Authorization, NativeMachine, Transaction

EMPTY = "0x" + "e0" * 20
CALL_ITSELF = bytes.fromhex("5f5f5f5f5f305af1600101805f5260205ff3")
DEPLOYMENTS, KILOBYTE = 1_500, 1_024
SMALL_STACK = 256 * KILOBYTE


@pytest.fixture
def machine():
    machine = NativeMachine()
    machine.set_balance(SENDER, 10**24)
    return machine


def push(value, width=32):
    return bytes([0x5F + width]) + value.to_bytes(width, "big")


def created(factory, init, salt=0):
    preimage = b"\xff" + bytes.fromhex(factory[2:]) + salt.to_bytes(32, "big") + keccak256(init)
    return keccak256(preimage)[-20:]


def factory_code(init, after):
    """CREATE2 of `init` with salt 0, then `after` on the stack's top, whose answer is returned."""
    store = push(int.from_bytes(init.ljust(32, b"\0"), "big")) + b"\x5f\x52"
    return store + b"\x5f" + push(len(init), 1) + b"\x5f\x5f\xf5\x50" + after + bytes.fromhex("5f5260205ff3")


def cost_of_looking(address):
    """GAS before and after BALANCE of the address."""
    return b"\x5a" + push(int.from_bytes(address, "big"), 20) + b"\x31\x50\x5a\x90\x03"


FACTORY = "0x" + keccak256(b"\xd6\x94" + bytes.fromhex(SENDER[2:]) + b"\x80")[-20:].hex()
WARM, COLD, AROUND = 100, 2_600, 7  # PUSH, POP and GAS


@pytest.mark.case("tools-21")
@pytest.mark.parametrize("init", ["5f5ffd", "fe", "5f5ff3", "60ef5f5360015ff3"], ids=["revert", "halt", "done", "0xef"])
def test_where_a_contract_was_to_be_stays_warm(machine, init):
    init = bytes.fromhex(init)
    address = created(FACTORY, init)
    assert machine.deploy(SENDER, init_code(factory_code(init, cost_of_looking(address)))) == FACTORY

    cost = int.from_bytes(machine.call(SENDER, FACTORY), "big")

    assert cost == WARM + AROUND


@pytest.mark.case("tools-21")
def test_what_was_warmed_in_a_call_that_fails_is_cold_again(machine):
    warms = machine.deploy(SENDER, init_code(push(int(EMPTY, 16), 20) + b"\x31\x5f\x5f\xfd"))
    call = b"\x5f\x5f\x5f\x5f\x5f" + push(int(warms, 16), 20) + b"\x5a\xf1\x50"
    asks = machine.deploy(
        SENDER, init_code(call + cost_of_looking(bytes.fromhex(EMPTY[2:])) + bytes.fromhex("5f5260205ff3"))
    )

    assert int.from_bytes(machine.call(SENDER, asks), "big") == COLD + AROUND


@pytest.mark.case("tools-26")
@pytest.mark.parametrize("storage", [{}, {7: 1}], ids=["nothing", "storage"])
def test_nothing_is_made_where_storage_is(machine, storage):
    init = bytes.fromhex("5f5ff3")
    address = created(FACTORY, init)
    machine.set_account("0x" + address.hex(), AccountState(0, 0, b"", storage))
    look = push(int.from_bytes(address, "big"), 20) + b"\x3f"  # a hash: it is there now, with nonce one
    machine.deploy(SENDER, init_code(factory_code(init, look)))

    machine.transact(Transaction(SENDER, FACTORY, gas=10_000_000))

    assert machine.nonce("0x" + address.hex()) == (0 if storage else 1)


@pytest.mark.case("tools-23")
def test_undone_deployments_leave_no_memory(machine):
    chance = random.Random(1)
    empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(DEPLOYMENTS):
        mark = machine.snapshot()
        address = machine.deploy(SENDER, init_code(b"\x00" + chance.randbytes(4 * KILOBYTE)))
        assert machine.call(SENDER, address) == b""
        machine.revert(mark)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - empty < 50 * KILOBYTE  # in kilobytes


@pytest.mark.case("tools-23")
def test_codes_that_a_mark_can_bring_back_are_kept(machine):
    code = b"\x60\x2a\x5f\x52\x60\x20\x5f\xf3"
    address = machine.deploy(SENDER, init_code(code))
    outer = machine.snapshot()
    machine.set_account(address, AccountState(0, 1, b""))
    for number in range(1_000):
        mark = machine.snapshot()
        machine.deploy(SENDER, init_code(b"\x00" + number.to_bytes(KILOBYTE, "big")))
        machine.revert(mark)

    machine.revert(outer)

    assert int.from_bytes(machine.call(SENDER, address), "big") == 0x2A


@pytest.mark.case("tools-25")
def test_logs_are_there_after_a_revert_that_frees_their_account(machine):
    store = bytes.fromhex("5f35602035555f545f5260205ff3")
    fills = machine.deploy(SENDER, init_code(store))
    mark = machine.snapshot()
    emits = machine.deploy(SENDER, init_code(bytes.fromhex("5f5fa0")))
    for number in range(140_000):  # so many words that a revert sweeps
        machine.call(SENDER, fills, (1).to_bytes(32, "big") + number.to_bytes(32, "big"))
    machine.call(SENDER, emits)
    machine.revert(mark)
    machine.set_balance("0x" + "77" * 20, 1)  # may take the place of what was freed

    assert [log.address for log in machine.logs] == [emits]


@pytest.mark.case("tools-25")
def test_a_thread_with_a_small_stack_is_enough_for_the_deepest_calls():
    found = []

    def run():
        machine = NativeMachine()
        machine.set_balance(SENDER, 10**24)
        found.append(machine.call(SENDER, machine.deploy(SENDER, init_code(CALL_ITSELF))))

    before = threading.stack_size(SMALL_STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [(2).to_bytes(32, "big")]


def test_an_authorization_stays_when_its_transaction_fails():
    machine = NativeMachine(hardfork("prague"))
    machine.set_balance(SENDER, 10**24)
    assert machine.fork.name == "prague"
    reverts = machine.deploy(SENDER, init_code(bytes.fromhex("5f5ffd")))
    sent = Transaction(
        SENDER, reverts, gas=200_000, authorizations=(Authorization(EMPTY, reverts, 0),), paid_authorizations=1
    )
    assert not machine.transact(sent)

    assert machine.code(EMPTY) == b"\xef\x01\x00" + bytes.fromhex(reverts[2:])
    assert machine.nonce(EMPTY) == 1
