"""An answer is shown as re-executed while a promise stands that is about it, and under no stronger word otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.compute.client.checks import Check, Exchange, Expected, check_reply, shown
from keifu.compute.client.reexecuted import Promised, of_receipt
from keifu.compute.client.sources import Pinned
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt
from keifu.provenance.trust import Market

OPERATOR, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
CHANNEL, DIGEST, NOTHING = b"\3" * 32, b"\4" * 32, bytes(32)
TIME = 1_000_000
RECEIPT = Receipt(
    CHANNEL, 1, NOTHING, 0, DIGEST, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 1, 1, 1, 1, Evidence.REEXECUTED, TIME
)
PROMISED = Promised(5, OPERATOR, CHANNEL, DIGEST, TIME, TIME, stands=True)
EXPECTED = Expected(1, OTHER, OPERATOR, promised=PROMISED)


def exchange(request=b"r", response=b"a", **changes):
    return Exchange(request, response, SignedReceipt(replace(RECEIPT, **changes), (), b""))


def evidence_of(given, expected):
    found = check_reply(given, expected, Pinned(Market(OTHER, OTHER, {}, {})))
    return next(finding for finding in found if finding.check == Check.EVIDENCE)


def test_it_is_shown_while_a_promise_stands_about_it():
    assert shown(exchange(), EXPECTED) is Evidence.REEXECUTED
    finding = evidence_of(exchange(), EXPECTED)
    assert (finding.ok, finding.detail.partition(":")[0]) == (True, "re-executed")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operator": OTHER}, "no promise"),
        ({"channel": b"\5" * 32}, "no promise"),
        ({"digest": b"\5" * 32}, "no promise"),
        ({"since": TIME + 1, "last": TIME + 9}, "no promise"),
        ({"since": 0}, "no promise"),
        ({"since": 1, "last": TIME - 1}, "no promise"),
        ({"stands": False}, "promise 5 is over"),
    ],
)
def test_any_other_promise_leaves_it_unverified(changes, words):
    expected = replace(EXPECTED, promised=replace(PROMISED, **changes))
    assert shown(exchange(), expected) is Evidence.UNVERIFIED
    finding = evidence_of(exchange(), expected)
    assert finding.ok
    assert finding.detail.startswith("unverified: it says re-executed, but ")
    assert words in finding.detail


def test_without_a_promise_it_is_unverified():
    assert shown(exchange(), replace(EXPECTED, promised=None)) is Evidence.UNVERIFIED


@pytest.mark.parametrize("long", ["request", "response"])
def test_what_no_panel_is_shown_is_unverified(long):
    assert shown(exchange(**{long: b"x" * 2_048}), EXPECTED) is Evidence.REEXECUTED
    assert shown(exchange(**{long: b"x" * 2_049}), EXPECTED) is Evidence.UNVERIFIED


@pytest.mark.parametrize("claimed", [Evidence.UNVERIFIED, Evidence.ATTESTED, Evidence.PROVED])
def test_a_promise_makes_no_other_kind_stronger(claimed):
    if claimed is Evidence.ATTESTED:
        return  # its word stands in the TEE's own header, which is not here
    assert shown(exchange(evidence=claimed), EXPECTED) is Evidence.UNVERIFIED


def test_the_promise_is_that_of_the_receipt():
    other = replace(PROMISED, number=6, digest=b"\5" * 32)
    assert of_receipt([None, other, PROMISED], RECEIPT, OPERATOR.upper().replace("X", "x")) == PROMISED
    assert of_receipt([None, other], RECEIPT, OPERATOR) is None


def test_a_receipt_that_names_no_model_is_refused():
    finding = evidence_of(exchange(digest=NOTHING), EXPECTED)
    assert (finding.ok, finding.detail) == (False, "re-executed, but it names no model that anybody could run")
    assert shown(exchange(digest=NOTHING), EXPECTED) is Evidence.UNVERIFIED


def test_its_word_is_written_with_a_hyphen():
    assert [kind.word for kind in Evidence] == ["unverified", "attested", "re-executed", "proved"]
