"""Opening a key file: by the key agent when it has the key, else by its password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ethwire.keys import Account
from keifu.errors import EnvironmentFault
from keifu.keys.agent import AgentAccount, agent_keys
from keifu.keys.apart import open_apart
from keifu.keys.keystore import address_in, load_account

__all__ = ["has_agent", "unlock"]


def has_agent(socket: Path | None) -> bool:
    """Whether somebody may listen there."""
    return socket is not None and socket.is_socket()


def unlock(path: Path, socket: Path | None, word: Callable[[], bytes], *, apart: bool = False) -> Account:
    """The account of a key file. `word` is asked for the password only when no agent has the key; `apart` opens it in a
    process of its own. Raises InputError, and what `word` raises."""
    if socket is not None and has_agent(socket) and (address := address_in(path)) and address in _keys(socket):
        return AgentAccount(socket, address, path.stem)
    return open_apart(path, word()) if apart else load_account(path, word())


def _keys(socket: Path) -> list[str]:
    try:
        return agent_keys(socket)
    except EnvironmentFault:  # what is there is left over from one that was killed
        return []
