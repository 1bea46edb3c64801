"""Run as a program: a node that answers a dispute is killed at its first line, at its second, and so on to its last.

    python -m tests.integration.compute.disputes.killed_at_each_line FOLDER answer|close [EVERY]

`answer`: it shows what is asked for. `close`: its challenger says nothing more, and it fetches the bond. With EVERY
only each so many lines. Prints a JSON list: for each killed process where it died, and what is wrong after the restart.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import keifu
from ethwire.rpc import Rpc
from keifu.chain import ChainClient
from keifu.chain.deployments import open_record
from keifu.chain.header import genesis_of
from keifu.chain.sender import Sender
from keifu.chain.suite import DISPUTES
from keifu.compute.client.disputing import reading_of
from keifu.compute.market.refusals import send_with_coins
from keifu.compute.promises import Cover, disputes_domain, needed_for, shown
from keifu.compute.receipt import Evidence, Receipt
from keifu.inference.disputes import NO_PERMIT, Place, Stage, receipt_fields
from keifu.inference.disputes.reading import Outcome, Reading
from keifu.inference.programs import root_of_folder
from keifu.inference.tokens.building import build
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.keeping import load
from keifu.inference.tokens.replaying import Replayed, published_of
from keifu.keys import Account
from keifu.local.suite import warp
from keifu.node.chain import NodeChain
from keifu.node.compute.defending import Defence
from keifu.node.compute.disputed import Disputed
from keifu.node.compute.traces import Traces
from keifu.payments.channel import Channel
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance
from keifu.spec import inference_trees as trees
from keifu.staking import actions
from keifu.units import COIN, DAY
from tests.conformance.inference.gguf_file import speaking
from tests.integration.compute.market.conftest import Promised
from tests.integration.compute.market.killed_at_each_line import Silent, killed, trace_lines

PROGRAM = "tests.integration.compute.disputes.killed_at_each_line"
ROOM = Path(keifu.__file__).parent / "node" / "compute"
FILES = {str(ROOM / name) for name in ("disputed.py", "defending.py", "once.py", "traces.py")}
PROMPT, REPLY = [3, 1, 4], [1, 5]
RESTITUTION, GROUPS, PAUSE_SECONDS = 20 * COIN, 4, 0.01


class World:
    """A chain on which a model is promoted, and replies of it are disputed that are right."""

    def __init__(self, folder: Path) -> None:
        self.paid = Promised(folder)
        build(speaking(folder / "tiny.gguf"), folder / "integers")
        self.executor = Executor(load(folder / "integers").program)
        self.published = published_of(self.executor.program)
        self.trace = Replayed(self.executor, self.published, PROMPT, REPLY)
        author = self.paid.anvil.account("author")
        root = root_of_folder(folder / "integers")
        self.record = Record(author.address, Kind.WEIGHTS, digest_path(folder / "integers").root, program_root=root)
        suite = self.paid.suite
        provenance = Provenance(self.paid.client, suite["ProvenanceRegistry"], suite["Environments"])
        self.environment = provenance.declare("chat", [], author)
        provenance.promote(self.environment, provenance.register(self.record, author), author)
        self.disputes = suite.at(self.paid.client, DISPUTES)

    def dispute(self, role: str) -> None:
        """Of an operator of this role, about an answer that it never gave wrongly."""
        paid, disputes = self.paid, self.disputes
        account, needed = paid.anvil.account(role), needed_for(RESTITUTION)
        paid.token.transfer(account, needed + COIN, sender=paid.deployer.account)
        paid.token.transfer(paid.payer, disputes.bond(), sender=paid.deployer.account)
        actions.register(paid.by(account), paid.suite, 0, "")
        actions.lock(paid.by(account), paid.suite, disputes.address, account.address, needed)
        disputes.set_cap(account.address, needed, sender=account)
        own, payer = account.address, paid.payer.address
        channel = Channel(payer, payer, own, own, paid.token.address, DAY, (1).to_bytes(32))
        channel_id, now = paid.vouchers.channel_id(channel), paid.client.now
        cover = Cover(channel_id, RESTITUTION, 0, now + DAY, now + DAY)
        signature = cover.sign(disputes_domain(paid.client.chain_id, disputes.address), account)
        disputes.cover(channel.values, cover.args, own, signature, sender=paid.payer)
        warp(paid.client, 2)
        fields = receipt_fields(self.trace, PROMPT, REPLY)
        receipt = Receipt(
            channel_id, 1, self.environment, 1, self.record.digest, bytes(32), bytes(32),
            fields["input_root"], fields["output_root"], fields["trace_root"], len(PROMPT), len(REPLY), 1, 1,
            Evidence.PROVED, paid.client.now,
        )  # fmt: skip
        signed = paid.receipts.sign(account, [receipt])[0]
        root, *_ = roots = self.trace.position_roots
        place = Place(0, GROUPS, root, trees.path(roots, 0))
        args = shown(signed), self.record.args, self.published.descriptor(GROUPS - 1, 2), *place, NO_PERMIT
        send_with_coins(paid.by(paid.payer), paid.suite, disputes.bond(), DISPUTES, "open", *args)


class Node:
    """What answers disputes of a node, over the files of one folder, which has its role's name."""

    def __init__(self, url: str, deployments: Path, folder: Path) -> None:
        self.rpc, account = Rpc(url), Account.from_role(folder.name)
        client, genesis = ChainClient(self.rpc), genesis_of(self.rpc)
        self.chain = NodeChain(client, open_record(client.chain_id, genesis, deployments), genesis)
        self.database = sqlite3.connect(folder / "node.sqlite", isolation_level=None, check_same_thread=False)
        self.sender = Sender(folder / "sender.sqlite", self.rpc, account)
        self.traces = Traces(folder / "traces.sqlite")
        self.reading = reading_of(client, self.chain.suite, 0)
        self.defence = Defence(self.traces, lambda: iter([Executor(load(folder.parent / "integers").program)]))
        alerts: Any = Silent()
        self.disputed = Disputed(
            self.chain, self.reading, account.address.lower(), self.sender, self.database, alerts, self.traces,
            self.defence, DAY,
        )  # fmt: skip

    def run(self) -> None:
        """Until it is the challenger's turn, or all is over."""
        while True:
            newest = self.chain.newest()
            self.disputed.step(int(newest.number, 16), int(newest.timestamp, 16))
            if not self.sender.step().open and self.is_done():
                return
            time.sleep(PAUSE_SECONDS)  # another thread computes

    def is_done(self) -> bool:
        (opened,) = self.reading.opened(operator=self.sender.account.address)
        standing = self.reading.standing(opened)
        if standing is None:
            return bool(self.disputed.facts().get("won"))
        return standing.turn.stage == Stage.NAMING and self.chain.client.now <= standing.turn.deadline

    def close(self) -> None:
        self.defence.close()
        self.traces.close()
        self.sender.close()
        self.database.close()
        self.rpc.close()


