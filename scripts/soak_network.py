"""`python -m scripts.soak_network --seconds 300`: a network whose processes are killed at random, while it has to work.

Every ten seconds somebody serves a false heartbeat; versions are promoted and rolled back, one case goes through the
court, and clients pay for answers without a pause, one by one and by orders. Meanwhile any process of the network may
be killed (SIGKILL): nodes, index, its API, the chain, the supervisor, which is then started again as a person would. At
the end everything is left in peace until it is settled, and counted: nothing sent twice, nothing lost, nothing paid
beyond what was signed, nobody honest slashed. The order of what happens comes from the seed.

The chain stands for a network of thousands, which does not forget a block. So it mines nothing more before it is
killed, and what it has mined is on the disk.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from ethwire.commands import exit_status
from keifu.chain import ChainClient, Rpc
from keifu.errors import CheckFailed, KeifuError
from keifu.network.control import begin, down, standing, wait_until_ready
from keifu.network.folder import Network, NetworkFolder
from keifu.network.kinds import CHAIN
from keifu.network.making import Wanted, make
from keifu.network.processes import running_since
from scripts.soak_load import Load
from scripts.soak_orders import Orderers
from scripts.soak_paid import Payers
from scripts.soak_verdict import verdict

__all__ = ["cli", "main"]

OPERATORS, WATCHERS, PROVIDERS = 3, 2, 2
LIE_SECONDS, PROMOTION_SECONDS = 10.0, 7.0
KILL_SECONDS = (0.5, 4.0)
SUPERVISOR = "supervisor"
PATIENCE_SECONDS = 600.0  # until all is settled afterwards
POLL_SECONDS = 0.05


class Soak:
    """One run."""

    def __init__(self, folder: NetworkFolder, network: Network, dice: random.Random, held: ExitStack) -> None:
        self.folder, self.network, self.dice = folder, network, dice
        self._supervisor = begin(folder)
        wait_until_ready(folder, network, self._supervisor, PATIENCE_SECONDS)
        self.rpc = held.enter_context(Rpc(network.rpc))
        self.client = ChainClient(self.rpc)
        self.load = held.enter_context(Load(folder, network, self.client, dice))
        paying = Payers(folder, network, self.client, self.load.promotions, dice.getrandbits(32))
        self.payers = held.enter_context(paying)
        self.orderers = held.enter_context(Orderers(network, self.client, dice.getrandbits(32)))
        self.kills: Counter[str] = Counter()

    # life ----------------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Work and be killed for so long."""
        began = time.monotonic()
        case_seconds = seconds / (len(self.load.case_steps) + 2)
        due = {self._lie: 0.0, self._promote: 0.0, self._step_of_case: case_seconds, self._kill: 0.0}
        while (now := time.monotonic() - began) < seconds:
            for act in [act for act, at in due.items() if at <= now]:
                due[act] = now + self._pause(act, case_seconds)
                act()
            time.sleep(POLL_SECONDS)
        while self.load.case_steps:
            self._step_of_case()
        self.payers.stop()
        self.orderers.stop()
        self._await_chain()
        self.payers.leave()

    def settle(self) -> None:
        """Wait until every part is well and nothing is under way."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._keep_supervised()
            left = [item.name for item in standing(self.folder, self.network) if not item.is_well]
            with suppress(KeifuError):
                left += self.load.unsettled() + self.payers.unsettled() + self.orderers.unsettled()
            if not left:
                return
            if time.monotonic() > until:
                raise CheckFailed(f"not settled after {PATIENCE_SECONDS:.0f} s: {', '.join(left)}")
            time.sleep(1)

    def _pause(self, act: Callable[[], None], case_seconds: float) -> float:
        if act == self._kill:
            return self.dice.uniform(*KILL_SECONDS)
        return {self._lie: LIE_SECONDS, self._promote: PROMOTION_SECONDS}.get(act, case_seconds)

    # load ----------------------------------------------------------------------------------------------------------

    def _lie(self) -> None:
        self._await_chain()
        self.load.lie()

    def _promote(self) -> None:
        self._await_chain()
        self.load.promote()

    def _step_of_case(self) -> None:
        if self.load.case_steps:
            self._await_chain()
            self.load.case_steps.pop(0)()

    def _await_chain(self) -> None:
        """Until it answers and nobody is about to end it: a supervisor that starts ends what the last one left, after
        saving it, and writes its note when all runs again. Time that is turned on in between would be lost."""
        while True:
            self._keep_supervised()
            with suppress(KeifuError):
                if self.folder.supervisor.exists():
                    self.rpc.block_number()
                    return
            time.sleep(POLL_SECONDS)

    # kills ---------------------------------------------------------------------------------------------------------

    def _kill(self) -> None:
        name = self.dice.choice([*(part.name for part in self.network.parts), SUPERVISOR])
        if name == CHAIN:
            self._await_chain()
            with suppress(KeifuError):
                self.rpc.call("evm_setIntervalMining", 0)
                self._await_saved()
                self._end(name)
        elif name == SUPERVISOR:
            if holder := self.folder.holder():
                os.kill(holder, signal.SIGKILL)
                self.folder.supervisor.unlink(missing_ok=True)
                self.kills[name] += 1
            self._keep_supervised()
        else:
            self._end(name)

    def _end(self, name: str) -> None:
        if (found := running_since(self.folder.part_lock(name))) is not None:
            with suppress(ProcessLookupError):
                os.kill(found[0], signal.SIGKILL)
                self.kills[name] += 1

    def _keep_supervised(self) -> None:
        if self.folder.holder() is None and self._supervisor.poll() is not None:
            self._supervisor = begin(self.folder)
            # One that holds the folder is found by whoever ends the network.
            while self.folder.holder() is None and self._supervisor.poll() is None:
                time.sleep(POLL_SECONDS)

    def _await_saved(self) -> None:
        """Until the newest block is on the disk."""
        newest = f'"number":"{hex(self.rpc.block_number())}"'
        while newest not in _beginning(self.folder.chain_state):
            self._keep_supervised()
            time.sleep(POLL_SECONDS)


def _beginning(path: Path) -> str:
    """Where a saved state names its newest block."""
    with path.open() as file:
        return file.read(400)


def main(seconds: float, seed: int, out: Path) -> None:
    """Raises CheckFailed when anything was lost, done twice or done to the wrong one."""
    click.echo(f"soak: {seconds:.0f} s, seed {seed}")
    folder = NetworkFolder(out)
    counts = {"operator": OPERATORS, "watcher": WATCHERS, "compute": PROVIDERS}
    wanted = Wanted(counts, with_grants=True)
    network = make(folder, wanted)
    try:
        with ExitStack() as held:
            soak = Soak(folder, network, random.Random(seed), held)  # noqa: S311 - a run repeats
            soak.run(seconds)
            soak.settle()
            click.echo("killed: " + ", ".join(f"{name} {count}" for name, count in sorted(soak.kills.items())))
            click.echo(f"load: {soak.load.summary()}, {soak.payers.summary()}, {soak.orderers.summary()}")
            found = [*verdict(folder, network, soak.client, soak.load), *soak.payers.verdict()]
            found += soak.orderers.verdict()
    finally:
        down(folder)
    for check in found:
        click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.check}: {check.detail}")
    if failed := [check.check for check in found if not check.ok]:
        raise CheckFailed(f"soak: {', '.join(failed)}; seed {seed}, logs in {folder.path / 'logs'}")


@click.command()
@click.option("--seconds", type=click.FloatRange(10), default=300, show_default=True, help="How long it is killed for.")
@click.option("--seed", type=int, help="Repeats what happens in which order.  [default: a new one]")
@click.option("--folder", type=click.Path(path_type=Path), help="A new folder of the network.  [default: in /tmp]")
def cli(seconds: float, seed: int | None, folder: Path | None) -> None:
    """Kill every process of a network at random for a while, and count afterwards."""
    out = folder or Path(tempfile.mkdtemp(prefix="keifu-soak-")) / "network"
    main(seconds, random.SystemRandom().randrange(1 << 32) if seed is None else seed, out)


if __name__ == "__main__":
    sys.exit(exit_status(cli, program="soak"))
