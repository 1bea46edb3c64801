"""Receipts that are made fast are the same as those that are made plainly."""

from __future__ import annotations

import random

import numpy as np
import pytest

from ethwire.keys import Account
from keifu.compute.model import Claimed
from keifu.compute.receipt import LARGEST_BATCH, Evidence, Receipt, Receipts
from keifu.compute.sealing import Answered, Sealer, proofs_of
from keifu.compute.wire import text_of, unpack
from keifu.errors import UsageError
from keifu.merkle import build

KEY, MARKET = Account.from_role("receipt key"), "0x" + "3a" * 20


def answered(draw: random.Random, number: int) -> Answered:
    claimed = Claimed(draw.randbytes(32), draw.randrange(2**64), draw.randbytes(32))
    roots = [draw.randbytes(32) for _ in range(4)]
    units = draw.randrange(2**64), draw.randrange(2**64)
    return Answered(
        draw.randbytes(32), number, claimed, *roots, *units, draw.randrange(2**128), draw.randrange(2**128),
        draw.choice(list(Evidence)),
    )  # fmt: skip


def plain(item: Answered, time: int) -> Receipt:
    claimed = item.claimed
    return Receipt(
        item.channel_id, item.number, claimed.environment, claimed.promotion_seq, claimed.digest, item.request_hash,
        item.response_hash, item.input_root, item.output_root, bytes(32), item.input_units, item.output_units, item.fee,
        item.charged, item.evidence, time,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, LARGEST_BATCH])
def test_fast_and_plain_receipts_are_equal(count: int) -> None:
    draw = random.Random(count)
    items = [answered(draw, number) for number in range(count)]
    texts = Sealer(KEY, 7, MARKET).seal(items, 1_800_000_000)
    market = Receipts(7, MARKET)
    signed = market.sign(KEY, [plain(item, 1_800_000_000) for item in items])
    assert [text.decode() for text in texts] == [text_of(item) for item in signed]
    assert market.signer(unpack(texts[-1].decode())) == KEY.address


@pytest.mark.parametrize("count", [0, LARGEST_BATCH + 1])
def test_no_batch_and_one_that_is_too_large_are_refused(count: int) -> None:
    item = answered(random.Random(1), 1)
    with pytest.raises(UsageError, match="receipts in a batch"):
        Sealer(KEY, 7, MARKET).seal([item] * count, 1)


def test_the_tree_is_that_of_the_merkle_package() -> None:
    draw = random.Random(3)
    for count in range(1, 40):
        leaves = [draw.randbytes(32) for _ in range(count)]
        root, proofs = proofs_of(leaves)
        tree = build(np.frombuffer(b"".join(leaves), np.uint8).reshape(-1, 32))
        assert root == tree.root
        assert proofs == [tree.proof(place) for place in range(count)]
