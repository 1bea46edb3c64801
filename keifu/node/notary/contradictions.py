"""Two headers of one number by one attestor: found in what attestors serve, judged as the contract would, and filed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from keifu.chain.sender import Sender
from keifu.chain.suite import RECORD_PROOF
from keifu.keys import keccak256
from keifu.node.chain import NodeChain
from keifu.node.filing import Case, Filing
from keifu.node.logs import Log
from keifu.provenance.signed_headers import SignedHeader, read_header_line, record_proof_domain
from keifu.staking import KeyKind

__all__ = ["HeaderFiling", "HeaderJudge", "Pair"]

MOST = 4_096  # headers of one attestor that are kept; the oldest go first
_TABLE = """
CREATE TABLE IF NOT EXISTS headers_heard (attestor TEXT NOT NULL, chain TEXT NOT NULL, number TEXT NOT NULL,
  hash BLOB NOT NULL, line TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (attestor, chain, number)) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Pair:
    """A contradiction. The promise answers for the first one."""

    attestor: str
    first: SignedHeader
    second: SignedHeader


class HeaderJudge:
    """Keeps the first header that an attestor signed of each number."""

    def __init__(self, chain: NodeChain, database: sqlite3.Connection) -> None:
        self._chain, self._database = chain, database
        self._proofs = chain.suite.at(chain.client, RECORD_PROOF)
        self._domain = record_proof_domain(chain.id, self._proofs.address)
        database.execute(_TABLE)

    def judge(self, attestor: str, said: SignedHeader) -> Pair | str:
        """What to make of a header that somebody served as the attestor's: a contradiction, or a word for what it is.
        Raises RpcError."""
        header = said.header
        key = attestor, str(header.chain_id), str(header.number)
        where = "FROM headers_heard WHERE attestor = ? AND chain = ? AND number = ?"
        row = self._database.execute(f"SELECT hash, line {where}", key).fetchone()
        if row is not None and row[0] == header.block_hash:
            return "known"
        if not said.is_signed(self._domain):
            return "forged"
        if self._proofs.operator_of(header.key, KeyKind.HEARTBEAT, header.time).lower() != attestor:
            return "of another"
        if row is not None:
            return self._pair(attestor, read_header_line(row[1]), said)
        [place] = self._database.execute("SELECT coalesce(max(place), 0) + 1 FROM headers_heard").fetchone()
        self._database.execute(
            "INSERT INTO headers_heard VALUES (?, ?, ?, ?, ?, ?)", (*key, header.block_hash, said.line, place)
        )
        self._database.execute(
            "DELETE FROM headers_heard WHERE attestor = ? AND place <= (SELECT place FROM headers_heard WHERE"
            " attestor = ? ORDER BY place DESC LIMIT 1 OFFSET ?)",
            (attestor, attestor, MOST),
        )
        return "kept"

    def _pair(self, attestor: str, one: SignedHeader, other: SignedHeader) -> Pair | str:
        since, last, _, _ = self._proofs.binding(attestor)
        for first, second in ((one, other), (other, one)):
            if since <= first.header.time <= last and self.is_open(attestor):
                return Pair(attestor, first, second)
        return "outside the binding"

    def is_open(self, attestor: str) -> bool:
        """Whether coins answer still, by the contract's view."""
        _, _, until, reserve = self._proofs.binding(attestor)
        return bool(reserve and self._chain.client.now <= until)


class HeaderFiling(Filing):
    """The contradictions that this node has found."""

    def __init__(
        self,
        chain: NodeChain,
        sender: Sender,
        judge: HeaderJudge,
        database: sqlite3.Connection,
        log: Log,
        *,
        receiver: str,
        on_state: Callable[[str], None],
    ) -> None:
        service = chain.suite.at(chain.client, RECORD_PROOF)
        super().__init__(service, sender, database, log, receiver=receiver, on_state=on_state)
        self._judge = judge

    def file(self, pair: Pair) -> None:
        """Keep it, unless one about the same attestor is under way, or too many were refused."""
        evidence = self._service.evidence_of(pair.first.header.args, pair.second.header.args).hex()
        body = json.dumps({"attestor": pair.attestor, "lines": [pair.first.line, pair.second.line]})
        if self._keep(Case(evidence, pair.attestor, body)):
            said = pair.first.header
            self._log.warning(
                "two headers of one number", attestor=pair.attestor, chain=said.chain_id, number=said.number,
                evidence=evidence,
            )  # fmt: skip

    def _is_open(self, case: Case) -> bool:
        return self._judge.is_open(case.about)

    def _commitment(self, case: Case) -> bytes:
        secret = bytes.fromhex(case.id) + bytes.fromhex(self._sender.account.address[2:]).rjust(32, b"\0")
        return self._service.commit_proof.encode(keccak256(secret))

    def _evidence(self, case: Case) -> bytes:
        first, second = map(read_header_line, json.loads(case.body)["lines"])
        return self._service.report.encode(first.header.args, first.signature, second.header.args, second.signature)
