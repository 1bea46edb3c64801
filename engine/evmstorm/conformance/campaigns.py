"""A campaign on the native machine against the same campaign on revm."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

from ethwire.errors import CheckFailed
from evmstorm.evm import LocalEvm
from evmstorm.evm.revm_machine import PyrevmMachine
from evmstorm.fuzz.engine import CHUNK, STEPS, Engine
from evmstorm.project import load

__all__ = ["compare"]

WORD = 32  # bytes
_NO_AMOUNT = 192  # bits: an integer with more of them is a hash, or of a tree: which one may follow from an address


def compare(system: str, sequences: int) -> None:
    """Run random sequences of a system on both machines; raises CheckFailed where they differ.

    pyrevm does not count nonces in calls, so that contracts, and constants of code, have other addresses, and what is
    signed for a contract, or hashed with its address, is something else. Hashes are compared by which are the same.
    """
    ours, theirs = (
        Engine(load(system)),
        Engine(load(system), machine=lambda load, fork: LocalEvm(load, PyrevmMachine, fork=fork)),
    )
    theirs.draw_as(ours)
    chance = random.Random(system)  # noqa: S311 - must repeat
    for number in range(sequences):
        data = chance.randbytes(STEPS * CHUNK)
        if (here := _seen(ours, data)) != (there := _seen(theirs, data)):
            raise CheckFailed(f"sequence {number} of {system} differs: {here} here, {there} on revm")


def _seen(engine: Engine, data: bytes) -> str:
    """One sequence: every step of it, what it found and what it left, with contracts by their names."""
    trace: list[Any] = []
    finding = engine.run(data, trace)
    hashes: dict[bytes, str] = {}
    trace = [dataclasses.replace(step, args=_unsigned(step.args, hashes)) for step in trace]
    words = [(reader.name, reader.known()) for reader in engine.system.readers]
    text = repr((finding, trace, words, [(counts.ok, counts.refused) for counts in engine.counts]))
    for number, contract in enumerate(engine.system.bound()):
        text = text.replace(contract.address, f"contract {number}").replace(str(int(contract.address, 16)), f"{number}")
    return text


def _unsigned(value: Any, hashes: dict[bytes, str]) -> Any:
    """What was passed, with the length alone of what may be a signature, and a hash by when it came first: both
    machines are given the same."""
    if isinstance(value, bytes) and len(value) > WORD:
        return f"{len(value)} bytes"
    if isinstance(value, bytes) and len(value) == WORD:
        return hashes.setdefault(value, f"hash {len(hashes)}")
    if isinstance(value, int) and value >> _NO_AMOUNT:
        return "a word"
    return type(value)(_unsigned(item, hashes) for item in value) if isinstance(value, (list, tuple)) else value
