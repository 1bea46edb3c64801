"""What one mutant goes through: compiled, compared with what is known, then searched by every system that tests it.

All of it follows from contract, mutant and seed, so a verdict can be looked at again alone and must come out the same.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from ethwire.errors import EthwireError
from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.recompile import Code
from evmstorm.fuzz.search import Corpus, Search
from evmstorm.mutation.known import Known, Rival, Sequence
from evmstorm.mutation.languages import language_of
from evmstorm.mutation.mutants import Mutant

__all__ = ["CORPUS_CALLS", "Trial", "Verdict", "code_id", "in_vain", "looks_of"]

CORPUS_CALLS = 40_000  # a system: spent on the right code; every sequence of that search is tried on each mutant
CALLS = 4_000  # a system: of a search of its own, for each mutant that differs there and is not noticed
FRONT = 32  # known sequences of each system that are tried before the rest of any
DIFFERING = 60  # sequences of a system that differ and that models look at before the rest is left to the search
CODE_BYTES = 24_576  # EIP-170


class Verdict(NamedTuple):
    """`fate` is "broken" (does not compile), "same" (code that is known), "killed" or "alive"; `by` says what noticed,
    or of those alive where they differ; `code_id` names the code; `killer` is the system and the known sequence that
    did. `code` is that of a mutant that differs, by the sequences in `differing`, and is to be searched."""

    fate: str
    by: str = ""
    code_id: str = ""
    killer: tuple[str, bytes] | None = None
    code: Code | None = None
    differing: dict[str, list[bytes]] = {}  # noqa: RUF012 - never changed


def in_vain(looks: dict[str, str]) -> str:
    """`by` of a mutant that nobody noticed: each system, and what it saw."""
    return ", ".join(f"{system}: {seen}" for system, seen in sorted(looks.items()))


def looks_of(by: str) -> dict[str, str]:
    """The same, taken apart again."""
    return dict(part.split(": ", 1) for part in by.split(", ") if ": " in part)


def code_id(creation_code: bytes) -> str:
    """SHA-256 of creation code without the compiler's trailer, which holds a hash of the sources, and sizes.

    Creation code holds the run-time code, and the constructor, whose mutants show nowhere else.
    """
    trailer = int.from_bytes(creation_code[-2:], "big")
    kept = creation_code[:-trailer] if 0 < trailer < len(creation_code) else creation_code
    return hashlib.sha256(kept).hexdigest()


class Trial:
    """Everything that the mutants of one contract need, made once; each of them is tried in a fork.

    `systems` are those that test the contract and what they know, in the order in which they are tried.
    """

    def __init__(self, contract: str, seed: int, *, apart: bool = True) -> None:
        self.contract = contract
        self.seed = seed
        self.language = language_of(contract, apart=apart)
        self.texts = self.language.texts
        self.original = artifacts.load(contract)
        self.systems: dict[str, Known] = {}
        self.met = {code_id(self.language.code.creation)}  # code that was met
        self.spared: dict[str, dict[str, str]] = {}  # mutant -> systems that looked at it before in vain, and what at
        self._kills: dict[str, int] = {}

    def know(self, system: str, sequences: list[Sequence]) -> None:
        """Add a system. It is set up once here, so that what it loads is there in every fork."""
        self.systems[system] = Known(system, sequences)

    def learn(self, verdict: Verdict) -> None:
        """What killed before is tried first: it changes how long the next one takes, not what becomes of it."""
        if verdict.code_id:
            self.met.add(verdict.code_id)
        if verdict.killer is None:
            return
        system, data = verdict.killer
        self._kills[system] = self._kills.get(system, 0) + 1
        self.systems[system].put_first(data, DIFFERING)
        self.systems = dict(sorted(self.systems.items(), key=lambda item: -self._kills.get(item[0], 0)))

    def replay(self, mutant: Mutant) -> Verdict:
        """Compile one mutant, and run what is known to go deep against it."""
        try:
            code = self.language.compiled(mutant)
        except Exception as error:  # The compiler fails in many ways on what makes no sense
            return Verdict("broken", f"{type(error).__name__}: {error}")
        name = code_id(code.creation)
        if name in self.met:
            return Verdict("same", "", name)
        if len(code.runtime) > CODE_BYTES:
            return Verdict("killed", "too large to deploy", name)
        rivals: dict[str, Rival] = {}
        spared = self.spared.get(mutant.name, {})
        for part in (slice(FRONT), slice(FRONT, None)):
            for system, known in self.systems.items():
                if system in spared:
                    continue
                rival = rivals.get(system) or self._rival(known, code)
                if isinstance(rival, str):
                    return Verdict("killed", f"{system}: {rival}", name)
                rivals[system] = rival
                for sequence in known.sequences[part]:
                    if len(rival.differing) < DIFFERING and (by := rival.notices(sequence)):
                        return Verdict("killed", f"{system}: {by}", name, (system, sequence.data))
        by = in_vain(spared | {system: rival.explanation() for system, rival in rivals.items()})
        differing = {system: rival.differing for system, rival in rivals.items() if rival.differing}
        return Verdict("alive", by, name, None, code if differing else None, differing)

    def search(self, verdict: Verdict) -> Verdict:
        """Look for sequences that notice the difference, around those that show it, in a mutant `replay` left alive."""
        code, name = verdict.code, verdict.code_id
        if code is None:
            return verdict
        for system, corpus in verdict.differing.items():
            rival = self._rival(self.systems[system], code)
            if isinstance(rival, str):
                return Verdict("killed", f"{system}: {rival}", name)
            engine = rival.engine
            search = Search(engine, self.seed, corpus=Corpus(items=sorted(corpus)))
            spent = engine.calls + engine.waits
            while engine.calls + engine.waits < spent + CALLS:
                try:
                    finding = search.step()
                except Exception as error:  # Whatever a model stumbles over is a difference
                    return Verdict("killed", f"{system}: {type(error).__name__}: {error}", name)
                if finding is not None:
                    return Verdict("killed", f"{system}: {finding.id}", name)
        return Verdict("alive", verdict.by, name)

    def _rival(self, known: Known, code: Code) -> Rival | str:
        """The system over the mutant, or what it stumbled over while it was set up."""
        try:
            return Rival(known, self.original, self._artifact(code))
        except (EthwireError, AssertionError, ArithmeticError, LookupError) as error:
            return f"setup: {error}"

    def _artifact(self, code: Code) -> Artifact:
        """The original's, with other code: no mutant changes ABI or layout, but for an event that nobody logs now."""
        return msgspec.structs.replace(self.original, creation_code=code.creation, runtime_code=code.runtime)
