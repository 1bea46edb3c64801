"""A deployment from a plan: how long it takes, what a kill leaves, and what `keifu deploy verify` finds.

The last two run the programs that tests have for it, in processes of their own, and read what they print.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._lab import Lab
from benchmarks._rows import Row, seconds
from benchmarks.suite import require_everything
from keifu.chain import Anvil, RpcDeployer
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.plan import Plan
from keifu.deploy.document import Document
from keifu.deploy.planning import make_plan
from keifu.deploy.running import Outcome, carry_out
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.tge import Schedule
from keifu.tge.chain import distribution_of
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

ROOT = Path(__file__).parents[1]
TIME_OUT = 1_800  # seconds
SEEDED = 200  # differences at least


def _deploy_all(_: Lab) -> float:
    """From nothing to services that are listed, a token event included: the plan with its rehearsal, and the deployment
    with all its checks. The timelock's delay is not waited for."""
    with Anvil() as anvil, TemporaryDirectory() as folder:
        client, account = anvil.client(), anvil.account("suite deployer")
        record = Record(client.chain_id, genesis_of(client.rpc))
        chosen = Plan.read().paying(distribution_of(b"\1" * 32, COIN, Schedule(client.now + DAY)))
        plans: list[Document] = []
        outcomes: list[Outcome] = []

        def save(changed: Record) -> None:
            changed.save(Path(folder))

        def run() -> None:
            chain = RpcDeployer(client, account, record.factory)
            outcomes.append(carry_out(chain, record, plans[0], save=save))

        taken = seconds(lambda: plans.append(make_plan(client, account.address, record, chosen)))
        taken += seconds(run)
        anvil.warp(plans[0].params.timelock_delay)
        taken += seconds(run)
        _require_listed(plans[0], outcomes[-1])
        return taken


def _require_listed(plan: Document, outcome: Outcome) -> None:
    require_everything(outcome.deployment)
    if len(outcome.services) != len(plan.services) or not all(item.listed for item in outcome.services):
        raise CheckFailed("a service of the plan is not listed")


def _resumed(_: Lab) -> float:
    found = _printed("tests.killed_deployments", "1")
    return float(found["same"] / found["killed"])


def _killed(_: Lab) -> float:
    return float(_printed("tests.killed_deployments", "1")["killed"])


def _found(_: Lab) -> float:
    found = _printed("tests.seeded_differences", str(SEEDED))
    if found["missed"]:
        raise CheckFailed(f"not named: {', '.join(found['missed'])}")
    return int(found["found"])


@cache
def _printed(module: str, *arguments: str) -> dict[str, Any]:
    """What a program found."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_OUT, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise EnvironmentFault(f"{module}: {(done.stderr or done.stdout)[-300:]}") from error
    return found


ROWS = (
    Row(
        "time.deploy_all",
        _deploy_all,
        "plan with its rehearsal, deployment with all checks, services queued and listed; the delay is not waited for",
    ),
    Row(
        "count.resume",
        _resumed,
        "killed before and behind each transaction, then the same command: the undisturbed record, byte for byte",
        also=(("kills", _killed),),
        heavy=True,
    ),
    Row(
        "count.verify",
        _found,
        "bytes of code, roles, parameters and terms that were changed, each named for itself; none was missed",
        heavy=True,
    ),
)
