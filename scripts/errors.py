"""`python -m scripts.errors` writes `keifu/abi/errors.json`: every reason with which a contract reverts, in which
functions, and what has to hold there. `--check` fails when it is not what the sources say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
from vyper import ast as vy_ast

from evmstorm.evm import artifacts
from keifu import abi
from keifu.abi.errors import Cause
from scripts.packaged_abi import FOR_LOCAL_CHAINS
from scripts.reasons import place

__all__ = ["FILE", "main", "rendered"]

FILE = Path(abi.__file__).parent / "errors.json"
LONGEST = 160  # characters of a condition


def rendered() -> bytes:
    """Reasons in order, each with its causes."""
    table: dict[str, set[Cause]] = {}
    for name, artifact in artifacts.load_all().items():
        if artifact.is_testing and name not in FOR_LOCAL_CHAINS:
            continue
        for source in artifact.sources:
            if source.endswith(".vy"):
                for reason, cause in _causes(source):
                    table.setdefault(reason, set()).add(cause)
    ordered = {reason: sorted(causes, key=msgspec.structs.astuple) for reason, causes in sorted(table.items())}
    return msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n"


def _causes(source: str) -> list[tuple[str, Cause]]:
    """What a source refuses: the condition of an assertion, or that of the branch in which it raises."""
    found = []
    module = vy_ast.parse_to_ast(place(source).read_text())
    for function in module.get_children(vy_ast.FunctionDef):
        for node in function.get_descendants((vy_ast.Assert, vy_ast.Raise)):
            message = node.msg if isinstance(node, vy_ast.Assert) else node.exc
            if isinstance(message, vy_ast.Str):
                found.append((message.value, Cause(Path(source).name, function.name, _condition(node))))
    return found


def _condition(node: Any) -> str:
    """In the contract's own words."""
    if isinstance(node, vy_ast.Assert):
        return _words(node.test)
    branch = node.get_ancestor(vy_ast.If)
    return f"not ({_words(branch.test)})" if branch is not None else "never: this call is not offered"


def _words(node: Any) -> str:
    text = " ".join(node.node_source_code.split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def main() -> int:
    wanted = rendered()
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_bytes() != wanted:
            print("errors: keifu/abi/errors.json is out of date (run `python -m scripts.errors`)", file=sys.stderr)
            return 1
        return 0
    FILE.write_bytes(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
