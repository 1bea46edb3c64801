"""The precompiled contracts beside libraries that know the answer, and their limits."""

from __future__ import annotations

import hashlib
import random

import pytest

from ethwire.keys import Account, keccak256
from evmstorm.conformance.programs import SENDER
from evmstorm.evm import _precompiles, native_machine
from evmstorm.evm.hardforks import HARDFORKS, hardfork
from evmstorm.evm.machine import intrinsic_gas
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine

ONE = (1).to_bytes(32, "big")


def at(number):
    return f"0x{number:040x}"


@pytest.fixture
def machine():
    return NativeMachine()


@pytest.mark.case("tools-22")
@pytest.mark.parametrize("size", [0, 65_536, 65_537, 300_000])
def test_identity_has_no_limit_of_its_own(machine, size):
    data = random.Random(size).randbytes(size)
    assert machine.call(SENDER, at(4), data) == data
    assert machine.gas_used - intrinsic_gas(data) == 15 + 3 * -(-size // 32)


@pytest.mark.case("tools-22")
def test_a_power_may_be_as_long_as_its_gas_allows(machine):
    size = 65_544
    modulus = b"\x01" + bytes(size - 2) + b"\x01"
    sizes = b"".join(number.to_bytes(32, "big") for number in (1, 1, size))
    assert machine.call(SENDER, at(5), sizes + b"\x03\x02" + modulus) == b"\x09".rjust(size, b"\0")


@pytest.mark.case("tools-24")
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 9])
def test_python_is_not_asked(monkeypatch, number):
    def refuse(*_):
        raise AssertionError("asked")

    monkeypatch.setattr(native_machine, "precompile", refuse)
    data = (12).to_bytes(4, "big") + bytes(208) + b"\1" if number == 9 else ONE * 4
    assert NativeMachine().call(SENDER, at(number), data) is not None


@pytest.mark.parametrize("number", range(1, 11))
def test_random_inputs_give_what_revm_gives(number):
    chance, ours, theirs = random.Random(number), NativeMachine(), PyrevmMachine()
    signer = Account.from_role("signer")
    for _ in range(60):
        data = chance.randbytes(chance.choice([0, 1, 31, 32, 64, 128, 192, 213]))
        if number == 1 and chance.random() < 0.7:
            digest = keccak256(data)
            signature = signer.sign(digest)
            v = chance.choice([signature[64], signature[64], 26, 27, 28, 29])
            data = digest + v.to_bytes(32, "big") + signature[:64] + data
        elif number == 5:
            sizes = [chance.choice([0, 1, 5, 31, 32, 33, 64, 97]) for _ in range(3)]
            data = b"".join(size.to_bytes(32, "big") for size in sizes) + chance.randbytes(sum(sizes))
        elif number == 9:
            data = chance.randrange(20).to_bytes(4, "big") + chance.randbytes(208) + bytes([chance.randrange(3)])
        assert ours.call(SENDER, at(number), data) == theirs.call(SENDER, at(number), data), data.hex()
        if ours.failure == b"" and theirs.failure == b"":
            assert ours.gas_used == theirs.gas_used, data.hex()


@pytest.mark.parametrize("size", range(130))
def test_hashes_of_every_size_around_a_block(machine, size):
    data = random.Random(size).randbytes(size)
    assert machine.call(SENDER, at(2), data) == hashlib.sha256(data).digest()


@pytest.mark.parametrize(("fork", "gas"), [("cancun", 200), ("prague", 200), ("osaka", 500)])
def test_a_fork_prices_a_power(fork, gas):
    machine = NativeMachine(hardfork(fork))
    data = ONE * 3 + bytes([3, 5, 7])
    assert machine.call(SENDER, at(5), data) == bytes([pow(3, 5, 7)])
    assert machine.gas_used == max(intrinsic_gas(data) + gas, 0 if fork == "cancun" else _floor(data))


def _floor(data):
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))


def test_osaka_bounds_a_power():
    sizes = b"".join(number.to_bytes(32, "big") for number in (1_025, 1, 1))
    assert NativeMachine(hardfork("osaka")).call(SENDER, at(5), sizes + bytes(1_027)) is None
    assert NativeMachine(hardfork("prague")).call(SENDER, at(5), sizes + bytes(1_027)) == b"\0"


@pytest.mark.parametrize("fork", HARDFORKS, ids=lambda fork: fork.name)
def test_a_signature_on_p256_is_verified_from_osaka_on(fork):
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    key = ec.derive_private_key(7, ec.SECP256R1())
    digest = hashlib.sha256(b"message").digest()
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()))))
    point = key.public_key().public_numbers()
    data = digest + b"".join(number.to_bytes(32, "big") for number in (r, s, point.x, point.y))

    machine = NativeMachine(fork)

    assert machine.call(SENDER, at(0x100), data) == (ONE if fork.name == "osaka" else b"")
    assert machine.call(SENDER, at(0x100), data[:32] + ONE + data[64:]) == b""
    assert _precompiles.precompile(0x100, data[:-1]) == (b"", 6_900)


def test_bls_answers_from_prague_on():
    infinity = bytes(256)
    assert NativeMachine(hardfork("prague")).call(SENDER, at(0x0B), infinity) == bytes(128)
    assert NativeMachine(hardfork("prague")).call(SENDER, at(0x0B), infinity[:-1]) is None
    assert NativeMachine().call(SENDER, at(0x0B), infinity) == b""
