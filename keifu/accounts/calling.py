"""A call from words: a function with the types of its arguments, and each argument as a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keifu.abi import encode_args
from keifu.accounts.session import selector
from keifu.errors import UsageError
from keifu.keys import checksum
from keifu.spec.functions import FUNCTION
from keifu.units import is_address, parse_amount

__all__ = ["encode_call"]

AMOUNT = "coins"


def encode_call(function: str, arguments: Sequence[str]) -> bytes:
    """The bytes of a call of `name(type,type)`; 2.5coins is an amount in wei. Raises UsageError for what does not
    fit."""
    found = FUNCTION.fullmatch(function)
    if found is None:
        raise UsageError(f"{function!r} is no function", remedy="write name(type,type), as transfer(address,uint256)")
    types = found[1].split(",") if found[1] else []
    if len(types) != len(arguments):
        raise UsageError(
            f"{function} takes {len(types)} arguments, {len(arguments)} given", remedy="one --arg for each"
        )
    values = [_value(kind, text) for kind, text in zip(types, arguments, strict=True)]
    return selector(function) + encode_args(types, values, function)


def _value(kind: str, text: str) -> Any:
    try:
        if kind == "address":
            return _address(text)
        if kind.startswith(("uint", "int")):
            return parse_amount(text.removesuffix(AMOUNT)) if text.endswith(AMOUNT) else int(text, 0)
        if kind == "bool":
            return {"true": True, "false": False}[text.lower()]
        if kind.startswith("bytes"):
            return bytes.fromhex(text.removeprefix("0x"))
        if kind == "string":
            return text
    except (ValueError, KeyError) as error:
        raise UsageError(f"--arg {text!r} is no {kind}: {error}", remedy=f"write it as {kind}") from error
    raise UsageError(f"{kind} cannot be written as an argument", remedy="give the whole call by --data")


def _address(text: str) -> str:
    """Its checksum is checked when it has one."""
    if not is_address(text):
        raise ValueError("0x and 40 hex digits")
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and checksum(text) != text:
        raise ValueError("a wrong checksum")
    return text.lower()
