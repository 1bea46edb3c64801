"""The files of a book, as a kill leaves them, and what they hold."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from keifu.payments.notes import notes_in, place_of

__all__ = ["killed", "noted"]


def killed(file: Path, copy: Path) -> Path:
    """`copy` is what is there of the book when its process is killed now."""
    for ending in ("", "-wal", "-notes"):
        target = Path(f"{copy}{ending}")
        target.unlink(missing_ok=True)
        if Path(f"{file}{ending}").exists():
            shutil.copyfile(f"{file}{ending}", target)
    return copy


def noted(file: Path) -> list[bytes]:
    """Notes that are not in the rows yet."""
    with closing(sqlite3.connect(file)) as database:
        [generation] = database.execute("SELECT generation FROM noted").fetchone()
    return list(notes_in(place_of(file), generation))
