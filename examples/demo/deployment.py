"""Chapter: a suite from a plan that people review. A kill in the middle changes nothing, a role that nobody agreed to
is found, and in the end the deployer has nothing to say."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from examples.demo.story import Story
from keifu.chain import Anvil, ChainClient, RpcDeployer
from keifu.chain.deployments import Holders, Record, open_record
from keifu.chain.header import genesis_of
from keifu.chain.plan import Plan
from keifu.chain.roles import NAMES
from keifu.chain.suite import HUB, TIMELOCK
from keifu.chain.timelock import Batch, advance_batch
from keifu.chain.verify import verify_suite
from keifu.deploy.document import Document, ether
from keifu.deploy.handover import handover_batch, leftovers
from keifu.deploy.planning import make_plan
from keifu.deploy.status import read_status
from keifu.keys import Account

__all__ = ["TITLE", "tell"]

TITLE = "Deployment: a plan, a kill, a stranger's role, and a hand-over"
ROLE = "deployer"
SHOWN = ("timelock_delay", "unbonding", "daily_blocks", "demand_bond")


@dataclass
class _Scene:
    """A chain of its own: nothing of the other chapters is on it."""

    story: Story
    anvil: Anvil
    client: ChainClient
    account: Account
    keeper: Account
    folder: Path
    plan: Document

    @property
    def record(self) -> Record:
        return open_record(self.plan.chain.chain_id, self.plan.chain.genesis, self.folder)

    @property
    def chain(self) -> RpcDeployer:
        return RpcDeployer(self.client, self.account, self.record.factory)

    @property
    def sent(self) -> int:
        return self.client.rpc.quantity("eth_getTransactionCount", self.account.address, "latest")

    def run(self) -> subprocess.Popen[str]:
        """`keifu deploy all`, in a process of its own."""
        where = ["--rpc", self.anvil.url, "--deployments", str(self.folder)]
        command = [sys.executable, "-m", "keifu", "deploy", "all", str(self.path), "--role", ROLE, *where]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words

    @property
    def path(self) -> Path:
        return self.folder.with_name("plan.json")

    def finish(self) -> bool:
        with self.run() as process:
            process.communicate()
        return process.returncode == 0

    def decide(self, batch: Batch) -> None:
        """Queue it, let the timelock's delay pass, and execute it."""
        advance_batch(self.chain, batch)
        self.anvil.warp(self.plan.params.timelock_delay)
        advance_batch(self.chain, batch)

    def wrong(self) -> list[str]:
        return [check.what for check in verify_suite(self.client, self.record) if not check.holds]


def tell(story: Story) -> None:
    """Plan, kill, resume, list, find a difference, hand over."""
    with Anvil() as anvil:
        scene = _plan(story, anvil)
        _kill(scene)
        _list(scene)
        _stranger(scene)
        _hand_over(scene)


def _plan(story: Story, anvil: Anvil) -> _Scene:
    folder = story.out / "deployment" / "deployments"
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    account, keeper, client = anvil.account(ROLE), anvil.account("keeper"), anvil.client()
    record = Record(client.chain_id, genesis_of(client.rpc))
    plan = make_plan(client, account.address, record, Plan.read(label="demo", treasury=keeper.address))
    scene = _Scene(story, anvil, client, account, keeper, folder, plan)
    page = plan.write(scene.path)
    story.say(f"{page}: {len(plan.due)} contracts, {plan.gas:,} gas, {ether(plan.cost)}; rehearsed on an empty chain")
    rows = [(row.name, row.value, row.bounds) for row in plan.table if row.name in SHOWN]
    story.table("For ever, or until the timelock decides", ("parameter", "value", "bounds"), rows)
    story.say(f"  reviewers sign off {plan.digest}")
    return scene


def _kill(scene: _Scene) -> None:
    story = scene.story
    with scene.run() as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(HUB):
                process.send_signal(signal.SIGKILL)
                break
    there = len(scene.record.contracts)
    story.say(f"`keifu deploy all` is killed with {there} of {len(scene.plan.steps)} contracts recorded")
    went_on = scene.finish()
    right = {step.contract: step.address for step in scene.plan.steps} == dict(scene.record.contracts)
    once = scene.sent == len(scene.plan.steps) + len(scene.plan.services)
    story.check("the same command goes on, and nothing is made twice", went_on and right and once)


def _list(scene: _Scene) -> None:
    scene.anvil.warp(scene.plan.params.timelock_delay)
    listed = scene.finish() and set(read_status(scene.client, scene.record).services.values()) == {"listed"}
    scene.story.check(f"after the timelock's delay it lists {len(scene.plan.services)} services", listed)
    scene.story.check("every byte, role, parameter and term is as recorded", not scene.wrong())


def _stranger(scene: _Scene) -> None:
    """Someone with the deployer's key lets a stranger propose."""
    timelock = scene.client.at(scene.record.contracts[TIMELOCK], TIMELOCK)
    role = next(role for role, name in NAMES.items() if name == "proposer")
    payload = timelock.interface.function("grantRole", 2).encode((role, scene.anvil.account("stranger").address))
    scene.decide(Batch(timelock.address, ((timelock.address, payload, "give proposer"),)))
    wrong = scene.wrong()
    scene.story.say(f"a stranger was made a proposer; `keifu deploy verify` says: {', '.join(wrong)}")
    scene.story.check("that role is found, and nothing else", wrong == ["Timelock.proposer"])


def _hand_over(scene: _Scene) -> None:
    story, record = scene.story, scene.record
    to = Holders((scene.keeper.address,), (scene.keeper.address,))
    batch = handover_batch(scene.client, record, to)
    story.table("One batch hands the timelock over", ("call",), [(words,) for _, _, words in batch.calls])
    scene.decide(batch)
    record.holders = to
    record.save(scene.folder)
    left = [check.what for check in leftovers(scene.client, record, scene.account.address) if not check.holds]
    story.check("the deployer has nothing left, in any contract", not left)
    story.check("the stranger's role is gone, too: all is as recorded", not scene.wrong())
