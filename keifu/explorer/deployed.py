"""What stands in a deployment record and in no event, and what a node says of the code that is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from keifu.chain.deployments import Record, find_record
from keifu.chain.plan import Plan
from keifu.chain.verify import Check
from keifu.deploy.document import PlannedParameter
from keifu.deploy.planning import table_of
from keifu.errors import KeifuError
from keifu.spec.vesting import Schedule
from keifu.tge.chain import recorded, schedule_of

__all__ = ["Codes", "Deployed", "Looked", "deployed_at"]


@dataclass(frozen=True)
class Deployed:
    """The record of a suite, and what is made of it for people."""

    record: Record
    parameters: tuple[PlannedParameter, ...] = ()
    schedule: Schedule | None = None  # of the token event


def deployed_at(folder: Path | None, chain_id: int, genesis: str) -> Deployed | None:
    """Of the record of a chain in this folder, or where records are looked for."""
    try:
        record, _ = find_record(chain_id, genesis, folder)
        params = record.params
        if params is None:
            return None
        distribution = recorded(record)
    except KeifuError:
        return None
    table = table_of(Plan(params, deployer=record.deployer), chain_id)
    return Deployed(record, table, schedule_of(distribution) if distribution else None)


@dataclass(frozen=True)
class Looked:
    """What `keifu deploy verify` says, at a block. `fault` is why it says nothing."""

    block: int
    count: int = 0
    wrong: tuple[Check, ...] = ()
    fault: str = ""

    def of(self, contract: str) -> tuple[Check, ...]:
        """What is wrong with one contract."""
        return tuple(check for check in self.wrong if check.what.startswith((f"{contract}.", f"{contract} ")))


class Codes:
    """Looks at the chain in the background: once, and again when the timelock has done something, or when the node did
    not answer. A reader never waits for it."""

    def __init__(self, look: Callable[[], Looked]) -> None:
        self._look = look
        self._guard = threading.Lock()
        self._found: Looked | None = None
        self._asked: Hashable = None
        self._thread: threading.Thread | None = None

    def now(self, state: Hashable) -> Looked | None:
        """What was found last; `state` changes when that may not hold any more."""
        with self._guard:
            idle = self._thread is None or not self._thread.is_alive()
            failed = self._found is not None and bool(self._found.fault)
            if idle and (failed or self._asked != state):
                self._asked = state
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            return self._found

    def join(self) -> None:
        """Wait for what is being looked at."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        found = self._look()
        with self._guard:
            self._found = found
