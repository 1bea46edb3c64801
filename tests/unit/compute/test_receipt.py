"""Receipts, vouchers and covers: typed data as eth_account encodes it, and batches as a Merkle tree computed by hand.

The types stand here once more, written out, so that a member that moves is seen.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from typing import Any

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from ethwire.eip712 import Domain
from ethwire.keys import Account
from keifu.abi.eip712 import COVER
from keifu.compute.receipt import (
    LARGEST_BATCH,
    MARKET_NAME,
    MARKET_VERSION,
    Evidence,
    Receipt,
    Receipts,
    SignedReceipt,
)
from keifu.errors import UsageError
from keifu.payments.channel import CHANNELS_NAME, CHANNELS_VERSION, Vouchers

CHAIN, MARKET, CHANNELS = 16_661, "0x" + "3a" * 20, "0x" + "4b" * 20
KEY, OTHER = Account.from_role("receipt key"), Account.from_role("another key")
RECEIPT_TYPE = (
    ("channelId", "bytes32"), ("number", "uint64"), ("environment", "bytes32"), ("promotionSeq", "uint64"),
    ("digest", "bytes32"), ("requestHash", "bytes32"), ("responseHash", "bytes32"), ("inputRoot", "bytes32"),
    ("outputRoot", "bytes32"), ("traceRoot", "bytes32"), ("inputUnits", "uint64"), ("outputUnits", "uint64"),
    ("fee", "uint128"), ("charged", "uint128"), ("evidence", "uint8"), ("time", "uint64"),
)  # fmt: skip
COVER_TYPE = (
    ("channelId", "bytes32"), ("restitution", "uint256"), ("price", "uint256"), ("last", "uint64"),
    ("deadline", "uint64"),
)  # fmt: skip


def receipt(draw: random.Random, number: int = 1) -> Receipt:
    words = [draw.randbytes(32) for _ in range(8)]
    return Receipt(
        words[0], number, words[1], draw.randrange(2**64), *words[2:8], draw.randrange(2**64), draw.randrange(2**64),
        draw.randrange(2**128), draw.randrange(2**128), draw.choice(list(Evidence)), draw.randrange(2**64),
    )  # fmt: skip


def encoded(struct: str, members: Sequence[tuple[str, str]], values: Sequence[Any], domain: dict[str, Any]) -> Any:
    """The message as eth_account has it: its body is the struct's hash."""
    types = {struct: [{"name": member, "type": kind} for member, kind in members]}
    message = {member: value for (member, _), value in zip(members, values, strict=True)}
    return encode_typed_data(domain, types, message)


def market(**other: Any) -> dict[str, Any]:
    return {"name": "Keifu Compute", "version": "1", "chainId": CHAIN, "verifyingContract": MARKET, **other}


def digest_of(signable: Any) -> bytes:
    return bytes(keccak(b"\x19\x01" + signable.header + signable.body))


# typed data -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_receipt_s_struct_hash_is_eth_account_s(seed):
    item = receipt(random.Random(seed), seed + 1)
    assert item.struct_hash == encoded("Receipt", RECEIPT_TYPE, astuple(item), market()).body


def test_every_member_of_a_receipt_counts():
    item = receipt(random.Random(1))
    seen = {item.struct_hash}
    for field in fields(item):
        before = getattr(item, field.name)
        other = bytes([before[0] ^ 1]) + before[1:] if isinstance(before, bytes) else type(before)(int(before) ^ 1)
        seen.add(replace(item, **{field.name: other}).struct_hash)
    assert len(seen) == 1 + len(RECEIPT_TYPE)


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_a_batch_is_signed_as_eth_account_signs_its_root(number):
    draw = random.Random(number)
    items = [receipt(draw, place + 1) for place in range(number)]
    for signed in Receipts(CHAIN, MARKET).sign(KEY, items):
        signable = encoded("ReceiptBatch", [("root", "bytes32")], [by_hand(items)], market())
        assert signed.signature == EthAccount.sign_message(signable, KEY.secret()).signature
        assert Receipts(CHAIN, MARKET).signer(signed) == KEY.address.lower()


def test_a_batch_of_another_chain_or_market_is_another_s_word():
    [signed] = Receipts(CHAIN, MARKET).sign(KEY, [receipt(random.Random(2))])
    assert Receipts(CHAIN + 1, MARKET).signer(signed) != KEY.address.lower()
    assert Receipts(CHAIN, CHANNELS).signer(signed) != KEY.address.lower()


