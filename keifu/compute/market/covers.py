"""Covers of channels: what a channel's payer gets if the operator breaks its word. Amounts in wei, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ethwire.eip712 import Domain
from ethwire.keys import recover
from keifu.abi import Contract
from keifu.abi.eip712 import COVER
from keifu.chain import Deployer, Deployment
from keifu.chain.suite import COMPUTE
from keifu.compute.market.refusals import send, send_with_coins
from keifu.compute.promises import Cover
from keifu.errors import InputError
from keifu.keys import Account
from keifu.payments.channel import Channel

__all__ = ["CoverState", "SignedCover", "open_cover", "read_cover", "release", "sign_cover"]

ID_BYTES, SIGNATURE_BYTES = 32, 65
LARGEST_AMOUNT, LARGEST_TIME = 2**96 - 1, 2**40 - 1


class _Document(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    operator: str
    channel_id: str
    restitution: str
    price: str
    last: int
    deadline: int
    signature: str


@dataclass(frozen=True)
class SignedCover:
    """What an operator's receipt key signed so that a channel is covered."""

    cover: Cover
    operator: str
    signature: bytes

    def signer(self, domain: Domain) -> str:
        """Whose key signed, in lower case. Raises ValueError for what is no signature."""
        return recover(domain.digest(COVER, *self.cover.args), self.signature)

    def encode(self) -> bytes:
        """As JSON, amounts as decimal strings."""
        cover = self.cover
        return msgspec.json.encode(
            _Document(
                self.operator, "0x" + cover.channel_id.hex(), str(cover.restitution), str(cover.price), cover.last,
                cover.deadline, "0x" + self.signature.hex(),
            )
        )  # fmt: skip

    @classmethod
    def decode(cls, data: bytes | str) -> SignedCover:
        """What `encode` wrote. Raises InputError for anything else."""
        try:
            said = msgspec.json.decode(data, type=_Document)
            cover = Cover(
                _hex(said.channel_id, ID_BYTES), _amount(said.restitution), _amount(said.price), said.last,
                said.deadline,
            )  # fmt: skip
            if not (0 <= said.last <= LARGEST_TIME and 0 <= said.deadline <= LARGEST_TIME):
                raise ValueError("a time is out of range")
            return cls(cover, said.operator, _hex(said.signature, SIGNATURE_BYTES))
        except (ValueError, RecursionError) as error:
            raise InputError(f"this is no signed cover: {error}", remedy="the provider's node answers one") from error


@dataclass(frozen=True)
class CoverState:
    """What an operator promised a channel's payer; all empty when nothing."""

    payer: str
    key: str  # which signed it, and whose cap it counts against
    restitution: int
    since: int
    last: int
    until: int  # end of the evidence window
    reserve: int  # 0 once the promise is over

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        times = {"since": self.since, "last": self.last, "until": self.until}
        amounts = {"restitution": str(self.restitution), "reserve": str(self.reserve)}
        return {"payer": self.payer, "key": self.key, **amounts, **times}


def sign_cover(domain: Domain, key: Account, operator: str, cover: Cover) -> SignedCover:
    """By the operator's receipt key: it opens one cover, and holds that much of the key's cap. `domain` is that of the
    market's `Receipts`, or `disputes_domain`."""
    return SignedCover(cover, operator, cover.sign(domain, key))


def open_cover(
    chain: Deployer, suite: Deployment, channel: Channel, signed: SignedCover, contract: str = COMPUTE
) -> None:
    """Have a channel covered, or its cover prolonged; the sender pays the price. `contract` is the one that its key
    signed for. Raises CheckFailed and Revert."""
    args = channel.values, signed.cover.args, signed.operator, signed.signature
    if signed.cover.price:
        send_with_coins(chain, suite, signed.cover.price, contract, "cover", *args)
    else:
        send(chain, suite, contract, "cover", *args)


def release(chain: Deployer, suite: Deployment, channel_id: bytes, operator: str, contract: str = COMPUTE) -> None:
    """Free a cover at once, as the channel's payer that has nothing to claim. Raises Revert."""
    send(chain, suite, contract, "release", channel_id, operator)


def read_cover(market: Contract, channel_id: bytes, operator: str) -> CoverState:
    payer, key, *numbers = market.cover_of(channel_id, operator)
    return CoverState(payer.lower(), key.lower(), *numbers)


def _hex(text: str, length: int) -> bytes:
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) != length:
        raise ValueError(f"{len(found)} bytes in the place of {length}")
    return found


def _amount(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 <= (found := int(text[:40])) <= LARGEST_AMOUNT:
        raise ValueError("an amount is a decimal number below 2^96")
    return found
