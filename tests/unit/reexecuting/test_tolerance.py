"""A rule is 32 bytes and back; an answer agrees within it, and differs one step beyond."""

from __future__ import annotations

import base64
import json
import math
import struct

import pytest

from keifu.errors import InputError, UsageError
from keifu.reexecution.tolerance import Rule, Tolerance, Word

NUMBERS, TEXT = Tolerance(Rule.NUMBERS, 0.25, 0.5), Tolerance(Rule.TEXT)


def answer(*vectors, name="embedding", **beside):
    data = [{"index": place, name: list(vector)} for place, vector in enumerate(vectors)]
    return json.dumps({"data": data, **beside}).encode()


def said(*texts, name="message", **beside):
    choices = [{"index": place, name: {"content": text}} for place, text in enumerate(texts)]
    return json.dumps({"choices": choices, **beside}).encode()


@pytest.mark.parametrize("rule", [NUMBERS, TEXT, Tolerance(Rule.NUMBERS, 1e-300, 0.0, longest=1)])
def test_a_rule_is_read_as_it_was_written(rule):
    assert len(rule.encoded) == 32
    assert Tolerance.decode(rule.encoded) == rule


def test_the_bytes_are_as_the_page_says():
    expected = b"KFRX" + bytes([1, 1, 0, 0]) + struct.pack(">dd", 0.25, 0.5) + (2_048).to_bytes(4, "big") + bytes(4)
    assert NUMBERS.encoded == expected


@pytest.mark.parametrize("place", [0, 4, 5, 6, 31])
def test_other_bytes_name_no_rule(place):
    changed = bytearray(NUMBERS.encoded)
    changed[place] ^= 0x80
    with pytest.raises(InputError, match="names no rule"):
        Tolerance.decode(bytes(changed))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_another_length_names_no_rule(length):
    with pytest.raises(InputError, match="names no rule"):
        Tolerance.decode((NUMBERS.encoded + b"\0")[:length])


@pytest.mark.parametrize(
    ("absolute", "relative"), [(-1.0, 0.0), (math.nan, 0.0), (math.inf, 0.0), (0.0, 1.0), (0.0, -0.1), (-0.0, 0.0)]
)
def test_numbers_by_which_nothing_is_judged_are_refused(absolute, relative):
    with pytest.raises(UsageError, match="judges nothing"):
        Tolerance(Rule.NUMBERS, absolute, relative)


def test_texts_have_no_numbers_and_a_request_a_length():
    with pytest.raises(UsageError, match="letter by letter"):
        Tolerance(Rule.TEXT, 0.1)
    for longest in (0, 2_049):
        with pytest.raises(UsageError, match="bytes here"):
            Tolerance(Rule.TEXT, longest=longest)


@pytest.mark.parametrize(
    ("own", "claimed", "word"),
    [
        ([2.0], [3.25], Word.AGREES),  # 0.25 and half of 2
        ([2.0], [math.nextafter(3.25, 4)], Word.DIFFERS),
        ([3.25], [2.0], Word.AGREES),  # the part is of one's own number
        ([-2.0], [-3.25], Word.AGREES),
        ([0.0], [0.25], Word.AGREES),
        ([0.0], [0.2500001], Word.DIFFERS),
        ([1.0, 2.0], [1.0], Word.DIFFERS),
        ([1.0], [1.0, 2.0], Word.DIFFERS),
        ([], [], Word.AGREES),
        ([None], [None], Word.AGREES),  # no number on either side
        ([None], [0.0], Word.DIFFERS),
        ([0.0], [None], Word.DIFFERS),
        ([1e308], [-1e308], Word.DIFFERS),  # the difference overflows
    ],
)
def test_numbers_are_compared_by_both_parts(own, claimed, word):
    assert NUMBERS.compare(answer(own), answer(claimed)).word == word


def test_the_first_number_that_differs_is_named():
    found = NUMBERS.compare(answer([0.0], [0.0, 0.0]), answer([0.0], [0.0, 9.0]))
    assert found.why == "item 1: number 1 is 9, 0 was computed"


def test_items_are_matched_by_their_index_and_counted():
    swapped = json.dumps({"data": [{"index": 1, "embedding": [9.0]}, {"index": 0, "embedding": [0.0]}]}).encode()
    assert NUMBERS.compare(answer([0.0], [9.0]), swapped).word == Word.AGREES
    assert NUMBERS.compare(answer([0.0], [9.0]), answer([0.0])).word == Word.DIFFERS


