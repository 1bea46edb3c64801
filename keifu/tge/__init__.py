"""The token generation event: a list of grants from a CSV to the last claim.

`grants` reads and checks the list, `files` publishes it, `chain` deploys, funds and claims, `check` recomputes
everything, `status` tells where it stands, `model` says what the contracts should do.
"""

from __future__ import annotations

from keifu.spec.vesting import Ledger, Schedule
from keifu.tge.files import Proof, Summary, find_proof, read_summary, write_files
from keifu.tge.grants import Grants, coins, parse_amount, read_csv

__all__ = [
    "Grants",
    "Ledger",
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
