"""Who may do what, when; silence; answers that are no answers; and a finished dispute."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from benchmarks.disputed import BOND, RESERVE, RESTITUTION, TURN, WINDOW
from ethwire.constants import ZERO_ADDRESS
from keifu.inference.disputes import Place, Question, Seen, Stage, permit
from keifu.inference.disputes.turns import NO_MARKS
from keifu.spec import inference_trees as trees
from keifu.staking import KeyKind, key_consent
from tests.unit.inference_disputes.conftest import (
    GROUPS,
    IDS,
    LAYER,
    MINUTE,
    POSITION,
    PROMPT,
    more,
    opening,
    refused,
    seen_of,
)

WRONG = bytes([7]) * 32
NO_FUNCTION = bytes(4)


def at_stage(world, provider, answer, unnamed, stage):
    """A dispute that has come to a stage."""
    seen = seen_of(answer)
    played = world.open(answer, unnamed)
    if stage >= Stage.NAMING:
        played = world.show(played, provider, seen)
    if stage >= Stage.RECORD:
        path = trees.path(seen.boundaries, LAYER)
        named = LAYER, seen.boundaries[LAYER], path, NO_MARKS
        played = world.step(played, "name_group", *named, sender=world.payer)
    if stage >= Stage.ASKING:
        played = world.show(played, provider, seen)
    if stage > Stage.ASKING:
        played = world.step(played, "ask", *Question(stage, 9, 0, 1, 5).args, sender=world.payer)
    assert played.turn.stage == stage
    return played, seen


SHOWS = [Stage.GROUPS, Stage.RECORD, Stage.NODES, Stage.CHUNKS, Stage.SUMS]


@pytest.mark.parametrize("stage", SHOWS)
def test_dis_5_a_provider_that_is_silent_loses(world, chain, provider, answer, unnamed, stage):
    """DIS-5"""
    played, seen = at_stage(world, provider, answer, unnamed, stage)
    chain.warp(TURN - MINUTE)
    with refused("game: still time"):
        world.close(played)
    chain.warp(MINUTE + 1)
    with refused("game: too late"):
        world.show(played, provider, seen)
    assert world.close(played).events("Convicted")
    assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND
    assert world.disputes.reserved(world.operator.address) == 0


@pytest.mark.parametrize("stage", [Stage.NAMING, Stage.ASKING])
def test_dis_5_a_challenger_that_is_silent_loses(world, chain, provider, answer, unnamed, stage):
    """DIS-5: its bond pays the provider's answers."""
    played, _ = at_stage(world, provider, answer, unnamed, stage)
    chain.warp(TURN + 1)
    for name, args in (
        ("name_group", (LAYER, WRONG, [], NO_MARKS)),
        ("ask", Question(Stage.CHUNKS, 1).args),
    ):
        reason = "too late" if (name == "ask") == (stage == Stage.ASKING) else "not its turn"
        with refused(f"game: {reason}"):
            world.step(played, name, *args, sender=world.payer)
    assert world.close(played).events("Acquitted")
    assert world.disputes.credits(world.operator.address) == BOND
    assert world.disputes.credits(world.payer.address) == 0
    assert world.disputes.reserved(world.operator.address) == RESERVE


GARBAGE = [
    (Stage.GROUPS, "show_groups", ([WRONG] * 4,), "game: other groups"),
    (Stage.GROUPS, "show_groups", ([WRONG] * 3,), "game: number of groups"),
    (Stage.RECORD, "show_record", ([WRONG], [WRONG] * 3, NO_MARKS, 0, b""), "game: another boundary"),
    (Stage.NODES, "show_nodes", (1_024, [], []), "game: number of nodes"),
    (Stage.NODES, "show_nodes", (64, [WRONG], [WRONG] * 4), "game: number of nodes"),
    (Stage.NODES, "show_nodes", (64, [WRONG] * 2, [WRONG] * 3), "game: path"),
    (Stage.NODES, "show_nodes", (64, [WRONG] * 2, [WRONG] * 4), "game: other nodes"),
    (Stage.CHUNKS, "show_chunks", (2, bytes(256), [WRONG] * 4), "inference_verifier: lanes"),
    (Stage.CHUNKS, "show_chunks", (2, bytes(128), [WRONG] * 4), "inference_verifier: chunk"),
    (Stage.SUMS, "show_sums", (bytes(32),), "game: number of sums"),
]


