"""Receipts: what a provider says about one answer, many of them under one signature.

A receipt's leaf is the hash of its EIP-712 struct hash, so a leaf is never an inner node. Leaves of a batch form a
tree as OpenZeppelin's (`keifu.merkle`), and the provider's receipt key signs its root under the market's domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum

import numpy as np

from ethwire.eip712 import Domain
from ethwire.keys import Account, keccak256, recover
from keifu.abi.eip712 import RECEIPT, RECEIPT_BATCH
from keifu.errors import UsageError
from keifu.merkle import build
from keifu.merkle.tree import root_of

__all__ = [
    "LARGEST_BATCH",
    "MARKET_NAME",
    "MARKET_VERSION",
    "SIGNATURE_BYTES",
    "Evidence",
    "Receipt",
    "Receipts",
    "SignedReceipt",
]

MARKET_NAME, MARKET_VERSION = "Keifu Compute", "1"
SIGNATURE_BYTES = 65
LARGEST_BATCH = 1_000  # receipts under one signature: proofs of ten hashes


class Evidence(IntEnum):
    """What stands behind an answer. Nothing is shown under a stronger word than it has."""

    UNVERIFIED = 0  # the provider's word
    ATTESTED = 1  # a trusted execution environment's word
    REEXECUTED = 2  # staked re-executors compute it again on demand, and a court decides
    PROVED = 3  # any wrong step can be shown on the chain

    @property
    def word(self) -> str:
        """As people and JSON have it."""
        return "re-executed" if self == Evidence.REEXECUTED else self.name.lower()


@dataclass(frozen=True)
class Receipt:
    """One answer. Hashes are keccak-256 of bytes as they went over the wire; units are the model's own (tokens)."""

    channel_id: bytes
    number: int  # of the request in its channel, from 1
    environment: bytes  # zeros: the service is bound to none
    promotion_seq: int
    digest: bytes  # of the artefact that answered
    request_hash: bytes
    response_hash: bytes
    input_root: bytes  # of the canonical input, zeros where there is none
    output_root: bytes
    trace_root: bytes
    input_units: int
    output_units: int
    fee: int  # for this answer
    charged: int  # in the channel so far, this answer included
    evidence: Evidence
    time: int  # unix seconds

    @property
    def struct_hash(self) -> bytes:
        return RECEIPT.hash(*astuple(self))

    @property
    def leaf(self) -> bytes:
        return keccak256(self.struct_hash)


@dataclass(frozen=True)
class SignedReceipt:
    """A receipt and its way to the root that was signed."""

    receipt: Receipt
    proof: tuple[bytes, ...]
    signature: bytes

    @property
    def root(self) -> bytes:
        return root_of(self.receipt.leaf, self.proof)


class Receipts:
    """What one market on one chain takes receipts under."""

    def __init__(self, chain_id: int, market: str) -> None:
        self.domain = Domain(MARKET_NAME, MARKET_VERSION, chain_id, market)

    def sign(self, key: Account, receipts: Sequence[Receipt]) -> list[SignedReceipt]:
        """All under one signature, in their order. Raises UsageError for none or more than `LARGEST_BATCH`."""
        if not 0 < len(receipts) <= LARGEST_BATCH:
            raise UsageError(f"{len(receipts)} receipts in a batch: 1 to {LARGEST_BATCH} go under one signature")
        leaves = [receipt.leaf for receipt in receipts]
        if len(leaves) == 1:
            return [SignedReceipt(receipts[0], (), self._sign(key, leaves[0]))]
        tree = build(np.frombuffer(b"".join(leaves), np.uint8).reshape(-1, 32))
        signature = self._sign(key, tree.root)
        return [SignedReceipt(item, tuple(tree.proof(place)), signature) for place, item in enumerate(receipts)]

    def signer(self, signed: SignedReceipt) -> str:
        """Whose key signed, in lower case. Raises ValueError for what is no signature."""
        return recover(self.domain.digest(RECEIPT_BATCH, signed.root), signed.signature)

    def _sign(self, key: Account, root: bytes) -> bytes:
        return key.sign(self.domain.digest(RECEIPT_BATCH, root))
