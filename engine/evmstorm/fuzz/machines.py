"""Several machines search the same code: each tells Redis what it has done so far, and each shows the sum of all.

A machine that stopped stays in the sum, for its calls were made. What was told is forgotten a day after the last word.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from ethwire.constants import DAY
from ethwire.errors import EnvironmentFault, InputError

if TYPE_CHECKING:
    from evmstorm.fuzz.campaign import SystemResult

__all__ = ["Machines", "Together"]

SCHEME = "redis://"
EVERY = 1.0  # seconds between two words of one machine about a system
FORGOTTEN = DAY
PATIENCE = 5.0  # seconds for an answer


class Told(msgspec.Struct, frozen=True):
    """What one machine has done; `calls` counts calls and waits."""

    calls: int
    sequences: int
    findings: int


class Together(msgspec.Struct, frozen=True):
    """The sum over `machines`; `calls` counts calls and waits."""

    machines: int
    calls: int
    sequences: int
    findings: int

    def __str__(self) -> str:
        found = f"{self.findings} finding{'s' * (self.findings != 1)}"
        return f"{self.machines} machines: {self.calls:,} calls and waits, {self.sequences:,} sequences, {found}"


class Machines:
    """This machine among those that share the Redis at `url`; alone where that is empty.

    Raises InputError for what is no Redis address, EnvironmentFault when nobody answers there or the client is not
    installed. A Redis that falls silent later ends no search: `lost` is then true, and sums stay as they were.
    """

    def __init__(self, url: str = "") -> None:
        self.lost = False
        self._name = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self._told: dict[str, float] = {}
        self._redis: Any = None
        self._faults: tuple[type[Exception], ...] = ()
        if url:
            self._redis, self._faults = _connected(url)

    def tell(self, result: SystemResult, *, now: bool = False) -> None:
        """Say what this machine has done on a system, and set `result.together`; at most once a second unless `now`."""
        moment = time.monotonic()
        if self._redis is None or self.lost or (not now and moment - self._told.get(result.system, -EVERY) < EVERY):
            return
        self._told[result.system] = moment
        mine = Told(result.calls + result.waits, result.sequences, len(result.findings))
        key = f"evmstorm:told:{result.system}:{result.code_hash}"
        try:
            with self._redis.pipeline() as pipe:
                pipe.hset(key, self._name, msgspec.msgpack.encode(mine))
                pipe.expire(key, FORGOTTEN)
                pipe.hvals(key)
                answers = pipe.execute()
        except self._faults:
            self.lost = True
            return
        result.together = _sum(answers[-1])

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._redis is not None:
            self._redis.close()


def _connected(url: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """The client, and what it raises when Redis does not answer."""
    if not url.startswith(SCHEME):
        raise InputError(f"{url} is no address of a Redis", remedy="redis://host:port/number")
    try:
        import redis  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise EnvironmentFault("Redis' client is not installed", remedy="pip install 'evmstorm[redis]'") from error
    try:
        client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        client.ping()
    except (redis.RedisError, ValueError) as error:
        raise EnvironmentFault(f"no Redis answers at {url}: {error}", remedy="start it, or name another") from error
    return client, (redis.RedisError,)


def _sum(words: list[bytes]) -> Together:
    """Of what can be read: another version may have said it otherwise."""
    heard = []
    for word in words:
        try:
            heard.append(msgspec.msgpack.decode(word, type=Told))
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue
    calls, sequences, findings = (sum(getattr(item, name) for item in heard) for name in Told.__struct_fields__)
    return Together(len(heard), calls, sequences, findings)
