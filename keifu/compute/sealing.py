"""Receipts of a moment under one signature, made as fast as Python goes: the same that `Receipts.sign` gives.

What does not change between answers of one model is encoded once. A leaf is two hashes, a tree over n leaves n - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ethwire.eip712 import Domain
from keifu.abi.eip712 import RECEIPT, RECEIPT_BATCH
from keifu.compute.model import Claimed
from keifu.compute.receipt import LARGEST_BATCH, MARKET_NAME, MARKET_VERSION, Evidence
from keifu.compute.wire import AMOUNT_BYTES, pack
from keifu.errors import UsageError
from keifu.keys import Account, keccak256

__all__ = ["Answered", "Sealer", "proofs_of"]


@dataclass(slots=True)
class Answered:
    """What a receipt says beside the artefact, which is the model's."""

    channel_id: bytes
    number: int
    claimed: Claimed
    request_hash: bytes
    response_hash: bytes
    input_root: bytes
    output_root: bytes
    input_units: int
    output_units: int
    fee: int
    charged: int
    evidence: Evidence
    response: bytes | None = None  # where a demand may ask for it, and the chain takes so many bytes


class Sealer:
    """Signs with the provider's receipt key for one market."""

    def __init__(self, key: Account, chain_id: int, market: str) -> None:
        self._key = key
        self._type = RECEIPT.type_hash
        self._prefix = b"\x19\x01" + Domain(MARKET_NAME, MARKET_VERSION, chain_id, market).separator
        self._batch = RECEIPT_BATCH.type_hash

    def seal(self, answers: Sequence[Answered], time: int) -> list[bytes]:
        """The text of each one's receipt, in their order."""
        if not 0 < len(answers) <= LARGEST_BATCH:
            raise UsageError(f"{len(answers)} receipts in a batch: 1 to {LARGEST_BATCH} go under one signature")
        when = time.to_bytes(32, "big")
        leaves = [keccak256(self._struct_hash(item, when)) for item in answers]
        root, proofs = proofs_of(leaves)
        signature = self._key.sign(keccak256(self._prefix + keccak256(self._batch + root)))
        return [pack(_fields(item, time), proof, signature) for item, proof in zip(answers, proofs, strict=True)]

    def _struct_hash(self, item: Answered, when: bytes) -> bytes:
        claimed = item.claimed
        return keccak256(
            b"".join(
                (
                    self._type,
                    item.channel_id,
                    item.number.to_bytes(32, "big"),
                    claimed.environment,
                    claimed.promotion_seq.to_bytes(32, "big"),
                    claimed.digest,
                    item.request_hash,
                    item.response_hash,
                    item.input_root,
                    item.output_root,
                    _NO_TRACE,
                    item.input_units.to_bytes(32, "big"),
                    item.output_units.to_bytes(32, "big"),
                    item.fee.to_bytes(32, "big"),
                    item.charged.to_bytes(32, "big"),
                    item.evidence.to_bytes(32, "big"),
                    when,
                )
            )
        )


def _fields(item: Answered, time: int) -> tuple[bytes | int, ...]:
    claimed = item.claimed
    return (
        item.channel_id,
        item.number,
        claimed.environment,
        claimed.promotion_seq,
        claimed.digest,
        item.request_hash,
        item.response_hash,
        item.input_root,
        item.output_root,
        _NO_TRACE,
        item.input_units,
        item.output_units,
        item.fee.to_bytes(AMOUNT_BYTES, "big"),
        item.charged.to_bytes(AMOUNT_BYTES, "big"),
        int(item.evidence),
        time,
    )


def proofs_of(leaves: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Root and proofs of the tree that `keifu.merkle.build` makes: for a few leaves, without an array's overhead."""
    count = len(leaves)
    order = sorted(range(count), key=leaves.__getitem__)
    nodes = [b""] * (2 * count - 1)
    place = [0] * count
    for rank, number in enumerate(order):
        place[number] = 2 * count - 2 - rank
        nodes[2 * count - 2 - rank] = leaves[number]
    for inner in range(count - 2, -1, -1):
        left, right = nodes[2 * inner + 1], nodes[2 * inner + 2]
        nodes[inner] = keccak256(left + right if left < right else right + left)
    proofs = []
    for start in place:
        at, proof = start, []
        while at > 0:
            proof.append(nodes[at + 1 if at & 1 else at - 1])
            at = (at - 1) >> 1
        proofs.append(proof)
    return nodes[0], proofs


_NO_TRACE = bytes(32)
