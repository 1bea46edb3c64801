"""Run as a program: a node that answers a demand is killed at its first line, at its second, and so on to its last one.

    python -m tests.integration.compute.market.killed_at_each_line FOLDER kept|made [EVERY]

`kept`: the answer was given before, and is shown. `made`: it is made for the demand. A line that runs more than once is
killed at its first time; with EVERY only each so many lines. Prints a JSON list: for each killed process where it died,
and what is wrong after the restart ("" when nothing is).
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

import keifu
from ethwire.rpc import Rpc
from keifu.chain import ChainClient
from keifu.chain.deployments import open_record
from keifu.chain.header import genesis_of
from keifu.chain.logs import find_events
from keifu.chain.sender import Sender
from keifu.chain.suite import COMPUTE
from keifu.compute.again import Again
from keifu.compute.cashier import Cashier, Offer
from keifu.compute.client.checks import Prices
from keifu.compute.market import demands
from keifu.compute.model import Call, LocalModel, ModelFault, Result
from keifu.compute.sealing import Sealer
from keifu.compute.settling import Settler
from keifu.compute.wire import unpack
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.compute.demanded import Demanded
from keifu.node.web import Background
from keifu.payments.book import Book, Held
from keifu.payments.channel import Channel, Vouchers
from keifu.units import COIN, DAY
from tests.integration.compute.market.conftest import Promised
from tests.integration.compute.market.test_calls import Seller

PROGRAM = "tests.integration.compute.market.killed_at_each_line"
ROOM = Path(keifu.__file__).parent
FILES = {str(ROOM / name) for name in ("node/compute/demanded.py", "compute/again.py", "compute/settling.py")}
REQUEST = msgspec.json.encode({"model": "echo", "input": [1, 2]})
PAUSE_SECONDS = 0.01


class Echo(LocalModel):
    endpoints = frozenset({"classify"})

    def most_input(self, call: Call) -> int:
        return 2

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        return [Result(b'{"echo": true}', 2, 1) for _ in calls]


class Silent:
    """Nobody is told."""

    def tell(self, key: str, text: str, **facts: Any) -> bool:
        return bool(key and text) or bool(facts)


def demand(paid: Promised, role: str) -> None:
    """Have an answer demanded of an operator of this role, whose channel is covered."""
    seller = Seller(paid, role)
    channel, channel_id = seller.channel(1)
    seller.cover(channel, channel_id)
    seller.claim(channel, channel_id, 200)
    demands.demand(paid.by(paid.payer), paid.suite, channel, seller.address, 100, REQUEST)


class Node:
    """What answers demands of a node, over the files of one folder, which has its role's name."""

    def __init__(self, url: str, deployments: Path, folder: Path) -> None:
        role = folder.name
        self.rpc = Rpc(url)
        client, genesis = ChainClient(self.rpc), genesis_of(self.rpc)
        chain = NodeChain(client, open_record(client.chain_id, genesis, deployments), genesis)
        self.chain, self.background = chain, Background()
        account, payer = Account.from_role(role), Account.from_role("payer").address
        own, channels = account.address, chain.suite["Channels"]
        channel = Channel(payer, payer, own, own, chain.suite["KeifuToken"], DAY, (1).to_bytes(32))
        self.database = sqlite3.connect(folder / "node.sqlite", isolation_level=None, check_same_thread=False)
        self.database.execute("PRAGMA synchronous = FULL")
        self.book = Book(folder / "money.sqlite")
        self.account = self.book.add(Vouchers(chain.id, channels).channel_id(channel), channel, Held(COIN, 200))
        self.sender = Sender(folder / "sender.sqlite", self.rpc, account)
        market = chain.suite.at(client, COMPUTE)
        offer = Offer(chain.id, channels, own, own, "", "", "", 900)
        key = Account.from_role(f"{role} receipts")
        settler = Settler(Cashier(offer, self.book), Sealer(key, chain.id, market.address))
        self.again = Again({"echo": Echo("echo", Prices(1))}, settler)
        alerts: Any = Silent()
        self.demanded = Demanded(
            chain, market, own.lower(), self.book, folder / "money.sqlite", self.sender, self.database,
            alerts, self.background.submit, self.again.answer,
        )  # fmt: skip

    def run(self) -> None:
        """Until the demand is answered and the bond is paid out."""
        while not (self.demanded.facts().get("answered") and not self.sender.step().open):
            newest = self.chain.newest()
            self.demanded.step(int(newest.number, 16), int(newest.timestamp, 16))
            self.sender.step()
            time.sleep(PAUSE_SECONDS)  # another thread makes the answer

    def keep(self) -> None:
        """Have given the answer before the demand came."""
        self.book.cover({self.account.id})
        self.background.submit(self.again.answer(self.account, REQUEST, True)).result()

    def close(self) -> None:
        self.background.close()
        self.book.close()
        self.sender.close()
        self.database.close()
        self.rpc.close()