@pytest.mark.parametrize(("stage", "name", "args", "reason"), GARBAGE)
def test_dis_5_garbage_is_no_answer(world, provider, answer, unnamed, stage, name, args, reason):
    """DIS-5"""
    played, _ = at_stage(world, provider, answer, unnamed, stage)
    with refused(reason):
        world.step(played, name, *args, sender=world.operator)


@pytest.mark.parametrize("stage", SHOWS)
def test_dis_6_only_the_operator_answers(world, provider, answer, unnamed, stage):
    """DIS-6: its transaction key may, nobody else: a record and sums are its word."""
    played, seen = at_stage(world, provider, answer, unnamed, stage)
    by = world.operator
    for who in (world.payer, world.stranger):
        world.account_for["operator"] = who
        with refused("game: not the operator"):
            world.show(played, provider, seen)
    hot = world.watcher
    consent = key_consent(world.market_domain, by.address, hot, KeyKind.TRANSACTION)
    world.market.register_key(hot.address, KeyKind.TRANSACTION, consent, sender=by)
    world.account_for["operator"] = hot
    world.show(played, provider, seen)
    del world.account_for["operator"]


def test_dis_6_only_the_challenger_asks(world, provider, answer, unnamed):
    """DIS-6"""
    played, _ = at_stage(world, provider, answer, unnamed, Stage.ASKING)
    with refused("game: not the challenger"):
        world.step(played, "ask", *Question(Stage.CHUNKS, 1).args, sender=world.stranger)


@pytest.mark.parametrize(
    ("group", "node", "path"), [(4, WRONG, [WRONG] * 2), (1, WRONG, [WRONG]), (1, WRONG, [WRONG] * 2)]
)
def test_a_group_that_was_not_shown(world, provider, answer, unnamed, group, node, path):
    played, _ = at_stage(world, provider, answer, unnamed, Stage.NAMING)
    reason = "other groups" if group < GROUPS and len(path) == 2 else "path"
    with refused(f"game: {reason}"):
        world.step(played, "name_group", group, node, path, NO_MARKS, sender=world.payer)


def test_dis_7_a_turn_counts_once(world, provider, answer, unnamed):
    """DIS-7: an earlier turn, or another one, is none."""
    first = world.open(answer, unnamed)
    second = world.show(first, provider, seen_of(answer))
    for turn in (first.turn, replace(second.turn, challenger=world.stranger.address), replace(second.turn, deadline=1)):
        with refused("game: another turn"):
            world.step(replace(second, turn=turn), "name_group", 0, WRONG, [], NO_MARKS, sender=world.payer)
        with refused("game: another turn"):
            world.close(replace(second, turn=turn))


def test_dis_7_a_finished_dispute_is_over(world, cheat, honest, challenger):
    """DIS-7: neither proof nor conviction twice, and the cover is used up."""
    provider = cheat(more(honest, LAYER, 2, 70))
    answer = world.answer(provider, PROMPT, IDS)
    played = world.play(answer, provider, challenger)
    with refused("game: proved"):
        world.step(played, "prove", played.case.args, 0, NO_FUNCTION, b"", sender=world.stranger)
    world.close(played)
    with refused("game: another turn"):
        world.close(played)
    with refused("game: another turn"):
        world.step(played, "prove", played.case.args, 0, NO_FUNCTION, b"", sender=world.stranger)
    seen = Seen(answer.positions, provider.boundaries(POSITION))
    with refused("disputes: no cover"):
        world.open(answer, challenger.place(seen))
    world.cover()
    with refused("disputes: no cover"):
        world.open(answer, challenger.place(seen))


def test_dis_8_the_reward_is_the_challenger_s(world, chain, cheat, honest, challenger):
    """DIS-8: whoever shows the proof, so a copied one pays nobody else."""
    provider = cheat(more(honest, LAYER, 2, 70))
    answer = world.answer(provider, PROMPT, IDS)
    place = challenger.place(Seen(answer.positions, provider.boundaries(POSITION)))
    word = permit(world.domain, world.payer, world.watcher.address, chain.now + MINUTE)
    played = world.open(answer, place, sender=world.watcher, permit=word)
    played = world.carry_on(played, provider, challenger, Seen(answer.positions, provider.boundaries(POSITION)))
    world.close(played, sender=world.stranger)
    assert world.disputes.credits(world.payer.address) == RESTITUTION
    assert world.disputes.credits(world.watcher.address) == RESTITUTION // 10 + BOND
    assert world.disputes.credits(world.stranger.address) == 0


