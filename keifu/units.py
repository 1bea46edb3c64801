"""Coins and durations: the numbers that stand once, and how people write and read them."""

from __future__ import annotations

import re

from ethwire.constants import DAY, HOUR

__all__ = [
    "COIN",
    "DAY",
    "DECIMALS",
    "HOUR",
    "YEAR",
    "brief",
    "coins",
    "counted",
    "day",
    "duration",
    "is_address",
    "parse_amount",
    "parse_duration",
    "typed",
]

DECIMALS = 18
COIN: int = 10**DECIMALS
YEAR = 365 * DAY
LONGEST_QUOTE = 60

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_AMOUNT = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,18}))?")
# Digits with something between them that is no single point: 1,143.00 and 1.143,00 are read in two ways.
_GROUPED = re.compile(r"[0-9]+(?:[,' \u00a0\u202f][0-9,.' \u00a0\u202f]*|\.[0-9]+[,.].*)")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_DURATION = re.compile(r"([0-9]{1,18})\s*([a-z]*)")
_UNITS = {"second": 1, "minute": 60, "hour": HOUR, "day": DAY, "week": 7 * DAY, "year": YEAR}
_SHORT = {"": 1, "s": 1, "min": 60, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": YEAR}


def is_address(text: str) -> bool:
    """Whether it is 0x and 40 hex digits, in whatever case."""
    return _ADDRESS.fullmatch(text) is not None


def parse_amount(text: str, decimals: int = DECIMALS) -> int:
    """Smallest units of an amount in coins; raises ValueError, whose text says what is wrong with it."""
    match = _AMOUNT.fullmatch(text)
    if match is None or len(match[2] or "") > decimals:
        raise ValueError(_amount_fault(text, decimals))
    rest: str = (match[2] or "").ljust(decimals, "0")
    return int(match[1] + rest)


def brief(text: str) -> str:
    """As much of what somebody wrote as an error repeats."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _amount_fault(text: str, decimals: int) -> str:
    text = brief(text)
    if text.startswith("-"):
        return f"negative amount {text}"
    if _GROUPED.fullmatch(text):
        return f"{text!r} is read in two ways: write it with a decimal point and without thousands separators"
    if _SCIENTIFIC.fullmatch(text):
        return f"{text!r} is not an amount of coins: write all its digits (spreadsheets: format the column as text)"
    return f"{text!r} is not an amount of coins with up to {decimals} decimals"


def coins(amount: int, decimals: int = DECIMALS) -> str:
    """An amount for people: exact, without needless zeros."""
    whole, rest = divmod(amount, 10**decimals)
    return f"{whole:,}" + (f".{rest:0{decimals}}".rstrip("0") if rest else "")


def typed(amount: int, decimals: int = DECIMALS) -> str:
    """An amount as commands take it: `parse_amount` reads it back."""
    return coins(amount, decimals).replace(",", "")


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 file`, `2,000 files`."""
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def day(timestamp: int) -> str:
    """Unix seconds for people; far beyond the calendar, the number."""
    from datetime import UTC, datetime  # noqa: PLC0415 - parsing amounts does not need it

    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{timestamp:,} seconds after 1970"


def parse_duration(text: str) -> int:
    """Seconds of `172800`, `2 days`, `36h`; raises ValueError for anything else."""
    match = _DURATION.fullmatch(text.strip().lower())
    unit = match and (_SHORT.get(match[2]) or _UNITS.get(match[2].removesuffix("s")))
    if not match or not unit:
        raise ValueError(f"{text!r} is not a duration: seconds, or a number and one of {', '.join(_UNITS)}")
    return int(match[1]) * unit


def duration(seconds: int) -> str:
    """A duration for people, in the largest unit that divides it: `2 days`."""
    for name, size in sorted(_UNITS.items(), key=lambda item: -item[1]):
        if seconds and seconds % size == 0 and name != "week":
            return counted(seconds // size, name)
    return counted(seconds, "second")
