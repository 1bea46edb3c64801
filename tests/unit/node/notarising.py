"""A notary's bench: another chain that can lose its blocks, and a book on the disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from keifu.keys import Account, keccak256
from keifu.node.notary.book import Book
from keifu.node.notary.signing import Signer
from keifu.provenance.signed_headers import SignedHeader, record_proof_domain

CHAIN, HERE, CONTRACT = 16_661, 31_337, "0x" + "7e" * 20
KEY = Account.from_role("notary")
DOMAIN = record_proof_domain(HERE, CONTRACT)
NOW = 1_800_000_000


class Chain:
    """Blocks of one fork, or of another from a number on."""

    def __init__(self, head: int = 10) -> None:
        self.top, self.fork, self.forked_at = head, 0, 0

    def final(self, every: int) -> int:
        return self.top // every * every

    def head(self) -> int:
        return self.top

    def hash_of(self, number: int) -> bytes:
        fork = self.fork if number >= self.forked_at else 0
        return keccak256(f"block {number} of fork {fork}".encode())

    def reorganise(self, fork: int, at: int) -> None:
        self.fork, self.forked_at = fork, at


class Bench:
    """One folder, from which a notary runs again and again."""

    def __init__(self, folder: Path, chain: Chain | None = None) -> None:
        self.file, self.chain, self.alone_since = folder / "node.db", chain or Chain(), 0

    def round(self, every: int = 1) -> SignedHeader | None:
        """What one process signs in one round, from what is on the disk."""
        with closing(sqlite3.connect(self.file, isolation_level=None)) as database:
            book = Book(database, KEY.address, CHAIN, self.alone_since)
            signer = Signer(self.chain, book, DOMAIN, KEY, every)
            signer.begin()
            found = signer.next(NOW)
            self.trouble = signer.trouble
            return found

    def shown(self) -> list[SignedHeader]:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as database:
            return Book(database, KEY.address, CHAIN).shown()
