"""What an EVM must do to serve as the machine under `LocalEvm`. There are two:

- `NativeMachine`, our own loop in C, for campaigns of millions of calls, and for coverage, which counts instructions;
- `PyrevmMachine`, over revm, the second opinion that the first is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["CHAIN_ID", "GAS_LIMIT", "Machine", "RawLog", "intrinsic_gas"]

CHAIN_ID = 31_337
TRANSACTION_GAS, ZERO_BYTE_GAS, BYTE_GAS = 21_000, 4, 16
GAS_LIMIT = 1_000_000_000  # of a transaction, far above any block: a loop that ends is never cut short here


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as it was emitted; the address in small letters."""

    address: str
    topics: list[bytes]
    data: bytes


def intrinsic_gas(data: bytes) -> int:
    """What a call with `data` costs before any code runs (EIP-2028)."""
    zeros = data.count(0)
    return TRANSACTION_GAS + ZERO_BYTE_GAS * zeros + BYTE_GAS * (len(data) - zeros)


class Machine(Protocol):
    """Accounts are written as "0x" and forty digits. Every `call` and `deploy` is a transaction of its own."""

    failure: bytes | str
    """Of the last transaction that did not succeed: the bytes it reverted with, or why it halted, in revm's words."""

    @property
    def gas_used(self) -> int:
        """Of the last transaction that succeeded."""

    @property
    def logs(self) -> list[RawLog]:
        """Of the last transaction that succeeded."""

    def set_block(self, number: int, time: int, prevrandao: bytes) -> None: ...

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        """Returned data, or None when it failed."""

    def deploy(self, sender: str, data: bytes, value: int = 0) -> str | None:
        """Address of the new contract, or None when it failed."""

    def balance(self, address: str) -> int: ...

    def set_balance(self, address: str, balance: int) -> None: ...

    def nonce(self, address: str) -> int:
        """Transactions that an account has sent, or contracts that a contract has made, plus one."""

    def code(self, address: str) -> bytes: ...

    def slot(self, address: str, slot: int) -> Callable[[], int]:
        """A reader of one word of storage."""

    def watch(self, places: Sequence[tuple[str, int]]) -> Callable[[], int]:
        """Says, each time that it is asked, whether one of these words (address and slot) is another than the last
        time; yes the first time."""

    def snapshot(self) -> Any: ...

    def revert(self, mark: Any) -> None:
        """Back to the snapshot; it and those taken after it are gone."""
