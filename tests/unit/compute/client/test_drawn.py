"""Drawn replies from the client's side: what is compared, what is shown as proved, and what a judge finds."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from keifu.compute.canonical import tokens_of, tokens_root, trace_of
from keifu.compute.client.checks import Check, Exchange, check_reply, shown
from keifu.compute.client.client import ComputeClient, ProviderFault
from keifu.compute.client.drawn import committed_in
from keifu.compute.client.kept import keep
from keifu.compute.client.store import Store
from keifu.compute.receipt import Evidence, Receipts, SignedReceipt
from keifu.errors import InputError
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.replaying import Replayed, published_of
from keifu.inference.tokens.sampling import drawing_of, seed_of
from keifu.keys import keccak256
from keifu.spec.inference_drawing import Drawing
from tests.unit.compute.client.test_judging import (
    CHAIN,
    KEY,
    MARKET,
    PROMPT,
    judge_of,
    reply_of,
    stored,
)
from tests.unit.compute.client.test_proved import HERE, ONE, POSITIONS, RECEIPT, REPLY, Known

__all__ = ["stored"]

COMMITTED = bytes(range(32))
SAMPLING = {"seed": 7, "committed": COMMITTED.hex(), "temperature": 0.7, "shift": 20, "sharpness": 1_500}
DRAWING = Drawing(seed_of(7, COMMITTED), 20, 1_500)
REQUEST = b'{"temperature":0.7,"seed":7}'
THERE = replace(HERE, committed=COMMITTED)


def body(sampling, positions=POSITIONS, prompt=(5, 6, 7), reply=REPLY):
    extra = {"positions": b64encode(b"".join(positions)).decode()} | ({"sampling": sampling} if sampling else {})
    return msgspec.json.encode({"prompt_token_ids": prompt, "choices": [{"token_ids": reply}], "keifu": extra})


def judged(receipt=None, request=REQUEST, sampling=SAMPLING, expected=THERE, **named):
    receipt = receipt or replace(RECEIPT, trace_root=DRAWING.root(trace_of(POSITIONS)))
    exchange = Exchange(request, body(sampling, **named), SignedReceipt(receipt, (), bytes(65)))
    found = {item.check: item for item in check_reply(exchange, expected, Known())}
    return shown(exchange, expected), found


def test_dis_14_a_drawn_reply_is_shown_as_proved():
    word, found = judged()
    assert word == Evidence.PROVED
    assert (found[Check.ROOTS].ok, found[Check.SAMPLING].ok) == (True, True)
    assert found[Check.SAMPLING].detail == "drawn at temperature 0.7 by seed 7"


@pytest.mark.parametrize(
    "changes", [{"seed": 8}, {"committed": "00" * 32}, {"shift": 21}, {"sharpness": 1_501}, {"shift": 0}]
)
def test_dis_14_another_drawing_than_the_receipt_s_is_refused(changes):
    _, found = judged(sampling=SAMPLING | changes)
    assert found[Check.ROOTS].detail == "trace root is not that of the positions whose roots came"


def test_dis_14_drawn_and_likeliest_are_not_taken_for_each_other():
    _, found = judged(receipt=RECEIPT)  # whose root is that of the likeliest tokens
    assert not found[Check.ROOTS].ok
    _, found = judged(sampling=None)
    assert (found[Check.ROOTS].ok, found[Check.SAMPLING].ok) == (False, False)
    assert found[Check.SAMPLING].detail == "asked at temperature 0.7, and no token was drawn"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (b"{}", "drawn, and the likeliest tokens were asked for"),
        (b'{"temperature":0.6,"seed":7}', "drawn at temperature 0.7, asked was 0.6"),
        (b'{"temperature":0.7,"seed":8}', "drawn by seed 7, asked was 8"),
    ],
)
def test_dis_14_another_temperature_or_seed_than_was_asked_is_refused(request_, said):
    _, found = judged(request=request_)
    assert (found[Check.SAMPLING].ok, found[Check.SAMPLING].detail) == (False, said)


@pytest.mark.parametrize("request_", [b"{}", b'{"temperature":0,"seed":7}'])
def test_dis_14_what_was_not_to_be_drawn_is_refused_whatever_temperature_it_names(request_):
    """Seen red: at a temperature of 0, by a scale of 0, noise alone chose the tokens."""
    _, found = judged(request=request_, sampling=SAMPLING | {"temperature": 0})
    assert (found[Check.SAMPLING].ok, found[Check.SAMPLING].detail) == (
        False, "drawn, and the likeliest tokens were asked for",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "expected", "said"),
    [
        (b'{"temperature":0.7}', THERE, "you named no seed"),
        (REQUEST, HERE, "had not committed to its half of the seed"),
        (REQUEST, replace(HERE, committed=ONE), "had not committed to its half of the seed"),
    ],
)
def test_dis_14_a_seed_that_its_provider_may_have_chosen_is_not_shown_as_proved(request_, expected, said):
    word, found = judged(request=request_, expected=expected)
    assert (word, found[Check.EVIDENCE].ok) == (Evidence.UNVERIFIED, True)
    assert said in found[Check.EVIDENCE].detail


def test_dis_14_one_position_is_not_shown_as_proved():
    positions = POSITIONS[:1]
    roots = tokens_root([5]), tokens_root([8]), DRAWING.root(trace_of(positions))
    names = dict(zip(("input_root", "output_root", "trace_root"), roots, strict=True))
    receipt = replace(RECEIPT, **names, input_units=1, output_units=1)
    word, found = judged(receipt=receipt, positions=positions, prompt=(5,), reply=[8])
    assert (word, found[Check.ROOTS].ok) == (Evidence.UNVERIFIED, True)
    assert "at one position alone" in found[Check.EVIDENCE].detail


@pytest.mark.parametrize("changes", [{"committed": "none"}, {"shift": 256}, {"sharpness": 65_536}, {"seed": "7"}])
def test_what_is_no_drawing_names_no_tokens(changes):
    assert tokens_of(body(SAMPLING | changes)) is None


def test_the_provider_s_half_is_asked_for_before_it_learns_the_client_s():
    listed = msgspec.json.encode({"data": [{"id": "chat", "keifu": {"sampling": COMMITTED.hex()}}, {"id": "plain"}]})
    assert committed_in(listed, "chat") == COMMITTED
    assert committed_in(listed, "plain") in (None, b"")
    for nothing in (b"", b"[]", listed.replace(COMMITTED.hex().encode(), b"zz")):
        assert committed_in(nothing, "chat") is None
    asked = []
    client = SimpleNamespace(models=lambda provider: asked.append(provider) or listed)
    drawn = msgspec.json.encode({"model": "chat", "temperature": 0.7, "seed": 7})
    assert ComputeClient._committed(client, "there", drawn) == COMMITTED
    assert asked == ["there"]
    assert ComputeClient._committed(client, "there", b'{"model":"chat"}') is None
    assert asked == ["there"]

    def silent(_):
        raise ProviderFault("silence")

    assert ComputeClient._committed(SimpleNamespace(models=silent), "there", drawn) is None


# a judge ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(stored):
    """A reply that the model draws."""
    executor, published = Executor(stored.program), published_of(stored.program)
    drawing, ids = drawing_of(keccak256(b"seed"), 1.0, stored.logit_scale), []
    while len(ids) < 3:
        ids = Replayed(executor, published, PROMPT, [*ids, 0], drawing).tokens
    return published.root, Replayed(executor, published, PROMPT, ids, drawing), tuple(ids), drawing


def kept(own, ids, drawing=None, positions=None):
    _, trace, _, right = own
    positions = positions or tuple(trace.position_roots)
    drawing = drawing or right
    return replace(reply_of(ids, positions, trace_root=drawing.root(trace_of(positions))), drawing=drawing)


def test_dis_14_a_judge_draws_again(stored, own):
    judge, (_, _, ids, drawing) = judge_of(stored, own[0]), own
    assert judge.judge(kept(own, ids)).words == "right"
    wrong = judge.judge(kept(own, (*ids[:-1], ids[-1] + 1)))
    assert wrong.words == "token 2 is not the one that its trace makes"
    assert wrong.place.path[-2:] == drawing.words
    other = judge.judge(kept(own, ids, Drawing(bytes(32), drawing.shift, drawing.sharpness)))
    assert "is wrong" in other.words or "is not the one" in other.words


def test_dis_14_a_judge_takes_no_other_drawing_than_the_receipt_s(stored, own):
    judge, reply = judge_of(stored, own[0]), kept(own, own[2])
    for drawing in (None, replace(reply.drawing, sharpness=1)):
        with pytest.raises(InputError, match="are not those of the receipt"):
            judge.judge(replace(reply, drawing=drawing))


def test_a_drawn_reply_is_kept_with_what_it_is_drawn_by(tmp_path):
    receipt = replace(RECEIPT, trace_root=DRAWING.root(trace_of(POSITIONS)), charged=1, fee=1)
    signed = Receipts(CHAIN, MARKET).sign(KEY, [receipt])[0]
    with Store(tmp_path) as store, store._writing() as database:
        store._keep(database, 1, signed, held=True)
        keep(database, signed, body(SAMPLING))
        (reply,) = store.replies()
    assert reply.drawing == DRAWING
