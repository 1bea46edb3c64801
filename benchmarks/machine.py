"""The engine's machine by itself: precompiles beside revm, memory after undone deployments, official state tests."""

from __future__ import annotations

import multiprocessing as mp
import os
import random
import resource
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from evmstorm.conformance import specification, state_tests
from evmstorm.conformance.machines import init_code
from evmstorm.conformance.programs import SENDER
from evmstorm.evm.hardforks import HARDFORKS
from evmstorm.evm.machine import Machine
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine
from keifu.errors import CheckFailed
from keifu.keys import Account, keccak256

__all__ = ["precompile_ratio", "slowest_precompile", "state_score", "undone_megabytes"]

ROUNDS, INPUT = 7, 128
RECOVERY, SHA256, IDENTITY = 1, 2, 4
TIMES = {RECOVERY: 150, SHA256: 3_000, IDENTITY: 3_000}
DEPLOYMENTS, CODE_SIZE = 20_000, 4_096
PROGRAMS = 500
FOLDER = "STATE_TESTS"


def loop(numbers: Sequence[int], times: int) -> bytes:
    """A program that calls each of these precompiles so often, each round with the next piece of its input."""
    count = b"\x62" + times.to_bytes(3, "big")
    # The answer goes behind the input, which the next precompile takes as well.
    asked = (bytes([0x60, 0x20, 0x60, INPUT, 0x60, INPUT, 0x5F, 0x60, number, 0x5A, 0xFA, 0x50]) for number in numbers)
    body = b"".join(asked)
    copy = bytes([0x60, INPUT, 0x81, 0x60, 0x01, 0x90, 0x03, 0x60, INPUT, 0x02, 0x5F, 0x37])  # of piece count - 1
    start = len(count)
    return (
        count + b"\x5b" + copy + body + bytes.fromhex("60019003") + bytes([0x80, 0x60, start, 0x57])
        + bytes.fromhex("60205ff3")
    )  # fmt: skip


@cache
def _inputs(times: int) -> bytes:
    """Signatures, no two alike, which serve as anything else's input too."""
    signer, pieces = Account.from_role("signer"), []
    for number in range(times):
        digest = keccak256(number.to_bytes(32, "big"))
        signature = signer.sign(digest)
        pieces.append(digest + signature[64].to_bytes(32, "big") + signature[:64])
    return b"".join(pieces)


def _seconds(make: type[NativeMachine] | type[PyrevmMachine], numbers: Sequence[int], times: int) -> float:
    machine: Machine = make()
    machine.set_balance(SENDER, 10**24)
    data = _inputs(min(times, TIMES[RECOVERY]))
    address = machine.deploy(SENDER, init_code(loop(numbers, times)))
    began = time.process_time()
    if address is None or machine.call(SENDER, address, data) is None:
        raise CheckFailed(f"the loop over precompiles {numbers} failed: {machine.failure!r}")
    return time.process_time() - began


def _ratio(numbers: Sequence[int], times: int) -> float:
    """revm's time divided by ours; the two take turns."""
    pairs = [(_seconds(PyrevmMachine, numbers, times), _seconds(NativeMachine, numbers, times)) for _ in range(ROUNDS)]
    theirs, ours = (min(times) for times in zip(*pairs, strict=True))
    return float(theirs / ours)


def precompile_ratio() -> float:
    """Of one call that loops over the three, each round with another signature."""
    return _ratio(tuple(TIMES), TIMES[RECOVERY])


def slowest_precompile() -> float:
    """Of the one whose ratio is lowest, by itself: recovery, which both leave to libsecp256k1."""
    return min(_ratio((number,), times) for number, times in TIMES.items())


def undone_megabytes() -> float:
    """What a process takes more at its peak after deploying, calling and undoing."""
    with mp.get_context("spawn").Pool(1) as pool:
        return pool.apply(_undone)


def _undone() -> float:
    machine, chance = NativeMachine(), random.Random(1)
    machine.set_balance(SENDER, 10**24)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(DEPLOYMENTS):
        mark = machine.snapshot()
        address = machine.deploy(SENDER, init_code(b"\0" + chance.randbytes(CODE_SIZE)))
        if address is None or machine.call(SENDER, address) is None:
            raise CheckFailed("an empty contract failed")
        machine.revert(mark)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1_024


def state_score() -> float:
    """The lowest part, of all forks, of the subtests that pass."""
    if folder := os.environ.get(FOLDER):
        scores, _ = state_tests.score(Path(folder))
        return min(passed / total for passed, total in scores.values())
    parts = []
    with specification.judge() as ask:
        for fork in HARDFORKS:
            chance, passed = random.Random(1), 0
            for number in range(PROGRAMS):
                try:
                    specification.check(ask, f"program {number}", specification.random_test(chance, fork), fork)
                    passed += 1
                except CheckFailed:
                    continue
            parts.append(passed / PROGRAMS)
    return min(parts)
