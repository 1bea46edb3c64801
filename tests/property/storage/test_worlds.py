"""Worlds of the storage network: whatever befalls them, the rules of `audit.storage_world.checks` hold.

`python -m audit.storage_world --seed N` shows what happened in the world that failed.
"""

from __future__ import annotations

import pytest

from audit.storage_world.__main__ import main as world_command
from audit.storage_world.changed import FAULTS, first_world
from audit.storage_world.changed import main as fault_command
from audit.storage_world.odds import empty_node, losses, misses
from audit.storage_world.world import play
from tests.profiles import DEEP, announced, quick_or_deep

WORLDS = quick_or_deep(100, 2_000)
PARTS = 4
SOON = 15  # worlds: what they show is looked for in every run
AGREES = 1.2  # the larger of model over worlds and its inverse


@pytest.mark.parametrize("part", range(PARTS))
def test_no_rule_is_broken(part):
    seeds = range(1 + part * WORLDS // PARTS, 1 + (part + 1) * WORLDS // PARTS)
    broken = {seed: found for seed in announced("worlds", seeds) if (found := play(seed).broken)}
    assert not broken


def test_a_world_is_the_same_each_time():
    assert play(17) == play(17)
    assert play(17).notes != play(18).notes


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if DEEP or fault.soon], ids=lambda fault: fault.name)
def test_a_fault_that_was_put_in_is_found(fault):
    seed, _ = first_world(fault, quick_or_deep(SOON, 400))
    assert seed


def test_droppers_miss_as_many_epochs_as_the_formula_says():
    for dropped, epochs in quick_or_deep(((5, 12),), ((1, 250), (10, 60), (50, 20))):
        assert misses(quick_or_deep(10, 100), dropped, epochs).ratio < AGREES


def test_a_node_that_keeps_nothing_and_asks_its_peers_passes_unmasked_and_fails_masked():
    assert empty_node(5, masked=False).missed == 0
    assert empty_node(5, masked=True).missed == 4


def test_as_many_files_are_lost_as_the_model_says():
    """A few worlds say little: then only that the model expects a share that can be seen."""
    found = losses(quick_or_deep(1, 50))
    assert found.files == quick_or_deep(10, 500)
    assert 0.05 * found.files < found.modelled < 0.3 * found.files
    assert not DEEP or found.ratio < AGREES


def test_the_commands_of_the_page(capsys):
    assert world_command(["--seed", "17"]) == 0
    assert "1 worlds, 0 broken; " in capsys.readouterr().out.splitlines()[-1]
    assert fault_command(["early-answer", "pays-again"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": world")[0] for line in lines] == ["early-answer", "pays-again"]
