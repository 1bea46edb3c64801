"""What a provider shows where nobody looks, or leaves out."""

from __future__ import annotations

from keifu.inference.disputes import Challenger, Stage
from tests.unit.inference_disputes.conftest import IDS, LAYER, POSITION, PROMPT, more, seen_of


def opened(world, answer, challenger, provider):
    seen = seen_of(answer)
    seen.boundaries = provider.boundaries(challenger.position(seen))
    return world.open(answer, challenger.place(seen)), seen


def test_dis_1_a_record_without_tensors_hides_nothing(world, cheat, honest, challenger):
    """DIS-1: nothing can be opened below its root; so the size of any tensor is wrong."""
    provider = cheat(more(honest, LAYER, 2, 70))
    answer = world.answer(provider, PROMPT, IDS)
    played, seen = opened(world, answer, challenger, provider)
    empty = [], provider.trace.boundary_leaves(POSITION, LAYER)[:3], played.turn.marks, 0, b""
    seen.take("show_record", empty, played.turn)
    played = world.step(played, "show_record", *empty, sender=world.operator)
    played = world.go_on(played, challenger, seen)
    assert played.turn.stage in (Stage.NODES, Stage.CHUNKS)
    nothing = (0, [] if played.turn.stage == Stage.NODES else b"", [])
    name = "show_nodes" if played.turn.stage == Stage.NODES else "show_chunks"
    seen.take(name, nothing, played.turn)
    played = world.step(played, name, *nothing, sender=world.operator)
    played = world.go_on(played, challenger, seen)
    assert world.close(played).events("Convicted")


def test_dis_1_another_reply_is_proved_after_its_record_was_shown(world, published, honest, provider):
    """DIS-1: a provider that answers first gains nothing by it."""
    wrong = [IDS[0], IDS[1], IDS[2] + 1]
    answer = world.answer(provider, PROMPT, wrong)
    challenger = Challenger(published, honest, PROMPT, wrong)
    played, seen = opened(world, answer, challenger, provider)
    played = world.show(played, provider, seen)
    played = world.go_on(played, challenger, seen)
    assert world.close(played).events("Convicted")


def test_dis_6_an_account_with_code_hides_nothing(world, chain, provider, answer, unnamed):
    """DIS-6: code that the operator's own account runs (EIP-7702) could call the game in a transaction to itself."""
    played = world.open(answer, unnamed)
    code = chain.deploy("PlainMulticall", sender=world.stranger)
    chain.raw.set_code(world.operator.address, chain.code(code.address))
    call = world.game.show_groups.encode(played.turn.args, provider.boundaries(POSITION))
    data = code.tryAggregate.encode(False, [(world.game.address, call)])
    said = chain.send(world.operator, world.operator.address, data)
    assert b"game: not in a transaction of its own" in said
    assert world.game.turn_of(world.disputes.address, played.turn.dispute) == played.turn.hash
