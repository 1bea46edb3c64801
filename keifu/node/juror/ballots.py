"""Votes under seal. A ballot is on the disk before its commitment is sent: without its salt a vote cannot be revealed,
and that costs the deposits.

The salt is made of the key's signature over case and hearing, which is the same each time. So a juror that has lost its
disk and kept its key still finds the ballot that it has committed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ethwire.eip712 import Domain, StructType
from keifu.chain.suite import COURT
from keifu.keys import Account, keccak256
from keifu.node.chain import NodeChain
from keifu.staking.court import seal

__all__ = ["Ballot", "Ballots"]

_TABLE = """
CREATE TABLE IF NOT EXISTS juror_ballots (case_id INTEGER NOT NULL, hearing INTEGER NOT NULL, guilty INTEGER NOT NULL,
  salt TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (case_id, hearing)) WITHOUT ROWID
"""
_SALT = StructType("BallotSalt", case="uint256", hearing="uint256")
SHOWN = 24  # bytes of a seal that the court keeps


@dataclass(frozen=True)
class Ballot:
    """A vote that is not changed any more."""

    case: int
    hearing: int
    guilty: bool
    salt: bytes
    source: str  # owner, rule, or the chain

    def seal(self, juror: str) -> bytes:
        return seal(self.case, self.hearing, juror, self.guilty, self.salt)


class Ballots:
    """The ballots of one juror."""

    def __init__(self, chain: NodeChain, account: Account, database: sqlite3.Connection) -> None:
        self._account, self._database = account, database
        self._domain = Domain("Keifu Juror", "1", chain.id, chain.suite[COURT])
        database.execute(_TABLE)

    def get(self, case: int, hearing: int) -> Ballot | None:
        row = self._database.execute(
            "SELECT guilty, salt, source FROM juror_ballots WHERE case_id = ? AND hearing = ?", (case, hearing)
        ).fetchone()
        return Ballot(case, hearing, bool(row[0]), bytes.fromhex(row[1]), row[2]) if row else None

    def keep(self, case: int, hearing: int, guilty: bool, source: str) -> Ballot:
        """Write a vote down; the first that was written stays."""
        made = self._made(case, hearing, guilty, source)
        self._database.execute(
            "INSERT OR IGNORE INTO juror_ballots VALUES (?, ?, ?, ?, ?)",
            (case, hearing, guilty, made.salt.hex(), source),
        )
        found = self.get(case, hearing)
        assert found is not None
        return found

    def recover(self, case: int, hearing: int, sealed: bytes) -> Ballot | None:
        """The ballot that the court has under seal, kept again; None when this key has not made it so."""
        for guilty in (False, True):
            made = self._made(case, hearing, guilty, "the chain")
            if made.seal(self._account.address)[:SHOWN] == sealed[:SHOWN]:
                return self.keep(case, hearing, guilty, made.source)
        return None

    def _made(self, case: int, hearing: int, guilty: bool, source: str) -> Ballot:
        salt = keccak256(self._account.sign(self._domain.digest(_SALT, case, hearing)))
        return Ballot(case, hearing, guilty, salt, source)
