"""Replies whose tokens are drawn: a wrong one is shown, and a right one never is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.inference.disputes import Challenger, Place, Provider, Seen
from keifu.inference.disputes.proofs import VERIFIERS
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import run
from tests.unit.inference_disputes.conftest import (
    GROUPS,
    LAST,
    LAYER,
    POSITION,
    PROMPT,
    changed,
    more,
    refused,
)
from tests.unit.inference_disputes.test_convictions import LANES, convicted

DRAWING = Drawing(keccak256(b"seed"), 40, 1_337)


def draw(program, prompt, count, drawing):
    """A reply, token by token."""
    ids = []
    for _ in range(count):
        ids.append(run(program, [*prompt, *ids], len(prompt) - 1, drawing).records[-1][-1][-1][0])
    return ids


@pytest.fixture(scope="session")
def drawn_ids(published):
    return draw(published.program, PROMPT, 3, DRAWING)


@pytest.fixture(scope="session")
def drawn(published, drawn_ids):
    return run(published.program, PROMPT + drawn_ids[:-1], len(PROMPT) - 1, DRAWING)


@pytest.fixture(scope="session")
def drawn_challenger(published, drawn, drawn_ids):
    return Challenger(published, drawn, PROMPT, drawn_ids)


def test_drawing_draws_other_tokens(published, drawn_ids, honest):
    likeliest = draw(published.program, PROMPT, 3, None)
    assert drawn_ids != likeliest
    assert len({tuple(draw(published.program, PROMPT, 2, replace(DRAWING, seed=bytes([n] * 32)))) for n in range(6)}) > 2


@pytest.mark.parametrize(("group", "slot", "lane"), LANES)
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_1_each_wrong_lane_of_a_drawn_reply_is_convicted(
    world, cheat, drawn, drawn_challenger, drawn_ids, group, slot, lane, by
):
    """DIS-1"""
    provider = cheat(more(drawn, group, slot, lane, by), group=group, trace=drawn)
    convicted(world, provider, drawn_challenger, ids=drawn_ids)
