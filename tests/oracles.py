"""Tests of a campaign's oracles: each finds a fault that is put back, and is content without one.

test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["Oracle", "content", "finds"]

Oracle = Callable[[Bug | None], None]


def finds(oracles: Sequence[tuple[Oracle, Bug, str]]) -> Callable[[Oracle, Bug, str], None]:
    """With its bug put back, each oracle fails with a message that matches."""

    @pytest.mark.parametrize(("oracle", "bug", "message"), oracles, ids=lambda item: getattr(item, "__name__", ""))
    def test(oracle: Oracle, bug: Bug, message: str) -> None:
        with pytest.raises(AssertionError, match=message):
            oracle(bug)

    return test


def content(oracles: Sequence[tuple[Oracle, Bug, str]]) -> Callable[[Oracle], None]:
    """Without a bug none fails."""

    @pytest.mark.parametrize("oracle", [oracle for oracle, _, _ in oracles], ids=lambda oracle: oracle.__name__)
    def test(oracle: Oracle) -> None:
        oracle(None)

    return test
