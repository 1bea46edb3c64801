"""Which heartbeats cost their operator its lock: each is judged as the contract would, before anything is paid for."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from keifu.chain.suite import HEARTBEATS
from keifu.node.chain import NodeChain
from keifu.node.watcher.peers import Said, read_lines
from keifu.provenance import ZERO, Heartbeat, Record, environments_domain, is_heartbeat_signed
from keifu.provenance.heartbeats import line_of
from keifu.provenance.registry import Provenance
from keifu.staking import KeyKind

__all__ = ["Fault", "Judge", "Verdict"]

_TABLE = """
CREATE TABLE IF NOT EXISTS watcher_seen (node TEXT NOT NULL, environment TEXT NOT NULL, seq INTEGER NOT NULL,
  line TEXT NOT NULL, PRIMARY KEY (node, environment, seq)) WITHOUT ROWID
"""
MAX_UNKNOWN = 100  # numbers of a node that no promotion has, of which one heartbeat each is kept


@dataclass(frozen=True)
class Fault:
    """What can be reported: a heartbeat that is false by the record that was promoted, or two that contradict."""

    operator: str
    said: tuple[Said, ...]
    record: Record | None = None

    @property
    def first(self) -> Heartbeat:
        return self.said[0][0]


@dataclass(frozen=True)
class Verdict:
    """What was made of a heartbeat: `word` is true, or why it does not count, or false with the fault."""

    word: str
    fault: Fault | None = None

    @property
    def is_of_promotion(self) -> bool:
        """Whether its operator answers for it and its number was given: it is true, or false by the record."""
        return self.word == "true" or (self.fault is not None and self.fault.record is not None)


class Judge:
    """Looks at heartbeats of bound operators."""

    def __init__(self, chain: NodeChain, source: Provenance, database: sqlite3.Connection) -> None:
        self._source, self._database = source, database
        self._service = chain.suite.at(chain.client, HEARTBEATS)
        self._environments = chain.suite.at(chain.client, "Environments")
        self._domain = environments_domain(chain.id, self._environments.address)
        self._promoted: dict[tuple[bytes, int], Record] = {}
        database.execute(_TABLE)

    def forget(self) -> None:
        """After a reorganisation: a number may stand for another artefact."""
        self._promoted.clear()

    def judge(self, operator: str, said: Said, environments: frozenset[bytes], now: int) -> Verdict:
        """What to make of what `operator` has served, when the newest block has the time `now`."""
        heartbeat, signature = said
        if heartbeat.environment not in environments:
            return Verdict("not promised")
        if not is_heartbeat_signed(self._domain, heartbeat, signature):
            return Verdict("forged")
        if heartbeat.time > now:
            return Verdict("early")
        if self._service.operator_of(heartbeat.node, KeyKind.HEARTBEAT, heartbeat.time).lower() != operator:
            return Verdict("of another")
        since, last, until, reserve = self._service.binding(operator, heartbeat.environment)
        if not reserve or not since <= heartbeat.time <= last or now > until:
            return Verdict("outside the binding")
        record = self._record(heartbeat)
        if record is None:
            return self._unknown(operator, said)
        if heartbeat.digest == record.digest:
            return Verdict("true")
        if self._environments.is_heartbeat_false(heartbeat.args, signature, record.args):
            return Verdict("false", Fault(operator, (said,), record))
        self.forget()
        return Verdict("unclear")

    def is_open(self, fault: Fault) -> bool:
        """Whether the binding still answers for it: nobody else has reported it."""
        return bool(self._service.binding(fault.operator, fault.first.environment)[3])

    def _record(self, heartbeat: Heartbeat) -> Record | None:
        """What was promoted under the heartbeat's number; None when nothing was."""
        key = heartbeat.environment, heartbeat.promotion_seq
        if key not in self._promoted:
            artefact, _ = self._environments.promotion(*key)
            if artefact == ZERO:
                return None
            entry = self._source.entry(artefact)
            if entry is None:
                return None
            self._promoted[key] = entry.record
        return self._promoted[key]

    def _unknown(self, operator: str, said: Said) -> Verdict:
        """Of a number that was never given one heartbeat may be true, two with different digests are not."""
        heartbeat = said[0]
        key = heartbeat.node, heartbeat.environment.hex(), heartbeat.promotion_seq
        where = "FROM watcher_seen WHERE node = ? AND environment = ?"
        row = self._database.execute(f"SELECT line {where} AND seq = ?", key).fetchone()
        if row is None:
            if self._database.execute(f"SELECT count(*) {where}", key[:2]).fetchone()[0] < MAX_UNKNOWN:
                self._database.execute("INSERT INTO watcher_seen VALUES (?, ?, ?, ?)", (*key, line_of(*said)))
            return Verdict("unknown number")
        before = _said(row[0])
        if before[0].digest == heartbeat.digest:
            return Verdict("unknown number")
        return Verdict("false", Fault(operator, (before, said)))


def _said(line: str) -> Said:
    return read_lines(line.encode())[0][0]
