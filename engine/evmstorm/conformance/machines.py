"""The native machine against revm on random programs: `python -m evmstorm.conformance.machines`.

With `--sanitised` the library is compiled for the address and undefined-behaviour sanitizers of the C compiler, which
end the process, with a trace, where the C code does what it must not.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import Any

import click
import pyrevm

from ethwire.commands import exit_status
from ethwire.errors import CheckFailed, EnvironmentFault
from evmstorm.conformance.programs import OTHER, SELF, SENDER, program
from evmstorm.evm import native_build
from evmstorm.evm.machine import Machine
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine

__all__ = ["check", "differences", "init_code", "outcome"]

TIME, NUMBER = 1_800_000_000, 300
SANITIZERS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g")
MARK = "EVMSTORM_SANITISED"  # set in the process that has the sanitizers' run time loaded
SHOWN = 1_000  # programs between two words of progress


def init_code(code: bytes) -> bytes:
    """A constructor that returns `code`."""
    size = len(code).to_bytes(2, "big")
    return b"\x61" + size + b"\x60\x0c\x5f\x39\x61" + size + b"\x5f\xf3" + code


def outcome(machine: Machine, codes: list[bytes], data: bytes, value: int) -> Any:
    """What comes of a call of the first program, which may call the second: output, logs and gas, or revert data.

    A halt has no name here: where a run of instructions breaks two rules, the machines may name either.
    """
    machine.set_block(NUMBER, TIME, b"\7" * 32)
    machine.set_balance(SENDER, 10**24)
    for address, code in zip((SELF, OTHER), codes, strict=True):
        if isinstance(machine, PyrevmMachine):  # what it deploys stays warm, and new, for all transactions after
            machine.revm.insert_account_info(address, pyrevm.AccountInfo(nonce=1, code=code))
        elif machine.deploy(SENDER, init_code(code)) != address:
            raise CheckFailed(f"{code.hex()} is not where it belongs")
    returned = machine.call(SENDER, SELF, data, value)
    if returned is None:
        return machine.failure if isinstance(machine.failure, bytes) else "halted"
    return returned, machine.logs, machine.gas_used


def differences(native: NativeMachine, revm: Machine) -> list[Any]:
    """Accounts whose balance or code, and words, that are not the same. pyrevm pads code with zeros, and keeps what a
    contract had that was destroyed in the end."""
    found: list[Any] = []
    for address, account in native.state().items():
        gone = not (account.nonce or account.balance or account.code)
        if gone and revm.nonce(address):
            continue
        if account.balance != revm.balance(address) or account.code.rstrip(b"\0") != revm.code(address):
            found.append(address)
        found += [(address, slot) for slot, word in account.storage.items() if word != revm.slot(address, slot)()]
    return found


def check(chance: random.Random) -> None:
    """Run one pair of programs on both machines; raises CheckFailed, with the programs, where they differ."""
    codes = [program(chance), program(chance)]
    data, value = chance.randbytes(chance.choice([0, 4, 68])), chance.choice([0, 0, 7])
    native, revm = NativeMachine(), PyrevmMachine()
    ours, theirs = (outcome(machine, codes, data, value) for machine in (native, revm))
    if ours != theirs or differences(native, revm):
        where = f"{[code.hex() for code in codes]} called with 0x{data.hex()} and {value} wei"
        raise CheckFailed(f"the machines differ on {where}: {ours} here, {theirs} by revm")


def _sanitised() -> None:
    """Go on in a process that has the sanitizers' run time, which must come before all else."""
    compiler = os.environ.get("CC", "cc")
    loaded = []
    for name in ("libasan.so", "libubsan.so"):
        found = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
        if not os.path.isabs(found.stdout.strip()):
            raise EnvironmentFault(f"{compiler} has no {name}", remedy="sudo apt install build-essential")
        loaded.append(found.stdout.strip())
    settings = {"LD_PRELOAD": ":".join(loaded), "ASAN_OPTIONS": "detect_leaks=0", MARK: "1"}
    os.execve(
        sys.executable, [sys.executable, "-m", "evmstorm.conformance.machines", *sys.argv[1:]], os.environ | settings
    )


@click.command()
@click.option("--programs", type=int, default=100_000, show_default=True, help="Pairs of programs to run.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--sanitised", is_flag=True, help="Compile for the sanitizers; some three times as slow.")
def main(programs: int, seed: int, sanitised: bool) -> int:
    """Look for a program on which the native machine and revm differ."""
    if sanitised and MARK not in os.environ:
        _sanitised()
    if sanitised:
        native_build.FLAGS += SANITIZERS
    chance = random.Random(seed)  # noqa: S311 - must repeat
    for number in range(1, programs + 1):
        check(chance)
        if number % SHOWN == 0 and sys.stderr.isatty():
            print(f"\r{number:,} of {programs:,} pairs of programs", end="", file=sys.stderr)
    click.echo(f"seed {seed}: {programs:,} pairs of programs, output, logs, gas and state as by revm")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main, program="evmstorm.conformance.machines"))
