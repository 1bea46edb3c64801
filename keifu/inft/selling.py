"""An order as its seller makes it: signed, kept, and the market allowed to move this token."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.suite import MARKET, NFT, TOKEN
from keifu.errors import CheckFailed, InputError
from keifu.inft.actions import approve_sale
from keifu.inft.orders import Order, SignedOrder
from keifu.units import DAY

__all__ = ["Offer", "offer"]

NONCE_BYTES = 32
Sign = Callable[[bytes], bytes]  # a 32-byte digest to r, s, v


@dataclass(frozen=True)
class Offer:
    """What a seller wants for a token. `backing` is what attestors must promise it for a wrong key."""

    price: int
    buyer: str = ZERO_ADDRESS
    backing: int = 0
    seconds: int = DAY

    def __post_init__(self) -> None:
        if self.backing and self.backing < self.price:
            raise InputError(
                "--backing is below the price", remedy="give at least the price, or nothing: an unbacked sale"
            )


def offer(
    client: ChainClient, chain: Deployer, suite: Deployment, sign: Sign, token_id: int, made: Offer, path: Path,
    account: Contract | None = None,
) -> SignedOrder:  # fmt: skip
    """Sign an order of the sender's, let the market move the token, and keep the order at `path`, which is new. With
    its `account` the token's state has to be as it is now. Raises CheckFailed for a token of somebody else's."""
    nft = suite.at(client, NFT)
    if (owner := nft.ownerOf(token_id)) != chain.sender:
        raise CheckFailed(f"{owner} owns the token, not {chain.sender}", remedy="sign as the owner")
    terms = Order.of(
        nft,
        token_id,
        price=made.price,
        currency=suite[TOKEN],
        nonce=secrets.token_bytes(NONCE_BYTES),
        deadline=client.now + made.seconds,
        seller=chain.sender,
        buyer=made.buyer,
        backing=made.backing,
        account=account,
    )
    signed = SignedOrder.of(client.chain_id, suite[MARKET], terms)
    signed.seller_signature = sign(signed.digest).hex()
    approve_sale(chain, suite, token_id)
    signed.save(path)
    return signed
