"""Functions, events and whole interfaces: what calls, results, logs and reverts look like in bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from keyword import iskeyword
from types import MappingProxyType
from typing import Any

from sha3 import keccak_256

from ethwire.abi._decoder import decode_args
from ethwire.abi._strict import encode_args
from ethwire.abi._types import AbiType, parse
from ethwire.errors import AbiError

__all__ = ["EventAbi", "FunctionAbi", "Interface", "Log", "decode_revert"]

SELECTOR_BYTES = 4
WORD_BYTES = 32
ERROR_STRING = bytes.fromhex("08c379a0")  # selector of Error(string)
PANIC = bytes.fromhex("4e487b71")  # selector of Panic(uint256)


def _keccak(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest


def _canonical(entry: Mapping[str, Any]) -> str:
    """ABI type of an input, tuples spelled out: `(address,uint256)[]`."""
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_canonical(component) for component in entry["components"])
    return f"({inner}){kind[5:]}"


@dataclass(frozen=True)
class Log:
    """One decoded event: who emitted it, its name and its arguments by name, also as attributes (`from_` for `from`,
    which Python reserves). Text that is no UTF-8 is not `readable`: its odd bytes stand in `args` as `\\xff`."""

    address: str
    event: str
    args: dict[str, Any] = field(default_factory=dict)
    readable: bool = True

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["args"][name.removesuffix("_") if iskeyword(name.removesuffix("_")) else name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class FunctionAbi:
    """One entry point: its selector, types and whether it only reads."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    is_view: bool
    input_names: tuple[str, ...] = ()

    @cached_property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    @cached_property
    def selector(self) -> bytes:
        return _keccak(self.signature.encode())[:SELECTOR_BYTES]

    def encode(self, args: Sequence[Any]) -> bytes:
        return self.selector + encode_args(self.inputs, args, self.name)

    def decode(self, data: bytes) -> Any:
        """The return value: None, the one value, or a tuple; addresses lower-case as the chain gives them."""
        if not self.outputs:
            return None
        values = decode_args(self.outputs, data, f"result of {self.name}")
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True)
class EventAbi:
    """One event: its topic and which of its arguments are indexed."""

    name: str
    inputs: tuple[tuple[str, str, bool], ...]  # (name, type, indexed)

    @cached_property
    def topic(self) -> bytes:
        return _keccak(f"{self.name}({','.join(kind for _, kind, _ in self.inputs)})".encode())

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Arguments by name. An indexed string or bytes comes back as its hash, as the chain keeps only that. Raises
        AbiError, also for text that is no UTF-8."""
        return self._named(topics, decode_args(self._plain, data, f"event {self.name}"))

    def log(self, address: str, topics: Sequence[bytes], data: bytes) -> Log:
        """The same as a log. Whoever logs something chooses its text, so none stops who reads the others."""
        try:
            return Log(address, self.name, self.decode(topics, data))
        except AbiError:
            if not any("string" in kind for kind in self._plain):
                raise
            as_bytes = [kind.replace("string", "bytes") for kind in self._plain]
            values = decode_args(as_bytes, data, f"event {self.name}")
            plain = [_text(parse(kind), value) for kind, value in zip(self._plain, values, strict=True)]
            return Log(address, self.name, self._named(topics, plain), readable=False)

    @cached_property
    def _plain(self) -> list[str]:
        return [kind for _, kind, indexed in self.inputs if not indexed]

    def _named(self, topics: Sequence[bytes], values: Iterable[Any]) -> dict[str, Any]:
        what, indexed_topics = f"event {self.name}", list(topics[1:])
        if len(indexed_topics) != sum(indexed for _, _, indexed in self.inputs):
            raise AbiError(f"{what}: {len(indexed_topics)} indexed arguments in its topics")
        plain, found = iter(values), iter(indexed_topics)
        return {
            name: _indexed(kind, next(found), what) if indexed else next(plain) for name, kind, indexed in self.inputs
        }


def _text(kind: AbiType, value: Any) -> Any:
    """The value with the bytes in the place of its strings as text."""
    if kind.base == "string":
        return value.decode(errors="backslashreplace")
    if kind.base == "array":
        return tuple(_text(kind.members[0], item) for item in value)
    if kind.base == "tuple":
        return tuple(_text(member, item) for member, item in zip(kind.members, value, strict=True))
    return value


def _indexed(kind: str, topic: bytes, what: str) -> Any:
    """An indexed argument; of what takes more than one word, the chain keeps only the hash."""
    if parse(kind).base in ("array", "tuple", "bytes", "string"):
        return topic
    return decode_args([kind], topic, what)[0]


class Interface:
    """The functions and events of one contract."""

    def __init__(self, name: str, abi: Iterable[Mapping[str, Any]]) -> None:
        self.name = name
        self.abi = list(abi)
        self.constructor: tuple[str, ...] = ()
        self._functions: dict[str, list[FunctionAbi]] = {}
        self._events: dict[bytes, EventAbi] = {}
        self.errors: dict[bytes, str] = {}  # names of the contract's own errors by their selectors
        for entry in self.abi:
            inputs = tuple(_canonical(item) for item in entry.get("inputs", ()))
            if entry["type"] == "constructor":
                self.constructor = inputs
            elif entry["type"] == "function":
                function = FunctionAbi(
                    name=entry["name"],
                    inputs=inputs,
                    outputs=tuple(_canonical(item) for item in entry["outputs"]),
                    is_view=entry["stateMutability"] in ("view", "pure"),
                    input_names=tuple(item["name"] for item in entry["inputs"]),
                )
                self._functions.setdefault(function.name, []).append(function)
            elif entry["type"] == "event":
                event = EventAbi(
                    entry["name"],
                    tuple((item["name"], _canonical(item), bool(item["indexed"])) for item in entry["inputs"]),
                )
                self._events[event.topic] = event
            elif entry["type"] == "error":
                signature = f"{entry['name']}({','.join(inputs)})"
                self.errors[_keccak(signature.encode())[:SELECTOR_BYTES]] = entry["name"]

    @property
    def functions(self) -> list[FunctionAbi]:
        return [overload for overloads in self._functions.values() for overload in overloads]

    @property
    def events(self) -> list[EventAbi]:
        return list(self._events.values())

    def has(self, name: str) -> bool:
        return name in self._functions

    def function(self, name: str, arity: int | None = None) -> FunctionAbi:
        """The overload of `name` with `arity` arguments (Vyper's default arguments make overloads), or the only one."""
        if "(" in name:
            base = name.split("(", 1)[0]
            for overload in self._functions.get(base, ()):
                if overload.signature == name:
                    return overload
        overloads = self._functions.get(name, [])
        if len(overloads) == 1 and arity is None:
            return overloads[0]
        for overload in overloads:
            if len(overload.inputs) == arity:
                return overload
        known = ", ".join(overload.signature for overload in overloads) or ", ".join(sorted(self._functions))
        raise AbiError(f"{self.name} has no function {name} with {arity} arguments", remedy=f"it has: {known}")

    def event(self, name: str) -> EventAbi:
        for event in self._events.values():
            if event.name == name:
                return event
        raise AbiError(f"{self.name} has no event {name}", remedy=f"it has: {sorted(e.name for e in self.events)}")

    def decode_log(self, address: str, topics: Sequence[bytes], data: bytes) -> Log | None:
        """The log as one of this interface's events, or None when it is somebody else's."""
        event = self._events.get(topics[0]) if topics else None
        if event is None:
            return None
        return event.log(address, topics, data)

    def read_log(self, address: str, topics: Sequence[str], data: str) -> Log | None:
        """`decode_log` of what a node gives: words and data in hex, with 0x."""
        return self.decode_log(address, [bytes.fromhex(topic[2:]) for topic in topics], bytes.fromhex(data[2:]))


def decode_revert(data: bytes, errors: Mapping[bytes, str] = MappingProxyType({})) -> str:
    """The reason in revert data: the string of Error(string), `panic 0x..`, the name of one of the `errors` (see
    `Interface.errors`), or "" when there is none."""
    if data[:SELECTOR_BYTES] == ERROR_STRING:
        try:
            reason: str = decode_args(["string"], data[SELECTOR_BYTES:])[0]
        except AbiError:
            return ""
        return reason
    if data[:SELECTOR_BYTES] == PANIC and len(data) == SELECTOR_BYTES + WORD_BYTES:
        return f"panic {int.from_bytes(data[SELECTOR_BYTES:], 'big'):#04x}"
    return errors.get(data[:SELECTOR_BYTES], "")
