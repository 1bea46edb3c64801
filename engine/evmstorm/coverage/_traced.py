"""The in-process EVM that remembers which instructions ran."""

from __future__ import annotations

from collections.abc import Callable

from evmstorm.coverage._evm import Hits, TracedMachine
from evmstorm.evm import LocalEvm, artifacts

__all__ = ["TracedEvm"]


class TracedEvm(LocalEvm):
    """A LocalEvm over py-evm. Calls of view functions by Python code leave no notes."""

    def __init__(self, load: Callable[[str], artifacts.Artifact] = artifacts.load) -> None:
        self.traced = TracedMachine()
        super().__init__(load, lambda: self.traced)

    @property
    def hits(self) -> dict[bytes, Hits]:
        """What ran since the start, by the bytes of the code."""
        return self.traced.hits
