"""One place in which a key acts: a folder belongs to a machine, and the chain shows when its key is used elsewhere.

A key that sends is fenced by its nonces: what another machine sends uses one, and the sender here ends before it sends
anything more. A key that only signs is fenced by its operator: the second machine has a key of its own, and naming it
retires the first's (`keifu node operator bind`).
"""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from ethwire.rpc import quantity
from keifu.errors import EnvironmentFault
from keifu.node.chain import NodeChain
from keifu.node.folder import NodeFolder

__all__ = ["FILE", "alone_since", "belong_here", "note_used", "require_here", "this_machine"]

FILE = "machine"
VARIABLE = "KEIFU_MACHINE"
_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_TABLE = "CREATE TABLE IF NOT EXISTS node_alone (one INTEGER PRIMARY KEY CHECK (one = 1), since INTEGER NOT NULL)"


def this_machine() -> str:
    """What tells this machine from others: KEIFU_MACHINE where it is set, as in a container, which has nothing else
    that lasts; else the machine's id, else its name."""
    found = os.environ.get(VARIABLE, "")
    for path in _IDS if not found else ():
        try:
            found = path.read_text().strip()
        except OSError:
            continue
        if found:
            break
    return hashlib.sha256(f"keifu machine {found or socket.gethostname()}".encode()).hexdigest()


def require_here(folder: Path) -> None:
    """Raises EnvironmentFault when the folder belongs to another machine."""
    try:
        owner = (folder / FILE).read_text().strip()
    except FileNotFoundError:
        return
    except OSError as error:
        raise EnvironmentFault(f"cannot read {folder / FILE}: {error.strerror}") from error
    if owner != this_machine():
        raise EnvironmentFault(
            f"{folder} belongs to another machine, where its key may still act",
            remedy="`keifu node KIND backup` there and `restore` here; --take-over once the other has ended for good",
        )


def belong_here(folder: Path) -> None:
    """Write down that the folder belongs to this machine."""
    partial = folder / f"{FILE}.partial"
    partial.write_text(this_machine() + "\n")
    partial.replace(folder / FILE)


def alone_since(database: sqlite3.Connection, chain: NodeChain, address: str, *, anew: bool = False) -> int:
    """The account's next nonce when its folder first acted, or now when that is to count `anew`."""
    database.execute(_TABLE)
    row = database.execute("SELECT since FROM node_alone").fetchone()
    if row is not None and not anew:
        since: int = row[0]
        return since
    answer = chain.rpc.agreed("eth_getTransactionCount", address, "latest")
    now = quantity(answer, "eth_getTransactionCount", chain.rpc.url)
    database.execute("INSERT OR REPLACE INTO node_alone VALUES (1, ?)", (now,))
    return now


def note_used(folder: Path, chain: NodeChain, address: str) -> None:
    """The owner has sent with the key of a node that does not run: that is nobody else."""
    file = NodeFolder(folder).database_file
    if file.exists():
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            alone_since(database, chain, address, anew=True)
