"""A node's folder: its configuration, its lock, and the database of what it must not lose.

node.toml       what it is told
lock            held by the process that acts from here
running.json    where that process listens, while it does
node.sqlite     its position on the chain, and what its kind remembers
sender.sqlite   transactions that take effect once, for kinds that send
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keifu.chain.held import hold, holder_of, state_folder
from keifu.chain.suite import HEARTBEATS
from keifu.errors import ChainMismatch, EnvironmentFault

if TYPE_CHECKING:
    from keifu.node.chain import NodeChain

__all__ = ["LEAST_FREE", "NodeFolder", "owner_of"]

LEAST_FREE = 64 << 20  # bytes of disk without which no node starts
OWNER = "CREATE TABLE IF NOT EXISTS node_owner (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
BUSY_SECONDS = 5.0


def owner_of(kind: str, chain: NodeChain, account: str) -> dict[str, str]:
    """Whose a database is: one kind, chain, key and deployment."""
    return {
        "kind": kind,
        "chain": str(chain.id),
        "first block": chain.genesis,
        "key": account.lower(),
        HEARTBEATS: chain.suite[HEARTBEATS],
    }


class NodeFolder:
    """One node's folder on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "lock"
        self.database_file = path / "node.sqlite"
        self.sender_file = path / "sender.sqlite"
        self.money_file = path / "money.sqlite"  # what channels owe, of a kind that is paid by them
        self.traces_file = path / "traces.sqlite"  # token ids of replies that can be disputed
        self.canaries = path / "canaries"  # what a watcher's client must not lose
        self._running = path / "running.json"

    # who acts ------------------------------------------------------------------------------------------------------

    def holder(self) -> int | None:
        """The process that acts from this folder; None for nobody."""
        return holder_of(self.lock)

    def claim(self, held: ExitStack, chain_id: int, key: str) -> None:
        """Be the only process that acts from this folder, and the only node of this user with this key. Raises
        EnvironmentFault naming the other one."""
        hold(held, self.lock, lambda holder: self._taken(f"runs from {self.path}", holder), use="a node")
        keys = state_folder() / "nodes" / f"{chain_id}-{key}.lock"
        hold(held, keys, lambda holder: self._taken(f"acts with key {key} on chain {chain_id}", holder), use="a node")

    @staticmethod
    def _taken(what: str, holder: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"another node{f' (process {holder})' if holder else ''} {what}",
            remedy="stop it first: keifu node KIND drain FOLDER",
        )

    def announce(self, **facts: Any) -> None:
        """Say where the running node listens."""
        partial = self._running.with_suffix(".partial")
        partial.write_text(json.dumps({"pid": os.getpid(), **facts}) + "\n")
        partial.replace(self._running)

    def retract(self) -> None:
        self._running.unlink(missing_ok=True)

    def announced(self) -> dict[str, Any] | None:
        """What the node that runs now has announced; None when none runs, or it is about to begin."""
        holder = self.holder()
        try:
            found: dict[str, Any] = json.loads(self._running.read_text())
        except (OSError, ValueError):
            return None
        return found if holder is not None and found.get("pid") == holder else None

    # what is kept --------------------------------------------------------------------------------------------------

    def fault(self) -> tuple[str, str] | None:
        """What is wrong with the folder, and the remedy."""
        if not self.path.is_dir():
            return f"there is no folder {self.path}", f"keifu node KIND init {self.path}"
        if not os.access(self.path, os.W_OK | os.X_OK):
            return f"{self.path} cannot be written", f"chown or chmod it for the user {os.getuid()}"
        if stat.S_IMODE(self.path.stat().st_mode) & stat.S_IWOTH:
            return f"anybody may write into {self.path}", f"chmod o-w {self.path}"
        if (free := shutil.disk_usage(self.path).free) < LEAST_FREE:
            needed = LEAST_FREE >> 20
            return f"the disk of {self.path} has {free >> 20} MiB left, {needed} are needed", "make room on it"
        return None

    def databases(self) -> set[Path]:
        """Files of the databases that are there, SQLite's own beside them included."""
        files = self.database_file, self.sender_file, self.money_file, self.traces_file
        return {path for file in files for path in self.path.glob(f"{file.name}*")}

    def open_database(self, held: ExitStack, owner: dict[str, str]) -> sqlite3.Connection:
        """The node's database. Raises ChainMismatch when it is another node's or deployment's; then nothing changed."""
        is_new = not self.database_file.exists()
        try:
            database = sqlite3.connect(
                self.database_file, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
            )
            held.callback(database.close)
            self._require_owner(database, owner)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(OWNER)
            database.executemany("INSERT OR IGNORE INTO node_owner VALUES (?, ?)", owner.items())
        except sqlite3.Error as error:
            if is_new:
                self.database_file.unlink(missing_ok=True)
            raise EnvironmentFault(
                f"{self.database_file} cannot be used: {error}", remedy="restore it, or move it away to begin anew"
            ) from error
        return database

    def _require_owner(self, database: sqlite3.Connection, owner: dict[str, str]) -> None:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "node_owner" not in tables:
            raise ChainMismatch(
                f"{self.database_file} is the database of something else", remedy="move it away to begin anew"
            )
        kept = dict(database.execute("SELECT name, value FROM node_owner")) if tables else {}
        for name, value in owner.items():
            if kept and kept.get(name) != value:
                raise ChainMismatch(
                    f"{self.database_file} is of another node: its {name} is {kept.get(name)}, not {value}",
                    remedy="name the folder of this node, or move the database away to begin anew",
                )
