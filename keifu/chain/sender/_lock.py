"""One sender an account: a lock on this machine for the account, and one beside the database for other machines' mounts
and containers."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from keifu.chain.held import hold, state_folder
from keifu.errors import EnvironmentFault

__all__ = ["locked"]


def locked(database: Path, chain_id: int, address: str) -> ExitStack:
    """Hold both locks until the stack is closed. Raises EnvironmentFault, naming the holder, when one is taken."""
    held = ExitStack()
    folder = state_folder() / "senders"
    try:
        _hold(held, folder / f"{chain_id}-{address}.lock", f"account {address} on chain {chain_id}")
        _hold(held, database.with_name(database.name + ".lock"), f"the database {database}")
    except BaseException:
        held.close()
        raise
    return held


def _hold(held: ExitStack, path: Path, what: str) -> None:
    def taken(holder: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"another process{f' ({holder})' if holder else ''} already sends for {what}",
            remedy="stop it first, or hand the intents to it; nothing was sent",
        )

    hold(held, path, taken, use="sending")
