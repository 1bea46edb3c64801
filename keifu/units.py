"""Amounts and times as people write them: coins with up to 18 decimals, dates in UTC. Imports nothing heavy."""

from __future__ import annotations

import re

from ethwire.constants import DAY

__all__ = ["COIN", "DAY", "DECIMALS", "coins", "day", "parse_amount"]

DECIMALS = 18
COIN: int = 10**DECIMALS
_AMOUNT = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,18}))?")


def parse_amount(text: str) -> int:
    """Wei of an amount in coins; raises ValueError, whose text says what is wrong with it."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        if text.startswith("-"):
            raise ValueError(f"negative amount {text}")
        raise ValueError(f"{text!r} is not an amount of coins with up to {DECIMALS} decimals")
    whole: int = int(match[1]) * COIN
    return whole + int((match[2] or "").ljust(DECIMALS, "0"))


def coins(wei: int) -> str:
    """An amount for people: exact, without needless zeros."""
    whole, rest = divmod(wei, COIN)
    return f"{whole:,}" + (f".{rest:0{DECIMALS}}".rstrip("0") if rest else "")


def day(timestamp: int) -> str:
    """Unix seconds for people."""
    from datetime import UTC, datetime  # noqa: PLC0415 - parsing amounts does not need it

    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
