"""`keifu prov digest` and `diff`: bytes alone, no chain."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from keifu.cli._prov_options import as_json, emit
from keifu.errors import CheckFailed
from keifu.provenance.digest import TreeDigest, digest_path

__all__ = ["diff", "digest", "with_progress"]

PROGRESS_FROM = 256 << 20  # bytes from which hashing takes long enough for a bar


def with_progress(path: Path, ignore: tuple[str, ...] = ()) -> TreeDigest:
    """The digest, with a bar on standard error when it takes long and somebody looks."""
    total = sum(item.stat().st_size for item in path.rglob("*") if item.is_file()) if path.is_dir() else 0
    if total < PROGRESS_FROM or not sys.stderr.isatty():
        return digest_path(path, ignore=ignore)
    with Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("digest", total=total)
        return digest_path(path, ignore=ignore, on_progress=lambda done: bar.update(task, completed=done))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--ignore", multiple=True, metavar="PATH", help="leave out what lies below; may be repeated")
@as_json
def digest(path: Path, ignore: tuple[str, ...], json_out: bool) -> None:
    """Digest of a file or folder, equal to the subject that `model_signing sign` signs.

    \b
    Example: keifu prov digest ./weights
    """
    found = with_progress(path, ignore)
    files = [{"name": file.name, "sha256": file.digest.hex(), "bytes": file.size} for file in found.files]
    emit({"sha256": found.root.hex(), "bytes": found.size, "files": files}, found.root.hex(), json_out)


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@as_json
def diff(before: Path, after: Path, json_out: bool) -> None:
    """Files that differ between two folders; exit status 1 when any does.

    \b
    Example: keifu prov diff ./weights ./weights-in-production
    """
    changed = digest_path(after).changed_from(digest_path(before))
    emit({"changed": changed}, "\n".join(changed) or "equal", json_out)
    if changed:
        raise CheckFailed(f"{len(changed)} files differ")
