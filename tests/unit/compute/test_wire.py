"""Receipts as they travel: what is written is read again, and nothing else is."""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest

from ethwire.keys import Account
from keifu.compute.receipt import LARGEST_BATCH, Evidence, Receipt, Receipts, SignedReceipt
from keifu.compute.wire import LARGEST_TEXT, comment_of, split_stream, text_of, unpack
from keifu.errors import InputError
from keifu.units import COIN

KEY = Account.from_role("receipt key")
MARKET = Receipts(1, "0x" + "cc" * 20)


def receipt(number: int = 1, **changes: object) -> Receipt:
    hashes = {
        name: bytes([place]) * 32
        for place, name in enumerate(
            ("channel_id", "environment", "digest", "request_hash", "response_hash", "input_root", "output_root",
             "trace_root"), 1,
        )
    }  # fmt: skip
    rest = {"promotion_seq": 3, "input_units": 7, "output_units": 9, "fee": COIN, "charged": 2**128 - 1}
    values: dict[str, Any] = {
        **hashes, "number": number, **rest, "evidence": Evidence.ATTESTED, "time": 1_800_000_000, **changes
    }  # fmt: skip
    return Receipt(**values)


def test_a_receipt_of_a_full_batch_is_read_as_it_was_signed() -> None:
    signed = MARKET.sign(KEY, [receipt(number) for number in range(1, LARGEST_BATCH + 1)])
    for item in signed[:3] + signed[-3:]:
        text = text_of(item)
        assert len(text) <= LARGEST_TEXT
        assert unpack(text) == item
        assert MARKET.signer(unpack(text)) == KEY.address


def test_the_largest_numbers_fit() -> None:
    most = 2**64 - 1
    largest = receipt(most, promotion_seq=most, input_units=most, output_units=most, fee=2**128 - 1, time=most)
    signed = SignedReceipt(largest, (b"\xff" * 32,) * 10, b"\xff" * 65)
    assert unpack(text_of(signed)) == signed
    assert len(text_of(signed)) == 1_022


def test_a_stream_is_split_where_its_receipt_begins() -> None:
    [signed] = MARKET.sign(KEY, [receipt()])
    events = b"data: {}\n\ndata: [DONE]\n\n"
    body, text = split_stream(events + comment_of(text_of(signed)))
    assert body == events
    assert unpack(text) == signed


@pytest.mark.parametrize(
    "body", [b"", b"data: [DONE]\n\n", b": keifu-receipt \n\n", b": keifu-receipt a\n\ndata: 1\n\n"]
)
def test_a_stream_without_a_receipt_at_its_end_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="ends without a receipt"):
        split_stream(body)


def _coded(value: object) -> str:
    return urlsafe_b64encode(msgspec.msgpack.encode(value)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    ["", "A", "é", "=", "AAAA", _coded([]), _coded([[], [], b""]), _coded({"a": 1}), _coded([[1] * 16, [], b"x" * 65])],
)
def test_what_is_no_receipt_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="no receipt"):
        unpack(text)


def test_a_text_that_is_too_long_is_not_read() -> None:
    with pytest.raises(InputError, match="characters"):
        unpack("A" * (LARGEST_TEXT + 1))


def test_no_change_of_a_text_raises_anything_else() -> None:
    """Ten thousand changed texts are refused by name, or are another receipt that the signature does not cover."""
    draw = random.Random(1)
    [signed] = MARKET.sign(KEY, [receipt()])
    text = text_of(signed)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+ /"
    for _ in range(10_000):
        place = draw.randrange(len(text))
        changed = text[:place] + draw.choice(alphabet) + text[place + draw.choice([0, 1, 1, 1, 2]) :]
        try:
            assert changed == text or unpack(changed) != signed
        except InputError:
            continue
