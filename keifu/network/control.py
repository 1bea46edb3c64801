"""Starting, showing and ending a network from outside of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ethwire.rpc import connect
from keifu.chain.header import genesis_of
from keifu.errors import ChainMismatch, EnvironmentFault
from keifu.network.folder import Network, NetworkFolder
from keifu.network.health import READY, RUNS, ask_all
from keifu.network.processes import running_since
from keifu.network.supervisor import PATIENCE_SECONDS, end_parts, note_of

__all__ = ["Standing", "begin", "down", "lines", "standing", "wait_until_ready"]

POLL_SECONDS = 0.1
SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Standing:
    """How one part is."""

    name: str
    kind: str
    process: int | None
    since: float | None  # unix seconds
    restarts: int
    address: str
    health: str

    @property
    def is_well(self) -> bool:
        return self.health in (READY, RUNS)

    def data(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.is_well}


def standing(folder: NetworkFolder, network: Network) -> list[Standing]:
    """How every part is, each asked for itself."""
    running = {part.name: running_since(folder.part_lock(part.name)) for part in network.parts}
    said = ask_all([part for part in network.parts if running[part.name]])
    notes = note_of(folder)
    found = []
    for part in network.parts:
        process, since = running[part.name] or (None, None)
        note = notes.get(part.name)
        if process is None:
            health = "does not run" if note is None else _ended(note.ended, note.next)
        else:
            health = said[part.name]
        restarts = max(note.starts - 1, 0) if note else 0
        found.append(Standing(part.name, part.kind, process, since, restarts, part.serves or part.url, health))
    return found


def _ended(how: str, again: float) -> str:
    seconds = max(again - time.time(), 0)
    return f"ended with {how}, starts again in {seconds:.0f} s" if how else "is about to start"


def begin(folder: NetworkFolder) -> subprocess.Popen[bytes]:
    """Start the supervisor as a process of its own. Raises EnvironmentFault when the chain is another one by now."""
    network = folder.load()
    if not network.has_chain:
        require_chain(network)
    log = folder.log(SUPERVISOR)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "keifu", "up", "--folder", str(folder.path), "--foreground"]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def require_chain(network: Network) -> None:
    """Raises ChainMismatch when the endpoint serves another chain than when the network was made."""
    rpc = connect(network.rpc)
    try:
        rpc.require_chain(network.chain_id)
        if (found := genesis_of(rpc)) != network.genesis:
            raise ChainMismatch(
                f"{network.rpc} serves another chain {network.chain_id} than this network was made for: it begins with"
                f" {found}, not {network.genesis}",
                remedy="a local chain that was started anew needs a network that is made anew: another --folder",
            )
    finally:
        rpc.close()


def wait_until_ready(
    folder: NetworkFolder, network: Network, supervisor: subprocess.Popen[bytes], seconds: float
) -> list[Standing]:
    """How the parts are when every one is well, or the time is over. Raises EnvironmentFault when the supervisor ends
    before."""
    until = time.monotonic() + seconds
    while True:
        is_begun = len(note_of(folder)) == len(network.parts)  # before that, what runs may be of one that was killed
        found = standing(folder, network)
        if (is_begun and all(item.is_well for item in found)) or time.monotonic() > until:
            return found
        if supervisor.poll() is not None:
            last = folder.log(SUPERVISOR).read_text().strip().splitlines()[-1:] or ["the supervisor has ended"]
            raise EnvironmentFault(last[0].removeprefix("keifu: "))
        time.sleep(POLL_SECONDS)


def down(folder: NetworkFolder) -> list[str]:
    """End the supervisor and all parts, whoever of them still runs; what ran."""
    network = folder.load()
    ran = [part.name for part in network.parts if running_since(folder.part_lock(part.name))]
    if (holder := folder.holder()) is not None:
        ran.append(SUPERVISOR)
        with suppress(ProcessLookupError):
            if holder:
                os.kill(holder, signal.SIGTERM)
        until = time.monotonic() + 2 * PATIENCE_SECONDS
        while folder.holder() is not None:
            if time.monotonic() > until:
                raise EnvironmentFault(
                    f"the supervisor, process {holder}, does not end", remedy=f"look at {folder.log(SUPERVISOR)}"
                )
            time.sleep(POLL_SECONDS)
    end_parts(folder, network)  # where no supervisor was there to do it
    return ran


# logs --------------------------------------------------------------------------------------------------------------


def lines(
    folder: NetworkFolder, names: list[str], last: int, *, follow: bool, wait: Callable[[float], None] = time.sleep
) -> Iterator[tuple[str, str]]:
    """(part, line) of the last lines of each log, then of what is added, for ever when `follow`."""
    files = {name: folder.log(name) for name in names}
    read = dict.fromkeys(names, 0)
    for name, path in files.items():
        text = path.read_bytes() if path.exists() else b""
        read[name] = text.rfind(b"\n") + 1
        for line in text[: read[name]].decode(errors="replace").splitlines()[-last:] if last else []:
            yield name, line
    while follow:
        wait(POLL_SECONDS)
        for name, path in files.items():
            yield from ((name, line) for line in _added(path, read, name))


def _added(path: Path, read: dict[str, int], name: str) -> list[str]:
    if not path.exists():
        return []
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) < read[name]:
            read[name] = 0  # a new file
        file.seek(read[name])
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    read[name] += len(whole)
    return whole.decode(errors="replace").splitlines()
