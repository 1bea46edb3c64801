"""What the native machine has beside the instructions, which test_machines.py holds against revm's."""

import hashlib

import pytest

from ethwire.constants import ETHER
from ethwire.errors import EnvironmentFault
from ethwire.keys import Account, keccak256
from evmstorm.conformance.machines import init_code
from evmstorm.conformance.programs import SENDER
from evmstorm.evm import native_build
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine

STORE = bytes.fromhex("5f35602035555f545f5260205ff3")  # storage[input[1]] = input[0]; return storage[0]
CALL_ITSELF = bytes.fromhex("5f5f5f5f5f305af1600101805f5260205ff3")


def word(number):
    return number.to_bytes(32, "big")


@pytest.fixture
def machine():
    machine = NativeMachine()
    machine.set_balance(SENDER, ETHER)
    return machine


@pytest.fixture
def store(machine):
    return machine.deploy(SENDER, init_code(STORE))


def precompile(number):
    return f"0x{number:040x}"


def test_precompiles_answer(machine):
    signer, digest = Account.from_role("signer"), keccak256(b"message")
    signature = signer.sign(digest)
    recovered = machine.call(SENDER, precompile(1), digest + word(signature[64]) + signature[:64])
    assert recovered == bytes.fromhex(signer.address[2:]).rjust(32, b"\0")
    assert machine.call(SENDER, precompile(2), b"abc") == hashlib.sha256(b"abc").digest()
    assert machine.call(SENDER, precompile(4), b"abc") == b"abc"
    sizes = word(1) * 3
    assert machine.call(SENDER, precompile(5), sizes + bytes([3, 5, 7])) == bytes([pow(3, 5, 7)])


def test_a_precompile_that_fails_takes_the_call_with_it(machine):
    assert machine.call(SENDER, precompile(6), b"\1" * 128) is None  # no point of the curve
    assert machine.failure == "PrecompileError"


def test_marks_nest(machine, store):
    read = machine.slot(store, 0)
    outer = machine.snapshot()
    machine.call(SENDER, store, word(1) + word(0))
    machine.snapshot()
    machine.call(SENDER, store, word(2) + word(0))
    assert read() == 2

    machine.revert(outer)

    assert read() == 0
    assert machine.snapshot() == outer


def test_a_reader_outlives_words_that_are_forgotten(machine, store):
    machine.call(SENDER, store, word(7) + word(0))
    read = machine.slot(store, 0)
    mark = machine.snapshot()
    for number in range(150_000):
        machine.call(SENDER, store, word(number + 1) + word(number << 32 | 1))

    machine.revert(mark)

    assert len(machine.state()[store].storage) == 1
    assert read() == 7
    assert machine.call(SENDER, store, word(8) + word(0)) == word(8)
    assert read() == 8


@pytest.mark.parametrize("make", [NativeMachine, PyrevmMachine])
def test_calls_end_where_gas_or_depth_does(make):
    machine = make()
    address = machine.deploy(SENDER, init_code(CALL_ITSELF))
    assert machine.call(SENDER, address) == word(2)


def test_gas_starts_cold_in_every_transaction(machine, store):
    machine.call(SENDER, store, word(1) + word(0))
    machine.call(SENDER, store, word(2) + word(0))
    first = machine.gas_used
    machine.call(SENDER, store, word(3) + word(0))
    assert machine.gas_used == first


def test_blocks_have_the_hash_of_their_number(machine):
    machine.set_block(300, 1_800_000_000, bytes(32))
    ask = machine.deploy(SENDER, init_code(bytes.fromhex("5f35405f5260205ff3")))
    assert machine.call(SENDER, ask, word(299)) == keccak256(b"299")
    assert machine.call(SENDER, ask, word(300)) == bytes(32)
    assert machine.call(SENDER, ask, word(43)) == bytes(32)


def test_more_than_there_is_cannot_be_sent(machine, store):
    assert machine.call(SENDER, store, b"", 10**19) is None
    assert machine.failure == "OutOfFunds"


def test_a_missing_compiler_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(native_build, "_folder", lambda: tmp_path)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(EnvironmentFault, match="build-essential"):
        native_build._built()
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_compile_leaves_nothing(tmp_path, monkeypatch):
    sources = tmp_path / "native"
    sources.mkdir()
    (sources / "broken.c").write_text("int broken(")
    monkeypatch.setattr(native_build, "SOURCES", sources)
    monkeypatch.setattr(native_build, "_folder", lambda: tmp_path)
    with pytest.raises(EnvironmentFault, match="does not compile"):
        native_build._built()
    assert list(tmp_path.glob("*.so")) == []
