"""`keifu explain`: what a message means, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import click

from keifu.cli._print import emit
from keifu.cli.verbs import json_option, verb
from keifu.errors import UsageError

__all__ = ["explain"]


@verb("explain", example='keifu explain "hub: not the owner"')
@click.argument("message", required=False)
@json_option
def explain(message: str | None, json_out: bool) -> None:
    """Say why a message comes, where from, with which exit status, and what to do. Without MESSAGE, of all of them."""
    from keifu.cli.catalogue import catalogue, matching

    found = catalogue() if message is None else matching(message)
    if not found:
        raise UsageError(f"no message is like {message!r}", remedy="give its words as they were printed")
    parts = [
        f"{entry.message}\n  exit status {entry.exit_status} ({entry.kind}), from {entry.where}\n"
        f"  why: {entry.why}\n  what to do: {entry.remedy}"
        for entry in found
    ]
    emit({"messages": [asdict(entry) for entry in found]}, "\n".join(parts), json_out)