def trace_lines(kill_at: str, files: Collection[str] = FILES) -> None:
    """Kill this process at the first time of a line of `files`; with "" kill nothing, and print each line once."""
    seen: set[str] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        if event == "line" and place == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if event == "line" and not kill_at and place not in seen:
            seen.add(place)
            os.write(sys.stdout.fileno(), f"{place}\n".encode())  # at once: another thread writes, too
        return trace

    threading.settrace(trace)  # answers are made in a thread
    sys.settrace(trace)


def victim(url: str, deployments: str, folder: str, kill_at: str) -> None:
    """What is killed."""
    trace_lines(kill_at)
    node = Node(url, Path(deployments), Path(folder))
    node.run()
    node.close()


def killed(paid: Promised, folder: Path, kill_at: str, program: str = PROGRAM) -> list[str]:
    """Lines that a process began until it came to its end, when nothing killed it."""
    where = paid.anvil.url, str(paid.folder / "deployments"), str(folder)
    command = [sys.executable, "-m", program, "victim", *where, kill_at]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, -signal.SIGKILL):  # two threads: not every line is reached each time
        raise AssertionError(f"it ended with {ended.returncode} at {kill_at!r}: {ended.stderr}")
    return ended.stdout.split()


def trial(paid: Promised, mode: str, kill_at: str) -> tuple[list[str], str]:
    """Lines that began, and what is wrong after the restart."""
    folder = paid.folder / f"seller {mode} {kill_at or 'whole'}"
    folder.mkdir()
    demand(paid, folder.name)
    where = paid.anvil.url, paid.folder / "deployments", folder
    if mode == "kept":
        node = Node(*where)
        node.keep()
        node.close()
    said = killed(paid, folder, kill_at)
    node = Node(*where)
    node.run()
    node.close()
    return said, wrong(paid, folder, mode)


def wrong(paid: Promised, folder: Path, mode: str) -> str:
    """What is wrong when all is over."""
    operator = Account.from_role(folder.name).address
    shown = [log.args["number"] for log in find_events(paid.client, paid.market, "Answered", operator=operator)]
    with closing(sqlite3.connect(folder / "money.sqlite")) as database:
        rows = database.execute("SELECT receipt FROM kept").fetchall()
    receipts = [unpack(text.decode()).receipt for (text,) in rows]
    numbers = [receipt.number for receipt in receipts]
    if len(shown) != 1 or shown[0] not in numbers:
        return f"answered by {shown}, kept are {numbers}"
    if len(set(numbers)) != len(numbers):
        return f"one number twice: {numbers}"
    if mode == "kept" and numbers != [1]:
        return f"made again: {numbers}"
    if any(receipt.fee for receipt in receipts):
        return "an answer was charged twice"
    return "" if paid.market.credits(operator) == 0 else "the bond is not paid out"


def main(*args: str) -> None:
    if args[0] == "victim":
        victim(*args[1:])
        return
    folder, mode, *more = args
    paid, every = Promised(Path(folder)), int(more[0]) if more else 1
    try:
        said, fault = trial(paid, mode, "")
        found = [("nowhere", fault)]
        found += [(line, trial(paid, mode, line)[1]) for line in said[::every]]
    finally:
        paid.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