def test_what_stands_beside_is_not_compared():
    assert NUMBERS.compare(answer([1.0], id="a", created=1), answer([1.0], id="b", created=2)).word == Word.AGREES
    assert NUMBERS.digest(answer([1.0], id="a")) == NUMBERS.digest(answer([1.0], id="b"))
    assert NUMBERS.digest(answer([1.0])) != NUMBERS.digest(answer([1.5]))
    assert NUMBERS.digest(answer([1.0], [2.0])) != NUMBERS.digest(answer([1.0, 2.0]))


def test_packed_vectors_and_classes_are_numbers_too():
    packed = base64.b64encode(struct.pack("<2f", 1.5, -2.0)).decode()
    as_text = json.dumps({"data": [{"embedding": packed}]}).encode()
    assert NUMBERS.compare(answer([1.5, -2.0]), as_text).word == Word.AGREES
    assert NUMBERS.compare(answer([0.5], name="probs"), answer([0.5], name="probs")).word == Word.AGREES


@pytest.mark.parametrize(
    "claimed",
    [
        b"", b"{", b"[]", b'{"data": []}', b'{"data": [{"embedding": [NaN]}]}',
        b'{"data": [{"embedding": [Infinity]}]}',
        b'{"data": [{"embedding": ["1"]}]}', b'{"data": [{"embedding": [true]}]}', b'{"data": [{"embedding": "%%"}]}',
        b'{"data": [{"embedding": "AAAA"}]}', b'{"data": [{"embedding": {}}]}', b'{"data": [{"label": "x"}]}',
        b'{"data": [{"embedding": [1], "probs": [1]}]}', b'{"data": [{"index": "0", "embedding": [1]}]}',
        b'{"data": [{"embedding": [9007199254740993]}]}', b'{"data": ' + b"[" * 5_000,
    ],
)  # fmt: skip
def test_an_answer_that_is_none_differs(claimed):
    assert NUMBERS.compare(answer([1.0]), claimed).word == Word.DIFFERS


def test_of_an_own_answer_that_is_none_nothing_follows():
    for own in (b"{", answer(), b'{"error": "no"}'):
        with pytest.raises(InputError, match="nothing to compare"):
            NUMBERS.compare(own, answer([1.0]))
        with pytest.raises(InputError, match="nothing to compare"):
            NUMBERS.digest(own)


def test_texts_are_compared_letter_by_letter():
    assert TEXT.compare(said("one two"), said("one two", id="z")).word == Word.AGREES
    found = TEXT.compare(said("one two"), said("one too"))
    assert (found.word, found.why) == (Word.DIFFERS, "item 0: another text from letter 5 on")
    assert TEXT.compare(said("one"), said("one", "two")).word == Word.DIFFERS
    assert TEXT.compare(said("one"), b'{"choices": []}').word == Word.DIFFERS
    assert TEXT.digest(said("one")) != TEXT.digest(said("on", "e"))


def test_a_stream_has_the_text_that_its_parts_make():
    stream = b"".join(b"data: " + said(part, name="delta") + b"\n\n" for part in ("one", " two")) + b"data: [DONE]\n\n"
    assert TEXT.compare(said("one two"), stream).word == Word.AGREES
    plain = json.dumps({"choices": [{"index": 0, "text": "one two"}]}).encode()
    assert TEXT.compare(plain, stream).word == Word.AGREES


def test_the_same_numbers_agree_where_they_are_endless():
    def packed(*numbers):
        return answer_of(base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode())

    def answer_of(vector):
        return json.dumps({"data": [{"embedding": vector}]}).encode()

    assert NUMBERS.compare(packed(1.0, math.inf), packed(1.0, math.inf)).word == Word.AGREES
    assert NUMBERS.compare(packed(-math.inf), packed(math.inf)).word == Word.DIFFERS
    assert NUMBERS.compare(packed(math.inf), packed(1.0)).word == Word.DIFFERS
    assert NUMBERS.compare(packed(1.0), packed(math.inf)).word == Word.DIFFERS


@pytest.mark.parametrize(
    "choices",
    [
        [{"index": 0, "text": "lie", "message": {"content": "one two"}}],  # each client reads its own form
        [{"index": 0, "message": {"content": "one two"}, "delta": {"content": "lie"}}],
        [{"index": 0, "text": "one"}, {"index": 0, "text": " two"}],  # a client reads the first
    ],
)
def test_a_text_that_readers_take_for_another_one_differs(choices):
    lie = json.dumps({"choices": choices}).encode()
    assert TEXT.compare(said("one two"), lie).word == Word.DIFFERS


def test_one_text_in_two_forms_is_that_text():
    twice = json.dumps({"choices": [{"text": "one two", "message": {"content": "one two"}, "delta": None}]}).encode()
    assert TEXT.compare(said("one two"), twice).word == Word.AGREES
    assert TEXT.compare(said(None), said("")).word == Word.AGREES
