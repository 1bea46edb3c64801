"""Which receipts are judged, by whose word, where a dispute begins, and what stays reserved for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.disputed import BOND, RESERVE, TURN, Disputed
from keifu.compute.receipt import Evidence
from keifu.inference.disputes import NO_PERMIT, Place, Provider, Stage, permit
from keifu.inference.disputes.turns import NO_MARKS
from keifu.spec import inference_trees as trees
from keifu.spec.inference_openings import Published
from tests.unit.inference_disputes.conftest import (
    GROUPS,
    IDS,
    LAST,
    LAYER,
    MINUTE,
    PROMPT,
    more,
    opening,
    refused,
    seen_of,
)

UNTIL = 5  # place in a cover's state
WRONG = bytes([7]) * 32


def test_dis_9_a_released_cover_pays_nothing(world, cheat, honest, challenger):
    """DIS-9: its payer let go of it; a later one does not answer for an earlier receipt."""
    provider = cheat(more(honest, LAYER, 2, 70))
    played = world.play(world.answer(provider, PROMPT, IDS), provider, challenger)
    world.disputes.release(world.channel_id, world.operator.address, sender=world.payer)
    world.cover()
    (event,) = world.close(played).events("Convicted")
    assert (event.restitution, event.reward) == (0, 0)
    assert world.disputes.credits(world.payer.address) == BOND
    assert world.disputes.reserved(world.operator.address) == RESERVE


def test_dis_9_no_reserve_ends_while_a_dispute_is_open(world, chain, provider, answer, place):
    """DIS-9"""
    until = world.disputes.cover_of(world.channel_id, world.operator.address)[UNTIL]
    chain.warp_to(until)
    played = world.open(answer, place)
    chain.warp(MINUTE)
    args = ([world.channel_id],)
    with refused("disputes: still open"):
        world.disputes.settle(world.operator.address, *args, sender=world.stranger)
    with refused("disputes: still open"):
        world.disputes.unlock(1, *args, sender=world.operator)
    chain.warp(TURN)
    world.close(played)
    assert world.disputes.reserved(world.operator.address) == 0


def test_dis_9_a_reserve_ends_with_its_window(world, chain):
    """DIS-9"""
    until = world.disputes.cover_of(world.channel_id, world.operator.address)[UNTIL]
    chain.warp_to(until + 1)
    world.disputes.unlock(4 * RESERVE, [world.channel_id], sender=world.operator)
    assert world.disputes.reserved(world.operator.address) == 0


def test_a_cover_has_one_dispute_at_a_time(world, answer, place):
    """DIS-7"""
    world.open(answer, place)
    with refused("game: dispute is open"):
        world.open(answer, place)


REFUSED = [
    ({"evidence": Evidence.REEXECUTED}, "disputes: not of the proved kind"),
    ({"channel_id": WRONG}, "disputes: no cover"),
    ({"time": 1}, "disputes: no cover"),
    ({"promotion_seq": 2}, "disputes: not the record"),
    ({"environment": WRONG}, "disputes: not the record"),
    ({"input_units": 0}, "game: number of tokens"),
    ({"output_units": 0}, "disputes: no reply"),
    ({"output_units": 1_022}, "game: path"),
    ({"output_units": 1_023}, "game: number of tokens"),
    ({"output_units": 2}, "game: no such place"),
    ({"trace_root": WRONG}, "game: not in the trace"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED)
def test_dis_10_receipts_that_are_not_judged(world, provider, place, changes, reason):
    """DIS-10"""
    answer = world.answer(provider, PROMPT, IDS, **changes)
    with refused(reason):
        world.open(answer, place)


def test_dis_10_a_receipt_of_tomorrow(world, chain, provider, place):
    """DIS-10"""
    answer = world.answer(provider, PROMPT, IDS, time=chain.now + 1_000)
    with refused("disputes: time has not come"):
        world.open(answer, place)


def test_dis_10_what_is_judged_is_what_was_promoted(world, answer, place):
    """DIS-10: neither another record nor another program."""
    record, world.record = world.record, replace(world.record, program_root=WRONG)
    with refused("disputes: not the record"):
        world.open(answer, place)
    world.record = record
    for group, slot, reason in ((LAYER, 1, "type"), (3, 1, "type")):
        world.last_operator = world.published.descriptor(group, slot)
        with refused(f"inference_verifier: {reason}"):
            world.open(answer, place)
    world.last_operator = None


def test_dis_10_the_last_group_makes_the_token(chain, published, provider, place):
    """DIS-10: another one does not say how many groups there are."""
    program = [*published.program]
    program[LAYER] = [*program[LAYER][:-1], program[-1][-1]]
    hostile = Published.of(program)
    number = chain.snapshot()
    world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), hostile)
    chain.warp(MINUTE)
    world.last_operator = hostile.descriptor(LAYER, len(program[LAYER]))
    receipt = world.answer(provider, PROMPT, IDS)
    with refused("disputes: not the last group"):
        world.open(receipt, place)
    chain.restore(number)


@pytest.mark.parametrize(
    ("place_changes", "reason"),
    [({"group": 5}, "game: no such place"), ({"position": 5}, "game: no such place"), ({"path": []}, "game: path"),
     ({"node": WRONG}, "game: not in the trace"), ({"group": 2}, "game: not in the trace"),
     ({"group": 4}, "game: not in the trace")],
)  # fmt: skip
def test_dis_10_where_a_dispute_begins(world, answer, place, place_changes, reason):
    """DIS-10: in the receipt's own trace."""
    with refused(reason):
        world.open(answer, place._replace(**place_changes))


