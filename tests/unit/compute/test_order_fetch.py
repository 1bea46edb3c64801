"""What providers answer who fetches an order: refused with their words, or when it is too much."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from keifu.compute.client import ordering
from keifu.compute.client.client import ProviderFault
from keifu.compute.client.ordering import Asker, Fetched, fetch
from keifu.compute.market.orders import Order, request_tree
from keifu.errors import InputError

REQUESTS = [b"{}"]
SOMEBODY = "0x" + "11" * 20
ORDER = Order(0, SOMEBODY, SOMEBODY, bytes(32), request_tree(REQUESTS).root, 1, 1, 9, 0, bytes(32), 0, 0, 0, over=False)


def answered(status: int, document: object) -> httpx.Response:
    """As it comes over a line."""
    return httpx.Response(status, content=iter([msgspec.json.encode(document)]))


def fetched(answer: httpx.Response) -> Fetched:
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as http:
        return fetch(http, "http://provider/", ORDER, REQUESTS, Asker(1, SOMEBODY, lambda _: b""), 0)


def test_how_far_it_is() -> None:
    assert fetched(answered(200, {"order": 0, "state": "working"})) == Fetched("working", "")


def test_a_refusal_has_the_provider_s_words() -> None:
    with pytest.raises(ProviderFault, match="too late") as refused:
        fetched(answered(409, {"error": {"message": "too late"}}))
    assert refused.value.status == 409


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(InputError, match="does not say how the order stands"):
        fetched(httpx.Response(200, content=iter([b"<html>"])))


def test_no_more_is_read_than_answers_come_to(monkeypatch: pytest.MonkeyPatch) -> None:
    given = 0

    def without_end() -> Iterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield bytes(1 << 10)

    monkeypatch.setattr(ordering, "LARGEST_ANSWER", 1 << 20)
    with pytest.raises(ProviderFault, match="answers with more than 1 MiB"):
        fetched(httpx.Response(200, content=without_end()))
    assert given == (1 << 10) + 1
