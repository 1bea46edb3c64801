"""`keifu prov digest` and `diff`: bytes alone, no chain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._types import IN_PATH
from keifu.cli.verbs import json_option, verb
from keifu.errors import CheckFailed
from keifu.texts import one_line
from keifu.units import counted

if TYPE_CHECKING:
    from keifu.provenance.digest import TreeDigest

__all__ = ["diff", "digest", "reading", "with_progress"]

PROGRESS_FROM = 256 << 20  # bytes from which hashing takes long enough for a bar


def reading(body: Callable[..., Any]) -> Callable[..., Any]:
    """--ignore, --links: how a folder is read."""
    links = click.option(
        "--links",
        "links_followed",
        is_flag=True,
        help="Treat a link to a file as that file, as a model cache needs it.",
    )
    return click.option("--ignore", multiple=True, metavar="PATH", help="Leave out this file or folder; repeatable.")(
        links(body)
    )


def with_progress(path: Path, ignore: tuple[str, ...] = (), links: bool = False) -> TreeDigest:
    """The digest, with a bar on standard error when it takes long and somebody looks."""
    from keifu.provenance.digest import digest_path

    if not sys.stderr.isatty() or (total := _bytes_below(path)) < PROGRESS_FROM:
        return digest_path(path, ignore=ignore, links=links)
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    with Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("digest", total=total)
        return digest_path(path, ignore=ignore, links=links, on_progress=lambda done: bar.update(task, completed=done))


def _bytes_below(path: Path) -> int:
    """As far as they can be counted: what cannot be read is named by the digest."""
    try:
        return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    except OSError:
        return 0


@verb("digest", example="keifu prov digest ./weights")
@click.argument("path", type=IN_PATH)
@reading
@json_option
def digest(path: Path, ignore: tuple[str, ...], links_followed: bool, json_out: bool) -> None:
    """Print the digest of a file or folder, equal to the subject that `model_signing sign` signs."""
    found = with_progress(path, ignore, links_followed)
    files = [{"name": file.name, "sha256": file.digest.hex(), "bytes": file.size} for file in found.files]
    document = {"sha256": found.root.hex(), "bytes": found.size, "leftOut": list(found.ignored), "files": files}
    emit(document, found.root.hex(), json_out)


@verb("diff", example="keifu prov diff ./weights ./weights-in-production")
@click.argument("before", type=IN_PATH)
@click.argument("after", type=IN_PATH)
@reading
@json_option
def diff(before: Path, after: Path, ignore: tuple[str, ...], links_followed: bool, json_out: bool) -> None:
    """List files that differ between two folders; exit status 1 when any does."""
    from keifu.provenance.manifest import Manifest

    found = Manifest.of(with_progress(before, ignore, links_followed)).difference(
        with_progress(after, ignore, links_followed)
    )
    changed = sorted((*found.changed, *found.missing, *found.added))
    emit({"changed": changed}, "\n".join(map(one_line, changed)) or "equal", json_out)
    if changed:
        raise CheckFailed(f"{counted(len(changed), 'file')} {'differs' if len(changed) == 1 else 'differ'}")
