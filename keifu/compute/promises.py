"""What a provider promises at ComputeMarket, and the statements that begin or break a promise.

signature = cover.sign(Receipts(chain_id, market).domain, receipt_key)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from ethwire.eip712 import Domain
from ethwire.keys import Account, keccak256
from keifu.abi import encode_args
from keifu.abi.eip712 import COVER
from keifu.compute.receipt import SignedReceipt
from keifu.units import COIN, DAY

__all__ = [
    "LARGEST_COVER",
    "LONGEST",
    "LONGEST_REQUEST",
    "LONGEST_RESPONSE",
    "PROVER_PART",
    "SMALLEST_COVER",
    "Cover",
    "Offer",
    "commitment",
    "disputes_domain",
    "needed_for",
    "shown",
]

LONGEST = 180 * DAY  # seconds of a promise without a new act
LONGEST_REQUEST, LONGEST_RESPONSE = 2_048, 4_096  # bytes of a demand and its answer
SMALLEST_COVER, LARGEST_COVER = COIN, 40_000 * COIN
PROVER_PART = PENALTY_PART = 10  # one in so many of a cover's restitution


@dataclass(frozen=True)
class Offer:
    """What a service costs, in the smallest unit of the token."""

    token: str
    request: int
    input_units: int  # a million of them
    output_units: int  # a million of them
    credit: int  # unpaid work that it allows a channel
    interval: int  # seconds between two redemptions, at most

    @property
    def args(self) -> tuple[str, int, int, int, int, int]:
        """As the contract takes it."""
        return astuple(self)

    @property
    def hash(self) -> bytes:
        """What the contract keeps: whoever is shown an offer compares."""
        types = ["address", "uint128", "uint128", "uint128", "uint128", "uint40"]
        return keccak256(encode_args(types, self.args))

    def price(self, input_units: int, output_units: int) -> int:
        """Of one request, rounded up."""
        units = input_units * self.input_units + output_units * self.output_units
        return self.request + -(-units // 1_000_000)

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        amounts = {name: str(getattr(self, name)) for name in ("request", "input_units", "output_units", "credit")}
        return {"token": self.token, **amounts, "interval": self.interval}


@dataclass(frozen=True)
class Cover:
    """What an operator's receipt key signs so that a channel is covered. Amounts in wei, times in unix seconds."""

    channel_id: bytes
    restitution: int
    price: int
    last: int
    deadline: int

    @property
    def args(self) -> tuple[bytes, int, int, int, int]:
        """As the contract takes it."""
        return astuple(self)

    def sign(self, domain: Domain, key: Account) -> bytes:
        """`domain` is that of the market's `Receipts`."""
        return key.sign(domain.digest(COVER, *self.args))


def disputes_domain(chain_id: int, disputes: str) -> Domain:
    """Of what is signed for an InferenceDisputes: covers, consents of keys, permits of watchers."""
    return Domain("Keifu Inference", "1", chain_id, disputes)


def needed_for(restitution: int) -> int:
    """Wei of the operator's lock that a cover reserves."""
    paid = restitution + restitution // PROVER_PART
    return (paid * 5 + 3) // 4 + restitution // PENALTY_PART


def commitment(receipt_hash: bytes, prover: str) -> bytes:
    """What a prover commits to, a block before it shows a receipt of this struct hash."""
    return keccak256(encode_args(["bytes32", "address"], [receipt_hash, prover]))


def shown(signed: SignedReceipt) -> tuple[tuple[Any, ...], Sequence[bytes], bytes]:
    """A signed receipt as the contract takes it."""
    return astuple(signed.receipt), list(signed.proof), signed.signature
