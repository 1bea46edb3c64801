"""A client's side for tests: the receipt key is the operator's, and nothing was promoted."""

from __future__ import annotations

__all__ = ["OPERATOR", "Known"]

OPERATOR = "0x" + "11" * 20


class Known:
    """A client's side for which the receipt key is the operator's."""

    word = "the test"

    def promoted(self, environment, seq):
        return None

    def operator_of(self, key, time):
        return OPERATOR
