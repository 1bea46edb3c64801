"""A dispute about a text's vector, from the receipt to the proof: whatever single thing was computed wrongly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.tiny_encoder import SIZES, tiny
from benchmarks.dispute_shapes import FalseSums
from benchmarks.disputed import BOND, RESTITUTION, TURN, Disputed
from ethwire.errors import Revert
from keifu.errors import CheckFailed
from keifu.inference.disputes import Challenger, Place, Provider, Question, Seen, Stage, proofs
from keifu.inference.disputes.turns import NO_MARKS
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Trace, run, tensor_of
from keifu.spec.inference_openings import Published
from tests.profiles import quick_or_deep
from tests.unit.inference_disputes.conftest import MINUTE, changed, more, refused
from tests.unit.inference_disputes.test_honest import acquitted, nothing_twisted_proves, tried

COUNT = 35  # ids of the text: more than one list of sums has
TEXT = [(number * 7 + 3) % SIZES.tokens for number in range(COUNT)]
LAYER, LAST, GROUPS = 1, 3, 4
AT = 12  # a position in the middle
KEYS, VALUES, OUT, POOLED = 3, 4, 14, 2  # slots
TURNS = 8  # from the opening to the proof
RANDOM_CALLS = quick_or_deep(100, 10_000)
# Group, slot and lane of each operator: embedding, place, LayerNorm, queries, keys, values, scores of an earlier and of
# a later position, a softmax's largest score, its position and total, weighted sum, mixed, sum, LayerNorm, inner,
# table, down, sum, the last LayerNorm.
LANES = [
    (0, 1, 3), (0, 2, 127), (LAYER, 1, 2), (LAYER, 2, 70), (LAYER, KEYS, 5), (LAYER, VALUES, 66), (LAYER, 5, 1),
    (LAYER, 5, 34), (LAYER, 5, 64 + 33), (LAYER, 6, 0), (LAYER, 6, 1), (LAYER, 6, 2), (LAYER, 7, 66), (LAYER, 8, 127),
    (LAYER, 9, 64), (LAYER, 10, 1), (LAYER, 11, 191), (LAYER, 12, 190), (LAYER, 13, 0), (LAYER, OUT, 3), (LAST, 1, 7),
]  # fmt: skip
# Lanes that only fill up: behind a head's scores, behind the statistics of both heads.
FILLINGS = [(LAYER, 5, 35), (LAYER, 6, 3), (LAYER, 6, 9)]


@pytest.fixture(scope="session")
def published():
    return Published.of(tiny(trees.ROWS_8, positions=COUNT))


@pytest.fixture(scope="session")
def honest(published):
    return run(published.program, TEXT, COUNT - 1)


@pytest.fixture(scope="session")
def vector(honest):
    return honest.records[-1][LAST][-1]


@pytest.fixture(scope="session")
def started(chain, published):
    world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
    chain.warp(MINUTE)
    return world


@pytest.fixture(scope="session")
def challenger(published, honest, vector):
    return Challenger(published, honest, TEXT, vector)


@pytest.fixture
def cheat(published, honest):
    """A provider whose group made something else at a position, and whose record says that these lanes are why."""

    def cheat(*changes, group=LAYER, position=AT):
        slot = len(published.program[group]) if group < LAST else 1
        wrong = more(honest, group, slot, 0, 7, position)
        committed = changed(honest, [wrong], position)
        return Provider(published, committed, changed(honest, [wrong, *changes], position))

    return cheat


@pytest.fixture
def convicted(world, vector, challenger):
    def convicted(provider, lanes=None, by=challenger):
        answer = world.answer(provider, TEXT, lanes or vector)
        seen = Seen.of_vector(provider.leaves())
        place = by.place(seen)
        played = world.open(answer, place)
        played = world.go_on(played, by, seen) if by.is_reply(seen) else world.carry_on(played, provider, by, seen)
        (event,) = world.close(played).events("Convicted")
        assert (event.restitution, event.reward) == (RESTITUTION, RESTITUTION // 10)
        assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND
        assert len(played.mined) <= TURNS
        return [name for name, _ in played.mined]

    return convicted


@pytest.mark.parametrize(("group", "slot", "lane"), LANES + FILLINGS)
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_1_each_wrong_lane_of_an_encoder_is_convicted(convicted, cheat, honest, group, slot, lane, by):
    """DIS-1"""
    convicted(cheat(more(honest, group, slot, lane, by, AT), group=group))


@pytest.mark.parametrize("lane", [0, 127])
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_1_each_wrong_lane_of_a_vector_is_convicted(convicted, published, honest, lane, by):
    """DIS-1: the last group's last tensor, at the last position."""
    wrong = changed(honest, [more(honest, LAST, POOLED, lane, by, COUNT - 1)], COUNT - 1)
    names = convicted(Provider(published, wrong), wrong.records[-1][LAST][-1])
    assert names[-2:] == ["show_sums", "prove"]


