"""`make abi` writes `packages/abi`: typed ABIs, tables and typed data for TypeScript, and the surface of the package.

The surface is every selector, topic and type of one version. `--check` fails when a file is not what the contracts
give, or when the surface has changed and the version has not; `--version 0.2.0` writes the surface of another one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ethwire.eip712 import StructType
from keifu import abi
from keifu.abi.messages import MESSAGES, Messages
from keifu.abi.remedies import IN_GENERAL, remedy_of
from scripts.abi_surface import Surface, changes, surface

__all__ = ["PACKAGE", "drift", "main", "rendered"]

PACKAGE = Path(__file__).parents[1] / "packages" / "abi"
SURFACE = PACKAGE / "surface.json"
HEAD = "// `make abi` writes this file from the compiled contracts.\n\n"
FOR_LOCAL_CHAINS = {"SampleService"}


def names() -> list[str]:
    return [name for name in abi.names() if name not in FOR_LOCAL_CHAINS]


def rendered() -> dict[Path, str]:
    """Every generated source of the package, by its path."""
    folder = PACKAGE / "src"
    files = {folder / "contracts" / f"{stem(name)}.ts": _contract(name) for name in names()}
    files[folder / "contracts" / "index.ts"] = HEAD + "".join(
        f'export * from "./{stem(name)}.js";\n' for name in names()
    )
    files[folder / "events.ts"] = _events()
    files[folder / "reasons.ts"] = _reasons()
    files[folder / "remedies.ts"] = _remedies()
    files[folder / "messages.ts"] = _messages()
    return files


def stem(name: str) -> str:
    """`StakingHub` is `stakingHub`, `TGEDistributor` is `tgeDistributor`."""
    capitals = re.match(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]", name)
    assert capitals is not None
    return capitals[0].lower() + name[capitals.end() :]


def _contract(name: str) -> str:
    short = stem(name)
    return (
        f"{HEAD}export const {short}Abi = {_text(abi.load(name).interface.abi)} as const;\n\n"
        f"/** With an address, all that viem and wagmi want of a contract. */\n"
        f'export const {short}Config = {{ name: "{name}", abi: {short}Abi }} as const;\n'
    )


def _events() -> str:
    """By topic; events of one name and type are of several contracts, and may index other members."""
    table: dict[str, dict[str, Any]] = {}
    for name in names():
        for event in abi.load(name).interface.events:
            signature = f"{event.name}({','.join(kind for _, kind, _ in event.inputs)})"
            row = table.setdefault("0x" + event.topic.hex(), {"signature": signature, "contracts": []})
            row["contracts"].append(name)
    note = "/** Name and types of each event by its first topic, and the contracts that log it. */\n"
    return f"{HEAD}{note}export const events = {_text(dict(sorted(table.items())))} as const;\n"


def _reasons() -> str:
    table: dict[str, list[str]] = {}
    for name in names():
        for reason in abi.load(name).reasons:
            table.setdefault(reason, []).append(name)
    note = "/** Every reason with which a contract reverts, and the contracts that have it in their sources. */\n"
    return f"{HEAD}{note}export const reasons = {_text(dict(sorted(table.items())))} as const;\n"


def _remedies() -> str:
    """Each remedy once, as many reasons have the same."""
    found = {reason: remedy_of(reason) for name in names() for reason in abi.load(name).reasons}
    texts = sorted({*found.values(), IN_GENERAL})
    places = {reason: texts.index(remedy) for reason, remedy in sorted(found.items())}
    function = (
        "/** What to do about a reason. */\n"
        "export const remedyOf = (reason: string): string =>\n"
        f"  texts[Object.hasOwn(places, reason) ? places[reason]! : {texts.index(IN_GENERAL)}]!;\n"
    )
    return (
        f"{HEAD}const texts: readonly string[] = {_text(texts)};\n\n"
        f"const places: Readonly<Record<string, number>> = {_text(places)};\n\n{function}"
    )


def _messages() -> str:
    parts = [HEAD, 'import type { Address } from "./address.js";\n']
    for row in MESSAGES:
        parts.append(_domain(row))
        parts += [_types(row, struct) for struct in row.structs]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _domain(row: Messages) -> str:
    named = f'name: "{row.name}", version: "{row.version}"'
    return (
        f"/** The domain of signatures that {row.contract} takes. */\n"
        f"export const {stem(row.contract)}Domain = (chainId: number, verifyingContract: Address) =>\n"
        f"  ({{ {named}, chainId, verifyingContract }}) as const;\n"
    )


def _types(row: Messages, struct: StructType) -> str:
    types = {item.name: _members(item) for item in struct.closure()}
    rest = {"primaryType": struct.name, "types": types}
    return f"export const {stem(row.contract)}{struct.name} = {_text(rest)} as const;\n"


def _members(struct: StructType) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in struct.members.items()]


def _text(value: Any) -> str:
    """JSON with an item of the outermost list or table a line."""
    if isinstance(value, Mapping):
        rows, ends = [f"{_line(key)}: {_line(item)}" for key, item in value.items()], "{}"
    else:
        rows, ends = [_line(item) for item in value], "[]"
    return ends[0] + "".join(f"\n  {row}," for row in rows).rstrip(",") + f"\n{ends[1]}"


def _line(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _version() -> str:
    found: str = msgspec.json.decode((PACKAGE / "package.json").read_bytes())["version"]
    return found


def drift() -> list[str]:
    """What is wrong with the committed files, in words."""
    wanted = rendered()
    folder = PACKAGE / "src" / "contracts"
    left = {path for path in folder.glob("*.ts") if path not in wanted}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    found = [f"{path.relative_to(PACKAGE)} is out of date" for path in sorted([*stale, *left])]
    return found + _surface_faults()


def _surface_faults() -> list[str]:
    kept = msgspec.json.decode(SURFACE.read_bytes(), type=Surface) if SURFACE.exists() else Surface("")
    version, now = _version(), surface(_version(), names())
    if kept.version != version:
        return [f"surface.json is of version {kept.version or 'none'}, package.json of {version}"]
    return [f"version {version} had another surface: {line}" for line in changes(kept, now)]


def _write(files: Mapping[Path, str]) -> None:
    folder = PACKAGE / "src" / "contracts"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.ts"):
        if path not in files:
            path.unlink()
    for path, text in files.items():
        path.write_text(text)


def _set_version(version: str) -> None:
    path = PACKAGE / "package.json"
    path.write_text(re.sub(r'("version": )"[^"]+"', rf'\1"{version}"', path.read_text(), count=1))
    SURFACE.write_bytes(msgspec.json.format(msgspec.json.encode(surface(version, names())), indent=1) + b"\n")


def main(args: Iterable[str] | None = None) -> int:
    words = list(sys.argv[1:] if args is None else args)
    if words[:1] == ["--version"]:
        _set_version(words[1])
    if "--check" not in words:
        _write(rendered())
    faults = drift()
    for fault in faults:
        print(f"packages/abi: {fault}", file=sys.stderr)
    if faults:
        remedy = "python -m scripts.npm_package, with --version X.Y.Z where the surface changed"
        print(f"packages/abi: {remedy}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
