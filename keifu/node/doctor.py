"""What a node needs of its surroundings. The doctor says all of it; a start raises the first that is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from ethwire.rpc import quantity
from keifu.chain.finality import final_depth
from keifu.chain.header import Header
from keifu.errors import EnvironmentFault, KeifuError
from keifu.keys import Account
from keifu.node.chain import NEEDED, NodeChain, open_chain, open_key
from keifu.node.folder import NodeFolder
from keifu.node.kinds import Kind
from keifu.node.sections import split_address
from keifu.node.settings import NodeSettings, load_settings
from keifu.node.work import Check
from keifu.serving import listen_on
from keifu.units import counted, duration

__all__ = ["examine", "require_clock", "require_folder"]

T = TypeVar("T")
CLOCK_SECONDS = 600  # by which this machine's clock and the newest block's may differ


def examine(
    kind: Kind, path: Path, flags: Sequence[str] = (), *, clock: Callable[[], float] = time.time
) -> list[Check]:
    """Every check, in the order in which a start would meet them."""
    return list(_examine(kind, path, flags, clock))


def _examine(kind: Kind, path: Path, flags: Sequence[str], clock: Callable[[], float]) -> Iterator[Check]:
    made: list[NodeSettings] = []
    yield _tried("configuration", lambda: made.append(load_settings(kind.settings, path, flags)[0]), f"{path}")
    if not made:
        return
    settings, folder = made[0], NodeFolder(path)
    yield _tried("folder and disk", lambda: require_folder(folder), "can be written, and has room")
    keys: list[Account] = []
    is_local = final_depth(settings.chain.id) == 0
    yield _tried(
        "key", lambda: keys.append(open_key(settings.key, path, is_local=is_local)), "opens, for its owner alone"
    )
    with ExitStack() as held:
        chains: list[NodeChain] = []
        code = f"chain {settings.chain.id}, code of {counted(len(NEEDED), 'contract')} as recorded"
        yield _tried("chain and code", lambda: chains.append(open_chain(settings.chain, held)), code)
        if chains:
            yield _tried("clock", lambda: require_clock(clock(), chains[0]), _clock_words(chains[0]))
        holder = folder.holder()
        yield Check("lock", True, "free" if holder is None else f"held by the node that runs, process {holder}")
        if holder is None:
            for listen in filter(None, (settings.http.listen, kind.work.listens(settings))):
                yield _tried(f"port {listen}", lambda listen=listen: _require_free(listen), "free")  # type: ignore[misc]
        if chains and keys:
            try:
                yield from kind.work.checks(settings, chains[0], keys[0])
            except KeifuError as error:
                yield Check(kind.name, False, error.message, error.remedy)


def require_folder(folder: NodeFolder) -> None:
    """Raises EnvironmentFault."""
    if (fault := folder.fault()) is not None:
        raise EnvironmentFault(fault[0], remedy=fault[1])


def require_clock(now: float, chain: NodeChain) -> None:
    """Compare this machine's clock with the newest block. Raises EnvironmentFault."""
    if not chain.is_local:  # a local chain has a clock of its own
        _require_near(now, chain.newest(), chain.rpc.url)


def _require_near(now: float, newest: Header, url: str) -> None:
    apart = round(now) - quantity(newest.timestamp, "the newest block's time", url)
    if abs(apart) > CLOCK_SECONDS:
        way = "ahead of" if apart > 0 else "behind"
        raise EnvironmentFault(
            f"this machine's clock is {duration(abs(apart))} {way} the newest block",
            remedy="set the clock (`timedatectl set-ntp true`), or name an endpoint that is not behind",
        )


def _clock_words(chain: NodeChain) -> str:
    if chain.is_local:
        return "not compared: a local chain has a clock of its own"
    return f"within {duration(CLOCK_SECONDS)} of the newest block's time"


def _require_free(listen: str) -> None:
    listen_on(*split_address(listen)).close()


def _tried(what: str, do: Callable[[], object], good: str) -> Check:
    try:
        do()
    except KeifuError as error:
        return Check(what, False, error.message, error.remedy)
    return Check(what, True, good)
