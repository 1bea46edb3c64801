"""What the owner of a juror's node has decided: a small file, written by hand or by `keifu node juror decide`.

[first-jury]
7 = "guilty"

[re-hearing]
7 = "innocent"
"""

from __future__ import annotations

import os
import sqlite3
import tomllib
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from keifu._files import read_bounded
from keifu.chain.held import hold
from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.node.folder import NodeFolder

__all__ = ["HEARINGS", "VOTES", "Decisions", "decide", "read_decisions", "require_open"]

HEARINGS = ("first-jury", "re-hearing")
VOTES = ("innocent", "guilty")
LARGEST = 1 << 20  # bytes
Decisions = dict[tuple[int, int], bool]  # (case, hearing): guilty


def read_decisions(path: Path) -> Decisions:
    """Everything that is decided; nothing when there is no file. Raises EnvironmentFault for a file that is wrong."""
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(read_bounded(path, LARGEST, "decisions").decode())
        return dict(_entry(hearing, case, vote) for hearing, votes in found.items() for case, vote in votes.items())
    except (InputError, UnicodeDecodeError, ValueError, AttributeError, RecursionError) as error:
        raise EnvironmentFault(
            f"{path} holds no decisions: {error}",
            remedy='[first-jury] or [re-hearing], below it lines like 7 = "guilty"',
        ) from error


def _entry(hearing: str, case: str, vote: object) -> tuple[tuple[int, int], bool]:
    if hearing not in HEARINGS:
        raise ValueError(f"no hearing is called {hearing!r}")
    if not (case.isascii() and case.isdecimal()):
        raise ValueError(f"{case!r} is no number of a case")
    if vote not in VOTES:
        raise ValueError(f"a vote is guilty or innocent, not {vote!r}")
    return (int(case), HEARINGS.index(hearing)), vote == "guilty"


def decide(path: Path, case: int, hearing: int, guilty: bool) -> None:
    """Write a decision down. Raises EnvironmentFault for a file that is wrong, or that another process writes."""
    with ExitStack() as held:
        hold(held, path.with_name(path.name + ".lock"), _taken, use="a decision")
        decisions = read_decisions(path) | {(case, hearing): guilty}
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("w") as file:
                file.write(_toml(decisions))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise EnvironmentFault(f"cannot write {path}: {error.strerror}", remedy="make room on the disk") from error


def require_open(folder: Path, case: int, hearing: int) -> None:
    """Raises UsageError when the node in `folder` has written down its vote already."""
    file = NodeFolder(folder).database_file
    if not file.exists():
        return
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database, suppress(sqlite3.OperationalError):
        query = "SELECT guilty FROM juror_ballots WHERE case_id = ? AND hearing = ?"
        row = database.execute(query, (case, hearing)).fetchone()
        if row is not None:
            raise UsageError(f"the vote in case {case} is sealed: {VOTES[row[0]]}", remedy="it is not changed any more")


def _taken(holder: str) -> EnvironmentFault:
    return EnvironmentFault(f"process {holder or '?'} writes a decision at this moment", remedy="call this again")


def _toml(decisions: Decisions) -> str:
    lines = ["# What this juror votes. A vote that was committed is not changed any more."]
    for place, hearing in enumerate(HEARINGS):
        votes = sorted((case, guilty) for (case, at), guilty in decisions.items() if at == place)
        lines += ["", f"[{hearing}]", *(f'{case} = "{VOTES[guilty]}"' for case, guilty in votes)]
    return "\n".join(lines) + "\n"
