"""Run as a program: a process that sends is killed at its first line, at its second, and so on to its last one.

    python -m tests.unit.chain.sender.killed_at_each_line URL FOLDER mined|dropped first|last|all [EVERY]

`mined`: what was sent is in a block. `dropped`: the node forgets all of it. A line that runs more than once is killed
at its first time, its last, or each time; with EVERY only at each so many of these. Prints a JSON list: for each killed
process where it died, and what is wrong after the restart ("" when nothing is).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from ethwire.constants import ETHER
from keifu.chain import Rpc
from keifu.chain import sender as room
from keifu.chain.sender import Intent, Sender, State
from keifu.keys import Account

ROUNDS = 50
FOLDER = Path(room.__file__).parent
FILES = {str(path) for path in (*FOLDER.glob("*.py"), *FOLDER.parent.glob("_*.py"))}


def tracer(report: int, kill_at: int | None) -> Any:
    """A trace function that kills the process when so many lines of the sender's files have begun. None kills nothing
    and reports each line."""
    begun = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal begun
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            if kill_at is None or begun == kill_at:
                os.write(report, f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}\n".encode())
            if begun == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            begun += 1
        return trace

    return trace


def intents(account: Account) -> list[Intent]:
    to = Account.from_role(f"payee of {account.name}").address
    return [Intent("one", to, value=1), Intent("ten", to, value=10), Intent("hundred", to, value=100)]


def victim(rpc: Rpc, database: Path, account: Account, wanted: list[Intent], mode: str, report: int) -> None:
    """What is killed. It reports each id when it is accepted."""
    sender = Sender(database, rpc, account)
    for part in (wanted[:2], wanted[2:]):
        sender.submit_many(part)
        os.write(report, "".join(f"accepted {intent.id}\n" for intent in part).encode())
    if mode == "mined":
        sender.wait(*(intent.id for intent in wanted))
    else:
        sender.step()
        sender.step()
    sender.close()


def run(rpc: Rpc, database: Path, account: Account, mode: str, kill_at: int | None) -> list[str]:
    """What a process said until it was killed, or came to its end."""
    listen, report = os.pipe()
    if (child := os.fork()) == 0:
        try:
            with Rpc(rpc.url) as own:
                trace = tracer(report, kill_at)
                sys.settrace(trace)
                threading.settrace(trace)  # transactions are sent by a thread
                victim(own, database, account, intents(account), mode, report)
        finally:
            os._exit(0)
    os.close(report)
    with os.fdopen(listen) as file:
        said = file.read().splitlines()
    os.waitpid(child, 0)
    return said


def trial(rpc: Rpc, folder: Path, mode: str, kill_at: int | None) -> tuple[list[str], str]:
    """What the process said, and what is wrong afterwards."""
    account, database = Account.from_role(f"{mode} {kill_at}"), folder / f"{mode}-{kill_at}.db"
    rpc.call("anvil_setBalance", account.address, hex(ETHER))
    rpc.call("evm_setAutomine", mode == "mined")
    said = run(rpc, database, account, mode, kill_at)
    if mode == "dropped":
        rpc.call("anvil_dropAllTransactions")
        rpc.call("evm_setAutomine", True)
    accepted = [words.removeprefix("accepted ") for words in said if words.startswith("accepted ")]
    return said, wrong(rpc, database, account, intents(account), accepted)


def wrong(rpc: Rpc, database: Path, account: Account, wanted: list[Intent], accepted: list[str]) -> str:
    """What is wrong after a restart in which the caller submits again what it may not have been told of."""
    with Sender(database, rpc, account) as sender:
        for id_ in accepted:
            sender.get(id_)  # raises when it was lost
        sender.submit_many(wanted)
        for _ in range(ROUNDS):
            if sender.step().open == 0:
                break
            rpc.call("evm_mine")
        ended = [sender.get(intent.id) for intent in wanted]
    if any(intent.state is not State.DONE for intent in ended):
        return f"not done: {ended}"
    paid = int(rpc.call("eth_getBalance", wanted[0].to, "latest"), 16)
    nonce = int(rpc.call("eth_getTransactionCount", account.address, "latest"), 16)
    return "" if (paid, nonce) == (111, 3) else f"paid {paid} with {nonce} transactions"


def chosen(places: list[str], which: str) -> list[int]:
    """Numbers of the lines at which to kill."""
    if which == "all":
        return list(range(len(places)))
    numbers = {place: number for number, place in sorted(enumerate(places), reverse=which == "first")}
    return sorted(numbers.values())


def main(url: str, folder: str, mode: str, which: str, every: str = "1") -> None:
    with Rpc(url) as rpc:
        said, fault = trial(rpc, Path(folder), mode, None)
        found = [("nowhere", fault)]
        for line in chosen([words for words in said if ":" in words], which)[:: int(every)]:
            said, fault = trial(rpc, Path(folder), mode, line)
            found.append((said[-1], fault))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
