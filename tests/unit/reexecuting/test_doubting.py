"""From a kept answer to the promise by which it is judged."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from keifu.compute.client.kept import KeptAgain
from keifu.compute.receipt import SignedReceipt
from keifu.errors import UsageError
from keifu.reexecution.doubting import promise_about
from keifu.reexecution.reading import Promise, Terms
from tests.unit.reexecuting.test_shown import CHANNEL, DIGEST, OPERATOR, OTHER, RECEIPT, TIME

TERMS = Terms(DIGEST, b"\5" * 32, 3, 2, 1, 800, 0, TIME)
STANDS = Promise(1, OPERATOR, OTHER, CHANNEL, TERMS, TIME, TIME + 9, 1, 0, prolonged=False)
PAID, LATE = replace(STANDS, number=2, reserve=0), replace(STANDS, number=3, until=TIME + 4)
OPEN_LATE, ELSEWHERE = replace(LATE, number=4, demand=8), replace(STANDS, number=5, channel=b"\6" * 32)
KEPT = KeptAgain(SignedReceipt(RECEIPT, (), b""), b"r", b"a")


def about(*promises):
    known = {item.number: item for item in promises}
    reading = SimpleNamespace(promise=known.get, client=SimpleNamespace(now=TIME + 5))
    return promise_about(reading, list(known), KEPT)


@pytest.mark.parametrize("before", [[], [PAID], [LATE], [ELSEWHERE, PAID, LATE]])
def test_a_promise_that_is_over_hides_none_that_stands(before):
    """It pays once: its client has an older one about the same answers, and its restitution, still."""
    assert about(*before, STANDS) == STANDS
    assert about(*before, OPEN_LATE) == OPEN_LATE


def test_where_none_stands_the_contract_says_why():
    assert about(ELSEWHERE, PAID, LATE) == PAID


def test_an_answer_under_no_promise_is_refused():
    with pytest.raises(UsageError, match="no promise of yours"):
        about(ELSEWHERE)
