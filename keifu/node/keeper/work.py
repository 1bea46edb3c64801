"""Rounds of the keeper's node: what is due, whose turn it is, whether it pays; then one transaction for each job.

Keepers know nothing of one another. Each waits its own number of blocks after it sees a job, which follows from the job
and its address, and before it sends it looks at what waits in the endpoint's pool. So the second of two finds the job
done, or under way, and pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ethwire.rpc import quantity
from keifu.chain.sender import Intent, State, Step
from keifu.errors import EnvironmentFault, Revert, UsageError
from keifu.keys import Account, keccak256
from keifu.node.chain import NodeChain
from keifu.node.keeper.jobs import RANDOMNESS, Job, Jobs
from keifu.node.settings import KeeperSettings, NodeSettings
from keifu.node.work import Body, Check, Work

__all__ = ["Keeper"]

TURNS = 8  # blocks over which keepers spread
GAS_OF_A_JOB = 300_000
SOON_SECONDS = 0.25  # while a transaction is awaited
_TABLE = "CREATE TABLE IF NOT EXISTS keeper_jobs (id TEXT PRIMARY KEY, earns TEXT NOT NULL, state TEXT NOT NULL)"
OPEN = "open"


class Keeper(Work):
    """One account that pays gas and gets tips."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        settings: KeeperSettings = body.settings
        self._settings, self._me = settings.keeper, body.account.address.lower()
        require_randomness(body.chain)
        self._jobs = Jobs(body.chain, self._settings, body.database)
        self._sender = body.sender(RANDOMNESS)
        body.database.execute(_TABLE)
        self._head = -1
        self._since: dict[str, int] = {}  # job: newest block when it was first seen
        self._facts: dict[str, Any] = {}
        self._waits = ""  # why the last job that was looked at was not done
        self._ended = body.metrics.counter("jobs", "Jobs that were taken up, by how they ended.", "outcome")
        self._passed = body.metrics.counter("jobs_passed", "Times that a job was left, by reason.", "reason")

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, KeeperSettings)
        require_randomness(chain)
        balance, needed = chain.client.balance(account), GAS_OF_A_JOB * chain.rpc.quantity("eth_gasPrice")
        words = f"{account.address} has {balance} wei, a job may take {needed}"
        yield Check("gas", balance >= needed, words, "" if balance >= needed else f"pay {account.address}")
        randomness, own = chain.suite.at(chain.client, RANDOMNESS), settings.keeper
        tip = randomness.tip()
        earns = tip or own.for_seed or own.for_step or own.for_epoch
        remedy = "" if earns else "say what the work is worth to you: keeper.for_seed, for_step, for_epoch"
        yield Check(
            "tips", bool(earns), f"{tip} wei for a seed, {chain.client.balance(randomness)} wei are there", remedy
        )

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self.step()

    def step(self) -> float:
        head = self.body.chain.rpc.block_number()
        self.body.metrics.head.set(head)
        if head != self._head:
            due = list(self._jobs.due(head))
            self._since = {job.id: self._since.get(job.id, head) for job in due}
            for job in due:
                self._consider(job, head)
            self._head = head
        step = self._go_on()
        return SOON_SECONDS if step.open or not step.is_idle else float(self._settings.poll)

    def drain(self) -> bool:
        return self._go_on().is_at_rest

    def close(self) -> None:
        self._sender.close()

    def _go_on(self) -> Step:
        step = self._sender.step()
        for id_ in self._open():
            state = self._submitted(id_)
            if state is not None and state.state in (State.MINED, State.DONE, State.FAILED, State.REFUSED):
                outcome = {State.FAILED: "paid for nothing", State.REFUSED: "somebody else was first"}
                self._move(id_, outcome.get(state.state, "done"))
        counts = dict(self.body.database.execute("SELECT state, count(*) FROM keeper_jobs GROUP BY state"))
        self._facts = {"jobs": counts, "waits": self._waits}
        return step

    # jobs ----------------------------------------------------------------------------------------------------------

    def _consider(self, job: Job, head: int) -> None:
        if self._known(job.id):
            return
        if head < self._since[job.id] + turn_of(job.id, self._me):
            return  # another keeper's turn
        if why := self._why_not(job):
            self._waits = f"{job.id}: {why}"
            self._passed.labels(why).inc()
            return
        self.body.database.execute("INSERT INTO keeper_jobs VALUES (?, ?, ?)", (job.id, str(job.earns), OPEN))
        self._submit(job)
        self.body.log.info("taken up", job=job.id, earns=job.earns)

    def _why_not(self, job: Job) -> str:
        """Why a job is left; "" when it is to be done."""
        rpc = self.body.chain.rpc
        call = {"from": self._me, "to": job.to, "data": "0x" + job.data.hex()}
        try:
            rpc.call("eth_call", call, "pending")
            gas = quantity(rpc.agreed("eth_estimateGas", call), "eth_estimateGas", rpc.url)
        except Revert:
            return "done, or under way"
        price = rpc.quantity("eth_gasPrice")
        return "" if job.earns >= gas * price * self._settings.margin else "does not pay"

    def _submit(self, job: Job) -> None:
        self._sender.submit(Intent(job.id, job.to, job.data))

    def _submitted(self, id_: str) -> Intent | None:
        try:
            return self._sender.get(id_)
        except UsageError:
            # The process ended between the two files: the job is found again, if it is still there.
            self.body.database.execute("DELETE FROM keeper_jobs WHERE id = ?", (id_,))
            return None

    def _known(self, id_: str) -> bool:
        return bool(self.body.database.execute("SELECT 1 FROM keeper_jobs WHERE id = ?", (id_,)).fetchone())

    def _open(self) -> list[str]:
        return [row[0] for row in self.body.database.execute("SELECT id FROM keeper_jobs WHERE state = ?", (OPEN,))]

    def _move(self, id_: str, state: str) -> None:
        self.body.database.execute("UPDATE keeper_jobs SET state = ? WHERE id = ?", (state, id_))
        self._ended.labels(state).inc()
        self.body.log.info("ended", job=id_, outcome=state)

    # what is told --------------------------------------------------------------------------------------------------

    def trouble(self) -> str:
        return self._sender.trouble

    def facts(self) -> dict[str, Any]:
        return self._facts


def require_randomness(chain: NodeChain) -> None:
    """Raises EnvironmentFault."""
    if RANDOMNESS not in chain.suite.addresses:
        raise EnvironmentFault(
            f"no {RANDOMNESS} is recorded for chain {chain.id}: its seeds come from elsewhere",
            remedy="a keeper is for chains whose suite has one",
        )


def turn_of(job: str, keeper: str) -> int:
    """How many blocks a keeper waits before it does a job: different ones for different keepers, most often."""
    return int.from_bytes(keccak256(f"{job} {keeper.lower()}".encode()), "big") % TURNS
