"""Amounts as programs write and read them: decimal numbers of coins."""

from __future__ import annotations

from decimal import Decimal, localcontext

from keifu.errors import UsageError
from keifu.units import DECIMALS, parse_amount

__all__ = ["Amount", "coins_of", "wei_of"]

Amount = str | int | Decimal
DIGITS = 60  # of a decimal number: more than any amount of wei has


def wei_of(amount: Amount, decimals: int = DECIMALS) -> int:
    """Smallest units of coins, or of a token with so many decimals. Raises UsageError for what is no amount of them."""
    try:
        return parse_amount(f"{amount:f}" if isinstance(amount, Decimal) else str(amount), decimals)
    except ValueError as error:
        raise UsageError(str(error), remedy='write "1143", "0.5", or a Decimal') from error


def coins_of(wei: int, decimals: int = DECIMALS) -> Decimal:
    with localcontext(prec=DIGITS):
        return Decimal(wei) / Decimal(10) ** decimals
