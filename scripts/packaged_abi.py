"""`make abi`: writes the committed artefacts of `keifu/abi/contracts`; `--check` fails when they are out of date."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import msgspec

from evmstorm.evm import abi_names, artifacts
from evmstorm.evm.artifacts import Artifact
from keifu import abi
from scripts.reasons import reasons

__all__ = ["drift", "main", "render"]

FOLDER = Path(abi.__file__).parent / abi.CONTRACTS
FOR_LOCAL_CHAINS = {"SampleService"}  # of the testing contracts, what `keifu chain` puts there


def render(artifact: Artifact) -> bytes:
    """The committed form of one artefact: indented, with a final newline, the same on every machine."""
    document = {
        "name": artifact.name,
        "source": artifact.path,
        "compiler": artifact.compiler,
        "source_sha256": artifact.sources_key,
        "runtime_sha256": hashlib.sha256(artifact.runtime_code).hexdigest(),
        "runtime_bytes": len(artifact.runtime_code),
        "immutables_size": artifact.immutables_size,
        "abi": artifact.abi,
        "method_identifiers": abi_names.selectors(artifact.abi),
        "reasons": reasons(artifact),
        "creation_code": "0x" + artifact.creation_code.hex(),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _wanted() -> dict[Path, bytes]:
    return {
        FOLDER / f"{name}.json": render(artifact)
        for name, artifact in artifacts.load_all().items()
        if not artifact.is_testing or name in FOR_LOCAL_CHAINS
    }


def drift() -> list[str]:
    """Names of committed artefacts that are missing, left over or not what the sources give."""
    wanted = _wanted()
    present = {path: path.read_bytes() for path in FOLDER.glob("*.json")}
    return sorted(path.stem for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))


def main(args: list[str] | None = None) -> int:
    check = "--check" in (sys.argv[1:] if args is None else args)
    changed = drift()
    if check:
        if changed:
            print(f"abi: out of date: {', '.join(changed)} (run `make abi` and commit)", file=sys.stderr)
        return 1 if changed else 0
    wanted = _wanted()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        path.write_bytes(content)
    print(f"abi: {len(wanted)} contracts, {len(changed)} changed{': ' + ', '.join(changed) if changed else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
