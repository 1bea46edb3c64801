"""Replies that a watcher is handed: whoever disputes what its receipt does not bind would lose a bond."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.compute.canonical import tokens_root, trace_of
from keifu.compute.client.disputing import Judge, judged_all
from keifu.compute.client.kept import KeptReply
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.errors import CheckFailed, InputError
from keifu.inference.disputes.reach import out_of_reach
from keifu.inference.disputes.turns import NO_MARKS
from keifu.inference.tokens.building import integers_of
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.replaying import Replayed, published_of
from keifu.keys import Account, keccak256
from keifu.spec.inference_trees import tree
from tests.conformance.inference.gguf_file import speaking

CHAIN, MARKET, ONE = 31_337, "0x" + "3a" * 20, b"\x01" * 32
KEY, OPERATOR = Account.from_role("receipt key"), "0x" + "0b" * 20
PROMPT = (5, 6, 7)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return integers_of(speaking(tmp_path_factory.mktemp("model") / "tiny.gguf"))


@pytest.fixture(scope="module")
def right(stored):
    """A reply that the model gives."""
    executor, ids = Executor(stored.program), []
    published = published_of(stored.program)
    while len(ids) < 3:
        ids = Replayed(executor, published, PROMPT, [*ids, 0]).tokens
    trace = Replayed(executor, published, PROMPT, ids)
    groups = [leaf for place in range(len(trace.position_roots)) for leaf in trace.position_leaves(place)]
    return published.root, reply_of(tuple(ids), tuple(trace.position_roots)), groups


def reply_of(ids, positions, **changes):
    roots = tokens_root(PROMPT), tokens_root(ids), trace_of(positions)
    receipt = Receipt(ONE, 1, ONE, 1, ONE, ONE, ONE, *roots, len(PROMPT), len(ids), 1, 1, Evidence.PROVED, 9)
    signed = Receipts(CHAIN, MARKET).sign(KEY, [replace(receipt, **changes)])[0]
    return KeptReply(signed, PROMPT, tuple(ids), positions)


def judge_of(stored, root, operator=OPERATOR, artefact=ONE):
    """By a chain that knows one key and one promotion."""
    logged = {ONE: SimpleNamespace(record=SimpleNamespace(program_root=root))}
    provenance = SimpleNamespace(
        chain=SimpleNamespace(chain_id=CHAIN),
        promoted=lambda *_: artefact,
        contents=lambda ids: {item: logged[item] for item in ids if item in logged},
    )
    market = SimpleNamespace(address=MARKET, operator_of=lambda *_: operator)
    return Judge(stored, provenance, market)


@pytest.fixture(scope="module")
def judge(stored, right):
    return judge_of(stored, right[0])


def test_what_the_model_makes_is_right(judge, right):
    judged = judge.judge(right[1])
    assert (judged.words, judged.place, judged.operator) == ("right", None, OPERATOR)


def test_a_reply_that_says_something_else_than_its_trace(judge, right):
    ids = (*right[1].ids[:-1], right[1].ids[-1] + 1)
    judged = judge.judge(reply_of(ids, right[1].positions))
    assert judged.words == "token 2 is not the one that its trace makes"
    assert judged.place.group == 3  # what each group committed to is known, since nothing else is wrong


def test_a_trace_that_is_wrong(judge, right):
    positions = (*right[1].positions[:3], ONE, *right[1].positions[4:])
    judged = judge.judge(reply_of(right[1].ids, positions))
    assert judged.words == "position 3 of its trace is wrong"


def with_groups(right, count=4):
    """A reply of which a group commits to something else, with what came of all; `count` says how many there are of a
    position, where the nodes above them stand for them."""
    _, reply, groups = right
    at = 3
    groups = [*groups]
    groups[4 * at + 2] = ONE
    if count < 4:
        groups = [tree(groups[place : place + 2]) for place in range(0, len(groups), 2)]
    made = [tree(groups[place : place + count]) for place in range(0, len(groups), count)]
    return replace(reply_of(reply.ids, tuple(made)), groups=b"".join(groups))


def test_a_dispute_begins_at_the_group_where_it_is_known(judge, right):
    judged = judge.judge(with_groups(right))
    assert judged.words == "position 3 of its trace is wrong"
    assert (judged.place.position, judged.place.group, judged.place.node) == (3, 2, ONE)
    assert any(judged.place.marks)


def test_a_reply_of_before_plays_the_longer_way(judge, right):
    reply = with_groups(right)
    place = judge.judge(replace(reply, groups=b"")).place
    assert (place.position, place.group, place.node) == (3, 4, reply.positions[3])


def test_nodes_for_groups_gain_nothing(judge, right):
    """They make the root as well, and whoever has the model knows how many there are."""
    assert judge.judge(with_groups(right, count=2)).place.group == 4


@pytest.mark.parametrize("at", range(20))
def test_groups_that_make_other_roots_are_refused(judge, right, at):
    reply = with_groups(right)
    groups = bytearray(reply.groups)
    groups[32 * at + at] ^= 1
    with pytest.raises(InputError, match="what its groups committed to does not make the roots"):
        judge.judge(replace(reply, groups=bytes(groups)))


def test_a_reply_by_another_program_is_not_judged(stored, right):
    assert judge_of(stored, ONE).judge(right[1]) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": (5, 6, 8)}, "token ids or roots are not those of the receipt"),
        ({"ids": (1, 2, 3)}, "token ids or roots are not those of the receipt"),
        ({"positions": (ONE,) * 5}, "token ids or roots are not those of the receipt"),
        ({"positions": ()}, "no reply that can be disputed"),
        ({"ids": (2**40, 1, 1)}, "no token ids|not those of the receipt"),
    ],
)
def test_what_the_receipt_does_not_bind_is_refused(judge, right, changes, said):
    with pytest.raises(InputError, match=said):
        judge.judge(replace(right[1], **changes))


def test_receipts_of_nobody_and_of_no_promotion_are_refused(stored, judge, right):
    root, reply, _ = right
    with pytest.raises(CheckFailed, match="nobody's receipt key"):
        judge_of(stored, root, operator=ZERO_ADDRESS).judge(reply)
    with pytest.raises(CheckFailed, match="promotion 1 or its record is not on this chain"):
        judge_of(stored, root, artefact=bytes(32)).judge(reply)
    with pytest.raises(InputError, match="no signature"):
        judge.judge(replace(reply, signed=replace(reply.signed, signature=bytes(65))))
    with pytest.raises(InputError, match="can be disputed"):
        judge.judge(reply_of(reply.ids, reply.positions, evidence=Evidence.UNVERIFIED))


@pytest.mark.parametrize("number", [2**20, -1])
def test_a_prompt_that_the_model_cannot_read_is_wrong_where_it_stands(judge, right, monkeypatch, number):
    """Whoever has the model answers nothing then; whoever has not gets no fee for it."""
    monkeypatch.setattr("tests.unit.compute.client.test_judging.PROMPT", (5, 6, number))
    judged = judge.judge(reply_of(right[1].ids, right[1].positions))
    assert (judged.words, judged.place.position) == ("the model takes nothing like it", 2)


@pytest.mark.parametrize(("more", "place"), [(0, 0), (1, 256), (2, 256), (700, 256)])
def test_a_reply_of_more_positions_than_the_model_has(judge, more, place):
    """It has 256. Nobody can compute what is behind them, and that there is such a position is wrong."""
    positions = (ONE,) * (256 + more)
    judged = judge.judge(reply_of((1,) * (254 + more), positions))
    said = "the model takes nothing like it" if more else f"position {place} of its trace is wrong"
    assert (judged.words, judged.place.position, judged.place.node) == (said, place, ONE)
    groups = tuple(keccak256(bytes([number])) for number in range(4))
    positions = (tree(list(groups)),) * (256 + more)
    reply = replace(reply_of((1,) * (254 + more), positions), groups=b"".join(groups) * len(positions))
    judged = judge.judge(reply)
    assert (judged.place.position, judged.place.group) == (place, 1 if more else 0)
    assert (judged.place.marks == NO_MARKS) is bool(more)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_id_that_is_no_token_is_wrong_where_it_stands(judge, right, at):
    """Nobody can compute what is behind it, and nobody has to: no provider gets out of a dispute so."""
    ids = [*right[1].ids]
    ids[at] = 2**20
    positions = [*right[1].positions]
    positions[len(PROMPT) + at :] = [ONE] * (len(positions) - len(PROMPT) - at)
    judged = judge.judge(reply_of(tuple(ids), tuple(positions)))
    assert judged.words == f"token {at} is not the one that its trace makes"
    assert (judged.place.position, judged.place.group) == (len(PROMPT) - 1 + at, 3)
    positions[1] = ONE
    assert judge.judge(reply_of(tuple(ids), tuple(positions))).words == "position 1 of its trace is wrong"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 2_048}, "it has 2,048 lanes, and a dispute reaches 1,024"),
        ({"layers": 127}, "it has 129 groups, and a dispute reaches 128"),
        ({"inner": 16_448}, "it has 16,448 inner lanes, and a dispute reaches 16,384"),
        ({"width": 1_024, "layers": 126, "inner": 16_384}, ""),
    ],
)
def test_models_of_which_some_wrong_lane_could_not_be_shown(stored, changes, said):
    assert out_of_reach(replace(stored.program.sizes, **changes)) == said


def test_nobody_is_sent_into_a_dispute_that_might_not_be_won(judge, right, monkeypatch):
    monkeypatch.setattr(judge._model, "beyond", "it is too large")
    positions = (*right[1].positions[:3], ONE, *right[1].positions[4:])
    with pytest.raises(CheckFailed, match="position 3 is wrong, and a dispute might cost its bond: it is too large"):
        judge.judge(reply_of(right[1].ids, positions))
    other = (*right[1].ids[:-1], right[1].ids[-1] + 1)  # two transactions, whatever the size
    assert judge.judge(reply_of(other, right[1].positions)).place.group == 3


def test_what_no_dispute_reaches_is_refused_before_it_is_computed(judge, right):
    positions = (ONE,) * 1_025
    with pytest.raises(InputError, match="a dispute reaches 1,024 positions"):
        judge.judge(reply_of((1,) * 1_023, positions))


def test_a_reply_that_cannot_be_judged_keeps_no_other_from_it(judge, right):
    """A provider that sends one such reply does not cover up the wrong ones beside it."""
    bad = replace(right[1], ids=(1, 2, 3))
    wrong = reply_of((*right[1].ids[:-1], right[1].ids[-1] + 1), right[1].positions)
    found = list(judged_all(judge, [bad, wrong]))
    assert [words for *_, words in found] == [
        "token ids or roots are not those of the receipt (do not dispute it)",
        "token 2 is not the one that its trace makes",
    ]
    assert found[0][1] is None
    with pytest.raises(InputError, match="not those of the receipt"):
        list(judged_all(judge, [bad]))
