"""The token generation event: a list of grants from a CSV to the last claim.

`grants` reads and checks the list, `files` publishes it, `chain` deploys, funds and claims, `check` recomputes
everything, `status` says how far it has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.spec.vesting import Ledger, Schedule
    from keifu.tge.files import NoGrant, Proof, Summary, find_proof, read_summary, write_files
    from keifu.tge.grants import Grants, read_csv
    from keifu.units import coins, parse_amount

__all__ = [
    "Grants",
    "Ledger",
    "NoGrant",
    "Proof",
    "Schedule",
    "Summary",
    "coins",
    "find_proof",
    "parse_amount",
    "read_csv",
    "read_summary",
    "write_files",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.tge.files": ["NoGrant", "Proof", "Summary", "find_proof", "read_summary", "write_files"],
        "keifu.tge.grants": ["Grants", "read_csv"],
        "keifu.spec.vesting": ["Ledger", "Schedule"],
        "keifu.units": ["coins", "parse_amount"],
    },
)
