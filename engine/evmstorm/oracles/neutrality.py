"""Neutrality: the same coins weigh the same and are paid the same, in one account or in many, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["check_alike", "split"]


def split(amount: int, into: int) -> list[int]:
    """`amount` in `into` parts that add up to it, the first ones a wei larger where it does not divide."""
    part, rest = divmod(amount, into)
    return [part + (index < rest) for index in range(into)]


def check_alike(what: str, whole: int, parts: Iterable[int], dust: int) -> None:
    """AssertionError when the parts together got something else than the whole got, by over `dust` wei."""
    together = sum(parts)
    assert abs(whole - together) <= dust, f"neutrality: {what}: {whole} in one account, {together} in several"
