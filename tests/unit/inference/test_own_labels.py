"""Labels of pictures, computed again by a client that has the model: what it finds, and what it cannot judge."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keifu.compute.client.own_models import OwnLabels, own_model
from tests.unit.inference.test_promised_labels import (
    ONE,
    answer,
    classifier,
    digits,
    folder,
    kept,
    receipt_of,
    request_of,
)

__all__ = ["classifier", "digits", "folder", "kept"]


@pytest.fixture(scope="module")
def own(folder):
    found = own_model(folder)
    assert isinstance(found, OwnLabels)
    return found


def said(own, given, found, *, body=None, receipt=None):
    (only,) = own.findings(request_of(given), body or found.body, receipt or receipt_of(found))
    return only.ok, only.detail


@pytest.mark.parametrize("count", [1, 2])
def test_labels_and_the_trace_of_one_are_the_model_s(own, classifier, digits, count):
    given = digits[:count]
    assert said(own, given, answer(classifier, given)) == (True, f"all {count} labels, by your own model")


def test_another_label_is_found(own, classifier, digits):
    found = answer(classifier, digits)
    document = json.loads(found.body)
    (right,) = document["data"][1]["output"]
    document["data"][1]["output"] = [(right + 1) % 10]
    body = json.dumps(document).encode()
    assert said(own, digits, found, body=body) == (
        False, f"label 1 is [{right}] by the model, it says [{(right + 1) % 10}]"
    )  # fmt: skip
    document["data"] = document["data"][:1]
    assert said(own, digits, found, body=json.dumps(document).encode()) == (False, "1 labels came for 2 pictures")


def test_another_trace_is_found(own, classifier, digits):
    """Also one that a receipt about several names: nobody could open it."""
    words = False, "the trace between has another root than the receipt's"
    for given in (digits[:1], digits):
        found = answer(classifier, given)
        assert said(own, given, found, receipt=replace(receipt_of(found), trace_root=ONE)) == words


def test_what_is_no_answer_about_pictures_is_not_judged_as_one(own, classifier, digits):
    found = answer(classifier, digits[:1])
    assert said(own, digits[:1], found, body=b"{}") == (False, "the answer has no labels as numbers")
    ok, detail = said(own, [digits[0][1:]], found)
    assert (ok, detail) == (False, "it cannot be computed again: every input has 64 integers")
