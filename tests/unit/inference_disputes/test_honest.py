"""A provider that answers in time is never slashed, whatever is asked and submitted."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.disputed import BOND, TURN
from ethwire.errors import Revert
from keifu.inference.disputes import Place, Provider, Question, Seen, Stage, proofs
from keifu.inference.disputes.moves import answer as answer_of
from keifu.inference.disputes.turns import NO_MARKS, marks_of
from keifu.spec import inference_calls as checks
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import run
from tests.profiles import DEEP
from tests.unit.inference_disputes.conftest import IDS, LAYER, POSITION, PROMPT, refused

PARTS, LANES = (0, 1, 99, 2**32 - 1), (0, 70, 2**32 - 1)
WRONG, CLAIM_BYTES = bytes([7]) * 32, 320
SHOWN = (Stage.NODES, Stage.CHUNKS)
QUESTIONS = [Question(stage, slot, part) for stage in SHOWN for slot in (0, 2, 7, 15) for part in PARTS]
QUESTIONS += [
    Question(Stage.SUMS, slot, lane, 1, count) for slot in (0, 1, 8, 9) for lane in LANES for count in (1, 32)
]
QUESTIONS += [Question(Stage.SUMS, slot, 66, 32, 32) for slot in (3, 8, 9, 14)]
RANDOM_CALLS = 100_000 if DEEP else 300


def begun(world, provider, group=LAYER, position=POSITION, marks=NO_MARKS):
    """A dispute with an honest provider, at its record."""
    answer = world.answer(provider, PROMPT, IDS)
    boundaries = provider.boundaries(position)
    path = [*trees.path(boundaries, group), *trees.path(answer.positions, position)]
    seen = Seen(answer.positions, boundaries)
    return world.open(answer, Place(position, group, boundaries[group], path, marks)), seen


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
        (Question(Stage.CHUNKS, 2, 2**32), "game: no such question"),
        (Question(Stage.SUMS, 9, 0, 2, 4), "game: no such sums"),
        (Question(Stage.SUMS, 9, 0, 1, 0), "game: no such sums"),
        (Question(Stage.SUMS, 9, 0, 1, 33), "game: no such sums"),
        (Question(Stage.SUMS, 9, 0, 32, 33), "game: no such sums"),
    ],
)
def test_questions_that_nobody_could_answer_are_refused(world, provider, asked, reason):
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    with refused(reason):
        world.step(played, "ask", *asked.args, sender=world.payer)


@pytest.fixture
def asked(world, provider):
    """A dispute in which the sums of lane 66 of the weighted sum were shown, and what opens its trace."""
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, 9, 66, 1, POSITION + 1).args, sender=world.payer)
    return world.show(played, provider, seen), provider.opened(POSITION, LAYER), seen.sums


def tried(world, played, proof):
    return world.step(played, "prove", played.case.args, *proof, sender=world.stranger)


def nothing_twisted_proves(world, played, about, count):
    """Calls with one to three bits turned, at their own verifier and at the others."""
    chance = random.Random(18)
    for _ in range(count):
        proof = chance.choice(about)
        body = bytearray(proof.rest)
        for _ in range(chance.randint(1, 3)):
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        verifier = chance.choice([proof.verifier, proof.verifier, *range(len(proofs.VERIFIERS))])
        with pytest.raises(Revert):
            tried(world, played, proof._replace(verifier=verifier, rest=bytes(body)))


def test_dis_4_sums_of_one_lane_prove_nothing_about_another(world, chain, asked):
    """DIS-4: a proof names the lane and the slot whose sums were shown."""
    played, o, sums = asked

    def summed(lane, slot=9):
        call = checks.check(o, slot, lane)
        return proofs.proved(call._replace(rest=(*call.rest[:-1], (sums, 0))))

    with refused("game: not proved"):
        tried(world, played, summed(66))
    right = summed(66)
    slot = int.from_bytes(right.rest[:32], "big") - CLAIM_BYTES + 2
    for rest, reason in (
        (summed(67).rest, "another lane"),
        (right.rest[: 5 * 32], "another lane"),
        (right.rest[:slot] + b"\x0a" + right.rest[slot + 1 :], "another slot"),
        ((2**255).to_bytes(32, "big") + right.rest[32:], "another slot"),
        ((CLAIM_BYTES - 1).to_bytes(32, "big") + right.rest[32:], "another slot"),
        ((CLAIM_BYTES + len(right.rest) - 31).to_bytes(32, "big") + right.rest[32:], "another slot"),
    ):
        with refused(f"game: {reason}"):
            tried(world, played, right._replace(rest=rest))
    with refused("game: another slot"):
        tried(world, played, summed(66, slot=2))
    for proof in (proofs.proved(checks.check(o, 5, 66)), proofs.proved(checks.check(o, 7, 1, place=2))):
        with refused("game: not proved"):
            tried(world, played, proof)
    acquitted(world, chain, played)


@pytest.fixture(scope="module")
def long(published):
    """An honest answer of 40 positions: sums of attention take two lists."""
    ids = [(n * 7 + 3) % 96 for n in range(40)]
    trace = run(published.program, ids, len(ids) - 1)
    return Provider(published, trace), ids, [trace.records[-1][-1][-1][0]]


def at_sums(world, provider, ids, reply, question):
    """A dispute about a layer's last position, in which sums were shown."""
    position = len(ids) - 1
    answer = world.answer(provider, ids, reply)
    boundaries = provider.boundaries(position)
    path = [*trees.path(boundaries, LAYER), *trees.path(answer.positions, position)]
    played, seen = world.open(answer, Place(position, LAYER, boundaries[LAYER], path)), Seen(answer.positions)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *question.args, sender=world.payer)
    return world.show(played, provider, seen), seen, provider.opened(position, LAYER)


