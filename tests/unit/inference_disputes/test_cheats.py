"""Cheats as a provider would commit them, on whole replies: what each earns is a fee, what each costs is the cover.

Single wrong lanes of every operator, silence, griefing, collusion and copied proofs stand in the files beside.
"""

from __future__ import annotations

import pytest

from audit.tiny_model import Sizes, tiny
from benchmarks.disputed import BOND, RESERVE, RESTITUTION, TURN
from keifu.inference.disputes import Challenger, Place, Provider, Seen
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Trace, run
from tests.unit.inference_disputes.conftest import IDS, LAYER, OUT, PROMPT, refused

FEE = 1  # wei: what the receipt charges
COST = RESTITUTION * 1_475 // 1_000
SECOND = 2  # the last layer
OTHER = [5, 9, 2]  # another prompt


def replied(program, prompt, count=3):
    """What a model says, greedily."""
    ids = list(prompt)
    for _ in range(count):
        ids.append(run(program, ids, len(ids) - 1).records[-1][-1][-1][0])
    return ids[len(prompt) :]


def swapped(published):
    """Weights of another model, behind the root of this one."""
    program = tiny("blocks", Sizes(positions=40), seed=19)
    ids = replied(program, PROMPT)
    return run(program, PROMPT + ids[:-1], len(PROMPT) - 1), ids


def without(published, few, layer):
    """What a model of one layer less says; in the place of the one that it has not, what goes in comes out."""
    program = published.program
    ids = replied(few, PROMPT)
    short = run(few, PROMPT + ids[:-1], len(PROMPT) - 1)
    whole = run(program, PROMPT + ids[:-1], len(PROMPT) - 1)
    records = []
    for made, honest in zip(short.records, whole.records, strict=True):
        given = made[layer - 1][-1]
        passed = [given, *honest[layer][1:OUT], given]
        records.append([*made[:layer], passed, *made[layer:]])
    return Trace(program, records, len(PROMPT) - 1), ids


def smaller(published):
    """Another model, of one layer and weights of its own."""
    return without(published, tiny("blocks", Sizes(positions=40, layers=1), seed=20), SECOND)


def skipped(published):
    """The first layer is left out."""
    program = published.program
    return without(published, [program[0], *program[SECOND:]], LAYER)


def ended_early(published):
    """The token is made from what the first layer gives."""
    program = published.program
    return without(published, [*program[:SECOND], program[-1]], SECOND)


def cached(published):
    """The answer to another question, with the ids of this one in the receipt."""
    ids = replied(published.program, OTHER)
    return run(published.program, OTHER + ids[:-1], len(OTHER) - 1), ids


@pytest.mark.parametrize("cheat", [swapped, smaller, skipped, ended_early, cached])
def test_a_reply_that_was_not_computed_costs_its_provider_more_than_it_earns(world, published, cheat):
    trace, ids = cheat(published)
    provider = Provider(published, trace)
    answer = world.answer(provider, PROMPT, ids, fee=FEE)
    own = run(published.program, PROMPT + ids[:-1], len(PROMPT) - 1)
    challenger = Challenger(published, own, PROMPT, ids)
    before = world.hub.lock_of(world.disputes, world.operator.address)
    played = world.play(answer, provider, challenger, withheld=True)
    assert world.close(played).events("Convicted")
    assert before - world.hub.lock_of(world.disputes, world.operator.address) == COST > FEE
    assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND


def test_who_leaves_right_after_a_fraud_leaves_its_cover_behind(world, published):
    """The lock that covers hold is not given back before the evidence window is over."""
    trace, ids = swapped(published)
    provider = Provider(published, trace)
    answer = world.answer(provider, PROMPT, ids)
    with refused("hub: more than the lock"):
        world.disputes.unlock(4 * RESERVE, [], sender=world.operator)
    world.disputes.unlock(3 * RESERVE, [], sender=world.operator)
    own = run(published.program, PROMPT + ids[:-1], len(PROMPT) - 1)
    played = world.play(answer, provider, Challenger(published, own, PROMPT, ids), withheld=True)
    with refused("disputes: still open"):
        world.disputes.settle(world.operator.address, [world.channel_id], sender=world.operator)
    world.close(played)
    assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND


def test_dis_5_garbage_costs_what_silence_costs(world, chain, published):
    """DIS-5: it is no answer, however often it is sent, and the window ends. The client is paid as for a proof."""
    trace, ids = swapped(published)
    provider, before = Provider(published, trace), world.hub.lock_of(world.disputes, world.operator.address)
    answer = world.answer(provider, PROMPT, ids, fee=FEE)
    own = run(published.program, PROMPT + ids[:-1], len(PROMPT) - 1)
    played = world.open(answer, Challenger(published, own, PROMPT, ids).place(Seen(answer.positions)))
    for garbage in ([bytes(32)] * 4, [b"\x07" * 32] * 4):
        with refused("game: other groups"):
            world.step(played, "show_groups", garbage, sender=world.operator)
    chain.warp(TURN + 1)
    assert world.close(played).events("Convicted")
    assert before - world.hub.lock_of(world.disputes, world.operator.address) == COST > FEE
    assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND


def test_a_receipt_of_a_version_that_was_not_promoted_is_none(world, published, challenger, honest):
    """A false digest is the market's to judge; a promotion that does not exist is nobody's."""
    provider = Provider(published, honest)
    answer = world.answer(provider, PROMPT, IDS, promotion_seq=2)
    with refused("disputes: not the record"):
        world.open(answer, somewhere(challenger, answer))


def somewhere(challenger, answer):
    """Where a dispute might begin: it is refused before anybody looks."""
    positions = list(answer.positions)
    return Place(0, challenger.groups, positions[0], trees.path(positions, 0))


def test_inflated_units_and_replayed_receipts(world, published, honest, challenger):
    """More units than tokens make another trace, which was not signed; a receipt of another channel has no cover."""
    provider = Provider(published, honest)
    inflated = world.answer(provider, PROMPT, IDS, output_units=len(IDS) + 5)
    with refused("game: path"):
        world.open(inflated, somewhere(challenger, inflated))
    elsewhere = world.answer(provider, PROMPT, IDS, channel_id=b"\x05" * 32)
    with refused("disputes: no cover"):
        world.open(elsewhere, somewhere(challenger, elsewhere))
