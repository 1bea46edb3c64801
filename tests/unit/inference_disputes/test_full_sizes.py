"""Answers as large as those of real models, from the receipt to the proof: a text of 512 tokens and a picture of 784
values. `benchmarks.answer_gas` measures the gas of the same disputes."""

from __future__ import annotations

import pytest

from benchmarks import answer_gas
from benchmarks.disputed import RESTITUTION, Disputed
from keifu.inference.disputes import Seen
from tests.unit.inference_disputes.conftest import MINUTE

TURNS = 8  # from the opening to the proof


@pytest.fixture(scope="module", params=[answer_gas.vectors, answer_gas.labels], ids=["vectors", "labels"])
def defended(request):
    return request.param()


def test_dis_1_wrong_lanes_of_large_answers_are_convicted(chain, defended):
    """DIS-1: each in eight transactions at most, false sums included."""
    with chain.anchor():
        number = chain.snapshot()
        world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), defended.published)
        chain.warp(MINUTE)
        for name, case in defended.cases.items():
            promised = chain.snapshot()
            played = answer_gas.played(world, defended.prompt, case)
            assert len(played.mined) <= TURNS, name
            (event,) = world.close(played).events("Convicted")
            assert event.restitution == RESTITUTION
            chain.restore(promised)
        chain.restore(number)


def test_nothing_is_disputed_of_an_honest_one(defended):
    by = next(iter(defended.cases.values())).challenger
    seen = Seen.of_vector(by.own.leaves()) if by.is_vector else Seen(by.own.position_roots())
    assert by.place(seen) is None
