"""False heartbeats as faults that are filed: what shows them, and the calls that bring it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from keifu.chain.sender import Sender
from keifu.chain.suite import HEARTBEATS
from keifu.node.chain import NodeChain
from keifu.node.filing import Case, Filing
from keifu.node.logs import Log
from keifu.node.watcher.judge import Fault, Judge
from keifu.node.watcher.peers import read_lines
from keifu.provenance import Record
from keifu.provenance.heartbeats import line_of

__all__ = ["HeartbeatFiling"]


class HeartbeatFiling(Filing):
    """The faults that this watcher has found."""

    def __init__(
        self,
        chain: NodeChain,
        sender: Sender,
        judge: Judge,
        database: sqlite3.Connection,
        log: Log,
        *,
        receiver: str,
        on_state: Callable[[str], None],
    ) -> None:
        service = chain.suite.at(chain.client, HEARTBEATS)
        super().__init__(service, sender, database, log, receiver=receiver, on_state=on_state)
        self._judge = judge

    def file(self, fault: Fault) -> None:
        """Keep a fault, unless one about the same binding is under way, or too many were refused."""
        environment = fault.first.environment.hex()
        heartbeat, signature = fault.said[0]
        evidence = self._service.evidence_of(heartbeat.args, signature, self._sender.account.address).hex()
        lines = [line_of(*said) for said in fault.said]
        record = fault.record.to_json() if fault.record else None
        body = json.dumps({"operator": fault.operator, "lines": lines, "record": record})
        if self._keep(Case(evidence, f"{fault.operator} {environment}", body)):
            self._log.warning(
                "a false heartbeat", operator=fault.operator, environment=environment, seq=heartbeat.promotion_seq,
                digest=heartbeat.digest.hex(), evidence=evidence,
            )  # fmt: skip

    def _is_open(self, case: Case) -> bool:
        return self._judge.is_open(_fault(case))

    def _commitment(self, case: Case) -> bytes:
        return self._service.commit.encode(bytes.fromhex(case.id))

    def _evidence(self, case: Case) -> bytes:
        fault = _fault(case)
        flat = [value for heartbeat, signature in fault.said for value in (heartbeat.args, signature)]
        if fault.record is None:
            return self._service.report_contradiction.encode(*flat)
        return self._service.report.encode(*flat, fault.record.args)


def _fault(case: Case) -> Fault:
    kept = json.loads(case.body)
    said = read_lines("\n".join(kept["lines"]).encode())[0]
    return Fault(kept["operator"], said, Record.from_json(kept["record"]) if kept["record"] else None)
