"""`keifu prov digest` and `diff`: bytes alone, no chain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._types import IN_PATH
from keifu.cli.verbs import json_option, verb
from keifu.errors import CheckFailed

if TYPE_CHECKING:
    from keifu.provenance.digest import TreeDigest

__all__ = ["diff", "digest", "with_progress"]

PROGRESS_FROM = 256 << 20  # bytes from which hashing takes long enough for a bar


def with_progress(path: Path, ignore: tuple[str, ...] = ()) -> TreeDigest:
    """The digest, with a bar on standard error when it takes long and somebody looks."""
    from keifu.provenance.digest import digest_path

    total = sum(item.stat().st_size for item in path.rglob("*") if item.is_file()) if path.is_dir() else 0
    if total < PROGRESS_FROM or not sys.stderr.isatty():
        return digest_path(path, ignore=ignore)
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    with Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("digest", total=total)
        return digest_path(path, ignore=ignore, on_progress=lambda done: bar.update(task, completed=done))


@verb("digest", example="keifu prov digest ./weights")
@click.argument("path", type=IN_PATH)
@click.option("--ignore", multiple=True, metavar="PATH", help="Leave out what lies below; repeatable.")
@json_option
def digest(path: Path, ignore: tuple[str, ...], json_out: bool) -> None:
    """Print the digest of a file or folder, equal to the subject that `model_signing sign` signs."""
    found = with_progress(path, ignore)
    files = [{"name": file.name, "sha256": file.digest.hex(), "bytes": file.size} for file in found.files]
    emit({"sha256": found.root.hex(), "bytes": found.size, "files": files}, found.root.hex(), json_out)


@verb("diff", example="keifu prov diff ./weights ./weights-in-production")
@click.argument("before", type=IN_PATH)
@click.argument("after", type=IN_PATH)
@json_option
def diff(before: Path, after: Path, json_out: bool) -> None:
    """List files that differ between two folders; exit status 1 when any does."""
    from keifu.provenance.digest import digest_path

    changed = digest_path(after).changed_from(digest_path(before))
    emit({"changed": changed}, "\n".join(changed) or "equal", json_out)
    if changed:
        raise CheckFailed(f"{len(changed)} files differ")
