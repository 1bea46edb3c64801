"""Keeps the parts of a network running until it is told to stop: what ends is started again, after growing pauses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from keifu.chain.held import hold
from keifu.errors import EnvironmentFault
from keifu.network.chain_state import ChainKeeper, open_state
from keifu.network.commands import command_of
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.network.health import READY, RUNS, ask
from keifu.network.kinds import CHAIN
from keifu.network.processes import end_all, start

__all__ = ["Supervisor", "end_parts", "note_of"]

TICK_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.2
SLOWEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 20.0  # a part that ran so long begins with the shortest pause again
BEGINNING_SECONDS = 20.0  # after which a part that does not answer holds up no other
AT_ONCE = 2 * (os.cpu_count() or 1)  # parts that begin: more would only make each other late
PATIENCE_SECONDS = 40.0  # for a node that winds down


@dataclass
class _Kept:
    """One part as its supervisor sees it."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0  # of the monotonic clock
    is_ready: bool = False  # as far as anybody asked since
    due: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    starts: int = 0
    ended: str = ""  # how, last time


@dataclass(frozen=True)
class Note:
    """What the supervisor that runs writes down about a part, for who asks from outside."""

    starts: int = 0
    ended: str = ""
    next: float = 0.0  # unix seconds of the next start; 0 while it runs


def note_of(folder: NetworkFolder) -> dict[str, Note]:
    """What the supervisor has written down, by name of part."""
    try:
        found: dict[str, Any] = json.loads(folder.supervisor.read_text())
        return {name: Note(**values) for name, values in found.items()}
    except (OSError, ValueError, TypeError):
        return {}


def end_parts(folder: NetworkFolder, network: Network) -> list[str]:
    """End whatever runs from the folder, the chain last and saved; the names of what ran."""
    others = [part for part in network.parts if part.kind != CHAIN]
    ran = end_all([folder.part_lock(part.name) for part in others], PATIENCE_SECONDS)
    for part in network.parts:
        if part.kind == CHAIN:
            keeper = ChainKeeper(part.url, folder.chain_state)
            keeper.save_last()
            keeper.close()
            ran += end_all([folder.part_lock(part.name)], PATIENCE_SECONDS)
    return [lock.name for lock in ran]


class Supervisor:
    """One network's. `run` returns when it was told to stop and everything has ended."""

    def __init__(self, folder: NetworkFolder) -> None:
        self.folder, self.network = folder, folder.load()
        self._kept = [_Kept(part) for part in self.network.parts]
        self._stopping = threading.Event()
        self._noted = ""

    def run(self) -> None:
        """Raises EnvironmentFault when another one keeps this network."""
        with ExitStack() as held:
            hold(held, self.folder.lock, self._taken, use="a network")
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                held.callback(signal.signal, number, signal.signal(number, lambda *_: self._stopping.set()))
            self.folder.supervisor.unlink(missing_ok=True)
            end_parts(self.folder, self.network)  # what a supervisor that was killed has left
            held.callback(self.folder.supervisor.unlink, missing_ok=True)
            held.callback(end_parts, self.folder, self.network)
            self._start_chain(held)
            while not self._stopping.is_set():
                self._tick()
                self._stopping.wait(TICK_SECONDS)

    def _taken(self, holder: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"process {holder or 'of somebody else'} keeps {self.folder.path} already",
            remedy="keifu status, keifu down",
        )

    # the chain -----------------------------------------------------------------------------------------------------

    def _start_chain(self, held: ExitStack) -> None:
        """The nodes need a chain that answers when they start, and none later."""
        kept = next((kept for kept in self._kept if kept.part.kind == CHAIN), None)
        if kept is None:
            return
        self._keeper = ChainKeeper(kept.part.url, self.folder.chain_state)
        held.callback(self._keeper.close)
        while not self._stopping.is_set():
            self._look_after(kept)
            if kept.process is not None and ask(kept.part) == READY:
                break
            self._stopping.wait(TICK_SECONDS)
        saving = threading.Thread(target=self._keeper.follow, args=(self._stopping.wait,), name="chain keeper")
        saving.start()
        held.callback(saving.join)

    # parts ---------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        for kept in self._kept:
            self._look_after(kept)
        self._write_note()

    def _look_after(self, kept: _Kept) -> None:
        now = time.monotonic()
        if kept.process is not None:
            if (status := kept.process.poll()) is None:
                return
            kept.ended = _words(status)
            kept.pause = FIRST_PAUSE_SECONDS if now - kept.began > STEADY_SECONDS else kept.pause
            kept.due, kept.process = now + kept.pause, None
            kept.pause = min(2 * kept.pause, SLOWEST_PAUSE_SECONDS)
        if now >= kept.due and self._has_turn(now):
            self._start(kept, now)

    def _has_turn(self, now: float) -> bool:
        """Whether a further part may begin beside those that do."""
        beginning = [kept for kept in self._kept if kept.process is not None and _begins(kept, now)]
        if len(beginning) < AT_ONCE:
            return True
        for kept in beginning:
            kept.is_ready = ask(kept.part) in (READY, RUNS)
            if kept.is_ready:
                return True
        return False

    def _start(self, kept: _Kept, now: float) -> None:
        name, command = kept.part.name, command_of(self.folder, self.network, kept.part)
        if kept.part.kind == CHAIN:
            shutil.rmtree(self.folder.chain_cache, ignore_errors=True)
            command += ["--timestamp", str(open_state(self.folder.chain_state))]
        kept.process = start(
            command,
            self.folder.part_lock(name),
            self.folder.log(name),
            os.environ,
        )
        if kept.process is not None:
            kept.began, kept.starts, kept.is_ready = now, kept.starts + 1, False

    def _write_note(self) -> None:
        """Only when something has changed."""
        ahead = time.time() - time.monotonic()
        notes = {
            kept.part.name: asdict(
                Note(kept.starts, kept.ended, 0.0 if kept.process is not None else round(kept.due + ahead, 1))
            )
            for kept in self._kept
        }
        if (text := json.dumps(notes, indent=2)) != self._noted:
            partial = self.folder.supervisor.with_suffix(".partial")
            partial.write_text(text + "\n")
            partial.replace(self.folder.supervisor)
            self._noted = text


def _begins(kept: _Kept, now: float) -> bool:
    return not kept.is_ready and now < kept.began + BEGINNING_SECONDS


def _words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
