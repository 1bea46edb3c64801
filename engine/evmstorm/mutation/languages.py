"""The language that a contract is written in, as mutation needs it: its texts, their mutants, and the mutants' code."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from ethwire.errors import ArtifactError, UsageError
from evmstorm.evm import artifacts, foreign, solc
from evmstorm.evm.recompile import Code, NotOneFunction, Recompiler
from evmstorm.layout import layout
from evmstorm.mutation import mutants as vyper_mutants
from evmstorm.mutation import solidity_mutants
from evmstorm.mutation.mutants import Mutant

__all__ = ["Language", "language_of", "sources"]

NEEDED = ("optimizer", "evmVersion", "viaIR", "remappings")  # settings of a compiler's run that make the code
NODE = "node_modules"


class Language(Protocol):
    """One contract's sources. `texts` are by path below the root; `code` is what the mutants' code is compared with."""

    texts: dict[str, str]
    code: Code

    def mutants(self) -> list[Mutant]:
        """Every change, file by file."""

    def prepare(self, chosen: Sequence[Mutant], processes: int) -> None:
        """What is cheaper for many mutants at once; before any of them is compiled."""

    def compiled(self, mutant: Mutant) -> Code:
        """Byte code of one mutant, in a process of its own. Raises what the compiler raises."""


def language_of(contract: str, *, apart: bool = True) -> Language:
    """Raises UsageError for a contract without a source that can be compiled."""
    return Vyper(contract, apart=apart) if _is_vyper(contract) else Solidity(contract)


def sources(contract: str) -> dict[str, str]:
    """Texts of the contract's own file and of what it imports of the project; interfaces aside."""
    return _vyper_texts(contract) if _is_vyper(contract) else _solidity_texts(contract)


def _is_vyper(contract: str) -> bool:
    return contract.endswith(".vy") or contract in artifacts.project().paths()


def _vyper_texts(contract: str) -> dict[str, str]:
    root = artifacts.project().root
    return {
        name: (root / name).read_text()
        for name in sorted(artifacts.load(contract).sources)
        if name.startswith("contracts/") and name.endswith(".vy") and "/interfaces/" not in name
    }


class Vyper:
    """Compiled here, `apart` from the functions that a mutant leaves alone, or the ordinary way."""

    def __init__(self, contract: str, *, apart: bool) -> None:
        self.texts = _vyper_texts(contract)
        right = artifacts.load(contract)
        self.code = Code(right.creation_code, right.runtime_code)
        project = artifacts.project()
        self._path, self._root = project.paths()[contract], project.root
        self._recompiler: Recompiler | None = None
        if apart:
            with suppress(NotOneFunction):
                self._recompiler = Recompiler(self._path, self._root)

    def mutants(self) -> list[Mutant]:
        return [mutant for file, text in self.texts.items() for mutant in vyper_mutants.mutants(file, text)]

    def prepare(self, chosen: Sequence[Mutant], processes: int) -> None:
        """Each is compiled in its own process, which is quick enough."""

    def compiled(self, mutant: Mutant) -> Code:
        text = mutant.apply(self.texts[mutant.file])
        if self._recompiler is not None:
            with suppress(NotOneFunction):
                return self._recompiler.compile(mutant.file, text)
        made = artifacts.compile_contract(self._path, self._root, {mutant.file: text})
        return Code(made.creation_code, made.runtime_code)


def _metadata(contract: str) -> dict[str, Any]:
    """What the artefact says that the compiler was given."""
    said = foreign.metadata(artifacts.project().artifact_path(contract))
    if not said.get("sources") or len(said.get("settings", {}).get("compilationTarget", {})) != 1:
        raise UsageError(
            f"a mutant needs a source, and the artefact of {contract} names none",
            remedy="`evmstorm fuzz` searches it without",
        )
    return said


