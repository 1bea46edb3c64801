"""Replies whose tokens are drawn: a wrong one is shown, and a right one never is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keifu.abi import load
from keifu.inference.disputes import Challenger, Place, Provider, Question, Seen, Stage, proofs
from keifu.keys import keccak256
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import run
from tests.unit.inference_disputes.conftest import GROUPS, IDS, LAST, LAYER, POSITION, PROMPT, changed, more, refused
from tests.unit.inference_disputes.test_convictions import LANES, convicted
from tests.unit.inference_disputes.test_honest import acquitted, tried

DRAWING = Drawing(keccak256(b"seed"), 40, 1_337)
REPOSITORY = Path(__file__).resolve().parents[3]
SUMS = Question(Stage.SUMS, 9, 66, 32, 1)


def draw(program, prompt, count, drawing):
    """A reply, token by token."""
    ids = []
    for _ in range(count):
        ids.append(run(program, [*prompt, *ids], len(prompt) - 1, drawing).records[-1][-1][-1][0])
    return ids


@pytest.fixture(scope="session")
def ids(published):
    return draw(published.program, PROMPT, 3, DRAWING)


@pytest.fixture(scope="session")
def drawn(published, ids):
    return run(published.program, PROMPT + ids[:-1], len(PROMPT) - 1, DRAWING)


@pytest.fixture(scope="session")
def challenger(published, drawn, ids):
    return Challenger(published, drawn, PROMPT, ids)


@pytest.fixture
def provider(published, drawn):
    return Provider(published, drawn)


def place_of(provider, group, words, position=POSITION):
    boundaries, positions = provider.boundaries(position), provider.position_roots()
    path = [*trees.path(boundaries, group), *trees.path(positions, position), *words]
    return Place(position, group, boundaries[group], path)


@pytest.fixture
def begun(world, provider, ids):
    """A dispute with an honest provider about its last group, and what opens its trace."""
    answer = world.answer(provider, PROMPT, ids)
    seen = Seen(answer.positions, provider.boundaries(POSITION))
    played = world.open(answer, place_of(provider, LAST, DRAWING.words))
    return world.show(played, provider, seen), seen


def view_of(provider, played, seen, trace=None):
    trace = trace or provider.trace
    return proofs.View(provider.published, trace, POSITION, played.turn.group, seen, played.case, played.turn)


def shown_drawn(view, better, drawing=DRAWING):
    shown = view.trace.records[POSITION][LAST][2][0]
    return proofs.bound(view, "drawn", *calls.drawn(view, drawing, view.tree, 2, better, shown))


def test_a_seed_decides_what_is_drawn(published, ids):
    assert ids != draw(published.program, PROMPT, 3, None)
    seeds = [replace(DRAWING, seed=bytes([n] * 32)) for n in range(6)]
    assert len({tuple(draw(published.program, PROMPT, 2, seed)) for seed in seeds}) > 2


# wrong replies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("group", "slot", "lane"), LANES)
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_14_each_wrong_lane_of_a_drawn_reply_is_convicted(
    world, cheat, drawn, challenger, ids, group, slot, lane, by
):
    """DIS-14, DIS-1"""
    provider = cheat(more(drawn, group, slot, lane, by), group=group, trace=drawn)
    convicted(world, provider, challenger, ids=ids)


@pytest.mark.parametrize("place", [0, 1])
def test_dis_14_a_drawn_trace_that_does_not_hang_together(world, published, drawn, challenger, ids, place):
    """DIS-14: keys and values."""
    trace = changed(drawn, [more(drawn, LAYER, (6, 4)[place], 1)])
    convicted(world, Provider(published, trace, drawn), challenger, ids=ids)


def test_dis_14_another_token_in_a_drawn_reply(world, published, drawn, ids):
    """DIS-14: the trace is right, and the reply has another token: two transactions."""
    said = [*ids[:-1], (ids[-1] + 1) % 96]
    played = convicted(world, Provider(published, drawn), Challenger(published, drawn, PROMPT, said), ids=said)
    assert [name for name, _ in played.mined] == ["open", "prove"]


@pytest.mark.parametrize("cheat_by", [None, replace(DRAWING, seed=bytes(32)), replace(DRAWING, shift=20)])
def test_dis_14_tokens_that_are_drawn_otherwise_than_the_receipt_says(world, published, cheat_by):
    """DIS-14: the likeliest ones, those of another seed, those of another temperature."""
    reply = draw(published.program, PROMPT, 6, cheat_by)
    fed = PROMPT + reply[:-1]
    lie = replace(run(published.program, fed, len(PROMPT) - 1, cheat_by), drawing=DRAWING)
    own = run(published.program, fed, len(PROMPT) - 1, DRAWING)
    convicted(world, Provider(published, lie), Challenger(published, own, PROMPT, reply), PROMPT, reply)


def test_dis_14_without_what_groups_committed_to(world, published, drawn, challenger, ids):
    """DIS-14"""
    provider = Provider(published, changed(drawn, [more(drawn, LAST, 2, 0)]))
    played = world.play(world.answer(provider, PROMPT, ids), provider, challenger, withheld=True)
    assert world.close(played).events("Convicted")


# right replies -------------------------------------------------------------------------------------------------------


def test_dis_14_a_drawn_token_is_not_judged_as_the_likeliest(world, chain, provider, begun, published, ids):
    """DIS-14: whatever is asked in between, the dispute stays one about drawn tokens."""
    played, seen = begun
    view = view_of(provider, played, seen)
    rows, given = published.program[LAST][1].rows, provider.trace.records[POSITION][LAST][1]
    likeliest = _likeliest(rows, given)
    assert likeliest != ids[-1]
    lie = proofs.with_drawing(view, proofs.proved(calls.check(view, 2, likeliest)))

    def is_refused():
        with refused("game: tokens are drawn"):
            tried(world, played, lie)

    is_refused()
    for asked in (Question(Stage.CHUNKS, 2), Question(Stage.NODES, 1), SUMS):
        played = world.show(world.step(played, "ask", *asked.args, sender=world.payer), provider, seen)
        is_refused()
    played = world.step(played, "ask_within", seen.sums, 0, sender=world.payer)
    is_refused()
    acquitted(world, chain, world.show(played, provider, seen))


def _likeliest(rows, given):
    logits = [(sum(w * x for w, x in _products(row, given)) + row.bias) * row.multiplier for row in rows]
    return logits.index(max(logits))


def _products(row, given):
    scales = row.scales or [(1, 0)] * -(-len(given) // 32)
    return [
        (scales[n // 32][0] * w + scales[n // 32][1], x)
        for n, (w, x) in enumerate(zip(row.weights, given, strict=True))
    ]


def test_dis_14_no_other_token_is_drawn(world, chain, provider, begun):
    """DIS-14: each of the 96 loses, and so does the one that was drawn."""
    played, seen = begun
    view = view_of(provider, played, seen)
    for better in range(96):
        with refused("game: not proved"):
            tried(world, played, shown_drawn(view, better))
    acquitted(world, chain, played)


@pytest.mark.parametrize(
    "drawing", [replace(DRAWING, seed=bytes(32)), replace(DRAWING, shift=41), replace(DRAWING, sharpness=1_336)]
)
def test_dis_14_a_drawn_token_is_not_judged_by_another_drawing(world, provider, begun, drawing):
    """DIS-14"""
    played, seen = begun
    with refused("trace_verifier: drawing"):
        tried(world, played, shown_drawn(view_of(provider, played, seen), 5, drawing))


@pytest.mark.parametrize("at", [0, 32, 95])
def test_dis_14_a_proof_without_the_receipt_s_drawing(world, provider, begun, at):
    """DIS-14: no other trace is believed than the one in the receipt."""
    played, seen = begun
    view = view_of(provider, played, seen)
    right = proofs.with_drawing(view, proofs.bound(view, "source", view.own_slot(0), view.out(LAST - 1)))
    with refused("game: not proved"):
        tried(world, played, right)
    wrong = bytearray(right.rest)
    wrong[len(wrong) - 96 + at] ^= 1
    for rest in (bytes(wrong), right.rest[:-96], right.rest[-95:]):
        with refused("game: another drawing"):
            tried(world, played, right._replace(rest=rest))


def test_dis_14_the_likeliest_token_is_not_judged_as_drawn(world, chain, published, honest):
    """DIS-14: a greedy receipt has no drawing, whatever somebody says that it has."""
    provider, seen = Provider(published, honest), Seen(Provider(published, honest).position_roots())
    answer = world.answer(provider, PROMPT, IDS)
    seen.boundaries = provider.boundaries(POSITION)
    with refused("game: not in the trace"):
        world.open(answer, place_of(provider, LAST, DRAWING.words))
    played = world.show(world.open(answer, place_of(provider, LAST, [])), provider, seen)
    for better in range(0, 96, 7):
        with refused("trace_verifier: drawing"):
            tried(world, played, shown_drawn(view_of(provider, played, seen, replace(honest, drawing=DRAWING)), better))
    acquitted(world, chain, played)


def test_dis_14_a_drawn_receipt_is_not_opened_as_another(world, provider, ids):
    """DIS-14: neither without its drawing, nor by another, nor in another order."""
    answer = world.answer(provider, PROMPT, ids)
    seed, scale = DRAWING.words
    other = replace(DRAWING, sharpness=1).words
    for words in ([], [scale, seed], [seed, other[1]], [bytes(32), scale]):
        for group in (LAYER, LAST):
            with refused("game: not in the trace"):
                world.open(answer, place_of(provider, group, words))
    for words in ([seed], [seed, scale, scale]):
        with refused("game: path"):
            world.open(answer, place_of(provider, LAYER, words))
    root = Place(POSITION, GROUPS, answer.receipt.trace_root, [])
    with refused("game: path"):
        world.open(answer, root)


@pytest.mark.parametrize("group", [LAST, GROUPS])
def test_dis_14_one_position_is_never_drawn(world, published, group):
    """DIS-14: its root would stand where that of a position stands, and nobody could show groups that make it."""
    reply = draw(published.program, PROMPT[:1], 1, DRAWING)
    provider = Provider(published, run(published.program, PROMPT[:1], 0, DRAWING))
    answer = world.answer(provider, PROMPT[:1], reply)
    place = place_of(provider, min(group, LAST), DRAWING.words, 0)
    if group == GROUPS:
        place = Place(0, GROUPS, answer.positions[0], DRAWING.words)
    with refused("game: one position"):
        world.open(answer, place)


# the verifier alone --------------------------------------------------------------------------------------------------


def test_the_game_knows_both_functions_by_their_selectors():
    source = (REPOSITORY / "contracts/compute/lib/dispute_proofs.vy").read_text()
    for contract, name, constant in (("InferenceVerifier", "token", "TOKEN"), ("TraceVerifier", "drawn", "DRAWN")):
        selector = load(contract).interface.function(name).selector.hex().upper()
        assert f"{constant}: constant(bytes4) = 0x{selector}\n" in source


def test_the_longest_proof_of_a_drawn_token_fits():
    """1,024 lanes in blocks of 8 bits, 2**17 tokens, 128 groups."""
    node = bytes(32)
    row = bytes(65), [node] * 17, bytes(1_088)
    rest = (
        ((node,) * 3, [node] * 11), (node, node, 0), (bytes(2_048), [node] * 4), row, row, (node,) * 10, (node,) * 10,
        (bytes(128), [node] * 4),
    )  # fmt: skip
    bound = (*[node] * 4, *[0] * 5, node, node, 0, 0)
    call = load("TraceVerifier").interface.function("drawn").encode([bound, *rest])
    assert len(call) - 4 - 416 <= 8_192
