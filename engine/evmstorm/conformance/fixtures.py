"""The official state tests: their format, and which of their transactions a block would not take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincurve import PublicKey

from ethwire import rlp
from ethwire.constants import ZERO_ADDRESS
from ethwire.errors import InputError
from ethwire.keys import Account, keccak256
from evmstorm.evm.hardforks import CANCUN, HARDFORKS, Hardfork
from evmstorm.evm.native_machine import AccountState, Authorization, Transaction

__all__ = [
    "InvalidTransaction",
    "SubTest",
    "account",
    "blob_base_fee",
    "chain_id",
    "number",
    "read",
    "sender",
    "transaction",
]

BLOB_GAS = 1 << 17
VERSION_KZG = 1
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SET_CODE = b"\x05"
MAX_NONCE = 2**64 - 1
WORD = 32


class InvalidTransaction(Exception):
    """No block would take the transaction: the state stays as it is."""


@dataclass(frozen=True)
class SubTest:
    """One transaction of one test on one fork, with the hashes of what it must leave."""

    name: str
    fork: Hardfork
    test: dict[str, Any]
    post: dict[str, Any]


def read(path: Path) -> Iterator[SubTest]:
    """The subtests of one file for the forks that the engine knows. Raises InputError for what is no state test."""
    try:
        tests = json.loads(path.read_text())
        for name, test in tests.items():
            for fork in HARDFORKS:
                for post in test["post"].get(fork.title, []):
                    places = " ".join(f"{key}={value}" for key, value in post["indexes"].items())
                    yield SubTest(f"{path.name}: {name} {fork.name} {places}", fork, test, post)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no state test: {error!r}") from error


def number(text: str | int) -> int:
    """A number of a test: hexadecimal, in decimal, or of a size that no transaction can carry."""
    if isinstance(text, int):
        return text
    text = text.removeprefix("0x:bigint ")
    return int(text, 16) if text.startswith("0x") else int(text or "0")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def account(fields: dict[str, Any]) -> AccountState:
    storage = {number(slot): number(value) for slot, value in fields["storage"].items()}
    return AccountState(number(fields["balance"]), number(fields["nonce"]), _bytes(fields["code"]), storage)


def chain_id(item: SubTest) -> int:
    return number(item.test.get("config", {}).get("chainid", "0x1"))


def blob_base_fee(item: SubTest) -> int:
    """What one gas of a blob costs: e to the power of the excess, by a whole-number series (EIP-4844)."""
    excess = number(item.test["env"].get("currentExcessBlobGas", "0x0"))
    schedule = item.test.get("config", {}).get("blobSchedule", {}).get(item.fork.title, {})
    fraction = number(schedule["baseFeeUpdateFraction"]) if schedule else item.fork.blob_fraction
    index, total, term = 1, 0, fraction
    while term > 0:
        total += term
        term = term * excess // (fraction * index)
        index += 1
    return total // fraction


def transaction(item: SubTest, origin: AccountState | None) -> Transaction:
    """The transaction of a subtest; raises InvalidTransaction when no block would take it."""
    fields, places = item.test["transaction"], item.post["indexes"]
    gas, value = number(fields["gasLimit"][places["gas"]]), number(fields["value"][places["value"]])
    account = origin or AccountState(0, 0, b"")
    _check(value < 1 << 256 and gas < 1 << 64, "a number too large")
    base_fee = number(item.test["env"].get("currentBaseFee", "0x0"))
    most, price = _prices(fields, base_fee)
    hashes = tuple(_bytes(one) for one in fields.get("blobVersionedHashes", ()))
    blob_price = blob_base_fee(item)
    blob_gas = BLOB_GAS * len(hashes)
    listed = (fields.get("accessLists") or [None] * (places["data"] + 1))[places["data"]] or []
    signed = fields.get("authorizationList")
    to = fields["to"].lower() or None
    if "blobVersionedHashes" in fields or "maxFeePerBlobGas" in fields:
        most_blob = number(fields["maxFeePerBlobGas"])
        _check(to is not None and most_blob >= blob_price and 0 < len(hashes) <= item.fork.blobs, "its blobs")
        _check(all(one[0] == VERSION_KZG for one in hashes), "the version of a blob's hash")
        blob_most = blob_gas * most_blob
    else:
        blob_most = 0
    if signed is not None:
        _check(to is not None and item.fork != CANCUN and bool(signed), "its authorizations")
    _check(number(fields["nonce"]) == account.nonce < MAX_NONCE, "nonce")
    _check(gas <= number(item.test["env"]["currentGasLimit"]), "more gas than a block has")
    _check(item.fork.transaction_gas is None or gas <= item.fork.transaction_gas, "more gas than it may have")
    _check(account.balance >= gas * most + value + blob_most, "balance")
    _check(not account.code or (item.fork != CANCUN and _is_delegated(account.code)), "sent by a contract")
    return Transaction(
        sender=sender(item),
        to=to,
        data=_bytes(fields["data"][places["data"]]),
        value=value,
        gas=gas,
        gas_price=price,
        blob_fee=blob_gas * blob_price,
        accounts=tuple(entry["address"].lower() for entry in listed),
        slots=tuple((entry["address"].lower(), number(slot)) for entry in listed for slot in entry["storageKeys"]),
        blob_hashes=hashes,
        authorizations=tuple(found for one in signed or () if (found := _authorization(item, one)) is not None),
        paid_authorizations=len(signed or ()),
    )


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidTransaction(what)


def _is_delegated(code: bytes) -> bool:
    return code.startswith(b"\xef\x01\x00") and len(code) == len(b"\xef\x01\x00") + len(ZERO_ADDRESS[2:]) // 2


def _prices(fields: dict[str, Any], base_fee: int) -> tuple[int, int]:
    """(the most that the sender would pay for one gas, what is paid)."""
    if "maxFeePerGas" not in fields:
        price = number(fields["gasPrice"])
        _check(price >= base_fee, "gas price")
        return price, price
    most, tip = number(fields["maxFeePerGas"]), number(fields["maxPriorityFeePerGas"])
    _check(most >= tip and most >= base_fee, "fee")
    return most, min(most, base_fee + tip)


def sender(item: SubTest) -> str:
    """Who sends it."""
    fields = item.test["transaction"]
    if "sender" in fields:
        return str(fields["sender"]).lower()
    return Account(_bytes(fields["secretKey"])).address.lower()


def _authorization(item: SubTest, fields: dict[str, Any]) -> Authorization | None:
    """None for one that names no authority, or another chain."""
    chain, nonce = number(fields["chainId"]), number(fields["nonce"])
    v, r, s = number(fields.get("yParity", fields["v"])), number(fields["r"]), number(fields["s"])
    if chain not in (0, chain_id(item)) or nonce >= MAX_NONCE or v > 1 or not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        return None
    digest = keccak256(SET_CODE + rlp.encode([chain, _bytes(fields["address"]), nonce]))
    try:
        signature = r.to_bytes(WORD, "big") + s.to_bytes(WORD, "big") + bytes([v])
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError:
        return None
    authority = "0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex()
    return Authorization(authority, fields["address"].lower(), nonce)
