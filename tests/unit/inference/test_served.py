"""A model behind /v1/classify: its answers, its refusals, and roots that a client makes again from the bytes."""

from __future__ import annotations

import msgspec
import pytest

from keifu.compute.canonical import roots_of
from keifu.compute.client.checks import Prices
from keifu.compute.integers import Classifier
from keifu.compute.model import ZERO, Claimed, ModelFault
from keifu.compute.openai import read_request
from keifu.errors import CheckFailed
from tests.unit.inference.test_model import asked


@pytest.fixture
def served(model):
    return Classifier("digits", Prices(request=10), model)


@pytest.fixture
def body(model, digits):
    return msgspec.json.encode({"model": "digits", "input": asked(model, digits[0][:3].tolist())})


def answer(served, *bodies):
    calls = [read_request("classify", body, 1).call for body in bodies]
    units = [served.most_input(call) for call in calls]
    return units, served.answer(calls)


def test_an_answer_names_labels_and_numbers(served, model, digits, body):
    units, [result] = answer(served, body)
    seen = [row[0] for row in model.classify(asked(model, digits[0][:3].tolist())).outputs]
    said = msgspec.json.decode(result.body)
    assert said["data"] == [{"index": i, "label": str(row), "output": [row]} for i, row in enumerate(seen)]
    assert said["usage"] == {"prompt_tokens": 192, "completion_tokens": 3, "total_tokens": 195}
    assert (units, result.input_units, result.output_units) == ([192], 192, 3)
    assert served.claimed == Claimed(digest=model.digest)


def test_a_client_makes_both_roots_again(served, body):
    _, [result] = answer(served, body)
    assert roots_of(body, result.body) == (result.input_root, result.output_root)


def test_another_number_is_another_root(served, body):
    _, [result] = answer(served, body)
    first = result.body.index(b'"output":[') + len(b'"output":[')
    digit = b"1" if result.body[first : first + 1] != b"1" else b"2"
    changed = result.body[:first] + digit + result.body[first + 1 :]
    inputs, outputs = roots_of(body, changed)
    assert inputs == result.input_root
    assert outputs != result.output_root


def test_what_comes_together_is_answered_as_if_alone(served, model, digits, body):
    one = msgspec.json.encode({"model": "digits", "input": asked(model, digits[0][5:6].tolist())})
    _, together = answer(served, body, one, body)
    assert together == [answer(served, item)[1][0] for item in (body, one, body)]


def test_labels_have_names_where_they_are_given(model, body):
    names = [f"digit {number}" for number in range(10)]
    _, [result] = answer(Classifier("digits", Prices(), model, names), body)
    assert all(item["label"] == names[item["output"][0]] for item in msgspec.json.decode(result.body)["data"])


def test_without_commitment_there_are_no_roots(model, body):
    _, [result] = answer(Classifier("digits", Prices(), model, is_committed=False), body)
    assert (result.input_root, result.output_root) == (ZERO, ZERO)


@pytest.mark.parametrize("given", [b'"text"', b"[1,2,3]", b"[[1.5]]", b'[["a"]]', b"[[[17]]]"])
def test_what_is_no_input_is_refused_before_it_is_paid(served, given):
    call = read_request("classify", b'{"model":"digits","input":%b}' % given, 1).call
    with pytest.raises(ModelFault) as caught:
        served.most_input(call)
    assert (caught.value.status, caught.value.code) == (400, "invalid_input")


def test_a_model_that_was_found_wrong_answers_nothing(served, model, body, monkeypatch):
    monkeypatch.setattr("keifu.inference.worst.difference", lambda program: "operator 0 gives 1 and not 2")
    with pytest.raises(CheckFailed, match="this machine computes wrongly: operator 0"):
        served.check()
    _, [fault] = answer(served, body)
    assert (fault.status, fault.code) == (503, "model_failed")
    monkeypatch.undo()
    served.check()


@pytest.mark.parametrize(
    ("request_body", "response"),
    [
        (b'{"input":"text"}', b'{"data":[{"output":[1]}]}'),
        (b'{"input":[[1]]}', b'{"data":[{"label":"x"}]}'),
        (b'{"input":[[1]]}', b'{"data":[]}'),
        (b'{"input":[[1],[2,3]]}', b'{"data":[{"output":[1]}]}'),
        (b'{"input":[[40000]]}', b'{"data":[{"output":[1]}]}'),
        (b'{"input":[["1"]]}', b'{"data":[{"output":[1]}]}'),
        (b'{"input":[[1]]}', b"no JSON"),
        (b"[" * 100_000, b"{}"),
    ],
)
def test_bytes_without_a_canonical_form_have_no_roots(request_body, response):
    assert roots_of(request_body, response) is None
