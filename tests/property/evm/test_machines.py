"""The native machine against revm: random programs, and every campaign, give the same."""

from __future__ import annotations

import os
import random

import pyrevm
import pytest

from keifu.evm import LocalEvm
from keifu.evm._native import NativeMachine
from keifu.evm._pyrevm import PyrevmMachine
from keifu.fuzz.engine import CHUNK, STEPS, Engine
from keifu.fuzz.systems import load, names
from tests.property.evm.programs import OTHER, SELF, SENDER, program

PROGRAMS = int(os.environ.get("KEIFU_PROGRAMS", "1500"))
TIME = 1_800_000_000
SEQUENCES = 4  # of each campaign


def init_code(code: bytes) -> bytes:
    """A constructor that returns `code`."""
    size = len(code).to_bytes(2, "big")
    return b"\x61" + size + b"\x60\x0c\x5f\x39\x61" + size + b"\x5f\xf3" + code


def outcome(machine, codes, data, value):
    """What comes of a call of the first program, which may call the second.

    A halt has no name here: where a run of instructions breaks two rules, the machines may name either.
    """
    machine.set_block(300, TIME, b"\7" * 32)
    machine.set_balance(SENDER, 10**24)
    for address, code in zip((SELF, OTHER), codes, strict=True):
        if isinstance(machine, PyrevmMachine):  # what it deploys stays warm, and new, for all transactions after
            machine._evm.insert_account_info(address, pyrevm.AccountInfo(nonce=1, code=code))
        else:
            assert machine.deploy(SENDER, init_code(code)) == address
    returned = machine.call(SENDER, SELF, data, value)
    if returned is None:
        return machine.failure if isinstance(machine.failure, bytes) else "halted"
    return returned, machine.logs, machine.gas_used


def differences(native, revm):
    """Balances, code and words that are not the same. pyrevm pads code with zeros."""
    found = []
    for address, account in native.state().items():
        if account.balance != revm.balance(address) or account.code.rstrip(b"\0") != revm.code(address):
            found.append(address)
        found += [(address, slot) for slot, word in account.storage.items() if word != revm.slot(address, slot)()]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_give_the_same_on_both_machines(seed):
    chance = random.Random(seed)
    for number in range(PROGRAMS // 4):
        codes = [program(chance), program(chance)]
        data, value = chance.randbytes(chance.choice([0, 4, 68])), chance.choice([0, 0, 7])
        native, revm = NativeMachine(), PyrevmMachine()
        ours, theirs = (outcome(machine, codes, data, value) for machine in (native, revm))
        assert ours == theirs, f"seed {seed}, {number}: {[code.hex() for code in codes]}, {data.hex()}, {value} wei"
        assert differences(native, revm) == [], f"seed {seed}, {number}: {[code.hex() for code in codes]}"


def told(engine, data):
    """One sequence: every step of it, what it found and what it left, with contracts by their names."""
    trace = []
    finding = engine.run(data, trace)
    words = [(reader.name, reader.known()) for reader in engine.system.readers]
    text = repr((finding, trace, words, [(counts.ok, counts.refused) for counts in engine.counts]))
    for number, contract in enumerate(engine.system.bound()):
        text = text.replace(contract.address, f"contract {number}").replace(str(int(contract.address, 16)), f"{number}")
    return text


@pytest.mark.parametrize("name", names())
def test_campaigns_give_the_same_on_both_machines(name):
    """pyrevm does not count nonces in calls, so that contracts, and constants of code, have other addresses."""
    ours, theirs = Engine(load(name)), Engine(load(name), machine=lambda load: LocalEvm(load, PyrevmMachine))
    theirs.system.dictionary, theirs.system.durations = ours.system.dictionary, ours.system.durations
    chance = random.Random(name)
    for _ in range(SEQUENCES):
        data = chance.randbytes(STEPS * CHUNK)
        assert told(ours, data) == told(theirs, data)
