"""The one build step: compiles contracts with the pinned Vyper and keeps what came out.

Everything in Python that needs code, ABI, storage layout or source positions reads it here, so that the in-process
EVM, the search and whatever is packaged stand on the same bytes.
An artefact is kept under `.build/evmstorm/` and made anew when any source that went into it has changed, imported
modules and interfaces included.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ethwire.errors import ArtifactError
from evmstorm.evm import abi_names, foreign, hardhat
from evmstorm.evm.artifact import Artifact
from evmstorm.layout import CONTRACTS, layout
from evmstorm.project import root

__all__ = [
    "CONTRACTS",
    "EVM_VERSION",
    "Artifact",
    "Project",
    "compile_contract",
    "compiler_data",
    "constant",
    "evm_version",
    "load",
    "load_all",
    "names",
    "project",
    "source_path",
    "sources_sha256",
]

EVM_VERSION = "cancun"
BUILD = Path(".build") / "evmstorm"
MODULE_FOLDERS = frozenset({"lib", "interfaces"})  # imported, never deployed
LIBRARIES = ("lib/pypi", "lib/github")  # where Moccasin installs what contracts import
FORGE_BUILD = "forge build"
_PRAGMA = re.compile(r"^#\s*pragma\s+evm-version\s+(\S+)", re.MULTILINE)
_PLACE = re.compile(r'contract "([^"]+)"')  # file and line, in the compiler's words
_FORMAT = 6  # raise when Artifact changes, so that old files are not read


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _compiler_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return f"vyper {version('vyper')} {EVM_VERSION} snekmate {version('snekmate')} format {_FORMAT}"


def _relative(path: Path, root: Path) -> str:
    """Path below the root, or below the Python packages for an installed module: never a path of this machine."""
    path = path.resolve()
    parts = path.parts
    if "site-packages" in parts:  # first: a virtual environment lies below the root, and names its Python
        return "/".join(parts[parts.index("site-packages") :])
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    raise ArtifactError(f"{path.name} lies outside the project", remedy="import from contracts/ or from a package")


def compiler_data(path: Path, root: Path, overlay: Mapping[str, str] | None = None) -> Any:
    """The compiler's view of one file of the project at `root`, before it has done any work; see `compile_contract`."""
    from vyper.compiler.input_bundle import FilesystemInputBundle  # noqa: PLC0415
    from vyper.compiler.phases import CompilerData  # noqa: PLC0415
    from vyper.compiler.settings import Settings  # noqa: PLC0415

    root = root.resolve()
    texts = {root / name: text for name, text in (overlay or {}).items()}

    class Bundle(FilesystemInputBundle):  # type: ignore[misc]
        def _load_from_path(self, resolved_path: Path, original_path: Path) -> Any:
            loaded = super()._load_from_path(resolved_path, original_path)
            return replace(loaded, contents=texts[resolved_path]) if resolved_path in texts else loaded

    bundle = Bundle(search_paths(root))
    source = bundle.load_file(path.resolve().relative_to(root))
    return CompilerData(source, bundle, settings=Settings(evm_version=evm_version(source.contents)))


def evm_version(source: str) -> str:
    """The fork that a contract is written for: the one of its `#pragma evm-version`, else cancun."""
    found = _PRAGMA.search(source)
    return found[1] if found else EVM_VERSION


def compile_contract(path: Path, root: Path, overlay: Mapping[str, str] | None = None) -> Artifact:
    """Compile one file of the project at `root`; raises ArtifactError with the compiler's own words.

    `overlay` holds texts that stand in the place of files, by path below the root or by whole path: seeded bugs and
    mutants.
    """
    from vyper.compiler import outputs_from_compiler_data  # noqa: PLC0415
    from vyper.compiler.output_bundle import OutputBundle  # noqa: PLC0415
    from vyper.exceptions import VyperException  # noqa: PLC0415

    root = root.resolve()
    formats = ("abi", "bytecode", "bytecode_runtime", "layout", "source_map_runtime", "method_identifiers")
    try:
        data = compiler_data(path, root, overlay)
        output = outputs_from_compiler_data(data, formats)
        inputs = [Path(item.resolved_path) for item in OutputBundle(data).source_codes.values()]
    except VyperException as error:
        raise _uncompiled(path, str(error)) from error
    except AssertionError as error:
        raise ArtifactError(
            f"{path.name}: the compiler knows no fork {evm_version(path.read_text())}", remedy="correct its pragma"
        ) from error
    layout = output["layout"]
    names = root / CONTRACTS / abi_names.FILE
    return Artifact(
        name=path.stem,
        path=_relative(path, root),
        abi=abi_names.published(path.stem, output["abi"], abi_names.read(names)),
        creation_code=bytes.fromhex(output["bytecode"].removeprefix("0x")),
        runtime_code=bytes.fromhex(output["bytecode_runtime"].removeprefix("0x")),
        storage_layout=layout.get("storage_layout", {}),
        immutables_layout=layout.get("code_layout", {}),
        source_map=msgspec.to_builtins(output["source_map_runtime"], str_keys=True),
        # Vyper prints selectors without leading zeros.
        method_identifiers={
            signature: f"{int(selector, 16):08x}" for signature, selector in output["method_identifiers"].items()
        },
        sources={_relative(item, root): _sha256(item) for item in [*inputs, *([names] if names.is_file() else [])]},
        compiler=_compiler_version(),
        evm_version=str(data.settings.evm_version),
    )