def victim(url: str, deployments: str, folder: str, kill_at: str) -> None:
    """What is killed."""
    trace_lines(kill_at, FILES)
    run(url, Path(deployments), Path(folder))


def run(url: str, deployments: Path, folder: Path) -> None:
    node = Node(url, deployments, folder)
    node.run()
    node.close()


def trial(world: World, mode: str, kill_at: str) -> tuple[list[str], str]:
    """Lines that began, and what is wrong after the restart."""
    paid, folder = world.paid, world.paid.folder / f"{mode} {kill_at or 'whole'}"
    folder.mkdir()
    traces = Traces(folder / "traces.sqlite")
    traces.keep(world.trace.root(), PROMPT, REPLY)
    traces.close()
    world.dispute(folder.name)
    where = paid.anvil.url, paid.folder / "deployments", folder
    reading = reading_of(paid.client, paid.suite, 0)
    operator = Account.from_role(folder.name).address
    (opened,) = reading.opened(operator=operator)
    if mode == "close":
        run(*where)
        standing = reading.standing(opened)
        assert standing is not None
        warp(paid.client, standing.turn.deadline + 1 - paid.client.now)
    said = killed(paid, folder, kill_at, PROGRAM)
    run(*where)
    return said, wrong(world, reading, operator, mode)


def wrong(world: World, reading: Reading, operator: str, mode: str) -> str:
    """What is wrong when all is over."""
    (opened,) = reading.opened(operator=operator)
    standing, outcome = reading.standing(opened), reading.outcome(opened)
    if mode == "answer":
        is_asked = standing is not None and standing.turn.stage == Stage.NAMING
        return "" if is_asked else f"not answered: {standing}"
    if standing is not None or outcome != Outcome(False):
        return f"not closed: {outcome}"
    held = world.paid.token.balanceOf(operator)
    return "" if held == COIN + world.disputes.bond() else f"it has {held}"


def main(*args: str) -> None:
    if args[0] == "victim":
        victim(*args[1:])
        return
    folder, mode, *more = args
    world, every = World(Path(folder)), int(more[0]) if more else 1
    try:
        said, fault = trial(world, mode, "")
        found = [("nowhere", fault)]
        found += [(line, trial(world, mode, line)[1]) for line in said[::every]]
    finally:
        world.paid.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
