"""benchmarks/results.json: what the last run of each area measured, merged row by row."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks._bars import bars
from benchmarks._rows import Result

__all__ = ["FILE", "load", "merge", "save"]

FILE = Path(__file__).parent / "results.json"


def load(path: Path = FILE) -> dict[str, Any]:
    """{"commit", "results": [{"id", "ours", "peer", "unit", "quoted", "commit"}]}; empty when nothing was measured yet.

    The first commit is the last run's; a row has its own, or that one where it has none."""
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {"commit": "", "results": []}
    return document


def merge(document: dict[str, Any], results: Iterable[Result], commit: str) -> dict[str, Any]:
    """The document with these results in the place of older ones; a row that gave nothing keeps what was there."""
    entries = {
        entry["id"]: {**entry, "commit": entry.get("commit", document["commit"])} for entry in document["results"]
    }
    for result in results:
        unit = result.row.bar.unit if result.row.bar else result.row.unit
        if result.ours is not None and unit:
            entries[result.row.id] = {
                "id": result.row.id,
                "ours": _round(result.ours),
                "peer": _round(result.peer),
                "unit": unit,
                "quoted": result.quoted,
                "commit": commit,
            }
    order = [id_ for id_ in bars() if id_ in entries] + sorted(entries.keys() - bars().keys())
    return {"commit": commit, "results": [entries[id_] for id_ in order]}


def save(document: dict[str, Any], path: Path = FILE) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n")


def commit() -> str:
    """The commit that was measured, with a mark when the working tree differs from it."""
    root = FILE.parents[1]
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "contracts", "keifu")
    return head + ("+changes" if changed else "")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=root, check=False)
    return done.stdout.strip()


def _round(value: float | None) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return round(value) if abs(value) >= 1_000 else float(f"{value:.4g}")
