"""Calls on the command line: whom, with how much, which function with which arguments; checked by their shape alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ethwire.constants import ZERO_ADDRESS
from keifu._files import read_bounded
from keifu.cli._types import ADDRESS, COINS, IN_FILE
from keifu.errors import InputError, UsageError
from keifu.spec.functions import FUNCTION as WRITTEN

if TYPE_CHECKING:
    from keifu.accounts.session import Call

__all__ = ["CALLED", "LIMIT", "TARGET", "calling", "calls_of"]

CALLED = Any  # values of the options of `calling`
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})*)")
LARGEST_FILE = 16 << 20  # bytes


class Function(click.ParamType):
    """A function with the types of its arguments, as `transfer(address,uint256)`."""

    name = "function"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if WRITTEN.fullmatch(str(value)) is None:
            self.fail(f"{value!r} is no function: write name(type,type), as transfer(address,uint256)", param, ctx)
        return str(value)


class HexData(click.ParamType):
    """Bytes in hex."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        if (found := _HEX.fullmatch(str(value))) is None:
            self.fail(f"{value!r} is no row of bytes in hex", param, ctx)
        return bytes.fromhex(found[1])


class Target(click.ParamType):
    """ADDRESS, ADDRESS:FUNCTION or ADDRESS:approvable."""

    name = "address:function"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        address, _, function = str(value).partition(":")
        if function not in ("", "approvable"):
            function = Function().convert(function, param, ctx)
        return ADDRESS.convert(address, param, ctx), function


class Limit(click.ParamType):
    """TOKEN=AMOUNT, in coins of 18 decimals; `ether` stands for the chain's coin."""

    name = "token=amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        coin, equals, amount = str(value).partition("=")
        if not equals:
            self.fail(f"{value!r} is no limit: write TOKEN=AMOUNT, or ether=AMOUNT", param, ctx)
        address = ZERO_ADDRESS if coin == "ether" else ADDRESS.convert(coin, param, ctx)
        return address, COINS.convert(amount, param, ctx)


FUNCTION, DATA, TARGET, LIMIT = Function(), HexData(), Target(), Limit()


def calling(body: Callable[..., Any]) -> Callable[..., Any]:
    """--to, --value, --call with --arg, --data, or --calls."""
    for option in (
        click.option("--calls", "path", type=IN_FILE, help='JSON: a list of {"to", "value" in wei, "data" in hex}.'),
        click.option("--data", type=DATA, help="The call's bytes, instead of --call."),
        click.option(
            "--arg",
            "arguments",
            multiple=True,
            help="Argument of the function, in order; 2.5coins is an amount in wei.",
        ),
        click.option("--call", "function", type=FUNCTION, help="Function, as transfer(address,uint256)."),
        click.option("--value", type=COINS, default="0", help="Ether to send with it."),
        click.option("--to", "to", type=ADDRESS, help="Whom to call."),
    ):
        body = option(body)
    return body


def calls_of(
    to: str | None, value: int, function: str | None, arguments: Sequence[str], data: bytes | None, path: Path | None
) -> list[Call]:
    """What the options ask for. Raises UsageError and InputError for what does not fit together."""
    if path is not None:
        if to or function or data is not None:
            raise UsageError("--calls and --to are two ways to say what to call", remedy="give one of them")
        return _read(path)
    if to is None:
        raise UsageError("nothing to call", remedy="--to ADDRESS, or --calls FILE")
    if function and data is not None:
        raise UsageError("--call and --data are two ways to say what to call", remedy="give one of them")
    if arguments and not function:
        raise UsageError("arguments without a function", remedy='--call "name(type,type)"')
    from keifu.accounts.calling import encode_call
    from keifu.accounts.session import Call

    return [Call(to, value, encode_call(function, arguments) if function else data or b"")]


def _read(path: Path) -> list[Call]:
    try:
        listed = [
            (ADDRESS.convert(item["to"], None, None), int(item.get("value", 0)), bytes.fromhex(item.get("data", "")))
            for item in json.loads(read_bounded(path, LARGEST_FILE, "a list of calls"))
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, click.BadParameter) as error:
        raise InputError(
            f"{path} is no list of calls: {error}", remedy='[{"to": "0x…", "value": 0, "data": ""}, …]'
        ) from error
    from keifu.accounts.session import Call

    return [Call(*item) for item in listed]
