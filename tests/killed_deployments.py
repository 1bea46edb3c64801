"""`python -m tests.killed_deployments [which]`: deployments that are killed, with SIGKILL, at each transaction.

A process carries out a plan and ends without a word, before its transaction of a number is sent or right behind it.
Another process gets the same command. Its manifest has to be the undisturbed one, byte for byte. Prints
{"killed": N, "same": N, "wrong": [...]}. `which` is how many places lie between two that are tried; 1 tries all.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from ethwire.rpc import Rpc
from keifu.abi import Receipt
from keifu.chain import Anvil, ChainClient, RpcDeployer
from keifu.chain.deployments import Record, open_record
from keifu.chain.header import genesis_of
from keifu.chain.plan import Plan
from keifu.deploy import running
from keifu.deploy.document import Document
from keifu.deploy.planning import make_plan
from keifu.keys import Account
from tests.ape_chain import GENESIS

__all__ = ["main", "trials"]

NEVER = 10**6
CALM = 400  # blocks


class Mortal(RpcDeployer):
    """Kills its own process at one transaction: before it is sent, or right behind it."""

    def __init__(self, client: ChainClient, account: Account, factory: str, kill_at: int, *, sent: bool) -> None:
        super().__init__(client, account, factory)
        self.left, self.sent = kill_at, sent

    def send(self, to: str | None, data: bytes) -> Receipt:
        self.left -= 1
        if self.left >= 0:
            return super().send(to, data)
        if self.sent:
            super().send(to, data)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def trials(step: int) -> Iterator[tuple[str, bool]]:
    """Place and whether the manifest is right, for each trial."""
    with tempfile.TemporaryDirectory() as place, Anvil(timestamp=GENESIS) as anvil:
        anvil.mine(CALM)  # the base fee is at its least: going back does not change it, and so no transaction
        account = anvil.account("deployer")
        client = ChainClient(Rpc(anvil.url))
        plan = make_plan(client, account.address, Record(client.chain_id, genesis_of(client.rpc)), Plan.read())
        nothing, deployed, listed = (Path(place) / name for name in ("nothing", "deploy", "list"))
        yield from _phase(anvil, plan, account, nothing, deployed, step)
        anvil.warp(plan.params.timelock_delay)
        yield from _phase(anvil, plan, account, deployed, listed, step)


Trials = Iterator[tuple[str, bool]]


def _phase(anvil: Anvil, plan: Document, account: Account, before: Path, after: Path, step: int) -> Trials:
    """All that happens in one run of the command, from the state in which the chain is now."""
    beginning = anvil.snapshot()
    first = _nonce(anvil, account)
    _run(anvil.url, plan, account, after, before, NEVER, sent=False)
    right, count = _manifest(after, plan), _nonce(anvil, account) - first
    for kill_at in range(0, count, step):
        for sent in (False, True):
            anvil.restore(beginning)
            beginning = anvil.snapshot()
            folder = after.with_name(f"{after.name} {kill_at} {sent}")
            _run(anvil.url, plan, account, folder, before, kill_at, sent=sent)
            _run(anvil.url, plan, account, folder, folder, NEVER, sent=sent)
            yield f"{after.name} {kill_at}{' sent' if sent else ''}", _manifest(folder, plan) == right


def _run(url: str, plan: Document, account: Account, folder: Path, begun: Path, kill_at: int, *, sent: bool) -> None:
    """The command in a process of its own, which goes on from what is written in `begun`."""
    if (child := os.fork()) == 0:
        try:
            client = ChainClient(Rpc(url))
            record = open_record(plan.chain.chain_id, plan.chain.genesis, begun)
            chain = Mortal(client, account, record.factory, kill_at, sent=sent)
            running.commit = lambda: ""  # which a commit in the meantime would change
            running.carry_out(chain, record, plan, save=lambda changed: changed.save(folder))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.waitpid(child, 0)


def _manifest(folder: Path, plan: Document) -> bytes:
    path = folder / f"{plan.chain.chain_id}.json"
    return path.read_bytes() if path.exists() else b""


def _nonce(anvil: Anvil, account: Account) -> int:
    return int(anvil.rpc.call("eth_getTransactionCount", account.address, "latest"), 16)


def main() -> int:
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    found = list(trials(step))
    wrong = [place for place, same in found if not same]
    print(json.dumps({"killed": len(found), "same": len(found) - len(wrong), "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
