"""The in-process EVM that remembers which instructions ran."""

from __future__ import annotations

from collections.abc import Callable

from evmstorm.coverage._evm import Hits, TracedMachine
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.hardforks import CANCUN, Hardfork

__all__ = ["TracedEvm"]


class TracedEvm(LocalEvm):
    """A LocalEvm over py-evm. Calls of view functions by Python code leave no notes."""

    def __init__(self, load: Callable[[str], artifacts.Artifact] = artifacts.load, *, fork: Hardfork = CANCUN) -> None:
        self.traced = TracedMachine(fork)
        super().__init__(load, lambda fork: self.traced, fork=fork)

    @property
    def hits(self) -> dict[bytes, Hits]:
        """What ran since the start, by the bytes of the code."""
        return self.traced.hits
