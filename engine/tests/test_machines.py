"""The native machine against revm: random programs, and a campaign, give the same."""

from __future__ import annotations

import random
from itertools import product

import pytest

from evmstorm.conformance import campaigns
from evmstorm.conformance.machines import check, init_code
from evmstorm.conformance.programs import ARITHMETIC, BOUNDARIES, SENDER
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine

PROGRAMS = 400  # pairs a seed
SEQUENCES = 4  # of each campaign


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_give_the_same_on_both_machines(seed):
    chance = random.Random(seed)
    for _ in range(PROGRAMS):
        check(chance)


@pytest.mark.parametrize("op", ARITHMETIC, ids=hex)
def test_every_operation_on_all_edges(op):
    """Random programs meet few of the pairs that matter: a shift by one, the smallest number through minus one."""
    loads = b"".join(bytes([0x60, 32 * place, 0x35]) for place in reversed(range(ARITHMETIC[op])))
    code = init_code(loads + bytes([op]) + bytes.fromhex("5f5260205ff3"))
    deployments = [(machine, machine.deploy(SENDER, code)) for machine in (NativeMachine(), PyrevmMachine())]
    for operands in product(BOUNDARIES, repeat=ARITHMETIC[op]):
        data = b"".join(word.to_bytes(32, "big") for word in operands)
        ours, theirs = (machine.call(SENDER, address, data) for machine, address in deployments)
        assert ours == theirs, f"{op:#x} of {[hex(word) for word in operands]}"


def test_a_campaign_gives_the_same_on_both_machines():
    campaigns.compare("vault", SEQUENCES)
