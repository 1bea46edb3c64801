"""Values on the command line, checked by their shape alone: no network, nothing heavy imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from keifu.texts import hidden_in
from keifu.units import YEAR, parse_amount, parse_duration

__all__ = [
    "ADDRESS",
    "BYTES32",
    "COINS",
    "DURATION",
    "ENDPOINT",
    "ENDPOINTS",
    "FOLDER",
    "GRANTS",
    "ID_DIGITS",
    "IN_FILE",
    "IN_FOLDER",
    "IN_PATH",
    "MOMENT",
    "OUT_PATH",
    "PUBLIC_KEY",
    "RECORD",
    "CoinsAsWritten",
    "Id",
    "Text",
]

ID_DIGITS = 64
SUMMARY = "allocation.json"
ENDPOINTS = ("chat/completions", "completions", "embeddings", "classify")  # of a model, below /v1
SHORTEST_ID = 4  # digits of a prefix
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX = re.compile(r"[0-9a-f]+")
_AS_PRINTED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")  # as commands print amounts; 1,5 is no such one
LONGEST = 100 * YEAR
LATEST_MOMENT = 4_102_444_800  # 2100-01-01: later ones are milliseconds, or a slip of the hand


class Coins(click.ParamType):
    """An amount in coins; wei in Python."""

    name = "coins"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_amount(value.replace(",", "") if _AS_PRINTED.fullmatch(value) else value)
        except ValueError as error:
            self.fail(f"{error}; write 1143 or 0.5", param, ctx)


class CoinsAsWritten(click.ParamType):
    """An amount in coins of a token whose decimals nobody has asked for yet; its text in Python."""

    name = "coins"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        COINS.convert(value, param, ctx)
        return str(value).replace(",", "")


class Address(click.ParamType):
    """An address, whose checksum is checked when it has one."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if _ADDRESS.fullmatch(text) is None:
            self.fail(f"{text!r} is not an address: 0x and 40 hex digits", param, ctx)
        digits = text[2:]
        if digits not in (digits.lower(), digits.upper()):
            from keifu.keys import checksum

            if (right := checksum(text)) != text:
                self.fail(f"{text} has a wrong checksum; is {right} meant?", param, ctx)
        return text.lower()


class Id(str):
    """An id of 32 bytes in hex, or the beginning of one, as people copy it from a list."""

    @property
    def whole(self) -> bool:
        return len(self) == ID_DIGITS


class RecordId(click.ParamType):
    """An id or a prefix of one; `0x`, `sha256:` and a trailing ellipsis do not count."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Id:
        plain = str(value).lower().removeprefix("0x").removeprefix("sha256:").removesuffix("…").removesuffix("...")
        if _HEX.fullmatch(plain) is None:
            self.fail(f"{value!r} is not hexadecimal: give an id, or its first digits", param, ctx)
        if not SHORTEST_ID <= len(plain) <= ID_DIGITS:
            self.fail(
                f"an id has {ID_DIGITS} hex digits, a prefix at least {SHORTEST_ID}; {len(plain)} given", param, ctx
            )
        return Id(plain)


class Bytes32(click.ParamType):
    """32 bytes in hex."""

    name = "hex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        plain = str(value).lower().removeprefix("0x").removeprefix("sha256:")
        if len(plain) != ID_DIGITS or _HEX.fullmatch(plain) is None:
            self.fail(f"{value!r} is not 32 bytes in hex ({ID_DIGITS} digits)", param, ctx)
        return bytes.fromhex(plain)


class PublicKey(click.ParamType):
    """A point of secp256k1 as x and y: 64 bytes in hex."""

    name = "public key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        plain = str(value).lower().removeprefix("0x")
        if len(plain) != 2 * ID_DIGITS or _HEX.fullmatch(plain) is None:
            self.fail(
                f"{value!r} is no public key: {2 * ID_DIGITS} hex digits, as `keifu inft key` prints them", param, ctx
            )
        return bytes.fromhex(plain)


class Moment(click.ParamType):
    """Unix seconds, or a date in UTC; unix seconds in Python."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            seconds = int(value) if re.fullmatch(r"[0-9]+", value) else _seconds(value)
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-12-01T12:00:00Z, or unix seconds", param, ctx)
        if not 0 <= seconds <= LATEST_MOMENT:
            self.fail(f"{value} is no time before the year 2100 in unix seconds; are milliseconds meant?", param, ctx)
        return seconds


def _seconds(text: str) -> int:
    from datetime import UTC, datetime

    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


class Duration(click.ParamType):
    """Seconds, or a number and a unit; seconds in Python."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            self.fail(f"{error}: `2 days`", param, ctx)
        if not 0 < seconds <= LONGEST:
            self.fail(f"{value!r} is not between a second and a hundred years", param, ctx)
        return seconds


class Endpoint(click.ParamType):
    """The address of a node, or several of one chain, separated by commas; wss:// ones only announce new blocks."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        parts = [part.strip() for part in str(value).split(",")]
        for part in parts:
            if re.fullmatch(r"(https?|wss?)://[^\s/]+\S*", part) is None:
                self.fail(f"{part!r} is no address of a node: http://127.0.0.1:8545", param, ctx)
        if not any(part.startswith("http") for part in parts):
            self.fail(f"{value!r} holds no http:// address, which is what is read from", param, ctx)
        return str(value)


class Text(click.ParamType):
    """A text of at most `limit` bytes, all of which can be seen."""

    name = "text"

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if (size := len(str(value).encode())) > self.limit:
            self.fail(f"takes {size} bytes, at most {self.limit} fit", param, ctx)
        if sign := hidden_in(str(value)):
            self.fail(f"has the character U+{ord(sign):04X}, which nobody sees: leave it out", param, ctx)
        return str(value)


class GrantsFolder(click.ParamType):
    """A folder that `keifu tge build` has finished."""

    name = "directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not (Path(value) / SUMMARY).is_file():
            self.fail(f"no {SUMMARY} in {value}: run `keifu tge build --csv FILE --out {value}` first", param, ctx)
        return Path(value)


COINS, ADDRESS, RECORD, BYTES32, PUBLIC_KEY, MOMENT, DURATION, ENDPOINT, GRANTS = (
    Coins(),
    Address(),
    RecordId(),
    Bytes32(),
    PublicKey(),
    Moment(),
    Duration(),
    Endpoint(),
    GrantsFolder(),
)
IN_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
IN_PATH = click.Path(exists=True, path_type=Path)
IN_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
OUT_PATH = click.Path(dir_okay=False, path_type=Path)
