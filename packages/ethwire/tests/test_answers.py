"""Answers to a batch whose results are wanted as they stand: cut where that is the same as reading them."""

from __future__ import annotations

import json

import msgspec
import pytest

from ethwire.errors import NoAnswer, RpcError
from ethwire.rpc import EvenTexts
from ethwire.rpc.answers import read_many

IDS = [7, 8, 9]
ASKED = [(number, "any") for number in IDS]
RESULTS = [{"a": "0x1"}, {"b": [1, 2]}, ["}, {", '"'], 12345, "null", "x" * 300]


def line(number: int, result: object, *, packed: bool = True) -> str:
    answer = {"jsonrpc": "2.0", "id": number, "result": result}
    return json.dumps(answer, separators=(",", ":") if packed else (", ", ": "))


def texts(body: str) -> list[object]:
    return [json.loads(bytes(text)) for text in read_many(msgspec.Raw, body.encode(), ASKED, "url")]


@pytest.mark.parametrize("result", RESULTS, ids=repr)
@pytest.mark.parametrize("packed", [True, False])
def test_cut_or_read_it_is_the_same(result, packed):
    body = f"[{','.join(line(number, result, packed=packed) for number, _ in ASKED)}]"
    assert (EvenTexts.answered(body.encode(), IDS) is not None) == packed
    assert texts(body) == [result] * 3


def test_parts_of_different_length_are_read():
    results = ["a", "bb", "ccc"]
    body = f"[{','.join(line(number, result) for (number, _), result in zip(ASKED, results, strict=True))}]"
    assert EvenTexts.answered(body.encode(), IDS) is None
    assert texts(body) == results


@pytest.mark.parametrize("order", [(8, 7, 9), (9, 8, 7)])
def test_answers_in_another_order_find_their_requests(order):
    assert texts(f"[{','.join(line(number, number) for number in order)}]") == [7, 8, 9]


def test_an_error_in_the_middle_stands_in_its_place():
    error = '{"jsonrpc":"2.0","id":8,"error":{"code":-32000,"message":"no"}}'
    ours = [line(7, "a" * 27), error, line(9, "a" * 27)]
    assert len({len(text) for text in ours}) == 1
    found = read_many(msgspec.Raw, f"[{','.join(ours)}]".encode(), ASKED, "url")
    assert [isinstance(item, RpcError) for item in found] == [False, True, False]


def test_null_is_none():
    body = f"[{','.join(line(number, None) for number, _ in ASKED)}]"
    assert read_many(msgspec.Raw, body.encode(), ASKED, "url") == [None] * 3


@pytest.mark.parametrize("body", ["[1,2,3]", "[x]", "", "[" + "}" * 12 + "]"])
def test_what_is_no_batch_is_refused(body):
    with pytest.raises(NoAnswer):
        texts(body)
