"""Bytes mean calls: prefixes, zeros, repetition."""

from __future__ import annotations

import random

import pytest
from systems.vault import Vault

from evmstorm.fuzz import Engine
from evmstorm.fuzz.engine import CHUNK, STEPS, Step


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Vault)


def _steps(engine: Engine, data: bytes) -> list[Step]:
    trace: list[Step] = []
    assert engine.run(data, trace) is None
    return trace


def _some(seed: int) -> bytes:
    return random.Random(seed).randbytes(CHUNK * STEPS)


def test_same_bytes_same_steps(engine: Engine) -> None:
    assert _steps(engine, _some(1)) == _steps(engine, _some(1))


def test_a_prefix_of_the_bytes_is_a_prefix_of_the_steps(engine: Engine) -> None:
    whole, part = _steps(engine, _some(2)), _steps(engine, _some(2)[: 20 * CHUNK])

    assert part
    assert whole[: len(part)] == part


def test_zeroed_steps_do_nothing(engine: Engine) -> None:
    data = _some(3)

    assert _steps(engine, bytes(5 * CHUNK) + data) == _steps(engine, data)


def test_every_action_is_reached(engine: Engine) -> None:
    for seed in range(30):
        _steps(engine, _some(seed))

    assert all(counts.ok and counts.refused for counts in engine.counts)


def test_waits_aim_at_deadlines(engine: Engine) -> None:
    steps = [step for seed in range(40) for step in _steps(engine, _some(seed))]
    delay = engine.system.delay  # type: ignore[attr-defined]

    waited = {step.seconds for step in steps if step.action == "wait"}

    assert {delay - 1, delay, delay + 1} <= waited
