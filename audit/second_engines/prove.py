"""halmos over the same byte code: `python -m audit.second_engines.prove`.

It executes single calls symbolically, so that a property holds for every argument, sender and time, not only for
those that were tried. `check_…` must be proved. `wrong_…` says too much and must be refuted: a set-up that cannot
find a wrong bound proves nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from audit.second_engines._solidity_project import FORGE, HERE, SOLC, write_solidity_project
from audit.second_engines.tools import tool_environment
from ethwire.commands import exit_status
from keifu.errors import EnvironmentFault

__all__ = ["LOCK", "PROPERTY_NAME", "Proof", "prove"]

LOCK = HERE / "halmos.lock"
SOLVER_SECONDS = 300  # for one question; what takes longer counts as not proved
PROVED, REFUTED = 0, 1  # halmos' verdicts; everything else is a time-out or a fault of its own
PROPERTY_NAME = re.compile(r"^(?:check|wrong)_([A-Z]+)_(\d+)_(\w+)")


@dataclass(frozen=True)
class Proof:
    """One property: its invariant's id, its sentence, halmos' verdict, and whether that is the right one."""

    id: str
    sentence: str
    wrong: bool
    verdict: int
    seconds: float

    @property
    def good(self) -> bool:
        return self.verdict == (REFUTED if self.wrong else PROVED)

    @property
    def words(self) -> str:
        return {PROVED: "proved", REFUTED: "refuted"}.get(self.verdict, f"undecided ({self.verdict})")


def install() -> Path:
    """The halmos of the lock, which needs a z3 of its own. Raises EnvironmentFault when it does not install."""
    return tool_environment("halmos", LOCK) / "halmos"


def prove(contract: str = "", test: str = "^(check|wrong)_", *, solver_seconds: int = SOLVER_SECONDS) -> list[Proof]:
    """Run every property, or those of one contract or name. Raises EnvironmentFault when halmos does not finish."""
    folder = write_solidity_project()
    report = folder / "halmos.json"
    report.unlink(missing_ok=True)
    # Vyper hashes a map's slot before its key, so that the layout of Solidity does not fit.
    halmos = install()
    command = [str(halmos), "--match-test", test, "--storage-layout", "generic", "--json-output", str(report)]
    command += ["--forge-build-out", "out-halmos", "--solver-timeout-assertion", str(solver_seconds * 1_000)]
    command += ["--match-contract", contract] if contract else []
    path = f"{halmos.parent}:{FORGE.parent}:{os.environ['PATH']}"
    settings = {"FOUNDRY_PROFILE": "halmos", "FOUNDRY_SOLC": str(SOLC), "FOUNDRY_OFFLINE": "true", "PATH": path}
    done = subprocess.run(command, cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False)
    if not report.is_file():
        raise EnvironmentFault(f"halmos: {(done.stderr or done.stdout)[-600:]}", remedy="see its output")
    found = msgspec.json.decode(report.read_bytes())["test_results"]
    return [_proof(result) for results in found.values() for result in results]


def _proof(result: dict[str, object]) -> Proof:
    name = str(result["name"]).partition("(")[0]
    match = PROPERTY_NAME.match(name)
    if match is None:
        raise EnvironmentFault(f"{name} names no invariant")
    seconds = result["time"]
    assert isinstance(seconds, list)
    return Proof(
        id=f"{match[1]}-{match[2]}",
        sentence=match[3].replace("_", " "),
        wrong=name.startswith("wrong_"),
        verdict=int(str(result["exitcode"])),
        seconds=float(seconds[0]),
    )


@click.command()
@click.option("--contract", default="", help="One of the contracts of halmos/, else all.")
def main(contract: str) -> int:
    """Prove what must hold and refute what is wrong on purpose; exit 1 when one of them comes out otherwise."""
    proofs = prove(contract)
    for proof in sorted(proofs, key=lambda item: (item.id, item.sentence)):
        purpose = "wrong on purpose, " if proof.wrong else ""
        mark = "ok" if proof.good else "BAD"
        click.echo(f"{mark:>3}  {proof.id:<7} {proof.sentence}: {purpose}{proof.words} in {proof.seconds:.1f} s")
    return 0 if proofs and all(proof.good for proof in proofs) else 1


if __name__ == "__main__":
    sys.exit(exit_status(main, program="prove"))
