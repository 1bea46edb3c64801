"""Receipts that are made fast are the same as those that are made plainly, by compiled calls and one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ethwire.keys import Account, keccak256
from keifu.compute import sealing
from keifu.compute.columns import Answers, alike
from keifu.compute.http.messages import JSON, whole
from keifu.compute.model import Claimed
from keifu.compute.receipt import LARGEST_BATCH, Evidence, Receipt, Receipts
from keifu.compute.sealing import Sealed, Sealer, expect_many
from keifu.compute.wire import text_of, unpack
from keifu.errors import UsageError

KEY, MARKET, TIME = Account.from_role("receipt key"), "0x" + "3a" * 20, 1_800_000_000
LARGE_BODY = 5_000  # bytes: hashed alone
NUMBERS = (0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1)


@pytest.fixture(params=["compiled", "one by one"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "compiled":
        expect_many()
    else:
        monkeypatch.setattr(sealing, "_expected", [])


Item = tuple[Any, ...]  # one answer: what `Answers` has in columns
REQUEST, RESPONSE, HASH, SAID = (Answers._fields.index(name) for name in ("requests", "responses", "hashes", "said"))


def sealed(items: Sequence[Item]) -> Sealed:
    return Sealer(KEY, 7, MARKET).seal(Answers(*zip(*items, strict=True)), TIME)


def changed(item: Item, *columns: int, to: Sequence[bytes]) -> Item:
    return tuple(to[columns.index(place)] if place in columns else value for place, value in enumerate(item))


def made(draw: random.Random, number: int, bits: int = 128) -> tuple[Item, Receipt]:
    """An answer, or one that was streamed, and its receipt; sums are below 2^bits."""
    claimed = Claimed(draw.randbytes(32), draw.randrange(2**64), draw.randbytes(32))
    channel, input_root, output_root, trace_root = (draw.randbytes(32) for _ in range(4))
    units = draw.choice(NUMBERS), draw.randrange(2 ** draw.randrange(1, 65))
    sums = draw.randrange(2**bits), draw.choice([2**bits - 1, draw.randrange(2 ** draw.randrange(1, bits + 1))])
    kind, request, response = draw.choice(list(Evidence)), draw.randbytes(draw.randrange(600)), draw.randbytes(150)
    is_stream = draw.random() < 1 / 4
    fee, charged = sums
    said = draw.choice([b"", b"payment-response: e30\r\n"])
    item = (
        alike(claimed, *units, fee, kind, trace_root), channel, number, input_root, output_root, charged, request,
        b"" if is_stream else response, keccak256(response) if is_stream else b"", said,
    )  # fmt: skip
    return item, Receipt(
        channel, number, claimed.environment, claimed.promotion_seq, claimed.digest, keccak256(request),
        keccak256(response), input_root, output_root, trace_root, *units, *sums, kind, TIME,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, LARGEST_BATCH])
@pytest.mark.parametrize("bits", [64, 65, 128])
def test_fast_and_plain_receipts_are_equal(way: None, count: int, bits: int) -> None:
    draw = random.Random(count)
    items, receipts = zip(*[made(draw, number, bits) for number in range(count)], strict=True)
    texts = sealed(items).texts
    market = Receipts(7, MARKET)
    signed = market.sign(KEY, receipts)
    assert [text.decode() for text in texts] == [text_of(item) for item in signed]
    assert market.signer(unpack(texts[-1].decode())) == KEY.address


@pytest.mark.parametrize("change", [lambda body: body[:-1] + b"?", lambda body: body + b" ", lambda body: b""])
def test_a_receipt_is_of_the_very_bytes(way: None, change: Callable[[bytes], bytes]) -> None:
    item, receipt = made(random.Random(5), 1)
    request = item[REQUEST]
    [text] = sealed([changed(item, REQUEST, RESPONSE, HASH, to=(change(request), b"answer", b""))]).texts
    found = unpack(text.decode()).receipt
    asked, said = keccak256(change(request)), keccak256(b"answer")
    assert found == replace(receipt, request_hash=asked, response_hash=said)
    assert found.request_hash != receipt.request_hash


def test_a_large_body_is_hashed_among_small_ones(way: None) -> None:
    item, _ = made(random.Random(6), 1)
    bodies = [b"x" * LARGE_BODY, b"", b"y"]
    texts = sealed([changed(item, REQUEST, RESPONSE, HASH, to=(body, body, b"")) for body in bodies]).texts
    receipts = [unpack(text.decode()).receipt for text in texts]
    assert [receipt.request_hash for receipt in receipts] == [keccak256(body) for body in bodies]
    assert [receipt.response_hash for receipt in receipts] == [keccak256(body) for body in bodies]


@pytest.mark.parametrize("sizes", [[0], [9, 10, 99, 100, 1_000], [LARGE_BODY, 150, LARGE_BODY]])
def test_answers_are_written_as_the_server_writes_any(way: None, sizes: list[int]) -> None:
    draw = random.Random(len(sizes))
    items = [
        changed(
            made(draw, number)[0], RESPONSE, HASH, SAID,
            to=(draw.randbytes(size), b"", b"beside: %d\r\n" % size * (size & 1)),
        )
        for number, size in enumerate(sizes)
    ]  # fmt: skip
    found = sealed(items)
    assert list(found.replies) == [
        whole(200, (JSON, b"keifu-receipt: ", text, b"\r\n", item[SAID]), item[RESPONSE])
        for text, item in zip(found.texts, items, strict=True)
    ]


@pytest.mark.parametrize("count", [0, LARGEST_BATCH + 1])
def test_no_batch_and_one_that_is_too_large_are_refused(count: int) -> None:
    columns: Any = [[value] * count for value in made(random.Random(1), 1)[0]]
    with pytest.raises(UsageError, match="receipts in a batch"):
        Sealer(KEY, 7, MARKET).seal(Answers(*columns), 1)
