"""The commands of the guide, typed as it prints them: a provider that lies is convicted, and its client paid."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keifu.keys import Account
from keifu.units import COIN
from tests.guides.printed import Step, steps
from tests.integration.compute.conftest import PaidNode, until
from tests.integration.node.conftest import Node
from tests.integration.reexecution.conftest import MEMBERS, OPERATOR, Panels, Run
from tests.integration.reexecution.floats import FloatServer

PAGE = "docs/guides/re-execution.md"
_ASSIGNED = re.compile(r"^(\w+)=\$\(")


class Shell:
    """A reader's: what it assigns stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = dict(os.environ) | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def follow(self, step: Step) -> None:
        assigned = _ASSIGNED.match(step.command)
        command = f'{step.command}\nprintf %s "${assigned[1]}"' if assigned else step.command
        done = subprocess.run(
            ["bash", "-ec", command], cwd=self.folder, env=self.names, check=False, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, (step.place, done.stdout)
        if assigned:
            self.names[assigned[1]] = done.stdout
        else:
            assert step.matches(done.stdout), (step.place, done.stdout)


@pytest.fixture
def shell(paid: Panels, provider: PaidNode, words: FloatServer, run: Run, tmp_path: Path) -> Shell:
    (tmp_path / "weights").symlink_to(paid.weights)
    found = Shell(tmp_path)
    channel = run("payer", "channel", "open", "--to", provider.account, "--amount", COIN)["channel"]
    found.names |= {
        "url": provider.url, "operator": Account.from_role(OPERATOR).address, "digest": paid.digest.hex(),
        "model": words.url, "channel": channel,
    }  # fmt: skip
    return found


def test_the_guide_as_it_is_printed(
    paid: Panels, provider: PaidNode, words: FloatServer, run: Run, shell: Shell, member: Callable[[str], Node]
) -> None:
    def evidence() -> str:
        asked = ["--endpoint", "embeddings", "--text", "hi", "--provider", provider.url, "--most", 1_000]
        found: str = run("payer", "infer", "words", "--operator", shell.names["operator"], *asked)["evidence"]
        return found

    for step in steps(PAGE):
        paid.client.forget_nonces()
        if "infer words" in step.command:
            until(lambda: evidence() == "re-executed")  # the chain may be seconds ahead of the node's clock
            words.lie = 0.5
        if "reexecute open" in step.command:
            paid.pass_to(run("", "reexecute", "kept")[-1]["time"])
        if "reexecute accuse" in step.command:
            _found_out(paid, member)
        shell.follow(step)
        if "reexecute open" in step.command:
            paid.to_the_seed(1)


def _found_out(paid: Panels, member: Callable[[str], Node]) -> None:
    """Members seal and show what they compute."""

    def seats() -> list[tuple[bool, int]]:
        demand = paid.reading.demand(1)
        promise = paid.reading.promise(demand.promise)
        return [(any(seat.seal), seat.word) for seat in paid.reading.seats(demand, promise)]

    nodes = [member(name).run() for name in MEMBERS]
    until(lambda: all(sealed for sealed, _ in seats()))
    paid.pass_to(paid.reading.demand(1).commit_until + 1)
    until(lambda: [word for _, word in seats()] == [2, 2, 2])
    for node in nodes:
        assert node.end() == 0
    paid.pass_to(paid.reading.demand(1).reveal_until + 1)