@pytest.mark.parametrize("slot", [KEYS, VALUES])
@pytest.mark.parametrize("position", [0, AT, COUNT - 1])
def test_dis_1_what_all_positions_read_is_wrong_at_one(convicted, published, honest, slot, position):
    """DIS-1: every position of the group is another one then; the one that kept something else is disputed."""
    wrong = [more(honest, LAYER, slot, 1, 400, position)]
    trace = followed(published, changed(honest, wrong, position))
    assert convicted(Provider(published, trace), trace.records[-1][LAST][-1]) == ["open", "show_record", "prove"]


def followed(published, trace):
    """What comes of a trace whose first layer kept something else: all that reads it, computed rightly."""
    records = [[[list(tensor) for tensor in group] for group in groups] for groups in trace.records]
    whole = replace(trace, records=records)
    for group in (LAYER, LAYER + 1, LAST):
        for groups in records if group > LAYER else []:
            groups[group][0] = groups[group - 1][-1]
        for slot, operator in enumerate(published.program[group], 1):
            if group > LAYER or slot > VALUES:
                for position, groups in enumerate(records):
                    groups[group][slot] = tensor_of(operator, groups[group], whole, (position, group))
    return whole


@pytest.mark.parametrize("place", [0, 1, 2])
def test_dis_1_a_receipt_that_says_something_else_than_the_record(convicted, published, honest, place):
    """DIS-1: the last tensor, keys, and values."""
    other = changed(honest, [more(honest, LAYER, (OUT, KEYS, VALUES)[place], 1, 1, AT)], AT)
    assert convicted(Provider(published, other, honest))[-1] == "prove"


def test_dis_1_what_is_pooled_is_another_than_the_record_has(convicted, published, honest):
    """DIS-1: at a position before the last one, where the last group commits to nothing else."""
    other = changed(honest, [more(honest, LAST, 1, 1, 1, AT)], AT)
    assert convicted(Provider(published, other, honest)) == ["open", "show_record", "prove"]


class Early(Trace):
    """Commits to a vector before the last position."""

    def boundary_leaves(self, position, group):
        leaves = super().boundary_leaves(position, group)
        if (position, group) == (AT, LAST):
            leaves[0] = b"\x01" * 32
        return leaves


def test_dis_1_a_vector_before_the_last_position(convicted, published, honest):
    """DIS-1"""
    trace = Early(published.program, honest.records, honest.asked_from)
    assert convicted(Provider(published, trace)) == ["open", "show_record", "prove"]


class Keeps(Trace):
    """Commits to values of a group that has none."""

    def boundary_leaves(self, position, group):
        leaves = super().boundary_leaves(position, group)
        if (position, group) == (AT, self.group):
            leaves[self.place] = b"\x01" * 32
        return leaves


@pytest.mark.parametrize(("group", "place"), [(0, 1), (0, 2), (LAST, 2)])
def test_dis_1_what_a_group_keeps_that_nobody_reads(world, chain, published, honest, challenger, vector, group, place):
    """DIS-1: nobody could show that it is wrong, so the record is refused; silence loses."""
    trace = Keeps(published.program, honest.records, honest.asked_from)
    trace.group, trace.place = group, place
    provider = Provider(published, trace)
    seen = Seen.of_vector(provider.leaves())
    played = world.open(world.answer(provider, TEXT, vector), challenger.place(seen))
    with refused("game: nothing is kept there"):
        world.carry_on(played, provider, challenger, seen)
    chain.warp(TURN + 1)
    assert world.close(played).events("Convicted")


@pytest.mark.parametrize("at", [0, 20, COUNT - 1])
def test_dis_1_another_text(convicted, published, at):
    """DIS-1"""
    other = [*TEXT[:at], (TEXT[at] + 5) % SIZES.tokens, *TEXT[at + 1 :]]
    assert convicted(Provider(published, run(published.program, other, COUNT - 1))) == ["open", "show_record", "prove"]