def test_dis_11_only_the_payer_or_whom_it_permits(world, chain, answer, place):
    """DIS-11"""
    late = permit(world.domain, world.payer, world.watcher.address, chain.now - 1)
    forged = permit(world.domain, world.stranger, world.watcher.address, chain.now + MINUTE)
    good = permit(world.domain, world.payer, world.watcher.address, chain.now + MINUTE)
    for who, word in (
        (world.stranger, NO_PERMIT), (world.operator, NO_PERMIT), (world.watcher, NO_PERMIT), (world.watcher, late),
        (world.watcher, forged), (world.stranger, good),
    ):  # fmt: skip
        with refused("disputes: not the payer"):
            world.open(answer, place, sender=who, permit=word)
    world.open(answer, place, sender=world.watcher, permit=good)


@pytest.mark.parametrize("position", range(len(PROMPT)))
def test_dis_13_a_group_that_makes_tokens_is_opened_where_one_is_asked_for(world, provider, answer, position):
    """DIS-13: before the prompt's last position the last group has committed to nothing, and cannot be asked for."""
    boundaries, above = provider.boundaries(position), trees.path(answer.positions, position)
    is_asked = position == len(PROMPT) - 1
    assert (boundaries[LAST] != bytes(32)) is is_asked
    direct = Place(position, LAST, boundaries[LAST], [*trees.path(boundaries, LAST), *above])
    if not is_asked:
        with refused("game: no such place"):
            world.open(answer, direct)
    played = world.open(answer, Place(position, GROUPS, answer.positions[position], above))
    played = world.show(played, provider, seen_of(answer))
    named = "name_group", LAST, boundaries[LAST], trees.path(boundaries, LAST), NO_MARKS
    if is_asked:
        world.step(played, *named, sender=world.payer)
        return
    with refused("game: no such place"):
        world.step(played, *named, sender=world.payer)
    before = LAST - 1, boundaries[LAST - 1], trees.path(boundaries, LAST - 1), NO_MARKS
    played = world.step(played, "name_group", *before, sender=world.payer)
    assert world.show(played, provider, seen_of(answer)).turn.stage == Stage.ASKING


@pytest.mark.parametrize("is_named", [False, True])
def test_dis_13_whoever_commits_to_a_token_that_nobody_asked_for_has_lost(world, published, honest, is_named):
    """DIS-13: so that nobody hides a wrong number behind a root that cannot be opened."""
    provider = Provider(published, replace(honest, asked_from=0))
    answer = world.answer(provider, PROMPT, IDS)
    boundaries, above = provider.boundaries(0), trees.path(answer.positions, 0)
    path = trees.path(boundaries, LAST)
    if is_named:
        played = world.open(answer, Place(0, GROUPS, answer.positions[0], above))
        played = world.show(played, provider, seen_of(answer))
        played = world.step(played, "name_group", LAST, boundaries[LAST], path, NO_MARKS, sender=world.payer)
    else:
        played = world.open(answer, Place(0, LAST, boundaries[LAST], [*path, *above]))
    assert played.turn.stage == Stage.PROVED
    assert world.close(played).events("Convicted")


def test_what_a_contract_may_not_begin(world, answer, place):
    played = world.open(answer, place)
    about = opening(played.turn)
    for groups in (0, 129):
        case = replace(played.case, groups=groups).args
        with refused("game: number of groups"):
            world.game.begin(about, case, place.path, NO_MARKS, sender=world.stranger)
    with refused("game: no such time"):
        late = (*about[:3], 2**40, *about[4:])
        world.game.begin(late, played.case.args, place.path, NO_MARKS, sender=world.stranger)
