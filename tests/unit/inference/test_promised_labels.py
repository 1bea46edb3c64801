"""Labels of pictures that are promised: roots are those of the trace, values and label are named, one picture alone."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from examples.digits.training import Settings
from examples.digits.weights import held_out, make_weights
from keifu.compute.canonical import tokens_of
from keifu.compute.client.checks import Exchange, Expected, Prices, check_reply, shown
from keifu.compute.client.rooted import groups_compared, roots_compared
from keifu.compute.integers import Classifier
from keifu.compute.openai import read_request
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt
from keifu.errors import InputError, UsageError
from keifu.inference import Model, pictures
from keifu.inference.playable import loaded, playable
from keifu.inference.programs import disputed_root, root_of_folder
from keifu.keys import keccak256
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.program import Tensor, read_program
from keifu.provenance.verify import check_program
from tests.unit.compute.client.test_proved import Known

ONE = b"\x01" * 32
SETTINGS = Settings(epochs=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("digits")
    make_weights(place, SETTINGS)
    return place


@pytest.fixture(scope="module")
def digits():
    return [picture.reshape(-1).tolist() for picture in held_out(SETTINGS)[0][:2]]


@pytest.fixture(scope="module")
def kept():
    return []


@pytest.fixture(scope="module")
def classifier(folder, kept):
    keep = lambda *about: kept.append(about)  # noqa: E731 - in one line what it is
    return Classifier("digits", Prices(request=1), Model.load(folder), is_proved=True, keep=keep)


def request_of(given):
    return msgspec.json.encode({"model": "digits", "input": given})


def answer(classifier, given, *, wishes_groups=False):
    call = read_request("classify", request_of(given), 1).call
    call.wishes_groups = wishes_groups
    classifier.most_input(call)
    return classifier.answer([call])[0]


def receipt_of(found):
    roots = found.input_root, found.output_root, found.trace_root
    units = found.input_units, found.output_units
    return Receipt(ONE, 1, ONE, 1, ONE, ONE, ONE, *roots, *units, 1, 1, Evidence.PROVED, 9)


def test_a_label_s_roots_are_those_of_its_trace(classifier, folder, digits, kept):
    found = answer(classifier, digits[:1], wishes_groups=True)
    published = pictures.published_of(read_program(folder))
    trace = pictures.traced(published, digits[0])
    assert (found.trace_root, found.evidence) == (trace.root(), Evidence.PROVED)
    tokens = tokens_of(found.body)
    assert (list(tokens.prompt), list(tokens.reply)) == (digits[0], trace.records[-1][-1][-1])
    leaves = [leaf for place in range(len(digits[0])) for leaf in trace.position_leaves(place)]
    assert tokens.groups == b"".join(leaves)
    assert groups_compared(found.body, are_due=True)[0]
    assert roots_compared(receipt_of(found), request_of(digits[:1]), found.body)[0]
    assert kept[-1] == (found.trace_root, digits[0], list(tokens.reply), None)


def test_groups_come_on_wish_alone(classifier, digits):
    assert tokens_of(answer(classifier, digits[:1]).body).groups == b""
    assert classifier.gives_groups


def test_several_pictures_are_answered_as_before(classifier, folder, digits):
    plain = Classifier("digits", Prices(request=1), Model.load(folder))
    found = answer(classifier, digits)
    assert found == answer(plain, digits)
    assert found.evidence is None
    assert tokens_of(found.body) is None


def word(found, request, body=None, *, promised=True):
    signed = SignedReceipt(receipt_of(found), (), bytes(65))
    exchange = Exchange(request, body or found.body, signed)
    expected = Expected(31_337, "0x" + "3a" * 20, "0x" + "0b" * 20, has_disputes=promised)
    return {item.check: item for item in check_reply(exchange, expected, Known())}, shown(exchange, expected)


def test_it_is_shown_as_proved_where_something_is_promised(classifier, digits):
    found = answer(classifier, digits[:1])
    assert word(found, request_of(digits[:1]))[1] == Evidence.PROVED
    assert word(found, request_of(digits[:1]), promised=False)[1] == Evidence.UNVERIFIED


def test_another_picture_or_label_than_was_named_is_refused(classifier, digits):
    """What is disputed is what was named; what the client uses is what it sent and what stands in the list."""
    found = answer(classifier, digits[:1])
    said = "the numbers that were sent are not those that were named for a dispute"
    assert roots_compared(receipt_of(found), request_of(digits[1:2]), found.body) == (False, said)
    document = json.loads(found.body)
    document["data"][0]["output"][0] += 1
    assert roots_compared(receipt_of(found), request_of(digits[:1]), json.dumps(document).encode()) == (False, said)
    document["data"] = []
    assert roots_compared(receipt_of(found), request_of(digits[:1]), json.dumps(document).encode()) == (False, said)


def test_a_vector_beside_a_label_is_not_proved_with_it(classifier, digits):
    found = answer(classifier, digits[:1])
    document = json.loads(found.body)
    document["data"][0]["embedding"] = [1.0]
    assert word(found, request_of(digits[:1]), json.dumps(document).encode())[1] == Evidence.UNVERIFIED


def test_values_beyond_the_picture_s_are_not_computed(folder, digits):
    model = playable(loaded(folder))
    assert model.published.root == disputed_root(folder)
    for values in ([17, *digits[0][1:]], [-1, *digits[0][1:]]):
        with pytest.raises(UsageError, match="values go from 0 to 16"):
            model.trace(values, [1])


def test_a_model_whose_values_may_be_below_0_is_not_promised(folder):
    program = read_program(folder)
    assert any(pictures.promised_root(program))
    assert not any(pictures.promised_root(replace(program, input=Tensor(program.input.shape, -1, 16))))
    longer = replace(program, input=Tensor((1, 1, 1_025), 0, 16))
    assert not any(pictures.promised_root(longer))
    with pytest.raises(InputError, match="a dispute reaches 1,024"):
        pictures.published_of(longer)


@pytest.mark.parametrize("root", [disputed_root, root_of_folder])
def test_a_record_has_either_root(folder, root):
    record = Record("0x" + "0b" * 20, Kind.WEIGHTS, digest_path(folder).root, program_root=root(folder))
    assert check_program(type("Entry", (), {"record": record}), folder).ok
    other = replace(record, program_root=keccak256(b"another"))
    assert not check_program(type("Entry", (), {"record": other}), folder).ok


def test_a_folder_of_something_else_has_no_root_for_disputes(tmp_path):
    assert disputed_root(tmp_path) == bytes(32)