def test_dis_1_another_vector(convicted, published, honest, vector):
    """DIS-1: the trace is right, and the receipt has another vector."""
    lanes = [vector[0] + 1, *vector[1:]]
    names = convicted(Provider(published, honest), lanes, Challenger(published, honest, TEXT, lanes))
    assert names == ["open", "prove"]


@pytest.mark.parametrize(("slot", "lanes"), [(9, 128), (13, 128), (5, 160), (OUT, 128)])
def test_dis_1_a_tensor_of_another_size(convicted, cheat, slot, lanes):
    """DIS-1: sums have 32 bits, so four chunks are 128 of them."""
    convicted(cheat((LAYER, slot, lanes, 0)))


def test_dis_1_a_record_without_a_tensor(convicted, cheat):
    """DIS-1"""
    provider = cheat()
    del provider.shown.records[AT][LAYER][-1]
    convicted(provider)


@pytest.mark.parametrize(("slot", "lane"), [(6, 2), (6, 6), (7, 66)])
@pytest.mark.parametrize("wrong", [0, 1])
def test_dis_2_sums_of_attention_that_sees_all(convicted, cheat, published, honest, slot, lane, wrong):
    """DIS-2: false sums, of positions before and behind."""
    provider = cheat(more(honest, LAYER, slot, lane, 1, AT))
    provider = FalseSums(published, provider.trace, provider.shown)
    provider.wrong = wrong
    convicted(provider)


@pytest.mark.parametrize("wrong", [0, 1])
def test_dis_2_sums_of_a_mean(convicted, published, honest, wrong):
    """DIS-2: false sums of positions, and within one of them."""
    trace = changed(honest, [more(honest, LAST, POOLED, 9, 1, COUNT - 1)], COUNT - 1)
    provider = FalseSums(published, trace)
    provider.wrong = wrong
    names = convicted(provider, trace.records[-1][LAST][-1])
    assert names[-4:] == ["show_sums", "ask_within", "show_sums", "prove"]


@pytest.mark.parametrize("count", [1, 2, 32, 33])
def test_dis_1_short_texts(chain, published, count):
    """DIS-1, DIS-2: one list of sums has 32 positions; of one position there is nothing to add up."""
    honest = run(published.program, TEXT[:count], count - 1)
    wrong = changed(honest, [more(honest, LAST, POOLED, 9, -1, count - 1)], count - 1)
    layer = changed(honest, [more(honest, LAYER, OUT, 0, 7, 0)], 0)
    steps = {1: 3, 2: 5, 32: 5, 33: 5}[count]
    for trace, shown, most in (
        (wrong, wrong, steps),
        (layer, changed(layer, [more(honest, LAYER, 7, 66, 1, 0)], 0), steps),
    ):
        provider, lanes = Provider(published, trace, shown), trace.records[-1][LAST][-1]
        challenger = Challenger(published, honest, TEXT[:count], lanes)
        with chain.anchor():
            number = chain.snapshot()
            world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
            chain.warp(MINUTE)
            seen = Seen.of_vector(provider.leaves())
            played = world.open(world.answer(provider, TEXT[:count], lanes), challenger.place(seen))
            played = world.carry_on(played, provider, challenger, seen)
            assert world.close(played).events("Convicted")
            assert len(played.mined) <= most
            chain.restore(number)


# who answered rightly -------------------------------------------------------------------------------------------------


def test_an_honest_vector_is_nobody_s_dispute(challenger, published, honest):
    assert challenger.place(Seen.of_vector(Provider(published, honest).leaves())) is None


def test_what_groups_committed_to_is_whole_or_refused(published, honest):
    leaves = Provider(published, honest).leaves()
    for other in ([*leaves[:3], leaves[3][:-1], *leaves[4:]], [*leaves[:3], [leaves[3][0][:2], *leaves[3][1:]]]):
        with pytest.raises(CheckFailed, match="is not whole"):
            Seen.of_vector(other)


def test_dis_15_receipts_of_several_texts_are_not_opened(world, published, honest, vector, cheat, challenger):
    """DIS-15: one trace is of one text."""
    provider = cheat(more(honest, LAYER, 2, 70, 1, AT))
    place = challenger.place(Seen.of_vector(provider.leaves()))
    for units in (0, 2):
        with refused("disputes: not one text"):
            world.open(world.answer(provider, TEXT, vector, output_units=units), place)
    assert world.open(world.answer(provider, TEXT, vector), place)


