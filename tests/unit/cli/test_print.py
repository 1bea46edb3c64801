"""What a node says of itself is printed for people; amounts that they are to type, as commands take them."""

from __future__ import annotations

import pytest

from keifu.cli._print import facts_lines
from keifu.units import COIN, coins, parse_amount, typed


def test_facts_stand_a_line_each_and_what_belongs_together_is_indented():
    facts = {"kind": "reexecutor", "pools": {"floats": {"slot": 2, "left": ""}}, "models": ["a", "b"], "seat": None}
    said = ["kind: reexecutor", "pools:", "  floats:", "    slot: 2", "    left: ", "models: a, b", "seat: none"]
    assert list(facts_lines(facts)) == said


def test_nothing_is_said_in_a_word():
    assert list(facts_lines({"demands": {}, "models": []})) == ["demands: none", "models: none"]


def test_words_of_strangers_make_no_line_of_their_own():
    facts = {"trouble": "it says\nseat: 1", "models": {"a\nseat: 1": {"why": "no\nseat: 1"}}, "names": ["b\nseat: 1"]}
    assert not [line for said in facts_lines(facts) for line in said.splitlines() if line.strip() == "seat: 1"]


@pytest.mark.parametrize("amount", [0, 1, 8 * COIN, 2_000 * COIN, 1_234_567 * COIN + 5 * 10**17])
def test_an_amount_that_a_message_has_one_type_is_read_back(amount):
    assert parse_amount(typed(amount)) == amount


def test_the_amount_that_is_read_is_grouped():
    assert (coins(2_000 * COIN), typed(2_000 * COIN)) == ("2,000", "2000")
