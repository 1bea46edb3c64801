"""Of which commits results are, and whether those belong to the checkout in which the file lies."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from keifu.errors import CheckFailed

__all__ = ["require_commits"]

CHANGED = "+changes"  # the benchmarks' mark of a tree that differed from its commit
REMEDY = "measure this one: `python -m benchmarks`; or name the commit that you mean with --commit"
PATIENCE_SECONDS = 30
HASH = re.compile(r"[0-9a-f]{7,40}")  # git would take what begins with a dash for an option


def require_commits(measured: Iterable[str], file: Path, wanted: str) -> str:
    """What can be said of them. Raises CheckFailed where a result is of another commit than the one that is wanted, or
    than those that led to the checkout."""
    named = set(measured)
    commits = sorted({commit.removesuffix(CHANGED) for commit in named})
    for commit in commits:
        if wanted and not (wanted.startswith(commit) or commit.startswith(wanted)):
            raise CheckFailed(f"{file} has results of commit {commit}, not of {wanted}", remedy=REMEDY)
    differs = any(commit.endswith(CHANGED) for commit in named)
    said = f"measured at commit {', '.join(commits)}{' and in a tree with changes to it' if differs else ''}"
    if wanted and differs:
        raise CheckFailed(f"{file} was measured in a tree that differed from its commit", remedy=REMEDY)
    if wanted:
        return f"{said}, as asked for"
    folder = file.resolve().parent
    if _git(folder, "ls-files", "--error-unmatch", file.name) is None:
        return f"{said}: not compared, since the file lies in no checkout"
    ages = [_age(folder, file, commit) for commit in commits]
    changed = any(_git(folder, "diff", "--quiet", commit, "HEAD", "--", ":/contracts") is None for commit in commits)
    since = "; contracts have changed since: `python -m benchmarks` measures anew" if changed else ""
    return f"{said}, at most {max(ages, default=0)} commits before this one{since}"


def _age(folder: Path, file: Path, commit: str) -> int:
    """How many commits came after it."""
    behind = _git(folder, "rev-list", "--count", f"{commit}..HEAD") if HASH.fullmatch(commit) else None
    if behind is None or _git(folder, "merge-base", "--is-ancestor", commit, "HEAD") is None:
        raise CheckFailed(f"{file} has results of commit {commit}, which did not lead to this checkout", remedy=REMEDY)
    return int(behind)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None when it fails, or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - whatever git the reader has
            capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