def placed(provider, group, position):
    boundaries, roots = provider.boundaries(position), provider.position_roots()
    return Place(position, group, boundaries[group], [*trees.path(boundaries, group), *trees.path(roots, position)])


@pytest.mark.parametrize("position", [0, AT, COUNT - 1])
@pytest.mark.parametrize("group", [0, LAYER, LAST])
def test_dis_4_the_record_of_a_right_text_is_shown(world, chain, published, honest, vector, group, position):
    """DIS-4: also that of the last group before the last position."""
    provider = Provider(published, honest)
    played = world.open(world.answer(provider, TEXT, vector), placed(provider, group, position))
    assert played.turn.stage == Stage.RECORD
    played = world.show(played, provider, Seen.of_vector(provider.leaves()))
    acquitted(world, chain, played)


def test_dis_4_groups_of_a_right_text_are_shown(world, chain, published, honest, vector):
    """DIS-4: the last group too has something to show before the last position."""
    provider = Provider(published, honest)
    roots = provider.position_roots()
    unnamed = Place(AT, GROUPS, roots[AT], trees.path(roots, AT))
    seen = Seen.of_vector(provider.leaves())
    played = world.show(world.open(world.answer(provider, TEXT, vector), unnamed), provider, seen)
    boundaries = provider.boundaries(AT)
    named = (LAST, boundaries[LAST], trees.path(boundaries, LAST), NO_MARKS)
    played = world.step(played, "name_group", *named, sender=world.payer)
    assert played.turn.stage == Stage.RECORD
    acquitted(world, chain, world.show(played, provider, seen))


@pytest.fixture(params=[(LAST, POOLED, 9, COUNT - 1), (LAST, POOLED, 9, AT), (LAYER, 7, 66, AT)])
def shown(world, request, published, honest, vector):
    """A dispute about a right vector in which sums were shown, and what opens its trace."""
    group, slot, lane, position = request.param
    provider = Provider(published, honest)
    seen = Seen.of_vector(provider.leaves())
    seen.at(position)
    played = world.open(world.answer(provider, TEXT, vector), placed(provider, group, position))
    played = world.show(played, provider, seen)
    question = Question(Stage.SUMS, slot, lane, 32, 2)
    played = world.step(played, "ask", *question.args, sender=world.payer)
    return world.show(played, provider, seen), seen, Challenger(published, honest, TEXT, vector), request.param


def test_dis_4_no_call_about_a_right_text_convicts(world, chain, shown):
    """DIS-4: right ones say so, sums of another lane are not these, and changed ones open nothing."""
    played, seen, challenger, (group, slot, _, position) = shown
    view = proofs.View(challenger.published, challenger.own.trace, position, group, seen, played.case, played.turn)
    count = len(view.published.program[group])
    about = [
        proofs.proved(calls.check(view, number, 1))
        for number in range(1, count + 1)
        if view.operator(number).type not in ("softmax", "scores", "attended", "mean_pool")
    ]
    total = proofs.proved(proofs._part(view, view.claim(seen.sums, 0, 0, 32), 2))
    about += [total, proofs.bound(view, "returned", view.out(GROUPS - 1))]
    about.append(proofs.bound(view, "made", view.descriptor(count), *behind(view, count)))
    for kept, name in ((1, "scores"), (1, "mean_pool"), (2, "attended")):
        for number, operator in enumerate(view.published.program[group], 1):
            if operator.type == name:
                rest = (view.descriptor(number), view.own_slot(operator.kept), view.beside(kept))
                about.append(proofs.bound(view, "kept", *rest))
    for proof in about:
        with pytest.raises(Revert, match=r"game: (not proved|another slot|another lane)$|trace_verifier: position$"):
            tried(world, played, proof)
    body = bytearray(total.rest)
    at = 32 * (3 if slot == POOLED else 5)
    body[at + 31] ^= 1
    with refused("game: another lane"):
        tried(world, played, total._replace(rest=bytes(body)))
    nothing_twisted_proves(world, played, about, RANDOM_CALLS)
    acquitted(world, chain, played)


def behind(view, last):
    leaf = (bytes(32), trees.path(view.published.leaves, view.group * trees.SLOTS + last + 1))
    return leaf, view.own_slot(last), view.beside(0)
