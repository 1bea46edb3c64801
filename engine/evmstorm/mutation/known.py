"""What a system knows of the right code, and how a mutant differs from it there.

Most of the time of a campaign goes into models. A model cannot notice a mutant in a sequence in which every transaction
comes out as it does in the right code, so that is looked at first. A search over the right code is written on tapes
(`evmstorm.evm.tape`), which play ten to twenty times as fast as models think. Models run only where a tape differs.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from evmstorm.evm import LocalEvm
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.machines import chosen
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.tape import TapedMachine
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Search
from evmstorm.fuzz.system import System
from evmstorm.mutation.seeded_bugs import loader
from evmstorm.project import load

__all__ = ["Known", "Rival", "Sequence", "explored"]


class Sequence(NamedTuple):
    """One sequence over the right code; `tape` is what was done, or None where a tape cannot hold it."""

    data: bytes
    tape: bytes | None


def _engine(system: type[System]) -> Engine:
    """Over the right code, taped where that can be: not on another machine, nor over another chain's state."""
    if system.chain is not None or chosen() is not NativeMachine:
        return Engine(system)
    return Engine(system, machine=partial(LocalEvm, machine=TapedMachine))


def explored(name: str, seed: int, calls: int) -> list[Sequence]:
    """Every sequence of a search over the right code; those that reached something new come first, the last first."""
    engine = _engine(load(name))
    machine = engine.evm.raw
    search = Search(engine, seed)
    fresh: list[Sequence] = []
    others: list[Sequence] = []

    def keep() -> None:
        tape = machine.end() if isinstance(machine, TapedMachine) else None
        (fresh if engine.fresh else others).append(Sequence(search.data, tape))
        begin()

    def begin() -> None:
        if isinstance(machine, TapedMachine):
            engine.rewind()
            machine.begin()

    begin()
    search.explore(calls, keep)
    return [*reversed(fresh), *others]


class Known:
    """One system, set up over the right code, and the sequences it knows, in the order in which they are tried."""

    def __init__(self, name: str, sequences: list[Sequence]) -> None:
        self.name = name
        self.sequences = sequences
        self.system = load(name)
        self.engine = _engine(self.system)
        machine = self.engine.evm.raw
        self.machine = machine if isinstance(machine, TapedMachine) else None
        if self.machine is not None:
            self.mark = self.machine.script[-1].outcome  # the script ends with the snapshot that sequences go back to
            self.machine.begin()
            self.machine.end()

    def put_first(self, data: bytes, within: int) -> None:
        """Try this sequence before the others, if it is one of the first `within`. Those stay the same ones in any
        order: models look at no more of those that differ, so no fate depends on what was killed before."""
        at = next(index for index, item in enumerate(self.sequences) if item.data == data)
        if at < within:
            self.sequences.insert(0, self.sequences.pop(at))


class Rival:
    """A mutant in one system. Raises what the set-up over it stumbles over.

    Where its set-up comes out as that of the right code, the right code's engine is given the mutant's code: it belongs
    to a fork that is used for one mutant. Arguments are drawn from the right code's constants, so that bytes stand for
    the same calls.
    """

    def __init__(self, known: Known, original: Artifact, mutant: Artifact) -> None:
        self._known = known
        self._player: NativeMachine | None = None
        self.differing: list[bytes] = []  # known sequences that did not come out as in the right code
        self.played = 0  # known sequences that were compared
        if known.machine is None or not self._set_up(known.machine, original, mutant):
            self.engine = Engine(known.system, loader({original.name: mutant}))
            self.engine.draw_as(known.engine)

    def _set_up(self, right: TapedMachine, original: Artifact, mutant: Artifact) -> bool:
        """Play the set-up; whether all of it came out the same."""
        player = NativeMachine(right.fork)
        met, same = right.script.play(player, original.creation_code, mutant.creation_code)
        if not met:
            return False  # it is deployed in some other way, which a script does not show
        if player.digest() == right.digest():
            self._player = player
        if same:
            self.engine = self._known.engine
            self.engine.rewind()
            for address, account in player.state().items():
                if account.code != right.code(address):
                    right.set_code(address, account.code)
            self.engine.rebase()
        return same

    def notices(self, sequence: Sequence) -> str:
        """What notices the mutant in a known sequence; empty when nothing does."""
        self.played += 1
        if self._player is not None and sequence.tape is not None:
            self._player.revert(self._known.mark)
            self._player.snapshot()
            if self._player.play(sequence.tape):
                return ""
        self.differing.append(sequence.data)
        try:
            finding = self.engine.run(sequence.data)
        except Exception as error:  # Whatever a model stumbles over is a difference
            return f"{type(error).__name__}: {error}"
        return finding.id if finding else ""

    def explanation(self) -> str:
        """How often the mutant differed, for a report."""
        if not self.differing:
            return f"as the right code in {self.played} sequences"
        return f"differs in {len(self.differing)} of {self.played} sequences"
