"""Ids that people shorten: the only one that begins so, or a refusal that lists what they may mean."""

from __future__ import annotations

from collections.abc import Sequence

import click

from keifu.cli._types import Id
from keifu.errors import UsageError

__all__ = ["the_one"]

CANDIDATES = 8  # listed of those that begin alike


def the_one(given: Id, found: Sequence[str], noun: str) -> str:
    """The only one of `found`, which begin with `given`; told on standard error. Raises UsageError for none or many."""
    if not found:
        place = "registry" if noun == "record" else "contract"
        raise UsageError(f"no {noun} begins with {given}", remedy=f"is it of this chain and {place}?")
    if len(found) > 1:
        more = "" if len(found) <= CANDIDATES else f" and {len(found) - CANDIDATES} more"
        listed = ", ".join(_shortest_prefixes(found[:CANDIDATES]))
        raise UsageError(f"{len(found)} {noun}s begin with {given}: {listed}{more}", remedy="give more digits")
    click.echo(f"{given} is {noun} {found[0]}", err=True)
    return found[0]


def _shortest_prefixes(ids: Sequence[str]) -> list[str]:
    """As many digits of each as tell them apart, and a few more."""
    shared = next(size for size in range(1, 65) if len({item[:size] for item in ids}) == len(ids))
    return [f"{item[: shared + 4]}…" for item in ids]
