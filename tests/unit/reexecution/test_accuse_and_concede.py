"""REX-6: enough of the panel can accuse, and only the court convicts."""

from __future__ import annotations

import pytest

from audit.reexecuted import RESTITUTION
from ethwire.abi import encode_args
from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.units import DAY


def test_an_accusation_names_the_fault_and_its_evidence(world):
    demand, _ = world.accused()
    court = world.court
    assert (court.service(), court.operator()) == (world.service.address, world.operator.address)
    assert (court.amount(), court.accuser()) == (RESTITUTION, world.client.address)
    assert court.fault() == keccak256(encode_args(["uint256"] * 3, (world.promise, 0, 1)))
    assert bytes(court.evidence()).endswith(b"what I saw")
    assert int.from_bytes(bytes(court.evidence())[128:160], "big") == 4  # that differed
    assert world.service.demand(demand)[6] == 3


@pytest.mark.parametrize("words", [[2, 2, 1, 1, 1], [2, 2, 0, 0, 0], [1] * 5])
def test_a_minority_accuses_nobody(world, words):
    """A colluding minority of the panel: the operator loses nothing, and its client has paid the panel."""
    before = world.wealth(world.operator)
    demand, _ = world.found(words)
    with reverts("reexecution: nothing to accuse of"):
        world.service.accuse(demand, b"", sender=world.client)
    assert world.wealth(world.operator) == before


def test_only_the_client_accuses_once_and_in_time(world):
    demand, _ = world.found([2] * 5)
    with reverts("reexecution: not the client"):
        world.service.accuse(demand, b"", sender=world.stranger)
    with world.evm.anchor():
        world.evm.warp(2 * DAY)
        with reverts("reexecution: nothing to accuse of"):
            world.service.accuse(demand, b"", sender=world.client)
    world.service.accuse(demand, b"", sender=world.client)
    with reverts("reexecution: nothing to accuse of"):
        world.service.accuse(demand, b"", sender=world.client)


def test_nobody_is_accused_before_all_have_spoken(world):
    demand, _ = world.drawn()
    with reverts("reexecution: nothing to accuse of"):
        world.service.accuse(demand, b"", sender=world.client)


def test_the_operator_concedes_and_nobody_else(world):
    demand, _ = world.accused()
    with reverts("reexecution: not the operator"):
        world.service.concede(demand, sender=world.client)
    world.service.concede(demand, sender=world.operator)
    assert world.court.verdict(0)[0] == 2


def test_without_a_case_nothing_is_conceded(world):
    demand, _ = world.found([2] * 5)
    with reverts("reexecution: no case"):
        world.service.concede(demand, sender=world.operator)
