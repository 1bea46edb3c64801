"""Disputes about the labels of both models of digits, which are trained and quantised here."""

from __future__ import annotations

import pytest

from benchmarks.disputed import Disputed
from examples.digits.training import Settings
from examples.digits.weights import held_out, make_weights
from keifu.inference import pictures
from keifu.inference.disputes import Challenger, Provider
from keifu.inference.reference import infer
from keifu.provenance.program import read_program
from tests.unit.inference_disputes.conftest import MINUTE
from tests.unit.inference_disputes.test_pictures import everywhere

SETTINGS = {"mlp": Settings(epochs=1), "cnn": Settings(network="cnn", epochs=1)}
LAST = 1
TURNS = 3  # from the opening to the proof: no sum of a digit's is too long for one call


@pytest.fixture(scope="module", params=sorted(SETTINGS))
def program(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    make_weights(folder, SETTINGS[request.param])
    return read_program(folder)


@pytest.fixture(scope="module")
def digit():
    return held_out(SETTINGS["mlp"])[0][0].reshape(-1).tolist()


def test_dis_1_a_digit_s_label_is_disputed(chain, program, digit):
    """DIS-1: a wrong lane of each operator, and another label."""
    published = pictures.published_of(program)
    honest = pictures.traced(published, digit)
    label = honest.records[-1][LAST][-1]
    assert label == infer(program, digit)
    made = honest.records[0][0]
    end = len(made) - 1
    other = everywhere(honest, (0, end, 0, made[end][0] - 1))
    cheats = [(everywhere(other, (0, slot, 5, made[slot][5] + 1)), label) for slot in range(1, len(made))]
    cheats.append((honest, [(label[0] + 1) % 10]))
    with chain.anchor():
        number = chain.snapshot()
        world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
        chain.warp(MINUTE)
        promised = chain.snapshot()
        for trace, ids in cheats:
            provider = Provider(published, honest if trace is honest else other, trace)
            played = world.play(world.answer(provider, digit, ids), provider, Challenger(published, honest, digit, ids))
            assert world.close(played).events("Convicted")
            assert len(played.mined) == (2 if trace is honest else TURNS)
            chain.restore(promised)
            promised = chain.snapshot()
        chain.restore(number)
