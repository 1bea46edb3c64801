"""Which machine runs what nobody chose one for: ours in C, or revm where there is no C compiler, or in doubt."""

from __future__ import annotations

import os
from collections.abc import Callable

from ethwire.errors import UsageError
from evmstorm.evm.hardforks import Hardfork
from evmstorm.evm.machine import Machine
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine

__all__ = ["MACHINES", "VARIABLE", "choose", "chosen"]

MACHINES: dict[str, Callable[[Hardfork], Machine]] = {"native": NativeMachine, "revm": PyrevmMachine}
VARIABLE = "EVMSTORM_MACHINE"


def chosen() -> Callable[[Hardfork], Machine]:
    """The machine that the environment names; processes started from here use the same."""
    name = os.environ.get(VARIABLE, "native")
    if name not in MACHINES:
        raise UsageError(f"no machine {name}", remedy=f"{VARIABLE} is one of {', '.join(MACHINES)}")
    return MACHINES[name]


def choose(name: str) -> None:
    """Take machine `name` from now on, here and in every process started from here."""
    os.environ[VARIABLE] = name
    chosen()
