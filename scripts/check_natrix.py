"""natrix over every contract and module, in one pass of the compiler each; prints what it finds, exits 1 on any.

natrix's own command starts the compiler six times a file, and generates code for a rule that is off here. A file in
which nothing was found is not looked at again until one of the sources that it stands on changes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import msgspec

__all__ = ["OFF", "faults", "main"]

ROOT = Path(__file__).parents[1]
FOLDERS = ("contracts", "engine/tests/project/contracts")
CACHE = ROOT / ".cache" / "natrix"
# Rules that are wrong for Vyper 0.4.3 or for this code: 1 frame size (init code and batches are that large); 2 and 11
# names (ERCs spell theirs); 4 and 5 want `view` or `pure` on functions with extcall or block.timestamp; 9 exports (the
# timelock is snekmate's, whole); 10 unused argument (a line of the list can be passed as it is).
OFF = frozenset(f"NTX{number}" for number in (1, 2, 4, 5, 9, 10, 11))


class Clean(msgspec.Struct):
    """A file in which nothing was found: by which tools, and the SHA-256 of each source that it stands on."""

    tools: str
    sources: dict[str, str]


def files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.vy"))


def is_clean(path: Path) -> bool:
    try:
        known = msgspec.json.decode(_record(path).read_bytes(), type=Clean)
    except (FileNotFoundError, msgspec.DecodeError):
        return False
    return known.tools == _tools() and all(_sha256(ROOT / name) == digest for name, digest in known.sources.items())


def faults(path: Path) -> list[str]:
    """What natrix finds in a file. Remembers when that is nothing."""
    from natrix.rules.common import RuleRegistry  # noqa: PLC0415 - the compiler takes a second to import
    from vyper.ast.utils import ast_to_dict  # noqa: PLC0415

    from evmstorm.evm.artifacts import compiler_data  # noqa: PLC0415

    RuleRegistry.discover_rules()
    root = next(parent for parent in path.parents if (parent / "contracts").is_dir())
    data = compiler_data(path, root)
    tree = {"ast": ast_to_dict(data.annotated_vyper_module), "contract_name": str(path)}
    rules = [rule.run for rule in RuleRegistry.get_rules() if rule.run.__self__.code not in OFF]
    found = [issue for run in rules for issue in run(tree)]
    if not found:
        CACHE.mkdir(parents=True, exist_ok=True)
        _record(path).write_bytes(msgspec.json.encode(Clean(_tools(), _sources(data))))
    return [f"{path.relative_to(ROOT)}:{issue.position} {issue.code} {issue.message}" for issue in found]


def _sources(data: object) -> dict[str, str]:
    from vyper.compiler.output_bundle import OutputBundle  # noqa: PLC0415 - as above

    read = [Path(item.resolved_path).resolve() for item in OutputBundle(data).source_codes.values()]
    return {path.relative_to(ROOT).as_posix(): _sha256(path) for path in read if path.is_relative_to(ROOT)}


def _record(path: Path) -> Path:
    return CACHE / path.relative_to(ROOT).with_suffix(".json").as_posix().replace("/", "-")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _tools() -> str:
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"natrix {version('natrix')} vyper {version('vyper')} {own}"


def all_faults() -> Iterator[str]:
    stale = [path for path in files() if not is_clean(path)]
    if not stale:
        return
    with ProcessPoolExecutor(min(2, len(stale))) as pool:
        for found in pool.map(faults, stale):
            yield from found


def main() -> int:
    found = list(all_faults())
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
