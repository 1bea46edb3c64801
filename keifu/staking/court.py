"""A juror's vote under seal, as AlignmentCourt hashes it."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode

from keifu.abi import Receipt
from keifu.keys import keccak256

__all__ = ["case_of", "seal"]


def seal(case: int, turn: int, juror: str, guilty: bool, salt: bytes) -> bytes:
    """keccak256(abi_encode(case, turn, juror, guilty, salt)); `salt` is 32 random bytes that stay with the juror."""
    kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
    values: list[Any] = [case, turn, juror, guilty, salt]
    return keccak256(encode(kinds, values))


def case_of(receipt: Receipt) -> int:
    """The number of the case that a transaction opened."""
    return int(receipt.events("CaseOpened")[0].args["case_id"])
