"""Answers out of statements: their authors may have written anything into them."""

from __future__ import annotations

import pytest

from keifu.provenance.answers import labels_said

LABELLERS = [f"0x{number:040x}" for number in range(5)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, []),
        ({"labels": 1, "labellers": 1}, ["1 label", "1 labeller"]),
        ({"labels": 5_000, "labellers": LABELLERS[:1]}, ["5,000 labels", f"signed by {LABELLERS[0]}"]),
        ({"labellers": LABELLERS}, [f"signed by {', '.join(LABELLERS[:3])} and 2 more"]),
        ({"labels": "many", "labellers": ["me"], "anchor": 7}, []),
        ({"labels": [], "labellers": [], "anchor": "ab" * 32}, ["anchored as abababab…"]),
    ],
)
def test_a_label_set_says_what_its_statement_says(said, words):
    assert list(labels_said(said)) == words
