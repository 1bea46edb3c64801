"""Answers of a client that rest on a record: by the promotion that their receipts name, or by the bytes alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.compute.client.checks import ReplyRefused
from keifu.compute.client.resting import resting_answers
from tests.unit.compute.client.provider import (
    CHANNEL_ID,
    DIGEST,
    ENVIRONMENT,
    FEE,
    PATH,
    QUESTION,
    SEQ,
    WHO,
    FakeProvider,
)

ZERO, OTHER = bytes(32), b"\xe1" * 32


def bound_to_none(receipt):
    return replace(receipt, environment=ZERO, promotion_seq=0)


def test_answers_of_a_promotion_rest_on_what_it_ran(asking):
    client = asking(FakeProvider())
    first, second = (client.ask(WHO, PATH, QUESTION) for _ in range(2))
    found = resting_answers(client.store, {ENVIRONMENT: {1, SEQ}}, ())
    assert [item.receipt for item in found] == [first.receipt, second.receipt]
    assert [item.request.state for item in found] == ["answered", "answered"]
    document = found[0].data()
    assert (document["number"], document["fee"], document["seq"]) == (1, str(FEE), SEQ)
    assert (document["channel"], document["environment"]) == (CHANNEL_ID.hex(), ENVIRONMENT.hex())


def test_answers_of_other_promotions_and_environments_do_not(asking):
    client = asking(FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    assert not resting_answers(client.store, {ENVIRONMENT: {SEQ - 1, SEQ + 1}}, ())
    assert not resting_answers(client.store, {OTHER: {SEQ}}, ())
    assert not resting_answers(client.store, {}, ())


def test_bytes_count_where_a_receipt_is_bound_to_no_environment_and_nowhere_else(asking):
    bound, unbound = asking(FakeProvider()), asking(FakeProvider(lie=bound_to_none), folder="unbound")
    bound.ask(WHO, PATH, QUESTION)
    unbound.ask(replace(WHO, environment=None), PATH, QUESTION)
    assert not resting_answers(bound.store, {}, {DIGEST})
    assert len(resting_answers(unbound.store, {}, {DIGEST})) == 1
    assert not resting_answers(unbound.store, {ZERO: {0}}, {OTHER})


def test_a_receipt_that_did_not_hold_is_no_answer(asking):
    client = asking(FakeProvider(spoil=lambda body: body + b" "))
    with pytest.raises(ReplyRefused):
        client.ask(WHO, PATH, QUESTION)
    assert list(client.store.receipts(refused=True))
    assert not resting_answers(client.store, {ENVIRONMENT: {SEQ}}, {DIGEST})
