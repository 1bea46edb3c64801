"""The official state tests of the Ethereum project on the native machine: `python -m evmstorm.conformance.state_tests`.

Every file below a folder is read (the format of `GeneralStateTests` and of `state_tests` in the releases of the
execution specification's tests); a subtest passes when state root and hash of the logs are as they must be.
"""

from __future__ import annotations

import multiprocessing as mp
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from ethwire.commands import exit_status
from ethwire.errors import InputError
from evmstorm.conformance import fixtures
from evmstorm.conformance.trie import logs_hash, state_root
from evmstorm.evm.hardforks import HARDFORKS
from evmstorm.evm.native_machine import NativeMachine

__all__ = ["passes", "run_file", "score"]

SHOWN = 20  # names of failed subtests


def outcome(item: fixtures.SubTest) -> tuple[bytes, bytes]:
    """(state root, hash of the logs) that the machine comes to."""
    machine = NativeMachine(item.fork, chain_id=fixtures.chain_id(item), history=False)
    env = item.test["env"]
    accounts = {address.lower(): fixtures.account(fields) for address, fields in item.test["pre"].items()}
    for address, account in accounts.items():
        machine.set_account(address, account)
    random = fixtures.number(env.get("currentRandom", env["currentDifficulty"])).to_bytes(32, "big")
    machine.set_block(fixtures.number(env["currentNumber"]), fixtures.number(env["currentTimestamp"]), random)
    fee = fixtures.number(env.get("currentBaseFee", "0x0"))
    limit = fixtures.number(env["currentGasLimit"])
    machine.set_fees(env["currentCoinbase"].lower(), limit, fee, fixtures.blob_base_fee(item))
    try:
        sender = fixtures.sender(item)
        logs = machine.logs if machine.transact(fixtures.transaction(item, accounts.get(sender))) else []
    except fixtures.InvalidTransaction:
        logs = []
    return state_root(machine.state()), logs_hash(logs)


def passes(item: fixtures.SubTest) -> bool:
    root, logs = outcome(item)
    return ("0x" + root.hex(), "0x" + logs.hex()) == (item.post["hash"], item.post["logs"])


def run_file(path: Path) -> list[tuple[str, str, bool]]:
    """(fork, name, whether it passes) of every subtest."""
    return [(item.fork.name, item.name, passes(item)) for item in fixtures.read(path)]


def score(folder: Path, processes: int = 2) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """({fork: (passed, of)}, names of the failed). Raises InputError for a folder without state tests."""
    files = sorted(folder.rglob("*.json"))
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    failed = []
    for results in _each(files, processes):
        for fork, name, good in results:
            total[fork] += 1
            passed[fork] += good
            if not good:
                failed.append(name)
    if not total:
        raise InputError(f"no state tests for a known fork in {folder}", remedy="a folder of GeneralStateTests")
    return {item.name: (passed[item.name], total[item.name]) for item in HARDFORKS if total[item.name]}, sorted(failed)


def _each(files: list[Path], processes: int) -> Iterator[list[tuple[str, str, bool]]]:
    if processes == 1:
        yield from map(run_file, files)
        return
    with mp.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(run_file, files, chunksize=8)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--processes", type=int, default=2, show_default=True)
@click.option("--least", type=float, default=0.999, show_default=True, help="Exit 1 when fewer of a fork pass.")
def main(folder: Path, processes: int, least: float) -> int:
    """Run the official state tests of every file in FOLDER."""
    scores, failed = score(folder, processes)
    for name in failed[:SHOWN]:
        click.echo(f"failed: {name}")
    if len(failed) > SHOWN:
        click.echo(f"and {len(failed) - SHOWN:,} more")
    for fork, (passed, total) in scores.items():
        click.echo(f"{fork}: {passed:,} of {total:,} subtests pass ({passed / total:.2%})")
    return 1 if any(passed < least * total for passed, total in scores.values()) else 0


if __name__ == "__main__":
    sys.exit(exit_status(main, program="evmstorm.conformance.state_tests"))