def _solidity_texts(contract: str) -> dict[str, str]:
    """Of the project's own folders, not of what it has from others."""
    root = artifacts.project().root
    own = tuple(f"{folder}/" for folder in layout(root).sources)
    return {
        name: (root / name).read_text()
        for name in sorted(_metadata(contract)["sources"])
        if name.startswith(own) and (root / name).is_file()
    }


class Solidity:
    """Compiled by the compiler that made the artefact, with what the artefact says that it was given. The hash of the
    sources is left out of the code: it would tell every mutant from every other."""

    def __init__(self, contract: str) -> None:
        self._metadata = _metadata(contract)
        self._root = artifacts.project().root
        self.texts = _solidity_texts(contract)
        ((self._file, self._name),) = self._metadata["settings"]["compilationTarget"].items()
        artifact = artifacts.load(contract)
        compiler = solc.found(artifact.compiler, self._root)
        if compiler is None:
            raise ArtifactError(
                f"a mutant of {contract} needs Solidity's compiler {artifact.compiler}",
                remedy="name one by --solc, or `npm install solc` in the project",
            )
        self._compiler = compiler
        self._contents = {name: self._content(contract, name, of) for name, of in self._metadata["sources"].items()}
        usual, bare = solc.compiled(compiler, [self._input({}, hashed=True, tree=True), self._input({})])
        if self._code(usual, contract).creation != artifact.creation_code:
            raise ArtifactError(
                f"{compiler} makes other code of {contract} than its artefact holds",
                remedy=f"name the compiler {artifact.compiler} by --solc",
            )
        self.code = self._code(bare, contract)
        self._trees = {name: usual["sources"][name]["ast"] for name in self.texts}
        self._made: dict[str, dict[str, Any]] = {}

    def _content(self, contract: str, name: str, said: dict[str, Any]) -> str:
        if isinstance(said.get("content"), str):
            return str(said["content"])
        for path in (self._root / name, self._root / NODE / name):
            if path.is_file():
                return path.read_text()
        raise ArtifactError(f"{name}, a source of {contract}, is not there", remedy="install what the project imports")

    def _input(self, changed: dict[str, str], *, hashed: bool = False, tree: bool = False) -> dict[str, Any]:
        given = self._metadata["settings"]
        libraries: dict[str, dict[str, str]] = {}
        for place, address in given.get("libraries", {}).items():
            file, _, name = place.rpartition(":")
            libraries.setdefault(file, {})[name] = address
        wanted = {self._file: {self._name: ["evm.bytecode.object", "evm.deployedBytecode.object"]}}
        return {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in (self._contents | changed).items()},
            "settings": {key: given[key] for key in NEEDED if key in given}
            | {
                "libraries": libraries,
                "metadata": given.get("metadata", {}) if hashed else {"bytecodeHash": "none"},
                "outputSelection": wanted | ({"*": {"": ["ast"]}} if tree else {}),
            },
        }

    def _code(self, said: dict[str, Any], what: str) -> Code:
        faults = [item["message"] for item in said.get("errors", ()) if item["severity"] == "error"]
        if faults:
            raise ArtifactError(f"{what} does not compile: {faults[0]}")
        made = said["contracts"][self._file][self._name]["evm"]
        return Code(*(bytes.fromhex(made[part]["object"]) for part in ("bytecode", "deployedBytecode")))

    def mutants(self) -> list[Mutant]:
        return [
            mutant
            for file, text in self.texts.items()
            for mutant in solidity_mutants.mutants(file, text, self._trees[file])
        ]

    def prepare(self, chosen: Sequence[Mutant], processes: int) -> None:
        """The compiler takes longer to start than to compile."""
        inputs = [self._input({mutant.file: mutant.apply(self.texts[mutant.file])}) for mutant in chosen]
        for mutant, said in zip(chosen, solc.compiled(self._compiler, inputs, processes), strict=True):
            self._made[mutant.name] = said

    def compiled(self, mutant: Mutant) -> Code:
        if mutant.name not in self._made:
            self.prepare([mutant], 1)
        return self._code(self._made[mutant.name], mutant.file)