def about(o, slot, lane, sums, part, place=0):
    """The call for a part of sums; a part behind the last one asks about the total."""
    if slot == 8:
        return proofs.proved(checks.total(o, slot, lane, (sums, part)))
    call = checks.check(o, slot, lane, place=place)
    return proofs.proved(call._replace(rest=(*call.rest[:-1], (sums, part))))


@pytest.mark.parametrize(("slot", "lane"), [(8, 1), (9, 66)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_dis_4_fewer_sums_than_there_are_terms_are_no_total(world, chain, long, slot, lane, count):
    """DIS-4: nor are more."""
    played, seen, o = at_sums(world, *long, Question(Stage.SUMS, slot, lane, 32, count))
    with refused("game: not proved" if count == 2 else "inference_verifier: sums"):
        tried(world, played, about(o, slot, lane, seen.sums, count))
    acquitted(world, chain, played)


@pytest.mark.parametrize("block", [0, 1])
def test_dis_4_terms_of_a_block_end_where_its_sum_does(world, chain, long, block):
    """DIS-4: its last sum was shown before, and each term of it opens."""
    played, seen, o = at_sums(world, *long, Question(Stage.SUMS, 9, 66, 32, 2))
    for sums, number, reason in (
        (seen.sums[:-1] + b"\0", block, "other sums"),
        (seen.sums, 2, "no such sums"),
        (seen.sums, 2**256 - 1, "no such sums"),
    ):
        with refused(f"game: {reason}"):
            world.step(played, "ask_within", sums, number, sender=world.payer)
    played = world.step(played, "ask_within", seen.sums, block, sender=world.payer)
    count = 8 if block else 32
    assert (played.turn.first, played.turn.count) == (32 * block, count)
    with refused("game: number of sums"):
        world.step(played, "show_sums", bytes(8 * count), sender=world.operator)
    played = world.show(played, long[0], seen)
    assert len(seen.sums) == 8 * count
    for part in (0, count - 1):
        with refused("game: not proved"):
            tried(world, played, about(o, 9, 66, seen.sums, part, 32 * block + part))
    with refused("inference_verifier: sums"):
        tried(world, played, about(o, 9, 66, seen.sums, count))
    with refused("game: other sums"):
        world.step(played, "ask_within", seen.sums, 0, sender=world.payer)
    acquitted(world, chain, played)


def test_dis_4_a_block_of_other_sums_proves_nothing(world, chain, provider):
    """DIS-4: a row's products have no block that anybody could name, whatever is asked for."""
    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, 2, 66, 32, 1).args, sender=world.payer)
    played = world.show(played, provider, seen)
    played = world.step(played, "ask_within", seen.sums, 0, sender=world.payer)
    played = world.show(played, provider, seen)
    call = checks.check(provider.opened(POSITION, LAYER), 2, 66)
    with refused("game: other sums"):
        tried(world, played, proofs.proved(call._replace(rest=(*call.rest[:-1], (seen.sums, 0)))))
    acquitted(world, chain, played)


