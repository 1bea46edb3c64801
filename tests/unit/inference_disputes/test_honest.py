"""A provider that answers in time is never slashed, whatever is asked and submitted."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.disputed import BOND, TURN
from ethwire.errors import Revert
from keifu.abi import load
from keifu.inference.disputes import NO_BLOCK, Place, Provider, Question, Seen, Stage, proofs
from keifu.inference.disputes.turns import lists_of
from keifu.keys import keccak256
from keifu.spec import inference_calls as checks
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import run
from tests.profiles import DEEP
from tests.unit.inference_disputes.conftest import IDS, LAYER, POSITION, PROMPT, refused

PARTS, LANES = (0, 1, 99, 2**256 - 1), (0, 70, 2**200)
SHOWN = (Stage.NODES, Stage.CHUNKS)
QUESTIONS = [Question(stage, slot, part) for stage in SHOWN for slot in (0, 2, 7, 15) for part in PARTS]
QUESTIONS += [
    Question(Stage.SUMS, slot, lane, 1, count) for slot in (0, 1, 8, 9) for lane in LANES for count in (1, 33)
]
QUESTIONS += [Question(Stage.SUMS, slot, 66, 32, 32) for slot in (3, 8, 14)] + [Question(Stage.SUMS, 9, 66, 1, 1_024)]
RANDOM_CALLS = 100_000 if DEEP else 300


def begun(world, provider, group=LAYER, position=POSITION):
    """A dispute with an honest provider, at its record."""
    answer = world.answer(provider, PROMPT, IDS)
    boundaries = provider.boundaries(position)
    path = [*trees.path(boundaries, group), *trees.path(answer.positions, position)]
    seen = Seen(answer.positions, boundaries)
    return world.open(answer, Place(position, group, boundaries[group], path)), seen


def acquitted(world, chain, played):
    """The challenger has nothing to show."""
    chain.warp(TURN + 1)
    lock = world.hub.lock_of(world.disputes, world.operator.address)
    assert world.close(played).events("Acquitted")
    assert world.disputes.credits(world.operator.address) == BOND
    assert world.disputes.credits(world.payer.address) == 0
    assert world.hub.lock_of(world.disputes, world.operator.address) == lock


@pytest.fixture
def provider(published, honest):
    return Provider(published, honest)


@pytest.mark.parametrize("asked", QUESTIONS)
def test_dis_4_every_question_has_an_answer(world, chain, provider, asked):
    """DIS-4"""
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *asked.args, sender=world.payer)
    played = world.show(played, provider, seen)
    assert played.turn.stage == Stage.ASKING
    acquitted(world, chain, played)


def test_dis_4_questions_end(world, chain, provider):
    """DIS-4: four, and no more."""
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    for slot in range(4):
        played = world.step(played, "ask", *Question(Stage.CHUNKS, slot).args, sender=world.payer)
        played = world.show(played, provider, seen)
    with refused("game: too many questions"):
        world.step(played, "ask", *Question(Stage.CHUNKS, 5).args, sender=world.payer)
    acquitted(world, chain, played)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Question(Stage.ASKING, 1), "game: no such question"),
        (Question(Stage.PROVED, 1), "game: no such question"),
        (Question(Stage.CHUNKS, 16), "game: no such question"),
        (Question(Stage.SUMS, 9, 0, 2, 4), "game: no such sums"),
        (Question(Stage.SUMS, 9, 0, 1, 0), "game: no such sums"),
        (Question(Stage.SUMS, 9, 0, 1, 1_025), "game: no such sums"),
        (Question(Stage.SUMS, 9, 0, 32, 33), "game: no such sums"),
    ],
)
def test_questions_that_nobody_could_answer_are_refused(world, provider, asked, reason):
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    with refused(reason):
        world.step(played, "ask", *asked.args, sender=world.payer)


def encoded(call):
    """A call of a verifier as the game takes it."""
    name = checks.verifier_of(call)
    function = load(name).interface.function(call.function, len(call.arguments))
    return proofs.VERIFIERS.index(name), function.encode(call.arguments)


@pytest.fixture
def asked(world, provider):
    """A dispute in which the sums of lane 66 of the weighted sum were shown, and what opens its trace."""
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, 9, 66, 1, POSITION + 1).args, sender=world.payer)
    return world.show(played, provider, seen), provider.opened(POSITION, LAYER), seen.sums


def tried(world, played, verifier, call, lists=b"", block=NO_BLOCK):
    return world.step(played, "prove", played.case.args, verifier, call, lists, block, sender=world.stranger)


def test_dis_4_sums_of_one_lane_prove_nothing_about_another(world, chain, asked):
    """DIS-4: a proof names the lane and the slot whose sums were shown."""
    played, o, sums = asked
    claim = o.claim(sums, stride=1)

    def summed(lane):
        call = checks.check(o, 9, lane)
        return encoded(call._replace(claim=claim, rest=(*call.rest[:-1], (sums, 0))))

    with refused("game: not proved"):
        tried(world, played, *summed(66), block=0)
    with refused("game: another lane"):
        tried(world, played, *summed(67), block=0)
    verifier, call = summed(66)
    slot = 4 + int.from_bytes(call[324:356], "big") + 2
    with refused("game: another slot"):
        tried(world, played, verifier, call[:slot] + b"\x0a" + call[slot + 1 :], block=0)
    far = call[:324] + (2**255).to_bytes(32, "big") + call[356:]
    with refused("game: another slot"):
        tried(world, played, verifier, far, block=0)
    other = checks.check(o, 2, 66)._replace(claim=claim)
    with refused("game: another slot"):
        tried(world, played, *encoded(other), block=0)
    with refused("game: no sums in it"):
        tried(world, played, *encoded(checks.check(o, 5, 66)._replace(claim=claim)), block=0)
    with refused("game: another claim"):
        tried(world, played, *encoded(checks.check(o, 9, 66)._replace(claim=claim)))
    acquitted(world, chain, played)


def test_dis_4_blocks_of_sums_are_the_provider_s(world, chain, provider):
    """DIS-4: more sums than a list has."""
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, 9, 66, 1, 40).args, sender=world.payer)
    played = world.show(played, provider, seen)
    blocks = [seen.sums[at : at + 256] for at in range(0, 320, 256)]
    lists = b"".join(block[-8:] for block in blocks) + b"".join(keccak256(block) for block in blocks)
    o = provider.opened(POSITION, LAYER)
    base = checks.check(o, 9, 66)
    for number, first in enumerate((0, 32)):
        before = int.from_bytes(lists[:8], "big", signed=True) if number else 0
        call = base._replace(
            claim=o.claim(blocks[number], before, first, 1), rest=(*base.rest[:-1], (blocks[number], 0))
        )
        reason = "inference_verifier: part" if number else "game: not proved"
        with refused(reason):
            tried(world, played, *encoded(call), lists, number)
    lasts = base._replace(claim=o.claim(lists[:16], stride=32), rest=(*base.rest[:-1], (lists[:16], 2)))
    with refused("game: not all sums"):
        tried(world, played, *encoded(lasts), lists, 2)
    for wrong, number in ((lists[:-1] + b"\x00", 0), (lists, 3)):
        with refused("game: other sums"):
            tried(world, played, *encoded(base), wrong, number)
    acquitted(world, chain, played)


@pytest.fixture(scope="module")
def long(published):
    """An honest answer of 40 positions: sums of attention take two lists."""
    ids = [(n * 7 + 3) % 96 for n in range(40)]
    trace = run(published.program, ids, len(ids) - 1)
    return Provider(published, trace), ids, [trace.records[-1][-1][-1][0]]


def total_of(o, slot, lane, sums):
    """Whether the last of these sums of 32 terms each is not what was committed."""
    claim = o.claim(sums[0], stride=32)
    if slot == 8:
        return checks.total(o, slot, lane, sums, claim)
    call = checks.check(o, slot, lane)
    return call._replace(claim=claim, rest=(*call.rest[:-1], sums))


@pytest.mark.parametrize(("slot", "lane", "part"), [(8, 1, 1), (8, 1, 2), (9, 66, 2)])
@pytest.mark.parametrize("count", [33, 39, 40])
def test_dis_4_fewer_sums_than_there_are_terms_are_no_total(world, chain, long, slot, lane, part, count):
    """DIS-4: nor is the last one of them one of 32 terms more than the one before."""
    provider, ids, reply = long
    position = len(ids) - 1
    answer = world.answer(provider, ids, reply)
    boundaries = provider.boundaries(position)
    path = [*trees.path(boundaries, LAYER), *trees.path(answer.positions, position)]
    played, seen = world.open(answer, Place(position, LAYER, boundaries[LAYER], path)), Seen(answer.positions)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, slot, lane, 1, count).args, sender=world.payer)
    played = world.show(played, provider, seen)
    lists = lists_of(seen.sums)
    call = total_of(provider.opened(position, LAYER), slot, lane, (lists[:16], part))
    with refused("game: not proved" if count == len(ids) else "game: not all sums"):
        tried(world, played, *encoded(call), lists, 2)
    acquitted(world, chain, played)


def test_no_sums_were_shown(world, provider):
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    with refused("game: no sums were shown"):
        tried(world, played, *encoded(checks.check(provider.opened(POSITION, LAYER), 9, 66)), block=0)


def test_dis_4_no_call_convicts_an_honest_provider(world, chain, provider, asked):
    """DIS-4: right ones say so, and changed ones open nothing."""
    played, o, _ = asked
    calls = [encoded(checks.check(o, slot, 60)) for slot in (1, 2, 5, 10, 12, 14, 15)]
    calls += [
        encoded(checks.check(o, 7, 1, place=2)),
        encoded(checks.maximum(o, 8, 0, 1)),
        encoded(checks.total(o, 8, 1)),
    ]
    calls.append(encoded(checks.exponent(o, 14, 7)))
    for verifier, call in calls:
        with refused("game: not proved"):
            tried(world, played, verifier, call)
    chance, bound = (
        random.Random(18),
        proofs.View(o.published, o.trace, POSITION, LAYER, None, played.case, played.turn),
    )
    calls += [(2, link) for link in links(provider, bound)]
    for _ in range(RANDOM_CALLS):
        verifier, call = chance.choice(calls)
        body = bytearray(call)
        for _ in range(chance.randint(1, 3)):
            body[chance.randrange(4, len(body))] ^= 1 << chance.randrange(8)
        with pytest.raises(Revert):
            tried(world, played, chance.choice([verifier, verifier, 0, 1, 2, 3, 4]), bytes(body))
    acquitted(world, chain, played)


def links(provider, view):
    """Right calls of TraceVerifier about an honest record."""
    record, trace = provider.shown.record_leaves(POSITION, LAYER), provider.trace
    boundary = trace.boundary_leaves(POSITION, LAYER)
    before = trace.boundary_leaves(POSITION, LAYER - 1)
    above = [*trees.path(provider.boundaries(POSITION), LAYER - 1), *trees.path(provider.position_roots(), POSITION)]

    def own(slot):
        return record[slot], trees.path(record, slot, 4)

    def beside(place):
        return boundary[place], trees.path(boundary, place, 2)

    about = {
        "source": [own(0), (before[0], [*trees.path(before, 0, 2), *above])],
        "kept": [view.descriptor(7), own(6), beside(1)],
        "made": [view.descriptor(15), (bytes(32), []), own(15), beside(0)],
        "filling": [view.descriptor(8), provider.opened(POSITION, LAYER).lanes(8, 0), 3],
    }
    for name, rest in about.items():
        yield load("TraceVerifier").interface.function(name, 1 + len(rest)).encode([view.bound(), *rest])


def test_dis_4_a_tensor_of_more_parts_than_are_shown_has_an_answer(world, chain, provider):
    """DIS-4: the scores of 33 heads at a thousand positions; who says so of a smaller one has lost."""
    heads = [0] * (33 * 1_024)
    wide = replace(provider.trace, records=[[list(group) for group in place] for place in provider.trace.records])
    wide.records[POSITION][LAYER][7] = heads
    provider = Provider(provider.published, provider.trace, wide)
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    for question in (Question(Stage.NODES, 7), Question(Stage.CHUNKS, 7, 31), Question(Stage.CHUNKS, 7, 32)):
        played = world.step(played, "ask", *question.args, sender=world.payer)
        played = world.show(played, provider, seen)
        assert (played.turn.stage, played.turn.shown) == (Stage.ASKING, 33 * 32 + 1)
    view = proofs.View(provider.published, provider.trace, POSITION, LAYER, None, played.case, played.turn)
    played = tried(world, played, *proofs.shape(view, 7)[:2])
    assert world.close(played).events("Convicted")


@pytest.mark.parametrize("stage", [Stage.NODES, Stage.CHUNKS, Stage.SUMS])
def test_dis_4_the_size_of_a_tensor_is_the_provider_s_word(world, chain, provider, stage):
    """DIS-4: before it has spoken, and after sums, there is none; right ones are no proof."""

    def shape(played):
        view = proofs.View(provider.published, provider.trace, POSITION, LAYER, None, played.case, played.turn)
        return proofs.shape(view, 9).call

    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    question = Question(stage, 9, 0, 1, 5)
    nothing = "trace_verifier: no tensor was shown"
    for asked, reason in ((None, "trace_verifier: slot"), (question, nothing)):
        if asked:
            played = world.step(played, "ask", *asked.args, sender=world.payer)
        with refused(reason):
            tried(world, played, 2, shape(played))
    played = world.show(played, provider, seen)
    with refused(nothing if stage == Stage.SUMS else "game: not proved"):
        tried(world, played, 2, shape(played))
    acquitted(world, chain, played)


def test_dis_4_links_of_an_honest_record(world, chain, provider, asked):
    """DIS-4"""
    played, o, _ = asked
    view = proofs.View(o.published, o.trace, POSITION, LAYER, None, played.case, played.turn)
    for call in links(provider, view):
        with refused("game: not proved"):
            tried(world, played, 2, call)
    acquitted(world, chain, played)
