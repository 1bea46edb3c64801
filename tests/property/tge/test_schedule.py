"""lib/schedule.vy and lib/merkle.vy against plain Python, on numbers from the whole range."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evmstorm.evm import LocalEvm, artifacts
from keifu.merkle import root_of
from keifu.spec import vesting as model
from keifu.tge import Schedule

hashes = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def harness():
    evm = LocalEvm()
    return evm.deploy("ScheduleHarness", sender=evm.account("deployer"))


def test_python_and_the_contracts_have_the_same_numbers():
    names = {
        "MONTH": model.MONTH_SECONDS,
        "TGE_STEPS": model.MONTHS,
        "TGE_DIVISOR": model.EVENT_DIVISOR,
        "TOKEN_SUPPLY": model.SUPPLY,
        "MIN_SWEEP_DELAY": model.SWEEP_DELAY,
    }
    assert {name: artifacts.constant("lib/constants.vy", name) for name in names} == names


@given(
    total=st.integers(0, 2**128 - 1),
    divisor=st.integers(0, 255),
    start=st.integers(1, 2**40),
    step=st.integers(1, 2**32 - 1),
    steps=st.integers(1, 2**16 - 1),
    after=st.integers(0, 2**64),
)
@example(total=2**128 - 1, divisor=3, start=1, step=1, steps=36, after=35)
@example(total=2**128 - 1, divisor=1, start=1, step=1, steps=2**16 - 1, after=2**64)
def test_sch_5_the_contract_agrees_with_the_model(harness, total, divisor, start, step, steps, after):
    schedule = Schedule(start, step, steps, divisor)
    at = start + after
    assert harness.vested(total, divisor, start, step, steps, at) == schedule.vested(total, at)


@given(leaf=hashes, proof=st.lists(hashes, max_size=32))
def test_a_proof_leads_to_the_same_root(harness, leaf, proof):
    assert harness.root(leaf, proof) == root_of(leaf, proof)
