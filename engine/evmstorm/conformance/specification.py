"""The native machine against the Ethereum project's executable specification:
`python -m evmstorm.conformance.specification`.

The specification wants older libraries than the engine does, so it lives in an environment of its own, made under
.cache/ at the first use. It judges random programs on every fork, and official state tests on forks for which they were
not filled.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ethwire.commands import exit_status
from ethwire.constants import ETHER
from ethwire.errors import CheckFailed, EnvironmentFault
from ethwire.keys import Account, keccak256
from evmstorm.conformance import fixtures
from evmstorm.conformance.programs import OTHER, SELF, program
from evmstorm.conformance.state_tests import outcome
from evmstorm.evm.hardforks import CANCUN, HARDFORKS, Hardfork, hardfork

__all__ = ["Judge", "judge", "random_test"]

PACKAGE = "ethereum-execution==2.20.0"
ENVIRONMENT = Path(".cache") / "specification"
KEY = b"\x11" * 32
GAS = 2_000_000
SHOWN = 100  # subtests between two words of progress

Judge = Any  # a function: state test -> {"hash", "logs"}


def _python() -> Path:
    """The interpreter of the environment, which is made if it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "ready").is_file():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", PACKAGE], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise EnvironmentFault(f"{PACKAGE} cannot be installed: {done.stderr.strip()[-300:]}")
        (ENVIRONMENT / "ready").touch()
    return python


@contextmanager
def judge() -> Iterator[Judge]:
    """The specification, in a process of its own."""
    script = Path(__file__).with_name("_judge.py")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        [_python(), script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )

    def ask(test: dict[str, Any]) -> dict[str, str]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(test) + "\n")
        process.stdin.flush()
        if not (line := process.stdout.readline()):
            raise EnvironmentFault("the specification ended", remedy=f"remove {ENVIRONMENT} and try again")
        answer: dict[str, str] = json.loads(line)
        return answer

    try:
        yield ask
    finally:
        process.kill()
        process.wait()


def random_test(chance: random.Random, fork: Hardfork) -> dict[str, Any]:
    """A state test of one transaction to the first of two random programs; its post holds no hashes yet."""

    def account(balance: int, nonce: int, code: bytes = b"", storage: dict[str, str] | None = None) -> dict[str, Any]:
        return {"balance": hex(balance), "nonce": hex(nonce), "code": "0x" + code.hex(), "storage": storage or {}}

    sender = Account(KEY).address.lower()
    codes = [program(chance, fork.name) for _ in range(2)]
    if fork != CANCUN and chance.random() < 0.3:
        codes[1] = b"\xef\x01\x00" + bytes.fromhex(chance.choice([SELF, OTHER, "0x" + "0" * 39 + "4"])[2:])
    return {
        "env": {
            "currentCoinbase": "0x" + "c0" * 20,
            "currentGasLimit": hex(10**8),
            "currentNumber": "0x1",
            "currentTimestamp": "0x3e8",
            "currentRandom": "0x" + "07" * 32,
            "currentDifficulty": "0x0",
            "currentBaseFee": "0x7",
            "currentExcessBlobGas": "0x0",
            "previousHash": "0x" + keccak256(b"0").hex(),
        },
        "pre": {
            sender: account(10**24, 0),
            SELF: account(chance.choice([0, 5]), 1, codes[0], {"0x01": "0x05"}),
            OTHER: account(chance.choice([0, ETHER]), 1, codes[1]),
        },
        "transaction": {
            "nonce": "0x0",
            "gasPrice": hex(chance.choice([7, 10])),
            "gasLimit": [hex(chance.choice([GAS, GAS, 60_000]))],
            "to": SELF,
            "value": [hex(chance.choice([0, 0, 7]))],
            "data": ["0x" + chance.randbytes(chance.choice([0, 4, 68, 400])).hex()],
            "sender": sender,
            "secretKey": "0x" + KEY.hex(),
        },
        "post": {fork.title: [{"indexes": {"data": 0, "gas": 0, "value": 0}}]},
    }


def check(ask: Judge, name: str, test: dict[str, Any], fork: Hardfork) -> None:
    """Run one subtest on both; raises CheckFailed, with the test, where they differ."""
    answer = ask(test)
    post = {**test["post"][fork.title][0], **answer}
    root, logs = outcome(fixtures.SubTest(name, fork, test, post))
    if root.hex() != post["hash"][2:] or logs.hex() != post["logs"][2:]:
        raise CheckFailed(f"{name} on {fork.name}: not as the specification has it: {json.dumps(test)}")


def _official(folder: Path, fork: Hardfork) -> Iterator[tuple[str, dict[str, Any]]]:
    """The subtests of a folder that are filled for Cancun, for `fork`."""
    for path in sorted(folder.rglob("*.json")):
        for item in fixtures.read(path):
            if item.fork == CANCUN:
                test = {key: item.test[key] for key in ("env", "pre", "transaction")}
                yield item.name, {**test, "post": {fork.title: [{"indexes": item.post["indexes"]}]}}


@click.command()
@click.option("--programs", type=int, default=1_000, show_default=True, help="Pairs of random programs on each fork.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--fork", "names", multiple=True, default=[item.name for item in HARDFORKS], show_default=True)
@click.option(
    "--folder", type=click.Path(exists=True, path_type=Path), help="Official tests to judge anew instead of programs."
)
def main(programs: int, seed: int, names: tuple[str, ...], folder: Path | None) -> int:
    """Look for a transaction on which the native machine and the executable specification differ."""
    failed = 0
    with judge() as ask:
        for fork in map(hardfork, names):
            chance = random.Random(seed)  # noqa: S311 - must repeat
            drawn = ((f"program {n}", random_test(chance, fork)) for n in range(programs))
            total = wrong = 0
            for name, test in _official(folder, fork) if folder else drawn:
                total += 1
                try:
                    check(ask, name, test, fork)
                except CheckFailed as difference:
                    wrong += 1
                    click.echo(f"differs: {difference}")
                if total % SHOWN == 0 and sys.stderr.isatty():
                    print(f"\r{total:,} on {fork.name}", end="", file=sys.stderr)
            failed += wrong
            click.echo(f"{fork.name}: {total - wrong:,} of {total:,} as the specification has them, seed {seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(exit_status(main, program="evmstorm.conformance.specification"))