@pytest.mark.parametrize("slot", range(1, 16))
def test_dis_4_whatever_the_marks_say_a_record_can_be_shown(world, chain, provider, slot):
    """DIS-4: the first tensor that is not as its mark says is shown with the record, and a right one proves nothing."""
    roots = provider.trace.record_leaves(POSITION, LAYER)
    marks = marks_of([root if n < slot else WRONG for n, root in enumerate(roots)])
    played, seen = begun(world, provider, marks=marks)
    name, args = answer_of(provider, played.case, played.turn)
    roots, committed, _, count, data = args
    for changed, reason in (
        ((roots, committed, NO_MARKS, count, data), "other marks"),
        ((roots, committed, marks, 2**32 - 1, data), "number of chunks"),
        ((roots, committed, marks, count, data[1:]), "number of chunks"),
        ((roots, committed, marks, count, bytes([data[0] ^ 1]) + data[1:]), "other chunks"),
        ((roots, committed, marks, 64, WRONG), "number of nodes"),
        ((roots, committed, marks, 64, WRONG * 2), "other nodes"),
    ):
        with refused(f"game: {reason}"):
            world.step(played, name, *changed, sender=world.operator)
    played = world.show(played, provider, seen)
    assert (played.turn.slot, seen.slot, seen.chunks) == (slot, slot, data)
    assert (played.turn.shown, played.turn.asked) == (count + 1, 0)
    view = proofs.View(provider.published, provider.trace, POSITION, LAYER, seen, played.case, played.turn)
    with refused("game: not proved"):
        tried(world, played, proofs.shape(view, slot))
    acquitted(world, chain, played)


def test_dis_4_no_call_convicts_an_honest_provider(world, chain, provider):
    """DIS-4: right ones say so, and changed ones open nothing."""
    played, seen = begun(world, provider)
    played, o = world.show(played, provider, seen), provider.opened(POSITION, LAYER)
    calls = [checks.check(o, slot, 60) for slot in (1, 2, 5, 10, 12, 14, 15)]
    calls += [
        checks.check(o, 7, 1, place=2),
        checks.maximum(o, 8, 0, 1),
        checks.total(o, 8, 1),
        checks.exponent(o, 14, 7),
    ]
    right = [proofs.proved(call) for call in calls]
    for proof in right:
        with refused("game: not proved"):
            tried(world, played, proof)
    bound = proofs.View(o.published, o.trace, POSITION, LAYER, None, played.case, played.turn)
    right += links(provider, bound)
    nothing_twisted_proves(world, played, right, RANDOM_CALLS)
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
        yield proofs.bound(view, name, *rest)


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
    played = tried(world, played, proofs.shape(view, 7))
    assert world.close(played).events("Convicted")


@pytest.mark.parametrize("stage", [Stage.NODES, Stage.CHUNKS, Stage.SUMS])
def test_dis_4_the_size_of_a_tensor_is_the_provider_s_word(world, chain, provider, stage):
    """DIS-4: before it has spoken, and after sums, there is none; right ones are no proof."""

    def shape(played):
        view = proofs.View(provider.published, provider.trace, POSITION, LAYER, None, played.case, played.turn)
        return proofs.shape(view, 9)

    played, seen = begun(world, provider)
    played = world.show(played, provider, seen)
    question = Question(stage, 9, 0, 1, 5)
    nothing = "trace_verifier: no tensor was shown"
    for asked, reason in ((None, "trace_verifier: slot"), (question, nothing)):
        if asked:
            played = world.step(played, "ask", *asked.args, sender=world.payer)
        with refused(reason):
            tried(world, played, shape(played))
    played = world.show(played, provider, seen)
    with refused(nothing if stage == Stage.SUMS else "game: not proved"):
        tried(world, played, shape(played))
    acquitted(world, chain, played)


def test_dis_4_links_of_an_honest_record(world, chain, provider, asked):
    """DIS-4"""
    played, o, _ = asked
    view = proofs.View(o.published, o.trace, POSITION, LAYER, None, played.case, played.turn)
    for proof in links(provider, view):
        with refused("game: not proved"):
            tried(world, played, proof)
    acquitted(world, chain, played)
