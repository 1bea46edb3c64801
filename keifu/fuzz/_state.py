"""Everything that an in-process EVM holds: balances, nonces, code and storage.

pyrevm tells storage only in the text form of its journal, so that text is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["AccountState", "dump"]

_ACCOUNT = re.compile(
    r"(0x[0-9a-f]{40}): Account \{ info: AccountInfo \{ balance: (\d+), nonce: (\d+), .*?"
    r"Analysed \{ len: (\d+).*?storage: \{(.*?)\}, status: AccountStatus",
    re.DOTALL,
)
_SLOT = re.compile(r"(\d+): StorageSlot \{ previous_or_original_value: \d+, present_value: (\d+) \}")


@dataclass(frozen=True)
class AccountState:
    """One account; `storage` holds every slot that was touched, empty ones too."""

    balance: int
    nonce: int
    code: bytes
    storage: dict[int, int] = field(default_factory=dict)


def dump(raw: Any) -> dict[str, AccountState]:
    """The state of a pyrevm EVM, by address."""
    found: dict[str, AccountState] = {}
    for address, balance, nonce, length, storage in _ACCOUNT.findall(raw.journal_str):
        code = bytes(raw.get_code(address) or b"")[: int(length)]
        found[address] = AccountState(
            balance=int(balance),
            nonce=int(nonce),
            code=b"" if code == b"\0" else code,
            storage={int(slot): int(value) for slot, value in _SLOT.findall(storage)},
        )
    return found
