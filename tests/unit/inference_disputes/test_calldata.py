"""What a provider shows is read as the contract took it, however its transaction wrote it down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.disputed import TURN
from ethwire.errors import AbiError
from keifu.abi import decode_args
from keifu.errors import CheckFailed
from keifu.inference.disputes import Question, Stage
from keifu.inference.disputes.calldata import taken
from tests.unit.inference_disputes.conftest import LAYER, POSITION, seen_of

SELECTOR, HEAD = 4, 10
ATTENDED = 9


def word(value):
    return value.to_bytes(32, "big")


def read(function, data):
    return taken(function.inputs[1:], data, selector=SELECTOR, first=HEAD)


def shows(world, chain, turn, name, data):
    """The contract takes it, and what is read of it makes the turn that the contract has."""
    chain.send(world.operator, world.game.address, data)
    after = turn.after(name, read(world.game.interface.function(name), data))
    stage = Stage.NAMING if name == "show_groups" else Stage.ASKING
    after = replace(after, stage=stage, deadline=chain.now + TURN)
    assert world.game.turn_of(world.disputes.address, turn.dispute) == after.hash


def gap(data, args):
    """The list stands a word further on."""
    return data[:args] + word(12 * 32) + word(7) + data[args + 32 :]


def inside(data, args):
    """The list begins in the middle of a word, behind which all is as it was."""
    return data[:args] + word(11 * 32 + 5) + b"\x07" * 5 + data[args + 32 :]


@pytest.mark.parametrize("write", [gap, inside])
def test_dis_6_a_list_that_stands_elsewhere(world, chain, provider, answer, unnamed, write):
    """DIS-6"""
    turn = world.open(answer, unnamed).turn
    data = world.game.show_groups.encode(turn.args, provider.boundaries(POSITION))
    shows(world, chain, turn, "show_groups", write(data, SELECTOR + 32 * HEAD))


def test_dis_6_zeros_that_were_not_sent(world, chain, provider, answer, place):
    """DIS-6: a strict decoder refuses what the contract takes."""
    turn = world.open(answer, place).turn
    data = world.game.show_record.encode(turn.args, *provider.record(POSITION, LAYER, turn.marks)).rstrip(b"\0")
    function = world.game.interface.function("show_record")
    with pytest.raises(AbiError, match="show_record"):
        decode_args(function.inputs, data[SELECTOR:], "show_record")
    shows(world, chain, turn, "show_record", data)


def test_dis_6_padding_that_is_not_zero(world, chain, provider, answer, place):
    """DIS-6"""
    seen = seen_of(answer)
    played = world.show(world.open(answer, place), provider, seen)
    question = Question(Stage.SUMS, ATTENDED, 0, 1, POSITION + 1)
    turn = world.step(played, "ask", *question.args, sender=world.payer).turn
    data = world.game.show_sums.encode(turn.args, provider.sums(POSITION, LAYER, ATTENDED, turn))
    assert data.endswith(bytes(24))
    shows(world, chain, turn, "show_sums", data[:-24] + b"\x07" * 24)


@pytest.mark.parametrize("kind", ["bytes32[]", "bytes"])
def test_a_node_that_makes_up_sizes_is_refused(kind):
    with pytest.raises(CheckFailed, match="a call with"):
        taken([kind], bytes(SELECTOR) + word(32) + word(2**200), selector=SELECTOR, first=0)
