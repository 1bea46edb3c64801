"""Replies as they are handed to a watcher, and what is none."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from ethwire.keys import recover
from keifu.abi.eip712 import DISPUTE_PERMIT
from keifu.compute.client.handing import Handed, hand
from keifu.compute.client.kept import KeptReply
from keifu.compute.promises import disputes_domain
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.errors import InputError
from keifu.keys import Account
from keifu.spec.inference_drawing import Drawing

CHAIN, MARKET, DISPUTES, WATCHER = 31_337, "0x" + "3a" * 20, "0x" + "d1" * 20, "0x" + "0b" * 20
ONE, PAYER, KEY = b"\x01" * 32, Account.from_role("payer"), Account.from_role("receipt key")
UNTIL = 1_900_000_000
RECEIPT = Receipt(ONE, 1, ONE, 1, ONE, ONE, ONE, ONE, ONE, ONE, 3, 2, 1, 1, Evidence.PROVED, UNTIL)
SIGNED = Receipts(CHAIN, MARKET).sign(KEY, [RECEIPT])[0]
REPLY = KeptReply(SIGNED, (5, 6, 7), (8, 9), tuple(bytes([place]) * 32 for place in range(4)))
HANDED = hand(REPLY, PAYER, CHAIN, DISPUTES, WATCHER, UNTIL)


def test_what_was_handed_is_read_again():
    again = Handed.decode(HANDED.encode())
    assert again.reply == REPLY
    assert tuple(again.permit) == tuple(HANDED.permit)
    digest = disputes_domain(CHAIN, DISPUTES).digest(DISPUTE_PERMIT, WATCHER, UNTIL)
    assert recover(digest, again.permit[2]) == PAYER.address.lower()


def test_what_each_group_committed_to_is_handed_too():
    """A reply without it is written as it was before there was any."""
    assert "groups" not in msgspec.json.decode(HANDED.encode())
    reply = replace(REPLY, groups=bytes(range(128)) * 2)
    assert Handed.decode(replace(HANDED, reply=reply).encode()).reply == reply


def test_what_a_reply_is_drawn_by_is_handed_too():
    reply = replace(REPLY, drawing=Drawing(bytes(range(32)), 20, 1_500))
    assert "seed" not in msgspec.json.decode(HANDED.encode())
    assert Handed.decode(replace(HANDED, reply=reply).encode()).reply == reply


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": "0x00"}, "its seed has not 32 bytes"),
        ({"seed": "none"}, "no reply for a watcher"),
        ({"scale": 1 << 24}, "no reply for a watcher"),
        ({"prompt": [5, 6]}, "other numbers of tokens than its receipt"),
        ({"ids": [8, 9, 9]}, "other numbers of tokens than its receipt"),
        ({"positions": "AAAA"}, "not one root a position"),
        ({"positions": "no base64"}, "no reply for a watcher"),
        ({"groups": "no base64"}, "no reply for a watcher"),
        ({"signature": "0x00"}, "its permit has no signature"),
        ({"receipt": "nothing"}, "no"),
        ({"more": 1}, "no reply for a watcher"),
    ],
)
def test_anything_else_is_refused(changes, said):
    document = msgspec.json.decode(HANDED.encode()) | changes
    with pytest.raises(InputError, match=said):
        Handed.decode(msgspec.json.encode(document))
