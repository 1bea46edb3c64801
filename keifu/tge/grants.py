"""The list of grants: read from CSV with every line checked, and as the leaves of a Merkle tree.

    account,total
    0x52908400098527886E0F7030069857D2E4169EE7,1143
    0xde709f2102306220921060314715629080e2fb77,1143.000000000000000001
    total,2286.000000000000000001

`total` is in coins, with up to 18 decimals. The last line may give the sum. A grant's index is its place in the list,
counted from 0; lines and columns that hold nothing do not count.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import InputError
from keifu.keys import checksum
from keifu.merkle import Tree, build, hash_leaves
from keifu.spec.vesting import SUPPLY
from keifu.units import COIN, DECIMALS, brief, coins, is_address, parse_amount

__all__ = ["COIN", "HEADER", "Grants", "coins", "parse_amount", "read_csv"]

HEADER = ["account", "total"]
TRAILER = "total"
ADDRESS_BYTES = 20
WORD_BYTES = 32
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Grants:
    """Who gets how much (wei), by index. Addresses are lower case."""

    accounts: list[str]
    totals: list[int]

    def __len__(self) -> int:
        return len(self.accounts)

    @cached_property
    def allocation(self) -> int:
        """Sum of all grants, wei."""
        return sum(self.totals)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Index of each account."""
        return {account: index for index, account in enumerate(self.accounts)}

    @cached_property
    def tree(self) -> Tree:
        return build(hash_leaves(self.rows()))

    def rows(self) -> NDArray[np.uint8]:
        """`abi.encode(index, account, total)` of each grant: uint8[n, 96]."""
        count = len(self)
        rows = np.zeros((count, 3 * WORD_BYTES), np.uint8)
        rows[:, 24:32] = np.arange(count, dtype=">u8").view(np.uint8).reshape(count, 8)
        accounts = bytes.fromhex("".join(account[2:] for account in self.accounts))
        rows[:, 44:64] = np.frombuffer(accounts, np.uint8).reshape(count, ADDRESS_BYTES)
        totals = b"".join(total.to_bytes(16, "big") for total in self.totals)
        rows[:, 80:96] = np.frombuffer(totals, np.uint8).reshape(count, 16)
        return rows


def read_csv(path: Path, *, expected: int | None = None, decimals: int = DECIMALS) -> Grants:
    """The grants of a file. `expected` (wei) is a sum that they must add up to.

    Raises InputError, naming the line and what is wrong with it.
    """
    accounts: list[str] = []
    totals: list[int] = []
    lines: dict[str, int] = {}
    trailer: tuple[int, int] | None = None
    for line, first, second in _fields(path):
        if trailer is not None:
            raise InputError(f"{path.name}:{line}: a line behind the total of line {trailer[0]}")
        if first.lower() == TRAILER:
            trailer = line, _amount(path, line, second, decimals)
            continue
        account = _account(path, line, first)
        if account in lines:
            raise InputError(f"{path.name}:{line}: {first} already has the grant of line {lines[account]}")
        total = _amount(path, line, second, decimals)
        if not 0 < total <= SUPPLY:
            what = "no coins" if total == 0 else f"{coins(total, decimals)} coins, more than there are"
            raise InputError(f"{path.name}:{line}: a grant of {what}")
        lines[account] = line
        accounts.append(account)
        totals.append(total)
    if not accounts:
        raise InputError(f"{path.name}: no grants", remedy=f"a header {','.join(HEADER)} and a line for each grant")
    grants = Grants(accounts, totals)
    _check_sum(path, grants, trailer, expected, decimals)
    return grants


def _fields(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number and both fields of each line behind the header that holds something."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # A space behind a comma may stand before a quote.
            reader = csv.reader(file, strict=True, skipinitialspace=True)
            _check_header(path, next((row for row in reader if _is_content(row)), []), max(reader.line_num, 1))
            for row in reader:
                if len(row) != len(HEADER):
                    row = _without_empty_columns(path, reader.line_num, row)  # noqa: PLW2901
                first, second = row[0].strip(), row[1].strip()
                if first or second:
                    yield reader.line_num, first, second
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not a CSV file in UTF-8{_encoding(path)}", remedy="save it as CSV in UTF-8"
        ) from error
    except csv.Error as error:
        raise InputError(f"{path.name}:{reader.line_num} is not a CSV file: {error}") from error


def _is_content(row: list[str]) -> bool:
    """Whether a row in front of the header holds something; `sep=,` is a spreadsheet's own note about separators."""
    return any(field.strip() for field in row) and row != ["sep=", ""]


def _check_header(path: Path, row: list[str], line: int) -> None:
    header = [field.strip().lower() for field in row]
    while header and not header[-1]:
        header.pop()
    if header == HEADER:
        return
    shown = ",".join(header)
    used = next((name for mark, name in SEPARATORS.items() if mark in shown), "")
    if used:
        raise InputError(f"{path.name}:{line}: {used} stand between the fields", remedy="save it with commas")
    raise InputError(
        f"{path.name}:{line}: the header is {brief(shown)!r}, not {','.join(HEADER)!r}",
        remedy="two columns, in this order",
    )


def _without_empty_columns(path: Path, line: int, row: list[str]) -> list[str]:
    """The two fields of a row that has more or fewer."""
    row = [field.strip() for field in row]
    used = [field for field in row if field]
    if not used:
        return ["", ""]
    if len(used) <= len(HEADER) < len(row) and row[: len(used)] == used:
        return row[: len(HEADER)]
    if len(row) == 1 and (found := next((name for mark, name in SEPARATORS.items() if mark in row[0]), "")):
        raise InputError(f"{path.name}:{line}: {found} stand between the fields", remedy="save it with commas")
    remedy = ""
    if len(row) > len(HEADER) and all(field.replace(".", "").isdigit() for field in row[1:] if field):
        remedy = "an amount has no thousands separators"
    raise InputError(f"{path.name}:{line}: {len(row)} fields, not {len(HEADER)}", remedy=remedy)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        return " but in UTF-16" if file.read(2) in UTF_16 else ""


def _account(path: Path, line: int, text: str) -> str:
    if not is_address(text):
        raise InputError(f"{path.name}:{line}: {brief(text)!r} is not an address", remedy="0x and 40 hex digits")
    account = text.lower()
    if account == ZERO_ADDRESS:
        raise InputError(f"{path.name}:{line}: a grant to the zero address")
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and checksum(account) != text:
        raise InputError(f"{path.name}:{line}: {text} has a wrong checksum", remedy=f"is {checksum(account)} meant?")
    return account


def _amount(path: Path, line: int, text: str, decimals: int) -> int:
    try:
        return parse_amount(text, decimals)
    except ValueError as error:
        raise InputError(f"{path.name}:{line}: {error}") from error


def _check_sum(
    path: Path, grants: Grants, trailer: tuple[int, int] | None, expected: int | None, decimals: int
) -> None:
    found, said = grants.allocation, coins(grants.allocation, decimals)
    if trailer is not None and trailer[1] != found:
        raise InputError(
            f"{path.name}:{trailer[0]}: the grants add up to {said}, the line says {coins(trailer[1], decimals)}"
        )
    if expected is not None and expected != found:
        raise InputError(f"{path.name}: the grants add up to {said}, {coins(expected, decimals)} were expected")
    if found > SUPPLY:
        raise InputError(f"{path.name}: the grants add up to {said}, more than the {coins(SUPPLY, decimals)} there are")