@pytest.mark.parametrize("seed", range(5))
def test_a_cover_s_digest_is_eth_account_s(seed):
    draw = random.Random(seed)
    values = (draw.randbytes(32), draw.randrange(2**256), draw.randrange(2**256), 7, draw.randrange(2**64))
    domain = Domain(MARKET_NAME, MARKET_VERSION, CHAIN, MARKET)
    assert domain.digest(COVER, *values) == digest_of(encoded("Cover", COVER_TYPE, values, market()))


@pytest.mark.parametrize("most", [0, 1, 2**127, 2**128 - 1])
def test_a_voucher_s_digest_is_eth_account_s(most):
    channel_id = random.Random(most).randbytes(32)
    members = (("channelId", "bytes32"), ("maxClaimableAmount", "uint128"))
    own = market(name="x402 Batch Settlement", verifyingContract=CHANNELS)
    signable = encoded("Voucher", members, (channel_id, most), own)
    vouchers = Vouchers(CHAIN, CHANNELS)
    assert vouchers.digest(channel_id, most) == digest_of(signable)
    assert vouchers.sign(KEY, channel_id, most) == EthAccount.sign_message(signable, KEY.secret()).signature
    assert (CHANNELS_NAME, CHANNELS_VERSION) == ("x402 Batch Settlement", "1")


# trees ----------------------------------------------------------------------------------------------------------------


def by_hand(items: Sequence[Receipt]) -> bytes:
    """The root of a batch: leaves sorted, at the end of an array in reverse, each node over its two children."""
    leaves = sorted(bytes(keccak(encoded("Receipt", RECEIPT_TYPE, astuple(item), market()).body)) for item in items)
    count = len(leaves)
    nodes = [b""] * (2 * count - 1)
    for place, leaf in enumerate(leaves):
        nodes[2 * count - 2 - place] = leaf
    for place in range(count - 2, -1, -1):
        nodes[place] = bytes(keccak(b"".join(sorted(nodes[2 * place + 1 : 2 * place + 3]))))
    return nodes[0]


def climbed(signed: SignedReceipt) -> bytes:
    """From a receipt to the root, by its proof."""
    node = bytes(keccak(keccak_of_struct(signed.receipt)))
    for sibling in signed.proof:
        node = bytes(keccak(b"".join(sorted((node, sibling)))))
    return node


def keccak_of_struct(item: Receipt) -> bytes:
    return bytes(encoded("Receipt", RECEIPT_TYPE, astuple(item), market()).body)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 8, 15, 16, 17, 33])
def test_every_proof_leads_to_the_root_that_is_computed_by_hand(number):
    draw = random.Random(number)
    items = [receipt(draw, place + 1) for place in range(number)]
    found = Receipts(CHAIN, MARKET).sign(KEY, items)
    root = by_hand(items)
    assert [signed.receipt for signed in found] == items
    assert {climbed(signed) for signed in found} == {signed.root for signed in found} == {root}
    assert max(len(signed.proof) for signed in found) == (number - 1).bit_length()


def test_the_largest_batch_has_proofs_of_ten():
    draw = random.Random(3)
    first = receipt(draw)
    items = [replace(first, number=place + 1) for place in range(LARGEST_BATCH)]
    found = Receipts(CHAIN, MARKET).sign(KEY, items)
    assert {len(signed.proof) for signed in found} <= {9, 10}
    assert len({signed.root for signed in found}) == 1
    for wrong in ([], [*items, first]):
        with pytest.raises(UsageError, match="1 to 1000 go under one signature"):
            Receipts(CHAIN, MARKET).sign(KEY, wrong)


def test_a_proof_of_another_receipt_or_a_changed_one_leads_elsewhere():
    draw = random.Random(4)
    items = [receipt(draw, place + 1) for place in range(5)]
    receipts = Receipts(CHAIN, MARKET)
    first, second, *_ = receipts.sign(KEY, items)
    for wrong in (
        replace(first, receipt=second.receipt),
        replace(first, receipt=replace(first.receipt, fee=first.receipt.fee ^ 1)),
        replace(first, proof=first.proof[:-1]),
        replace(first, proof=(*first.proof, bytes(32))),
        replace(first, proof=tuple(reversed(first.proof))),
        replace(first, signature=receipts.sign(OTHER, items)[0].signature),
    ):
        assert receipts.signer(wrong) != KEY.address.lower()


def test_an_inner_node_is_no_receipt():
    """A leaf is the hash of a hash of a struct: nobody writes a receipt whose leaf is a node of the tree."""
    draw = random.Random(5)
    left, right = (receipt(draw, place + 1) for place in range(2))
    [signed, _] = Receipts(CHAIN, MARKET).sign(KEY, [left, right])
    assert signed.root == bytes(keccak(b"".join(sorted((left.leaf, right.leaf)))))
    assert left.leaf == bytes(keccak(left.struct_hash)) != left.struct_hash
