"""A provider of the tiny model and its client, with all contracts, in this process, and traces that are wrong."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from audit.tiny_model import Sizes, tiny
from benchmarks.disputed import Disputed
from ethwire.errors import Revert
from evmstorm.evm import LocalEvm
from keifu.inference.disputes import Challenger, Place, Provider, Seen
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import Published

PROMPT, IDS = [3, 1, 4], [85, 72, 50]
POSITION, LAYER, LAST = 4, 1, 3
GROUPS = 4
OUT = 15  # slot of a layer's last tensor
MINUTE = 60


@pytest.fixture(scope="session")
def published():
    return Published.of(tiny("blocks", Sizes(positions=40)))


@pytest.fixture(scope="session")
def honest(published):
    """The model's own trace of the prompt and its reply."""
    return run(published.program, PROMPT + IDS[:-1], len(PROMPT) - 1)


@pytest.fixture(scope="session")
def chain():
    return LocalEvm()


@pytest.fixture(scope="session")
def started(chain, published):
    world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
    chain.warp(MINUTE)
    return world


@pytest.fixture
def world(chain, started):
    with chain.anchor():
        number = chain.snapshot()
        yield started
        chain.restore(number)


@pytest.fixture(scope="session")
def challenger(published, honest):
    return Challenger(published, honest, PROMPT, IDS)


def changed(trace, changes, position=POSITION):
    """A trace with other lanes: (group, slot, lane, value) each."""
    groups = [[list(tensor) for tensor in record] for record in trace.records[position]]
    for group, slot, lane, value in changes:
        tensor = groups[group][slot]
        tensor += [0] * (lane + 1 - len(tensor))
        tensor[lane] = value
    return replace(trace, records=[*trace.records[:position], groups, *trace.records[position + 1 :]])


def more(trace, group, slot, lane, by=1, position=POSITION):
    """One lane that is larger."""
    tensor = trace.records[position][group][slot]
    return group, slot, lane, (tensor[lane] if lane < len(tensor) else 0) + by


@pytest.fixture(scope="session")
def cheat(published, honest):
    """A provider whose layer made something else, and whose record says that these lanes are why."""

    def cheat(*changes, group=LAYER, trace=honest, position=POSITION):
        last = len(published.program[group])
        wrong = more(trace, group, last, 0, 7, position)
        committed = changed(trace, [wrong], position)
        return Provider(published, committed, changed(trace, [wrong, *changes], position))

    return cheat


def refused(reason):
    """What is inside reverts with exactly this reason."""
    return pytest.raises(Revert, match=f"{re.escape(reason)}$")


@pytest.fixture
def provider(published, honest):
    return Provider(published, honest)


@pytest.fixture
def answer(world, provider):
    return world.answer(provider, PROMPT, IDS)


@pytest.fixture
def place(provider, answer):
    boundaries = provider.boundaries(POSITION)
    path = [*trees.path(boundaries, LAYER), *trees.path(answer.positions, POSITION)]
    return Place(POSITION, LAYER, boundaries[LAYER], path)


@pytest.fixture
def unnamed(answer):
    """The position alone."""
    return Place(POSITION, GROUPS, answer.positions[POSITION], trees.path(answer.positions, POSITION))


def opening(turn):
    """Of what a contract begins the dispute again."""
    return turn.dispute, turn.operator, turn.challenger, turn.time, turn.group, turn.boundary


def seen_of(answer):
    return Seen(answer.positions)
