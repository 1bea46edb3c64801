"""How time passes in a sequence: seconds, and blocks where the code under test reads their number."""

from __future__ import annotations

from ethwire.abi import Contract
from ethwire.errors import ArtifactError
from evmstorm.fuzz import _dictionary
from evmstorm.fuzz.system import System

__all__ = ["PLAIN", "PLAIN_SECONDS", "Waits"]

BLOCK_SECONDS = 12
PLAIN, PLAIN_SECONDS = 7, 5_000_000  # the mode in which `value` is the seconds, below this


class Waits:
    """Turns the fields of a step into a wait of one system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._skips = _dictionary.spans(system.dictionary) if self._jumps() else None

    def _jumps(self) -> bool:
        if self._system.jumps_blocks is not None:
            return self._system.jumps_blocks
        return any(map(self._reads_block, self._system.bound()))

    def _reads_block(self, contract: Contract) -> bool:
        evm = self._system.evm
        try:
            positions = evm.load(contract.interface.name).source_map.get("pc_pos_map", {})
        except ArtifactError:  # bare byte code: what looks like an instruction may be data
            return _dictionary.reads_block(evm.code(contract))
        return _dictionary.reads_block(evm.code(contract), lambda position: str(position) in positions)

    def drawn(self, mode: int, pick: int, value: int) -> tuple[int, int]:
        """(seconds, blocks): up to a second before, at or after something changes, a constant of the code, or a
        little."""
        seconds, system = value % 100 + 1, self._system
        match mode % 8:
            case 2 | 3 | 4:
                if ahead := [time for time in system.deadlines() if time >= system.now]:
                    seconds = ahead[pick % len(ahead)] + value % 3 - 1 - system.now
            case 5 | 6:
                if system.durations:
                    seconds = system.durations[pick % len(system.durations)] + value % 3 - 1
            case 7:
                seconds = value % PLAIN_SECONDS
        return seconds, 1 if self._skips is None else self._height(mode >> 3, pick, value, seconds)

    def _height(self, mode: int, pick: int, value: int, seconds: int) -> int:
        """How many blocks a wait takes: one, those of its time, a constant of the code, or up to where something
        changes, one early and late included."""
        blocks = 1
        match mode % 4:
            case 1:
                blocks = seconds // BLOCK_SECONDS
            case 2 if self._skips:
                blocks = self._skips[pick % len(self._skips)] + value % 3 - 1
            case 3:
                number = self._system.block
                if ahead := [height for height in self._system.heights() if height >= number]:
                    blocks = ahead[pick % len(ahead)] + value % 3 - 1 - number
        return max(1, blocks)
