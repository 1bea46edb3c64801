"""What one mutant goes through: compiled, compared with what is known, then searched by every system that tests it.

All of it follows from contract, mutant and seed, so a verdict can be looked at again alone and must come out the same.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import NamedTuple

import msgspec

from ethwire.errors import EthwireError
from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.recompile import Code, NotOneFunction, Recompiler
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Corpus, Search
from evmstorm.mutation.mutants import Mutant
from evmstorm.mutation.seeded_bugs import loader
from evmstorm.project import load

__all__ = ["Trial", "Verdict", "code_id", "corpus_of", "sources"]

CORPUS_CALLS = 60_000  # a system: spent on the right code, to know sequences that go deep
CALLS = 40_000  # a system: of a search of its own, for each mutant that the known sequences do not kill
FRONT = 32  # known sequences of each system that are tried before the rest of any
CODE_BYTES = 24_576  # EIP-170


class Verdict(NamedTuple):
    """`fate` is "broken" (does not compile), "same" (code that is known), "killed" or "alive"; `by` says what noticed;
    `code_id` names the code; `killer` is the system and the known sequence that did; `code` of those alive."""

    fate: str
    by: str = ""
    code_id: str = ""
    killer: tuple[str, bytes] | None = None
    code: Code | None = None


def sources(contract: str) -> dict[str, str]:
    """Texts of the contract's own file and of its modules, by path below the root; interfaces aside."""
    root = artifacts.project().root
    names = artifacts.load(contract).sources
    return {
        name: (root / name).read_text()
        for name in sorted(names)
        if name.startswith("contracts/") and name.endswith(".vy") and "/interfaces/" not in name
    }


def code_id(creation_code: bytes) -> str:
    """SHA-256 of creation code without Vyper's trailer, which holds a hash of the sources (integrity) and sizes.

    Creation code holds the run-time code, and the constructor, whose mutants show nowhere else.
    """
    trailer = int.from_bytes(creation_code[-2:], "big")
    kept = creation_code[:-trailer] if 0 < trailer < len(creation_code) else creation_code
    return hashlib.sha256(kept).hexdigest()


def corpus_of(system: str, seed: int) -> list[bytes]:
    """Sequences that reached something new in the right code, the ones that reach most first."""
    engine = Engine(load(system))
    search = Search(engine, seed)
    search.explore(CORPUS_CALLS)
    kept: list[bytes] = []
    engine.seen = set()
    for data in reversed(search.corpus.items):
        engine.run(data)
        if engine.fresh:
            kept.append(data)
    return kept


class Trial:
    """Everything that the mutants of one contract need, made once; each of them is tried in a fork.

    `corpora` are the systems that test the contract and the sequences they know, in the order in which they are tried.
    """

    def __init__(self, contract: str, seed: int, *, apart: bool = True) -> None:
        self.contract = contract
        self.seed = seed
        self.texts = sources(contract)
        self.original = artifacts.load(contract)
        self.corpora: dict[str, list[bytes]] = {}
        self.known = {code_id(self.original.creation_code)}  # code that was met
        project = artifacts.project()
        self._path, self._root = project.paths()[contract], project.root
        self._recompiler = Recompiler(self._path, self._root) if apart else None
        self._kills: dict[str, int] = {}

    def know(self, system: str, corpus: list[bytes]) -> None:
        """Add a system. It is set up once here, so that what it loads is there in every fork."""
        self.corpora[system] = corpus
        Engine(load(system))

    def learn(self, verdict: Verdict) -> None:
        """What killed before is tried first: it changes how long the next one takes, not what becomes of it."""
        if verdict.code_id:
            self.known.add(verdict.code_id)
        if verdict.killer is None:
            return
        system, data = verdict.killer
        self._kills[system] = self._kills.get(system, 0) + 1
        known = self.corpora[system]
        known.remove(data)
        known.insert(0, data)
        self.corpora = dict(sorted(self.corpora.items(), key=lambda item: -self._kills.get(item[0], 0)))

    def compiled(self, mutant: Mutant) -> Code:
        """Byte code of one mutant. Raises what the compiler raises."""
        text = mutant.apply(self.texts[mutant.file])
        if self._recompiler is not None:
            with suppress(NotOneFunction):
                return self._recompiler.compile(mutant.file, text)
        made = artifacts.compile_contract(self._path, self._root, {mutant.file: text})
        return Code(made.creation_code, made.runtime_code)

    def replay(self, mutant: Mutant) -> Verdict:
        """Compile one mutant, and run what is known to go deep against it."""
        try:
            code = self.compiled(mutant)
        except Exception as error:  # The compiler fails in many ways on what makes no sense
            return Verdict("broken", f"{type(error).__name__}: {error}")
        name = code_id(code.creation)
        if name in self.known:
            return Verdict("same", "", name)
        if len(code.runtime) > CODE_BYTES:
            return Verdict("killed", "too large to deploy", name)
        engines: dict[str, Engine] = {}
        for part in (slice(FRONT), slice(FRONT, None)):
            for system, corpus in self.corpora.items():
                engine = engines.get(system) or self._engine(system, code)
                if isinstance(engine, str):
                    return Verdict("killed", f"{system}: {engine}", name)
                engines[system] = engine
                for data in corpus[part]:
                    if by := _noticed(engine, data):
                        return Verdict("killed", f"{system}: {by}", name, (system, data))
        return Verdict("alive", "", name, None, code)

    def search(self, verdict: Verdict) -> Verdict:
        """Look for new sequences that notice the difference, in a mutant that `replay` left alive."""
        code, name = verdict.code, verdict.code_id
        if code is None:
            return verdict
        for system, corpus in self.corpora.items():
            engine = self._engine(system, code)
            if isinstance(engine, str):
                return Verdict("killed", f"{system}: {engine}", name)
            search = Search(engine, self.seed, corpus=Corpus(items=sorted(corpus)))
            spent = engine.calls + engine.waits
            while engine.calls + engine.waits < spent + CALLS:
                try:
                    finding = search.step()
                except Exception as error:  # Whatever a model stumbles over is a difference
                    return Verdict("killed", f"{system}: {type(error).__name__}: {error}", name)
                if finding is not None:
                    return Verdict("killed", f"{system}: {finding.id}", name)
        return Verdict("alive", "", name)

    def _engine(self, system: str, code: Code) -> Engine | str:
        """The system over the mutant, or what it stumbled over while it was set up."""
        try:
            return Engine(load(system), loader({self.contract: self._artifact(code)}))
        except (EthwireError, AssertionError, ArithmeticError, LookupError) as error:
            return f"setup: {error}"

    def _artifact(self, code: Code) -> Artifact:
        """The original's, with other code: no mutant changes ABI or layout, but for an event that nobody logs now."""
        return msgspec.structs.replace(self.original, creation_code=code.creation, runtime_code=code.runtime)


def _noticed(engine: Engine, data: bytes) -> str:
    try:
        finding = engine.run(data)
    except Exception as error:  # Whatever a model stumbles over is a difference
        return f"{type(error).__name__}: {error}"
    return finding.id if finding else ""
