"""ape's cache looks at a contract's own file only: a changed module or interface would go unnoticed, and a seeded
bug would pass. The root conftest and every sending script call `refresh` before they use an artefact of ape's."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

from evmstorm.evm.artifacts import Project

__all__ = ["is_current", "refresh"]

STAMP = Path(".build") / "contracts.sha256"
LOCK = Path(".build") / "contracts.lock"


def is_current(project: Project) -> bool:
    """Whether `refresh` would call nothing."""
    stamp = project.root / STAMP
    return stamp.is_file() and stamp.read_text() == project.sources_sha256()


def refresh(project: Project, recompile: Callable[[], object]) -> bool:
    """Call `recompile` (ape: `project.load_contracts(use_cache=False)`) when any source differs from those of the
    last call; says whether it did. Processes take turns, so that two test workers do not both compile."""
    stamp, lock = project.root / STAMP, project.root / LOCK
    stamp.parent.mkdir(exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if is_current(project):
            return False
        wanted = project.sources_sha256()
        stamp.unlink(missing_ok=True)
        recompile()
        stamp.write_text(wanted)
    return True
