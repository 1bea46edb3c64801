"""What a node says of itself is printed for people, not as Python has it."""

from __future__ import annotations

from keifu.cli._print import facts_lines


def test_facts_stand_a_line_each_and_what_belongs_together_is_indented():
    facts = {"kind": "reexecutor", "pools": {"floats": {"slot": 2, "left": ""}}, "models": ["a", "b"], "seat": None}
    said = ["kind: reexecutor", "pools:", "  floats:", "    slot: 2", "    left: ", "models: a, b", "seat: none"]
    assert list(facts_lines(facts)) == said


def test_nothing_is_said_in_a_word():
    assert list(facts_lines({"demands": {}, "models": []})) == ["demands: none", "models: none"]
