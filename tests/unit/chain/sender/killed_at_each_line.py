"""Run as a program: a process that sends is killed at its first line, at its second, and so on to its last one.

    python -m tests.unit.chain.sender.killed_at_each_line URL FOLDER mined|dropped first|last|all [EVERY]

`mined`: what was sent is in a block. `dropped`: the node forgets all of it. A line that runs more than once is killed
at its first time, its last, or each time; with EVERY only at each so many of these. Prints a JSON list: for each killed
process where it died, and what is wrong after the restart ("" when nothing is).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ethwire.constants import ETHER
from keifu.chain import Rpc
from keifu.chain import sender as room
from keifu.chain.sender import Intent, Sender, State
from keifu.keys import Account
from tests.killed_process import run, trials

ROUNDS = 50
FOLDER = Path(room.__file__).parent
FILES = {str(path) for path in (*FOLDER.glob("*.py"), *FOLDER.parent.glob("_*.py"))}


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


def said_by(rpc: Rpc, database: Path, account: Account, mode: str, kill_at: int | None) -> list[str]:
    """What a process said until it was killed, or came to its end."""

    def sending(report: int) -> None:
        with Rpc(rpc.url) as own:
            victim(own, database, account, intents(account), mode, report)

    return run(sending, FILES, kill_at)


def trial(rpc: Rpc, folder: Path, mode: str, kill_at: int | None) -> tuple[list[str], str]:
    """What the process said, and what is wrong afterwards."""
    account, database = Account.from_role(f"{mode} {kill_at}"), folder / f"{mode}-{kill_at}.db"
    rpc.call("anvil_setBalance", account.address, hex(ETHER))
    rpc.call("evm_setAutomine", mode == "mined")
    said = said_by(rpc, database, account, mode, kill_at)
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


def main(url: str, folder: str, mode: str, which: str, every: str = "1") -> None:
    with Rpc(url) as rpc:
        print(json.dumps(trials(lambda kill_at: trial(rpc, Path(folder), mode, kill_at), which, int(every))))


if __name__ == "__main__":
    main(*sys.argv[1:])
