"""Every place in the sources of these packages that makes a fault: its class, what it says, and what to do about it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from keifu import errors
from keifu.errors import KeifuError, UsageError

__all__ = ["HOLE", "Fault", "faults"]

HOLE = "…"  # what a message says of the case at hand
PACKAGES = ("keifu", "ethwire", "evmstorm")  # the engine's only where it is installed
# What helps in general, where a message has no remedy of its own.
_BY_KIND = {
    "InputError": "correct what the message names in the file or the value, then run the same command again",
    "CheckFailed": "believe what was checked only once it agrees; nothing was left half-done",
    "AbiError": "write the value as the function's types want it",
    "RpcError": "look at the node, or ask another one with --rpc",
    "NoAnswer": "is the node up, and the address right?",
    "Contradiction": "ask another node with --rpc: this one says what cannot be",
}
_BY_STATUS = {
    1: "look at what the message names; nothing was left half-done",
    2: "change the call: --help shows what it takes",
    3: "look at what the message names, outside of these tools, then run the same command again",
}
_WRONG_VALUE = "A value on the command line has not the form that its option takes."


@dataclass(frozen=True)
class Fault:
    """One message: the exit status, what it says, why, and what to do."""

    exit_status: int
    kind: str
    message: str
    why: str
    remedy: str
    where: str


@dataclass(frozen=True)
class _Kind:
    """A class of faults: what it says of itself, and which argument of its constructor is the message."""

    exit_status: int
    said: str
    message: int = 0
    remedy: str = ""  # of every one
    general: str = ""  # of one that has none of its own


@dataclass
class _Module:
    """One source: its calls, its own classes, and the names that it has from other modules."""

    where: str
    source: InitVar[str]
    calls: list[ast.Call] = field(default_factory=list)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self, source: str) -> None:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                self.calls.append(node)
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
            elif isinstance(node, ast.ImportFrom):
                self.imported.update((name.asname or name.name, node.module or "") for name in node.names)


def faults() -> Iterator[Fault]:
    """In the order of the sources."""
    modules = _modules()
    for name, module in modules.items():
        for node in module.calls:
            if isinstance(node.func, ast.Name) and (kind := _kind(modules, name, node.func.id)):
                yield _fault(node.func.id, kind, node, module.where)
            elif isinstance(node.func, ast.Attribute) and node.func.attr == "fail" and node.args:
                said, status = _text(node.args[0]), UsageError.exit_code
                yield Fault(status, UsageError.__name__, said, _WRONG_VALUE, _BY_STATUS[status], module.where)


def _modules() -> dict[str, _Module]:
    """By dotted name."""
    found = {}
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is None or not spec.origin:
            continue
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("*.py")):
            where = f"{package}/{path.relative_to(root).as_posix()}"
            dotted = where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found[dotted] = _Module(where, path.read_text(encoding="utf-8"))
    return found


def _kind(modules: dict[str, _Module], place: str, name: str) -> _Kind | None:
    """What a name means in a module: one of the tree of `keifu.errors`, or of the classes below it that rooms have for
    themselves."""
    module = modules.get(place)
    if place == errors.__name__:
        return _of_tree(name)
    if module is None or not (name in module.classes or name in module.imported):
        return None
    if (node := module.classes.get(name)) is None:
        return _kind(modules, module.imported[name], name)
    if issubclass(getattr(errors, name, object), KeifuError) or name == KeifuError.__name__:
        return _of_tree(name)
    bases = (_kind(modules, place, base.id) for base in node.bases if isinstance(base, ast.Name))
    base = next((base for base in bases if base is not None), None)
    return _below(base, node) if base else None


def _of_tree(name: str) -> _Kind | None:
    kind = KeifuError if name == KeifuError.__name__ else getattr(errors, name, None)
    if not inspect.isclass(kind) or not issubclass(kind, KeifuError):
        return None
    general = _BY_KIND.get(kind.__name__) or _BY_STATUS[kind.exit_code]
    return _Kind(kind.exit_code, _flat(inspect.getdoc(kind)), general=general)


def _below(base: _Kind, node: ast.ClassDef) -> _Kind:
    said = _flat(ast.get_docstring(node)) or base.said
    made = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
    if made is None:
        return replace(base, said=said)
    names = [argument.arg for argument in made.args.args[1:]]
    given = (_remedy(call) for call in ast.walk(made) if isinstance(call, ast.Call))
    remedy = next((text for text in given if text.strip(HOLE)), "")
    return replace(base, said=said, remedy=remedy, message=names.index("message") if "message" in names else 0)


def _fault(name: str, kind: _Kind, node: ast.Call, where: str) -> Fault:
    message = _text(node.args[kind.message]) if len(node.args) > kind.message else HOLE
    remedy = _remedy(node) or kind.remedy or kind.general
    return Fault(kind.exit_status, name, message or HOLE, kind.said, remedy, where)


def _remedy(node: ast.Call) -> str:
    return next((_text(keyword.value) for keyword in node.keywords if keyword.arg == "remedy"), "")


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _text(node: ast.expr) -> str:
    """The words of a message that are the same each time."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    return HOLE
