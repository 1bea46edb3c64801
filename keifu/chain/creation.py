"""How one contract was made: where, by which transaction, with which constructor arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from keifu.abi import Interface, decode_args, encode_args
from keifu.chain.suite import Step
from keifu.errors import AbiError
from keifu.keys import keccak256

__all__ = ["Creation", "abi_hash", "argument_names", "arguments_of", "code_hash", "differences", "readable"]


class Creation(msgspec.Struct, frozen=True):
    """One contract of a record. `transaction`, `block` and `code_hash` are empty until it is there."""

    contract: str  # the artefact's name
    label: str  # what its address follows from, beside the deploying account; empty for the factory
    address: str
    arguments: dict[str, Any]  # of the constructor, by name: addresses and bytes in hex, numbers as text
    encoded: str  # the same, as the ABI encodes them
    transaction: str = ""  # hash
    block: int = 0
    code_hash: str = ""  # keccak-256 of the run-time code, as EXTCODEHASH gives it
    abi_hash: str = ""  # SHA-256 of the ABI as packaged; empty in records of earlier versions

    @classmethod
    def planned(cls, step: Step, address: str, interface: Interface) -> Creation:
        """What a step of the suite is going to make. Raises AbiError when an argument does not fit."""
        encoded = encode_args(interface.constructor, step.arguments, f"{step.contract} constructor")
        return cls(
            contract=step.contract,
            label=step.label,
            address=address,
            arguments=arguments_of(interface, encoded) or {},
            encoded="0x" + encoded.hex(),
            abi_hash=abi_hash(interface),
        )

    @classmethod
    def plain(cls, contract: str, address: str, interface: Interface) -> Creation:
        """A contract without arguments and label, which the factory is."""
        return cls(contract, "", address, {}, "0x", abi_hash=abi_hash(interface))

    def made(self, transaction: str, block: int, code: bytes) -> Creation:
        return msgspec.structs.replace(self, transaction=transaction, block=block, code_hash=code_hash(code))

    @property
    def encoded_bytes(self) -> bytes:
        return bytes.fromhex(self.encoded[2:])


def code_hash(code: bytes) -> str:
    return "0x" + keccak256(code).hex()


def abi_hash(interface: Interface) -> str:
    return hashlib.sha256(msgspec.json.encode(interface.abi, order="sorted")).hexdigest()


def argument_names(interface: Interface) -> list[str]:
    """Of the constructor, without the underscore that Vyper's style puts in front."""
    entry: Mapping[str, Any] = next((item for item in interface.abi if item["type"] == "constructor"), {})
    return [item["name"].strip("_") for item in entry.get("inputs", ())]


def arguments_of(interface: Interface, encoded: bytes) -> dict[str, Any] | None:
    """Constructor arguments by name, for reading; None when the bytes are no such arguments."""
    try:
        values = decode_args(interface.constructor, encoded)
    except AbiError:
        return None
    if encode_args(interface.constructor, values) != encoded:
        return None  # bytes too many, or a second encoding of the same values
    return {name: readable(value) for name, value in zip(argument_names(interface), values, strict=True)}


def readable(value: Any) -> Any:
    """A value as JSON shows it: no reader loses digits."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, Sequence):
        return [readable(item) for item in value]
    return str(value)


def differences(found: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, found and right value of what differs, by the names of both."""
    for name in [*right, *(name for name in found if name not in right)]:
        if found.get(name) != right.get(name):
            yield name, found.get(name), right.get(name)
