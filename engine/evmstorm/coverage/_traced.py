"""The in-process EVM that remembers which instructions ran."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.bytecode import JUMPI
from evmstorm.evm.hardforks import CANCUN, Hardfork
from evmstorm.evm.native_machine import NativeMachine

__all__ = ["Hits", "TracedEvm"]


@dataclass
class Hits:
    """What ran of one piece of code: `pcs` counts instructions, `taken` and `passed` count what each JUMPI did."""

    pcs: dict[int, int] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    passed: dict[int, int] = field(default_factory=dict)


class _TracedMachine(NativeMachine):
    """Where a jump lands says less than whether it was taken: an empty `if` jumps to itself."""

    def __init__(self, fork: Hardfork) -> None:
        super().__init__(fork)
        self.trace(counts=True)

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        self.trace(counts=not is_static)
        try:
            return super().call(sender, to, data, value, is_static)
        finally:
            self.trace(counts=True)

    @property
    def hits(self) -> dict[bytes, Hits]:
        found = {}
        for code, ran, jumped in self.traced():
            pcs = {pc: count for pc, count in enumerate(ran) if count}
            if pcs:
                jumps = [pc for pc in pcs if code[pc] == JUMPI]
                taken = {pc: jumped[pc] for pc in jumps if jumped[pc]}
                passed = {pc: ran[pc] - jumped[pc] for pc in jumps if ran[pc] > jumped[pc]}
                found[code] = Hits(pcs, taken, passed)
        return found


class TracedEvm(LocalEvm):
    """A LocalEvm that counts. Calls of view functions by Python code leave no notes. Instructions in a row are paid for
    together: when the gas is not enough for all of them, none of them counts."""

    def __init__(self, load: Callable[[str], artifacts.Artifact] = artifacts.load, *, fork: Hardfork = CANCUN) -> None:
        self._machine: _TracedMachine
        super().__init__(load, self._make, fork=fork)

    def _make(self, fork: Hardfork) -> NativeMachine:
        self._machine = _TracedMachine(fork)
        return self._machine

    @property
    def hits(self) -> dict[bytes, Hits]:
        """What ran since the start, by the bytes of the code (creation code with its arguments, run-time code)."""
        return self._machine.hits
