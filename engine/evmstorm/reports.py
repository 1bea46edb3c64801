"""Committed reports of long runs: JSON files that say which commit they are of."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TypeVar

import msgspec

from ethwire.errors import InputError
from evmstorm.evm import artifacts

__all__ = ["commit", "read_report", "write_report"]

Report = TypeVar("Report", bound=msgspec.Struct)


def commit() -> str:
    """The commit that the checkout stands at, or "unknown" outside a repository."""
    root = artifacts.project().root
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"


def read_report(path: Path, kind: type[Report], subject: str) -> Report:
    """Raises InputError for a file that is no report of `subject`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path} is no report of {subject}: {error}") from error


def write_report(path: Path, report: msgspec.Struct) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
