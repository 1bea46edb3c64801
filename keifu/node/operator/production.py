"""What an environment runs, proved in a block that is final: an operator that signs anything else may lose its lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keifu.errors import Contradiction
from keifu.node.chain import NodeChain
from keifu.node.final import newest_final
from keifu.provenance.proved import Block, Proved
from keifu.provenance.registry import Entry, Logged, Provenance
from keifu.provenance.trust import Trust

__all__ = ["Promotion", "Promotions", "source_of"]

_TABLES = """
CREATE TABLE IF NOT EXISTS operator_seen (environment TEXT PRIMARY KEY, seq INTEGER NOT NULL, artefact TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operator_signed (environment TEXT NOT NULL, seq INTEGER NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (environment, seq)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Promotion:
    """What runs: the number of the promotion, and the record. `trouble` is why the policy does not hold any more."""

    seq: int
    entry: Entry
    trouble: str = ""


class _Source(Provenance):
    """Reads the log of a record once: what hashes to its id never changes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._known: dict[bytes, Logged] = {}

    def contents(self, record_ids: Sequence[bytes]) -> dict[bytes, Logged]:
        missing = [record_id for record_id in record_ids if record_id not in self._known]
        if missing:
            self._known |= super().contents(missing)
        return {record_id: self._known[record_id] for record_id in record_ids if record_id in self._known}


def source_of(chain: NodeChain) -> Provenance:
    """Registry and environments of the suite."""
    suite = chain.suite
    return _Source(
        chain.client, suite["ProvenanceRegistry"], suite["Environments"], first_block=chain.record.first_block
    )


class Promotions:
    """The promotions of one environment, and what was signed under each: neither ever goes back."""

    def __init__(self, chain: NodeChain, environment: bytes, database: sqlite3.Connection) -> None:
        self._chain, self._environment, self._database = chain, environment, database
        self._source = source_of(chain)
        suite = chain.suite
        self._trust = Trust(chain.id, suite["ProvenanceRegistry"], suite["Environments"], genesis=chain.genesis)
        database.executescript(_TABLES)

    def current(self) -> Promotion | None:
        """What runs as of the newest final block; None when nothing was ever promoted. Raises RpcError when the
        endpoint shows less than it has shown before, CheckFailed when it contradicts itself."""
        made, entry = Proved(self._source, self._trust, self._final()).production(self._environment)
        self._keep(made.seq, made.artefact)
        if entry is None:
            return None
        trouble = "" if made.ok else "what is promoted was withdrawn, or its policy does not hold any more"
        return Promotion(made.seq, entry, trouble)

    def may_sign(self, seq: int, digest: bytes) -> bool:
        """Whether `digest` is the only one that was ever signed under this number; it is written down as such before
        the first signature. Two digests of one number are a fault, whoever lied."""
        key = self._environment.hex(), seq
        self._database.execute("INSERT OR IGNORE INTO operator_signed VALUES (?, ?, ?)", (*key, digest.hex()))
        kept = self._database.execute(
            "SELECT digest FROM operator_signed WHERE environment = ? AND seq = ?", key
        ).fetchone()
        return bool(kept[0] == digest.hex())

    def _final(self) -> Block:
        final = newest_final(self._chain)
        return Block(final.encoded, final.header, "final", certain=len(self._chain.rpc.endpoints) > 1)

    def _keep(self, seq: int, artefact: bytes) -> None:
        environment = self._environment.hex()
        before = self._database.execute(
            "SELECT seq, artefact FROM operator_seen WHERE environment = ?", (environment,)
        ).fetchone()
        if before is not None and (seq < before[0] or (seq == before[0] and artefact.hex() != before[1])):
            raise Contradiction(
                f"the endpoint shows promotion {seq} of {artefact.hex()[:16]}…, after it was {before[0]} of"
                f" {before[1][:16]}… in a block that was final",
                remedy="it is behind, or lies: ask another one",
            )
        if before is None or seq > before[0]:
            self._database.execute(
                "INSERT OR REPLACE INTO operator_seen VALUES (?, ?, ?)", (environment, seq, artefact.hex())
            )