def _uncompiled(path: Path, words: str) -> ArtifactError:
    """The compiler's first sentence and the place that it names, without its drawing of the source."""
    place = _PLACE.search(words)
    sentence = words.strip().splitlines()[0]
    return ArtifactError(
        f"{path.name} does not compile: {sentence}", remedy=f"correct {place[1] if place else path.name}"
    )


def source_path(name: str) -> Path:
    """The file that an artefact calls `name`: below the project's root, or in an installed package."""
    packaged = name.removeprefix("site-packages/")
    return project().root / name if packaged == name else (_site_packages() / packaged).resolve()


def search_paths(root: Path) -> list[Path]:
    """Where the imports of a contract are looked for, the last one first."""
    folders = [root / name for name in (*LIBRARIES, *layout(root).sources) if (root / name).is_dir()]
    return [_site_packages(), *folders, root]


def _site_packages() -> Path:
    import snekmate  # noqa: PLC0415

    return Path(next(iter(snekmate.__path__))).parent


def _compile_and_store(path: Path, root: Path, target: Path) -> Artifact:
    artifact = compile_contract(path, root)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(msgspec.msgpack.encode(artifact))
    partial.replace(target)
    return artifact


class Project:
    """The contracts of one source tree and their artefacts."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._layout = layout(self.root)
        self._memory: dict[str, Artifact] = {}
        self._foreign_memory: dict[str, Artifact] = {}

    def paths(self) -> dict[str, Path]:
        """Deployable contracts in Vyper by name. Raises ArtifactError when two share a name, as ape would."""
        found: dict[str, Path] = {}
        for folder in self._layout.sources:
            for path in sorted((self.root / folder).rglob("*.vy")):
                if MODULE_FOLDERS & set(path.relative_to(self.root).parts):
                    continue
                if path.stem in found:
                    raise ArtifactError(f"two contracts are called {path.stem}", remedy="contract names must be unique")
                found[path.stem] = path
        return found

    def load(self, name: str) -> Artifact:
        """The current artefact of `name`: compiled from its Vyper source when that changed since, else what another
        compiler made. A name with a suffix is a file below the root."""
        if (artifact := self._fresh(name)) is not None:
            return artifact
        paths = self.paths() if not name.endswith(".json") else {}
        if name.endswith(".vy"):
            paths[name] = self.root / name
        if name not in paths:
            return self._take(name, self.artifact_path(name))
        artifact = _compile_and_store(paths[name], self.root, self._file(name))
        self._memory[name] = artifact
        return artifact

    def artifact_path(self, name: str) -> Path:
        """The file of what another compiler made of `name`."""
        return self.root / name if name.endswith(".json") else self._foreign(name)

    def _take(self, name: str, path: Path) -> Artifact:
        """Read what another compiler made; it stays what it was as long as this process runs."""
        if name not in self._foreign_memory:
            if (source := foreign.outdated(path, self.root)) and not self._built_again():
                raise ArtifactError(f"{path.relative_to(self.root)} is of an older {source}", remedy=self._layout.build)
            self._foreign_memory[name] = foreign.read(path, name)
        return self._foreign_memory[name]

    def _foreign(self, name: str) -> Path:
        folders = [self.root / folder for folder in self._layout.artifacts]
        found = foreign.find(folders, name)
        if not found and self._layout.build and any(self._solidity()) and self._built_again():
            found = foreign.find(folders, name)
        if len(found) > 1:
            places = ", ".join(path.relative_to(self.root).as_posix() for path in found)
            raise ArtifactError(f"{len(found)} artefacts are called {name}: {places}", remedy="name one by its path")
        if not found:
            made = [path.stem for folder in folders for path in folder.rglob("*.sol/*.json")]
            known = [*self.paths(), *(stem for stem in made if not stem.endswith(hardhat.DEBUG))]
            what = f"there are: {', '.join(sorted(known))}" if known else f"compile it: {self._layout.build or 'vyper'}"
            raise ArtifactError(f"no contract {name}", remedy=what)
        return found[0]

    def _solidity(self) -> list[Path]:
        return [path for folder in self._layout.sources for path in (self.root / folder).rglob("*.sol")]

    def _built_again(self) -> bool:
        """Compile with the project's own tool; False when it is not there or not Foundry, whose alone is known."""
        if self._layout.build != FORGE_BUILD or (forge := shutil.which("forge")) is None:
            return False
        command = [forge, "build", "--root", str(self.root), "--extra-output", "storageLayout"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            words = (done.stderr + done.stdout).strip().splitlines()
            error = next((line for line in words if "rror" in line and not line.startswith("Error: Compiler")), "")
            raise ArtifactError(f"the project at {self.root} does not compile: {error.strip()}", remedy=FORGE_BUILD)
        return True

    def load_all(
        self, wanted: Sequence[str] | None = None, *, on_progress: Callable[[int, int], None] = lambda done, total: None
    ) -> dict[str, Artifact]:
        """Artefacts of all contracts (or of `wanted`), those out of date compiled in parallel: `on_progress(done,
        total)` is called before the first of those and after each."""
        paths = self.paths()
        chosen = list(wanted) if wanted is not None else list(paths)
        stale = [name for name in chosen if self._fresh(name) is None]
        if len(stale) > 1:
            with ProcessPoolExecutor(min(os.cpu_count() or 1, len(stale))) as pool:
                jobs = [pool.submit(_compile_and_store, paths[name], self.root, self._file(name)) for name in stale]
                on_progress(0, len(stale))
                for done, (name, job) in enumerate(zip(stale, jobs, strict=True), 1):
                    self._memory[name] = job.result()
                    on_progress(done, len(stale))
        return {name: self.load(name) for name in chosen}

    def sources_sha256(self) -> str:
        """SHA-256 over every contract source: what ape's cache does not look at (modules and interfaces)."""
        digest = hashlib.sha256(_compiler_version().encode())
        for path in sorted((self.root / CONTRACTS).rglob("*.vy*")):
            digest.update(f"{path.relative_to(self.root).as_posix()}\0{_sha256(path)}\n".encode())
        return digest.hexdigest()

    def _file(self, name: str) -> Path:
        return self.root / BUILD / f"{name.replace('/', '.')}.msgpack"

    def _fresh(self, name: str) -> Artifact | None:
        artifact = self._memory.get(name) or self._stored(name)
        if artifact is None or artifact.compiler != _compiler_version():
            return None
        names = f"{CONTRACTS}/{abi_names.FILE}"
        if (self.root / names).is_file() != (names in artifact.sources):
            return None
        for source, digest in artifact.sources.items():
            if source.startswith("site-packages/"):
                continue  # pinned by the compiler string
            path = self.root / source
            if not path.is_file() or _file_sha256(path, path.stat().st_mtime_ns, path.stat().st_size) != digest:
                return None
        self._memory[name] = artifact
        return artifact

    def _stored(self, name: str) -> Artifact | None:
        try:
            return msgspec.msgpack.decode(self._file(name).read_bytes(), type=Artifact)
        except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
            return None


@cache
def _file_sha256(path: Path, _mtime_ns: int, _size: int) -> str:
    return _sha256(path)


def project() -> Project:
    """The project that the engine works on (`evmstorm.project` says which); raises ArtifactError without one."""
    return _project(root())


@cache
def _project(folder: Path) -> Project:
    return Project(folder)


def load(name: str) -> Artifact:
    return project().load(name)


def load_all(on_progress: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Artifact]:
    return project().load_all(on_progress=on_progress)


def names() -> list[str]:
    return list(project().paths())


def sources_sha256() -> str:
    return project().sources_sha256()


@cache
def _constants(root: Path, source: str) -> dict[str, Any]:
    """Constants of one source file, folded by the compiler (so `A * 2 + 1` is a number)."""
    from vyper import ast as vy_ast  # noqa: PLC0415
    from vyper.compiler.input_bundle import FilesystemInputBundle  # noqa: PLC0415
    from vyper.compiler.phases import CompilerData  # noqa: PLC0415
    from vyper.compiler.settings import Settings, anchor_settings  # noqa: PLC0415

    bundle = FilesystemInputBundle(search_paths(root))
    file = bundle.load_file(Path(CONTRACTS) / source)
    data = CompilerData(file, bundle, settings=Settings(evm_version=evm_version(file.contents)))
    values: dict[str, Any] = {}
    with anchor_settings(data.settings):
        for node in data.annotated_vyper_module.get_children(vy_ast.VariableDecl, {"is_constant": True}):
            folded = node.value.get_folded_value() if node.value.has_folded_value else node.value
            values[node.target.id] = getattr(folded, "value", None)
    return values


def constant(source: str, name: str) -> Any:
    """A constant from `contracts/<source>`, so that Python never retypes one; raises ArtifactError when unknown."""
    constants = _constants(root(), source)
    if name not in constants:
        raise ArtifactError(f"contracts/{source} has no constant {name}", remedy=f"it has: {', '.join(constants)}")
    return constants[name]
