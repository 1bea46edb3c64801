"""What commands about paid answers share: the client's own side, from a trust file alone or with a chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._types import ADDRESS, BYTES32

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.compute.client.side import Side

__all__ = ["asked_of", "side_of", "trust_options"]


def trust_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """--trust and --offline."""
    for option in (
        click.option("--offline", is_flag=True, help="Ask nobody: what your trust file pins is all that counts."),
        click.option(
            "--trust", type=click.Path(path_type=Path, dir_okay=False), envvar="KEIFU_TRUST", show_envvar=True,
            metavar="FILE", help="What you trust.  [default: your own file, when it is there]",
        ),
    ):  # fmt: skip
        body = option(body)
    return body


def asked_of(body: Callable[..., Any]) -> Callable[..., Any]:
    """--operator, --environment and --tee."""
    for option in (
        click.option(
            "--tee", "tees", type=ADDRESS, multiple=True,
            help="Key that you take for one of a trusted execution environment, by the report of its maker.",
        ),
        click.option("--environment", type=BYTES32, help="Environment that has to answer, by its id.  [default: any]"),
        click.option("--operator", type=ADDRESS, required=True, help="Operator whose receipts count."),
    ):  # fmt: skip
        body = option(body)
    return body


def side_of(session: Session, path: Path | None, *, offline: bool) -> Side:
    """Raises UsageError when what offline checks need is not pinned, CheckFailed when trust file and chain differ."""
    from keifu.compute.client.side import chain_side, pinned_side
    from keifu.provenance.trust import Trust, trust_file

    is_there = path is not None or trust_file().exists()
    trust = Trust.read(path or trust_file()) if is_there else None
    if offline:
        return pinned_side(trust)
    return chain_side(session.client, session.suite(), session.record.first_block, trust)
