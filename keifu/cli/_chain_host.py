"""Keeping a local chain: in this process until Ctrl-C, or in one of its own in the background."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keifu.chain import Anvil
from keifu.chain.deployments import Record, user_folder
from keifu.chain.header import genesis_of
from keifu.errors import EnvironmentFault, UsageError
from keifu.local.notes import Note, claimed, grants_folder, log_file, refuse_second, running
from keifu.local.suite import deploy_suite, warp
from keifu.units import DAY

__all__ = ["USUAL_PORT", "Settings", "running_chain", "start_detached", "wait"]

USUAL_PORT = 8_545  # of every node, so that commands find it there without being told

POLL_SECONDS = 0.05
YOUTH = (
    40 * DAY
)  # the first block's age: what takes weeks (delays, notices, seats) has happened when the chain is ready


@dataclass(frozen=True)
class Settings:
    """What the command line asked for."""

    port: int | None
    chain_id: int
    with_grants: bool


@contextlib.contextmanager
def running_chain(settings: Settings) -> Iterator[tuple[Anvil, Note]]:
    """A chain with the suite, noted and recorded until the block ends, however it ends."""
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))  # a closed terminal ends it in order, too
    folder = Path(os.environ.get("KEIFU_DEPLOYMENTS") or user_folder()).absolute()
    begin = int(time.time()) - YOUTH
    port = _port(settings.port)
    with claimed(settings.chain_id), Anvil(port=port, chain_id=settings.chain_id, since=begin) as anvil:
        client = anvil.client()
        record = Record(settings.chain_id, genesis_of(client.rpc))
        published = grants_folder(settings.chain_id) if settings.with_grants else None
        note = Note(
            chain_id=settings.chain_id,
            url=anvil.url,
            genesis=record.genesis,
            pid=os.getpid(),
            record=str(folder / f"{settings.chain_id}.json"),
            grants=str(published or ""),
        )
        note.save()  # before anything is recorded: whoever finds the note of a killed chain removes its record
        suite = deploy_suite(client, record, folder)
        if published:
            from keifu.local.dwellers import settle_in

            settle_in(client, suite)
        warp(client, max(int(time.time()) - client.now, 1))
        if published:
            from keifu.local.grants import seed

            seed(client, record, folder, published)
        note.ready = True
        note.save()
        yield anvil, note


def wait(anvil: Anvil) -> None:
    """Wait for Ctrl-C, which comes as KeyboardInterrupt. Raises EnvironmentFault when the node ends by itself."""
    anvil.wait()
    raise EnvironmentFault(f"the chain on {anvil.url} has ended by itself", remedy="start it again: keifu chain")


def start_detached(settings: Settings) -> Note:
    """Start a process of its own that keeps the chain, and return when the chain is ready.

    Raises EnvironmentFault with the last line of its log when it ends before.
    """
    command = [sys.executable, "-m", "keifu", "chain", "--chain-id", str(settings.chain_id)]
    command += ["--with-grants"] if settings.with_grants else []
    command += [] if settings.port is None else ["--port", str(settings.port)]
    refuse_second(settings.chain_id)
    log = log_file(settings.chain_id)
    with log.open("w") as output:
        keeper = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        while keeper.poll() is None:
            for note in running():
                if note.pid == keeper.pid:
                    return note
            time.sleep(POLL_SECONDS)
    except BaseException:
        keeper.terminate()
        raise
    message = log.read_text().strip().splitlines()[-1:] or ["the chain ended before it was ready"]
    fault = UsageError if keeper.returncode == UsageError.exit_code else EnvironmentFault
    raise fault(message[0].removeprefix("keifu: "))


def _port(wanted: int | None) -> int:
    """The port that was asked for, else the usual one if nobody has it, else any."""
    if wanted is not None:
        return wanted
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just let go of is free
        try:
            probe.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return 0
    return USUAL_PORT
