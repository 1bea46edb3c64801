"""House rules of the contracts that neither compiler nor formatter knows; prints one line a fault, exits 1 on any.

* run-time code with immutables at most 22,000 bytes, files at most 450 lines;
* `# pragma version` exact, and `# pragma nonreentrancy on` in what is deployed;
* a header with title, licence, purpose, accepted risks and how to stop it;
* sections in the one order, and NatSpec on every external function;
* every deployable `implements` an interface;
* public getters in lower case: in capitals only what is the same in every deployment, a constant;
* every `assert` and `raise` with a reason `"<contract>: <reason>"`, one prefix a file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from vyper import ast as vy_ast

from evmstorm.evm import artifacts

MAX_CODE_BYTES = 22_000
MAX_LINES = 450
SECTIONS = (
    "INTERFACES",
    "MODULES",
    "EVENTS",
    "STRUCTS",
    "CONSTANTS",
    "IMMUTABLES",
    "STORAGE",
    "CONSTRUCTOR",
    "FUNCTIONS",  # one section for each kind of caller (OWNER FUNCTIONS …) or standard (ERC-20 …)
    "VIEWS",
    "INTERNAL",
)
HEADER_TAGS = ("@title", "@license", "@notice", "@custom:security", "@custom:kill")
MODULE_TAGS = ("@title", "@license", "@notice")
TESTING = "testing"
INTERFACE_OF_A_PACKAGE = {"Timelock"}  # snekmate's, exported whole
SPELT_BY_ERCS = {"name", "symbol", "decimals", "version"}
BANNER = re.compile(r"^# #{2,} #\n# +(.+?) +#\n# #{2,} #$", re.MULTILINE)
REASON = re.compile(r"^[a-z0-9_ ]+: \S")


def is_deployed(path: Path) -> bool:
    """Not a module, and not a mock: those are judged more mildly."""
    return not {"lib", TESTING} & set(path.parts)


def header_faults(path: Path, text: str, module: vy_ast.Module) -> Iterator[str]:
    if "# pragma version 0.4.3" not in text.splitlines()[:3]:
        yield "does not start with `# pragma version 0.4.3`"
    if is_deployed(path) and "# pragma nonreentrancy on" not in text:
        yield "has no `# pragma nonreentrancy on`"
    doc = getattr(module, "doc_string", None)
    header = doc.value if doc is not None else ""
    for tag in HEADER_TAGS if is_deployed(path) else MODULE_TAGS:
        if tag not in header:
            yield f"header has no {tag}"


def section_faults(text: str) -> Iterator[str]:
    last = 0
    for title in BANNER.findall(text):
        by_caller = title.endswith("FUNCTIONS") or title.startswith(("ERC-", "EIP-"))
        kind = "FUNCTIONS" if by_caller else title
        if kind not in SECTIONS:
            yield f"section {title!r} is none of {', '.join(SECTIONS)}"
            continue
        position = SECTIONS.index(kind)
        if position < last:
            yield f"section {title} comes after {SECTIONS[last]}"
        last = max(last, position)


def function_faults(module: vy_ast.Module) -> Iterator[str]:
    for function in module.get_children(vy_ast.FunctionDef):
        decorators = {getattr(decorator, "id", "") for decorator in function.decorator_list}
        if (
            "external" in decorators
            and getattr(function, "doc_string", None) is None
            and function.name != "__default__"
        ):
            yield f"line {function.lineno}: {function.name} has no NatSpec"


def interface_faults(path: Path, module: vy_ast.Module) -> Iterator[str]:
    if path.stem not in INTERFACE_OF_A_PACKAGE and not module.get_children(vy_ast.ImplementsDecl):
        yield "implements no interface"


def getter_faults(module: vy_ast.Module) -> Iterator[str]:
    for variable in module.get_children(vy_ast.VariableDecl):
        name = variable.target.id
        in_capitals = variable.is_constant and name not in SPELT_BY_ERCS
        if variable.is_public and name.isupper() != in_capitals:
            word = "capitals, as a constant" if in_capitals else "lower case, as what a deployment chooses or stores"
            yield f"line {variable.lineno}: getter {name} is not in {word}"


def reason_faults(module: vy_ast.Module) -> Iterator[str]:
    prefixes: set[str] = set()
    for node in [*module.get_descendants(vy_ast.Assert), *module.get_descendants(vy_ast.Raise)]:
        message = node.msg if isinstance(node, vy_ast.Assert) else node.exc
        if not isinstance(message, vy_ast.Str):
            yield f"line {node.lineno}: no reason"
        elif not REASON.match(message.value):
            yield f'line {node.lineno}: {message.value!r} is not "<contract>: <reason>"'
        else:
            prefixes.add(message.value.split(":")[0])
    if len(prefixes) > 1:
        yield f"reasons have several prefixes: {', '.join(sorted(prefixes))}"


def faults(root: Path) -> Iterator[str]:
    for path in sorted((root / "contracts").rglob("*.vy")):
        name = path.relative_to(root)
        text = path.read_text()
        if len(text.splitlines()) > MAX_LINES:
            yield f"{name}: {len(text.splitlines())} lines, at most {MAX_LINES}: find the seam"
        module = vy_ast.parse_to_ast(text)
        found = [*header_faults(name, text, module), *section_faults(text), *reason_faults(module)]
        if TESTING not in name.parts:
            found += getter_faults(module)
        if is_deployed(name):
            found += [*function_faults(module), *interface_faults(name, module)]
        yield from (f"{name}: {fault}" for fault in found)
    for name, artifact in artifacts.load_all().items():
        if not artifact.is_testing and len(artifact.runtime_code) + artifact.immutables_size > MAX_CODE_BYTES:
            yield f"{name}: {len(artifact.runtime_code)} bytes of run-time code, at most {MAX_CODE_BYTES}"


def main() -> int:
    found = list(faults(artifacts.project().root))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
