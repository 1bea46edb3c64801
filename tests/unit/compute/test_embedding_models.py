"""An embedding model as a node serves it: OpenAI's forms, refusals that name the input, roots that clients compute."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from examples.digits.training import Settings
from examples.digits.weights import make_weights
from keifu.compute.client.checks import Check, Prices
from keifu.compute.client.own_models import OwnVectors, own_model
from keifu.compute.client.rooted import groups_compared, roots_compared
from keifu.compute.client.units import usage_of
from keifu.compute.embedding import EmbeddingModel
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.compute.receipt import Evidence, Receipt
from keifu.compute.vectors import leaves_of, numbers_of, trace_of_leaves, vectors_of
from keifu.errors import CheckFailed
from keifu.inference.embeddings import selftest
from keifu.inference.embeddings.building import build
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.keeping import load
from keifu.inference.embeddings.rooting import program_root
from keifu.inference.playable import playable
from keifu.inference.programs import disputed_root
from keifu.inference.tokens.committing import boundaries
from keifu.node.compute.disputing import found_in
from keifu.spec import inference_trees as trees
from tests.conformance.inference.bert_folder import PIECES, POSITIONS, WIDTH, folder_of

TEXTS = ["A proof of work.", "is no promise!"]
CLS, SEP = PIECES.index("[CLS]"), PIECES.index("[SEP]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("embedding")
    build(folder_of(place / "published"), place / "integers")
    return place / "integers"


@pytest.fixture(scope="module")
def stored(folder):
    return load(folder)


@pytest.fixture(scope="module")
def model(stored):
    found = EmbeddingModel("vectors", Prices(request=1, million_in=1_000_000, million_out=2_000_000), stored)
    yield found
    asyncio.run(found.close())


@pytest.fixture(scope="module")
def own(folder):
    found = own_model(folder)
    assert isinstance(found, OwnVectors)
    return found


def request_of(given, **fields):
    return msgspec.json.encode({"model": "vectors", "input": given, **fields})


def call_of(model, given, **fields):
    call = read_request("embeddings", request_of(given, **fields), 1_024).call
    call_units = model.most_input(call)
    assert call_units == sum(map(len, call.inputs))
    assert model.most_fee(read_request("embeddings", request_of(given, **fields), 1).call) == model.prices.fee(
        call_units, len(call.inputs)
    )
    return call


def answer(model, given, **fields):
    return asyncio.run(model.answer(call_of(model, given, **fields)))


def receipt_of(result, **changes):
    roots = result.input_root, result.output_root, result.trace_root
    made = Receipt(
        b"", 1, bytes(32), 0, bytes(32), bytes(32), bytes(32), *roots, result.input_units, result.output_units, 1, 1,
        Evidence.UNVERIFIED, 0,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_vector_is_the_model_s_at_length_1_with_its_roots(model, stored):
    found = answer(model, TEXTS[0])
    ids = stored.tokenizer.encode(TEXTS[0], POSITIONS)
    lanes, roots = Executor(stored.program).committed(ids)
    [item] = json.loads(found.body)["data"]
    assert item["embedding"] == (lanes / np.linalg.norm(lanes)).astype(np.float32).tolist()
    assert np.linalg.norm(item["embedding"]) == pytest.approx(1)
    assert (found.input_root, found.output_root, found.trace_root) == (roots.input, roots.output, roots.trace)
    assert (found.input_units, found.output_units) == (len(ids), 1)
    assert usage_of(found.body).units_in == len(ids)
    assert usage_of(found.body).units_out == 1
    assert found.evidence == Evidence.UNVERIFIED


def test_several_texts_have_the_trees_over_their_roots(model):
    together, alone = answer(model, TEXTS), [answer(model, text) for text in TEXTS]
    assert [json.loads(one.body)["data"][0]["embedding"] for one in alone] == [
        item["embedding"] for item in json.loads(together.body)["data"]
    ]
    for name in ("input_root", "output_root", "trace_root"):
        assert getattr(together, name) == trees.tree([getattr(one, name) for one in alone])
    assert (together.input_units, together.output_units) == (sum(one.input_units for one in alone), 2)


def test_both_encodings_are_the_same_numbers(model):
    plain, packed = answer(model, TEXTS), answer(model, TEXTS, encoding_format="base64")
    for one, other in zip(json.loads(plain.body)["data"], json.loads(packed.body)["data"], strict=True):
        assert np.frombuffer(base64.b64decode(other["embedding"]), "<f4").tolist() == one["embedding"]
    assert plain.output_root == packed.output_root


def test_ids_are_taken_as_texts_are(model, stored):
    ids = [stored.tokenizer.encode(text, POSITIONS) for text in TEXTS]
    assert answer(model, ids).trace_root == answer(model, TEXTS).trace_root
    assert (
        answer(model, ids[0], dimensions=WIDTH).trace_root == answer(model, TEXTS[0], encoding_format=None).trace_root
    )


@pytest.mark.parametrize(
    ("given", "fields", "code", "said"),
    [
        ("a " * POSITIONS, {}, "context_length_exceeded", "input 0 has more than 48 tokens"),
        (["a", "a" * 3_073], {}, "context_length_exceeded", "input 1 has 3,073 letters, and the context 48 tokens"),
        ([CLS, *[4] * 47, SEP], {}, "context_length_exceeded", "input 0 has more than 48 tokens"),
        ([[CLS, *[4] * 47, SEP]], {}, "context_length_exceeded", "input 0 has more than 48 tokens"),
        (["a" * 3_072] * 22, {}, "invalid_input", "67,584 letters in one request"),
        ("", {}, "invalid_input", "input 0 has no words"),
        (["a", " \t"], {}, "invalid_input", "input 1 has no words"),
        ([], {}, "empty_input", "asks about nothing"),
        ([[]], {}, "invalid_input", "input 0 is not of this model's tokenizer: tokens 2 and 3 begin and end a text"),
        ([101, 2_023, 102], {}, "invalid_input", "input 0: tokens are whole numbers from 0 to 19"),
        ([4, 5], {}, "invalid_input", "input 0 is not of this model's tokenizer"),
        ([CLS, SEP], {}, "invalid_input", "input 0 is not of this model's tokenizer"),
        ([CLS, 4.5, SEP], {}, "invalid_input", "tokens are whole numbers"),
        ([[CLS, True, SEP]], {}, "invalid_input", "tokens are whole numbers"),
        ([[CLS, 1 << 70, SEP]], {}, "invalid_input", "tokens are whole numbers"),
        ([{"text": "a"}], {}, "invalid_input", "input 0 is neither a text nor a list of tokens"),
        ("a", {"dimensions": 8}, "invalid_input", "dimensions is 8, and the vectors of vectors have 64"),
        ("a", {"dimensions": 0}, "invalid_body", "dimensions"),
        ("a", {"encoding_format": "int8"}, "invalid_body", "encoding_format is float or base64"),
    ],
)
def test_what_is_not_answered_is_said_by_its_place(model, given, fields, code, said):
    with pytest.raises(ModelFault, match=said) as fault:
        call_of(model, given, **fields)
    assert (fault.value.status, fault.value.code) == (400, code)


@pytest.mark.parametrize(
    "body", [b'{"model":"vectors","input":[NaN]}', b'{"model":"vectors","input":1}', b"[" * 99_999]
)
def test_what_is_no_request_is_refused(body):
    with pytest.raises(ModelFault, match="the request cannot be read"):
        read_request("embeddings", body, 1)


def test_a_machine_that_computes_wrongly_serves_nothing(model, monkeypatch):
    monkeypatch.setattr("keifu.compute.embedding.difference", lambda *_: "one weight")
    with pytest.raises(CheckFailed, match="this machine computes wrongly: one weight"):
        model.check()
    with pytest.raises(ModelFault, match="computes wrongly"):
        answer(model, "a")
    monkeypatch.undo()
    model.check()
    assert answer(model, "a").output_units == 1


def test_a_machine_that_hashes_wrongly_serves_nothing(stored, monkeypatch):
    """It would answer for roots that no dispute finds again."""
    executor = Executor(stored.program)
    assert selftest.difference(executor, 0) == ""
    monkeypatch.setattr(selftest, "boundaries", lambda *given: boundaries(*given) ^ 1)
    assert selftest.difference(executor, 0) == "what layer 0 commits to is not the reference's"


# the client's side --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"encoding_format": "base64"}])
def test_a_client_computes_roots_and_numbers_again(model, own, fields):
    found = answer(model, TEXTS, **fields)
    request = request_of(TEXTS, **fields)
    assert roots_compared(receipt_of(found), request, found.body)[0]
    findings = own.require(request, found.body, receipt_of(found))
    assert [(item.check, item.ok) for item in findings] == [(Check.WORDS, True), (Check.COMPUTATION, True)]


def changed(found, change):
    document = json.loads(found.body)
    change(document)
    return json.dumps(document).encode()


def number(document):
    document["data"][1]["embedding"][3] = float(
        np.nextafter(np.float32(document["data"][1]["embedding"][3]), np.float32(9))
    )


def lane(document):
    """With the numbers that belong to it: only the root shows it."""
    item = document["data"][0]
    lanes = np.frombuffer(base64.b64decode(item["keifu"]["lanes"]), "<i2").copy()
    lanes[5] += 1
    item["keifu"]["lanes"] = base64.b64encode(lanes.tobytes()).decode()
    item["embedding"] = numbers_of(lanes).tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (number, "vector 1 is not its lanes at length 1"),
        (lambda document: document["data"][0].update(embedding=[1e300] * WIDTH), "vector 0 is not its lanes"),
        (lane, "output root is not that of what was named"),
        (lambda document: document["data"][0]["keifu"]["token_ids"].__setitem__(1, 5), "input root is not"),
        (lambda document: document["data"][1]["keifu"].update(trace="00" * 32), "trace root is not"),
        (lambda document: document["data"].reverse(), "trace root, which nothing here can compare"),
        (lambda document: document["data"].pop(), "tokens and 1 vectors are named, it says"),
        (lambda document: document["data"][0]["keifu"].update(lanes="A"), "trace root, which nothing here can compare"),
        (lambda document: document["data"][0].pop("keifu"), "trace root, which nothing here can compare"),
    ],
)
def test_a_client_refuses_what_is_not_what_the_receipt_binds(model, change, said):
    found = answer(model, TEXTS)
    ok, words = roots_compared(receipt_of(found), request_of(TEXTS), changed(found, change))
    assert not ok
    assert said in words


def test_who_has_the_model_finds_a_vector_that_was_not_computed(model, own):
    """All of the answer fits together, but it is another text's, or nobody's."""
    found = answer(model, TEXTS[0])
    other = own.findings(request_of(TEXTS[1]), found.body, receipt_of(found))
    assert [(item.check, item.ok) for item in other] == [(Check.WORDS, False)]
    faked = own.findings(request_of(TEXTS[0]), changed(found, lane), receipt_of(found))
    assert [item.ok for item in faked] == [True, False]
    assert faked[1].detail == "vector 0 or its trace is not the model's"
    fewer = own.findings(request_of(TEXTS), found.body, receipt_of(found))
    assert [(item.check, item.ok) for item in fewer] == [(Check.WORDS, False)]
    plain = own.findings(request_of(TEXTS[0]), b'{"data":[{"index":0,"embedding":[1.0]}]}', receipt_of(found))
    assert [item.detail for item in plain] == ["the answer has no vectors with their integers"]
    assert vectors_of(b"no JSON") is None


def test_lanes_of_zero_have_no_length():
    assert numbers_of(np.zeros(4, np.int16)).tolist() == [0.0] * 4


# what is promised ---------------------------------------------------------------------------------------------------


@pytest.fixture
def proving(stored):
    """A model whose program was promoted, and what it keeps."""
    kept = []
    keep = lambda *about: kept.append(about)  # noqa: E731 - in one line what it is
    made = EmbeddingModel("vectors", Prices(request=1), stored, is_proved=True, keep=keep)
    yield made, kept
    asyncio.run(made.close())


def test_one_text_is_proved_and_kept(proving):
    """What groups committed to comes on wish alone: 96 bytes a group and position."""
    model, kept = proving
    found = answer(model, TEXTS[0])
    [vector] = vectors_of(found.body)
    assert (found.evidence, vector.groups, model.gives_groups) == (Evidence.PROVED, b"", True)
    assert kept == [(found.trace_root, list(vector.ids), (), None)]
    call = call_of(model, TEXTS[0])
    call.wishes_groups = True
    again = asyncio.run(model.answer(call))
    [vector] = vectors_of(again.body)
    assert len(vector.groups) == 96 * 4 * len(vector.ids)
    assert trace_of_leaves(leaves_of(vector.groups, len(vector.ids))) == again.trace_root
    assert groups_compared(again.body, are_due=True) == (
        True,
        f"what each committed to at {len(vector.ids)} positions makes the trace's root",
    )
    assert groups_compared(found.body, are_due=True)[0] is False
    assert groups_compared(found.body, are_due=False) is None


def test_several_texts_are_not(proving):
    model, kept = proving
    call = call_of(model, TEXTS)
    call.wishes_groups = True
    found = asyncio.run(model.answer(call))
    assert found.evidence == Evidence.UNVERIFIED
    assert not any(vector.groups for vector in vectors_of(found.body))
    assert kept == []


def groups(change):
    def changes(document):
        said = document["data"][0]["keifu"]
        said["groups"] = base64.b64encode(change(base64.b64decode(said["groups"]))).decode()

    return changes


@pytest.mark.parametrize(
    "change", [lambda data: data[:-96], lambda data: data[:-1], lambda data: bytes([data[0] ^ 1]) + data[1:],
               lambda data: data[: len(data) // 4], lambda data: data * 40],
)  # fmt: skip
def test_groups_that_do_not_make_the_trace_are_refused(proving, change):
    call = call_of(proving[0], TEXTS[0])
    call.wishes_groups = True
    body = changed(asyncio.run(proving[0].answer(call)), groups(change))
    assert groups_compared(body, are_due=True) == (False, "the root of the trace is not made of those that came")


def test_a_text_of_more_positions_than_a_dispute_reaches_is_not(proving, monkeypatch):
    model, kept = proving
    count = len(call_of(model, TEXTS[0]).inputs[0])
    monkeypatch.setattr("keifu.compute.embedding.JUDGED_POSITIONS", count)
    assert answer(model, TEXTS[0]).evidence == Evidence.PROVED
    monkeypatch.setattr("keifu.compute.embedding.JUDGED_POSITIONS", count - 1)
    assert answer(model, TEXTS[0]).evidence == Evidence.UNVERIFIED
    assert len(kept) == 1


def test_disputes_know_models_that_are_served_no_more(folder, tmp_path, stored):
    """By their folders among the artefacts, of any kind; of what no dispute reaches there is none."""
    for name in ("digits", "none"):
        (tmp_path / name).mkdir()
    make_weights(tmp_path / "digits", Settings(epochs=1))
    roots = [
        playable(found).published.root
        for path in (folder, tmp_path / "digits", tmp_path / "none", tmp_path / "missing")
        for found in found_in(path)
    ]
    assert roots == [program_root(stored.program), disputed_root(tmp_path / "digits")]
