"""Answers that are made for demands: always one, never too long for the chain, never another fee."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keifu.compute.again import Again
from keifu.compute.cashier import Cashier, Offer
from keifu.compute.client.checks import Prices
from keifu.compute.model import Call, LocalModel, ModelFault, Result
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.sealing import Sealer
from keifu.compute.settling import Settler
from keifu.compute.wire import unpack
from keifu.keys import Account as Key
from keifu.keys import keccak256
from keifu.payments.book import Book, Held
from keifu.payments.channel import Channel

WHO = "0x" + "0a" * 20
CHANNEL = Channel(WHO, WHO, WHO, WHO, WHO, 900, bytes(32))
ID = b"\x01" * 32
ASKED = {"model": "echo", "input": [1, 2]}


class Echo(LocalModel):
    endpoints = frozenset({"classify"})

    def __init__(self, name: str, length: int) -> None:
        super().__init__(name, Prices(5))
        self._length = length

    def most_input(self, call: Call) -> int:
        return 2

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        if not self._length:
            return [ModelFault(500, "model_failed", "it fell over") for _ in calls]
        return [Result(b"x" * self._length, 2, 1, b"\x07" * 32, b"\x08" * 32) for _ in calls]


def made(folder: Path, *requests: bytes, is_late: bool = True) -> list[tuple[Any, bytes]]:
    """For each request the receipt and the response; the channel has 40 charged before."""
    offer = Offer(1, WHO, WHO, WHO, WHO, "Token", "1", 900)

    async def run() -> list[tuple[Any, bytes]]:
        book = Book(folder / "money.sqlite")
        account = book.add(ID, CHANNEL, Held(100, 40))
        settler = Settler(Cashier(offer, book), Sealer(Key.from_role("receipts"), 1, WHO))
        models = {
            "echo": Echo("echo", 10), "long": Echo("long", LONGEST_RESPONSE + 1), "broken": Echo("broken", 0),
        }  # fmt: skip
        again = Again(models, settler)
        found = []
        for request in requests:
            body, text = await again.answer(account, request, is_late)
            found.append((unpack(text.decode()).receipt, body))
        book.close()
        return found

    return asyncio.run(run())


def test_a_request_is_answered_by_its_model_without_a_fee(tmp_path: Path) -> None:
    request = msgspec.json.encode(ASKED)
    [(receipt, body), (second, _)] = made(tmp_path, request, request)
    assert body == b"x" * 10
    assert (receipt.request_hash, receipt.response_hash) == (keccak256(request), keccak256(body))
    assert (receipt.fee, receipt.charged, receipt.input_root) == (0, 40, b"\x07" * 32)
    assert (receipt.number, second.number) == (1, 2)


def test_a_failure_that_may_pass_is_no_answer_before_it_is_late(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="it fell over"):
        made(tmp_path, msgspec.json.encode(ASKED | {"model": "broken"}), is_late=False)
    with pytest.raises(ModelFault, match="there is no model 'none' here"):
        made(tmp_path, msgspec.json.encode(ASKED | {"model": "none"}), is_late=False)
    [(receipt, _)] = made(tmp_path, b"{}", is_late=False)
    assert receipt.number == 1


def test_what_cannot_be_answered_gets_a_document_that_says_so(tmp_path: Path) -> None:
    asked = [b"", b"\xff", b"{}", msgspec.json.encode(ASKED | {"model": "none"})]
    asked += [msgspec.json.encode(ASKED | {"model": name}) for name in ("broken", "long")]
    found = made(tmp_path, *asked)
    codes = [msgspec.json.decode(body)["error"]["code"] for _, body in found]
    assert codes == ["invalid_body"] * 3 + ["model_not_found", "model_failed", "too_long"]
    for (receipt, body), request in zip(found, asked, strict=True):
        assert len(body) <= LONGEST_RESPONSE
        assert (receipt.request_hash, receipt.response_hash) == (keccak256(request), keccak256(body))
        assert (receipt.input_root, receipt.fee) == (bytes(32), 0)
