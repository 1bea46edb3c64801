"""EIP-1559 transactions, encoded here and signed with coincurve (six times as fast as eth-account), or by a device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from ethwire import rlp
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.keys import Account, keccak256, recover

__all__ = ["ExternalAccount", "Fees", "Transaction", "sign_transaction"]

DYNAMIC_FEE = b"\x02"
V_OFFSET = 27
WORD = 32  # bytes of each half of a signature


@dataclass(frozen=True)
class Fees:
    """Wei for each unit of gas."""

    max_fee: int
    priority: int


@dataclass(frozen=True)
class Transaction:
    """All that is signed. `to` None creates a contract."""

    chain_id: int
    nonce: int
    fees: Fees
    gas: int
    to: str | None
    value: int
    data: bytes

    @property
    def fields(self) -> list[Any]:
        target = bytes.fromhex(self.to[2:]) if self.to else b""
        fees = (self.fees.priority, self.fees.max_fee)
        return [self.chain_id, self.nonce, *fees, self.gas, target, self.value, self.data, []]


class ExternalAccount(Account, ABC):
    """An account whose key is elsewhere, as on a hardware wallet: it shows whole transactions to its owner and signs
    those. What it gives back is checked before it is sent."""

    def __init__(self, address: str, name: str = "") -> None:
        self.address, self.name = address.lower(), name

    @abstractmethod
    def signed(self, transaction: Transaction) -> bytes:
        """The raw transaction. Raises EnvironmentFault when nothing was signed."""

    @property
    def public_key(self) -> bytes:
        raise self._only_transactions()

    def secret(self) -> bytes:
        raise self._only_transactions()

    def shared_point(self, public_key: bytes) -> bytes:
        del public_key
        raise self._only_transactions()

    def sign(self, digest: bytes) -> bytes:
        del digest
        raise self._only_transactions()

    def _only_transactions(self) -> UsageError:
        return UsageError(f"{self.address} signs transactions alone", remedy="use a key file for this command")


def sign_transaction(
    account: Account, *, chain_id: int, nonce: int, fees: Fees, gas: int, to: str | None, value: int, data: bytes
) -> tuple[bytes, bytes]:
    """The raw transaction and its hash. `to` None creates a contract. Raises what an `ExternalAccount` raises, and
    CheckFailed when it signed something else."""
    transaction = Transaction(chain_id, nonce, fees, gas, to, value, data)
    if isinstance(account, ExternalAccount):
        raw = account.signed(transaction)
        _require_same(raw, transaction, account.address)
        return raw, keccak256(raw)
    payload = b"".join(map(rlp.encode, transaction.fields))
    signature = account.sign(keccak256(DYNAMIC_FEE + rlp.list_of(payload)))
    signed = [signature[64] - V_OFFSET, *(int.from_bytes(half, "big") for half in (signature[:32], signature[32:64]))]
    raw = DYNAMIC_FEE + rlp.list_of(payload + b"".join(map(rlp.encode, signed)))
    return raw, keccak256(raw)


def _require_same(raw: bytes, transaction: Transaction, address: str) -> None:
    payload = b"".join(map(rlp.encode, transaction.fields))
    try:
        *fields, parity, r, s = rlp.decode(raw[1:]) if raw[:1] == DYNAMIC_FEE else [b""] * 3
        signature = r.rjust(WORD, b"\0") + s.rjust(WORD, b"\0") + bytes([V_OFFSET + int.from_bytes(parity, "big")])
        same = b"".join(map(rlp.encode, fields)) == payload
        if same and recover(keccak256(DYNAMIC_FEE + rlp.list_of(payload)), signature) == address:
            return
    except (ValueError, TypeError, InputError, AttributeError):
        pass  # of a form that no transaction has
    raise CheckFailed(
        f"{address} signed another transaction than it was asked for: it was not sent",
        remedy="look at the device, and at what is between it and this machine",
    )