def test_another_case_and_other_verifiers_are_refused(world, answer, place):
    played = world.open(answer, place)
    with refused("game: another case"):
        world.step(played, "prove", replace(played.case, position=1).args, 0, NO_FUNCTION, b"", sender=world.payer)
    with refused("game: no such verifier"):
        world.step(played, "prove", played.case.args, 5, NO_FUNCTION, b"", sender=world.payer)


def test_only_who_began_a_dispute_ends_it(world, chain, answer, place):
    """DIS-7: and each contract has its own."""
    played = world.open(answer, place)
    chain.warp(TURN + 1)
    with refused("game: not the caller's"):
        world.game.finish(played.turn.args, sender=world.stranger)
    with refused("disputes: another channel"):
        world.disputes.close(played.turn.args, WRONG, sender=world.stranger)
    world.game.begin(opening(played.turn), played.case.args, place.path, NO_MARKS, sender=world.stranger)
    assert world.game.turn_of(world.stranger.address, played.turn.dispute) != bytes(32)
    assert world.close(played).events("Convicted")
    assert world.game.turn_of(world.disputes.address, played.turn.dispute) == bytes(32)


def test_terms(world):
    assert world.disputes.terms()[:3] == (WINDOW, 12 * TURN, ZERO_ADDRESS)
    assert world.game.longest() == 12 * TURN
    assert (world.game.market(), world.game.window()) == (world.market.address, TURN)
    assert [world.game.verifiers(n) for n in range(5)] == [item.address for item in world.verifiers]


@pytest.mark.parametrize(
    ("contract", "place", "value", "reason"),
    [
        ("InferenceDisputes", 0, ZERO_ADDRESS, "disputes: market is no contract"),
        ("InferenceDisputes", 1, ZERO_ADDRESS, "disputes: game is no contract"),
        ("InferenceDisputes", 3, 0, "disputes: no bond"),
        ("InferenceGame", 0, ZERO_ADDRESS, "game: market is no contract"),
        ("InferenceGame", 1, [ZERO_ADDRESS] * 5, "game: verifier is no contract"),
        ("InferenceGame", 2, 0, "game: no time to answer"),
        ("InferenceGame", 2, 2**32, "game: no time to answer"),
    ],
)
def test_constructors(world, chain, contract, place, value, reason):
    right = {
        "InferenceDisputes": [world.market, world.game, WINDOW, BOND],
        "InferenceGame": [world.market, [item.address for item in world.verifiers], TURN],
    }[contract]
    right[place] = value
    with refused(reason):
        chain.deploy(contract, *right, sender=world.stranger)


def test_a_turn_is_as_the_event_has_it(world, answer, place):
    played = world.open(answer, place)
    assert played.turn.deadline > 0
    assert astuple(played.turn)[:2] == (world.disputes.address, played.turn.dispute)


def test_dis_12_who_disputes_itself_loses(world, cheat, honest, challenger):
    """DIS-12: three eighths of the restitution."""
    provider = cheat(more(honest, LAYER, 2, 70))
    lock = world.hub.lock_of(world.disputes, world.operator.address)
    world.close(world.play(world.answer(provider, PROMPT, IDS), provider, challenger))
    lost = lock - world.hub.lock_of(world.disputes, world.operator.address)
    gained = world.disputes.credits(world.payer.address) - BOND
    assert lost - gained == RESTITUTION * 3 // 8
    assert lost == RESTITUTION * 1_475 // 1_000


def test_dis_6_answers_stand_in_transactions_of_their_own(world, chain, provider, answer, unnamed):
    """DIS-6: a contract's call could hide what it shows."""
    played = world.open(answer, unnamed)
    wallet = chain.deploy("PlainMulticall", sender=world.operator)
    call = world.game.show_groups.encode(played.turn.args, provider.boundaries(POSITION))
    ((success, said),) = wallet.tryAggregate.call(False, [(world.game.address, call)], sender=world.operator)
    assert not success
    assert b"game: not in a transaction of its own" in said


def test_a_client_has_no_proof_about_a_group_that_is_right(world, cheat, challenger):
    """What it sent all the same would cost its gas, and be refused."""
    provider = cheat()
    answer = world.answer(provider, PROMPT, IDS)
    seen, above = seen_of(answer), trees.path(answer.positions, POSITION)
    played = world.show(world.open(answer, Place(POSITION, GROUPS, answer.positions[POSITION], above)), provider, seen)
    named = 0, seen.boundaries[0], trees.path(seen.boundaries, 0), NO_MARKS
    played = world.show(world.step(played, "name_group", *named, sender=world.payer), provider, seen)
    with pytest.raises(ValueError, match="nothing is wrong in this group"):
        challenger.next(seen, played.case, played.turn)
