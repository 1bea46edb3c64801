"""The key agent: one process opens the key files, and signs for all others of its user; keys never leave its memory.

It listens on a socket that only its user can open, and asks the kernel who is on the other side. A caller sends one
line of JSON and gets one. It can ask which keys there are and have a digest signed, and nothing else.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ethwire.keys import Account, recover
from keifu.errors import EnvironmentFault, UsageError

__all__ = ["Agent", "AgentAccount", "agent_keys", "harden"]

LARGEST = 4_096  # bytes of a request or an answer, but for the list of keys
MAX_KEYS = 200
PATIENCE_SECONDS = 5.0
AT_ONCE = 64
OWNER_ONLY = 0o177  # what is taken away
LONGEST_PATH = 100  # bytes that the kernel takes
OPEN_FILES = Path("/proc/self/fd")  # of this process, by number
DIGEST_BYTES = 32
_CREDENTIALS = struct.Struct("3i")  # process, user, group
_NOT_DUMPABLE = 4  # PR_SET_DUMPABLE


class _Refused(Exception):
    """A request that is not answered; its text says why."""


class Agent:
    """Serves the keys of `accounts` until `close`. `refused(reason)` is told of each request that was refused."""

    def __init__(
        self, path: Path, accounts: Iterable[Account], refused: Callable[[str], None] = lambda _: None
    ) -> None:
        self.path, self._refused = path, refused
        self._accounts = {account.address.lower(): account for account in accounts}
        self._seats = threading.BoundedSemaphore(AT_ONCE)
        self._socket = _bound(path)
        self._ended = threading.Event()

    def serve(self) -> None:
        """Until `close` is called, from another thread or a signal."""
        while not self._ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            if not self._seats.acquire(blocking=False):
                self._refused("too many at once")
                connection.close()
                continue
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(PATIENCE_SECONDS)
                try:
                    _require_own(connection)
                    answer = self._do(_line(connection))
                except _Refused as refusal:
                    self._refused(str(refusal))
                    answer = {"error": str(refusal)}
                connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            self._refused("broken off, or slow")
        finally:
            self._seats.release()

    def _do(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            what, key, digest = asked["do"], asked.get("key", ""), bytes.fromhex(asked.get("digest", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _Refused("malformed") from error
        if what == "list":
            return {"keys": sorted(self._accounts)}
        account = self._accounts.get(str(key).lower())
        if what != "sign" or account is None or len(digest) != DIGEST_BYTES:
            raise _Refused("no such key" if what == "sign" and account is None else "no such request")
        return {"signature": account.sign(digest).hex()}


class AgentAccount(Account):
    """An account whose key is in an agent: it signs, and shows nothing else of the key."""

    def __init__(self, path: Path, address: str, name: str = "") -> None:
        self._path, self.name = path, name
        self.address = address.lower()

    @property
    def public_key(self) -> bytes:
        raise self._only_signs()

    def secret(self) -> bytes:
        raise self._only_signs()

    def shared_point(self, public_key: bytes) -> bytes:
        del public_key
        raise self._only_signs()

    def sign(self, digest: bytes) -> bytes:
        """Raises EnvironmentFault when the agent does not answer, or with another key's signature."""
        answer = _ask(self._path, {"do": "sign", "key": self.address, "digest": digest.hex()})
        try:
            signature = bytes.fromhex(answer["signature"])
            if recover(digest, signature) == self.address:
                return signature
        except (KeyError, TypeError, ValueError):
            pass
        raise EnvironmentFault(
            f"the key agent does not sign with {self.address}: {answer.get('error', 'another signature')}",
            remedy="start it with that key file: keifu keys agent FILE",
        )

    def _only_signs(self) -> UsageError:
        return UsageError(
            f"the key of {self.address} is in the key agent, which only signs",
            remedy="KEIFU_AGENT=off opens the key file itself",
        )


def agent_keys(path: Path) -> list[str]:
    """Addresses of the keys that the agent at `path` has. Raises EnvironmentFault when none answers."""
    found = _ask(path, {"do": "list"}).get("keys")
    if not isinstance(found, list):
        raise EnvironmentFault(f"{path} is no key agent", remedy="end what listens there, and start: keifu keys agent")
    return [str(key) for key in found]


def harden() -> None:
    """Let no other process of this user read this one's memory, and no crash write it to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_NOT_DUMPABLE, 0, 0, 0, 0)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The path as it fits into a socket's address. A long one goes by its folder, which Linux shows under a short name
    while it is open. Raises EnvironmentFault where there is no such name."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    if not OPEN_FILES.is_dir():
        raise EnvironmentFault(f"{path} is too long for a socket", remedy="set XDG_STATE_HOME to a shorter folder")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(OPEN_FILES / str(folder) / path.name)
    finally:
        os.close(folder)


def _bound(path: Path) -> socket.socket:
    """A socket at `path` that its owner alone can open. Whoever calls this holds the lock beside it: what is there is
    left over from an agent that was killed."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(OWNER_ONLY)
    try:
        path.unlink(missing_ok=True)
        with _short(path) as name:
            made.bind(name)
        made.listen(AT_ONCE)
    except OSError as error:
        made.close()
        raise EnvironmentFault(
            f"cannot listen on {path}: {error.strerror}", remedy="set XDG_STATE_HOME to a folder of yours"
        ) from error
    finally:
        os.umask(before)
    return made


def _require_own(connection: socket.socket) -> None:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    if _CREDENTIALS.unpack(raw)[1] != os.getuid():
        raise _Refused("another user")


def _line(connection: socket.socket, most: int = LARGEST) -> bytes:
    found = b""
    while b"\n" not in found:
        part = connection.recv(most)
        if not part or len(found) + len(part) > most:
            raise _Refused("too large" if part else "broken off")
        found += part
    return found


def _ask(path: Path, request: dict[str, str]) -> dict[str, Any]:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            with _short(path) as name:
                connection.connect(name)
            connection.sendall(json.dumps(request).encode() + b"\n")
            found = json.loads(_line(connection, MAX_KEYS * 64))
    except (OSError, ValueError, RecursionError, _Refused) as error:
        raise EnvironmentFault(
            f"the key agent at {path} does not answer: {error}",
            remedy="keifu keys agent FILE starts it; KEIFU_AGENT=off goes without",
        ) from error
    return found if isinstance(found, dict) else {}
