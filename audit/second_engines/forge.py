"""Foundry's invariant runner over the same byte code: `python -m audit.second_engines.forge --seconds 60`.

Calls are counted as forge counts them: every call of the handler, which is one call of a contract or one wait.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click
import msgspec

from audit.second_engines._solidity_project import FORGE, SOLC, write_solidity_project
from ethwire.commands import exit_status
from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Artifact
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.errors import EnvironmentFault

__all__ = ["SEEDED_BUGS", "SUITES", "ForgeResult", "run", "seconds_of"]

SUITES = ("VestingInvariants", "HubInvariants")
NO_END = 100_000_000  # runs: time ends them
GRACE_SECONDS = 240.0  # for the compiler and for shrinking

# Bugs that each suite must find, so that its silence means something.
SEEDED_BUGS = {
    "VestingInvariants": Bug(
        "starts a second late",
        "vesting/lib/grants.vy",
        "if _at < start or _terms == 0:",
        "if _at <= start or _terms == 0:",
        ("VestingEscrow",),
    ),
    "HubInvariants": Bug(
        "leaves a share behind",
        "staking/StakingHub.vy",
        "pool.shares -= _shares\n",
        "pool.shares -= unsafe_sub(_shares, 1)\n",
    ),
}
_UNITS = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class ForgeResult:
    """What one suite did: `calls` succeeded or were refused, `seconds` without compiling, `failures` in words.

    `cpu_seconds` is all that forge used, its start included.
    """

    suite: str
    seed: int
    calls: int
    seconds: float
    cpu_seconds: float
    failures: tuple[str, ...]

    @property
    def calls_per_second(self) -> float:
        return self.calls / self.seconds if self.seconds else 0.0


def run(
    suite: str,
    *,
    seconds: float,
    seed: int,
    check_every: int = 1,
    label: str = "suites",
    load: Callable[[str], Artifact] = artifacts.load,
) -> ForgeResult:
    """Run `suite` for so long; `check_every` calls the oracles are asked (0: only at a sequence's end).

    Raises EnvironmentFault when forge is not there or says nothing that can be read.
    """
    if not FORGE.exists():
        raise EnvironmentFault("forge is not there", remedy="make setup")
    settings = {
        "FOUNDRY_INVARIANT_RUNS": str(NO_END),
        "FOUNDRY_INVARIANT_TIMEOUT": str(max(1, round(seconds))),
        "FOUNDRY_INVARIANT_CHECK_INTERVAL": str(check_every),
    }
    command = [str(FORGE), "test", "--offline", "--use", str(SOLC), "--json", "--fuzz-seed", str(seed)]
    before = _children_cpu()
    done = subprocess.run(
        [*command, "--match-contract", f"^{suite}$"],
        cwd=write_solidity_project(label, load),
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_SECONDS,
        check=False,
    )
    try:
        found = msgspec.json.decode(done.stdout[done.stdout.index("{") :])
        (results,) = found.values()
        tests = results["test_results"]
    except (ValueError, KeyError, msgspec.DecodeError) as error:
        raise EnvironmentFault(f"forge: {(done.stderr or done.stdout)[-600:]}", remedy="see its output") from error
    return ForgeResult(
        suite=suite,
        seed=seed,
        calls=sum(int(test["kind"].get("Invariant", {}).get("calls", 0)) for test in tests.values()),
        seconds=seconds_of(results["duration"]),
        cpu_seconds=_children_cpu() - before,
        failures=tuple(
            f"{name}: {test['reason']}" for name, test in tests.items() if test["status"] == "Failure"
        ),
    )  # fmt: skip


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of(text: str) -> float:
    """ "4s 12ms 307µs" as a number."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|µs|ns|h|m|s)", text))


@click.command()
@click.option("--seconds", type=float, default=60.0, show_default=True, help="For each suite.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--suite", "suites", multiple=True, type=click.Choice(SUITES), help="[default: all]")
def main(seconds: float, seed: int, suites: tuple[str, ...]) -> int:
    """Each suite on the artefacts, and on a seeded bug that it must find."""
    status = 0
    for suite in suites or SUITES:
        wrong = run(
            suite, seconds=min(seconds, 30.0), seed=seed, label="seeded_bug", load=compile_with(SEEDED_BUGS[suite])
        )
        click.echo(f"{suite}: seeded bug: {wrong.failures[0] if wrong.failures else 'NOT FOUND'}")
        right = run(suite, seconds=seconds, seed=seed)
        rate = f"{right.calls:,} calls in {right.seconds:.1f} s ({right.calls_per_second:,.0f}/s), seed {seed}"
        click.echo(f"{suite}: {rate}: {right.failures[0] if right.failures else 'nothing found'}")
        if right.failures or not wrong.failures:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(exit_status(main, program="forge"))
