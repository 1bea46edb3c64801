"""Intelligent NFTs: tokens of agents whose private data moves with them, encrypted anew (ERC-7857)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.inft.folder import DataFolder, pack
    from keifu.inft.orders import Order, SignedOrder, market_domain
    from keifu.inft.seals import Secret, decrypt, encrypt, open_seal, seal, shared_point
    from keifu.inft.statements import Item, Move, Statement, token_id_of, verifier_domain
    from keifu.inft.status import LeaseOffer, TokenStatus, read_token
    from keifu.inft.transfer import Terms, Transfer, Workings, accept, attest, prepare, receive

__all__ = [
    "DataFolder",
    "Item",
    "LeaseOffer",
    "Move",
    "Order",
    "Secret",
    "SignedOrder",
    "Statement",
    "Terms",
    "TokenStatus",
    "Transfer",
    "Workings",
    "accept",
    "attest",
    "decrypt",
    "encrypt",
    "market_domain",
    "open_seal",
    "pack",
    "prepare",
    "read_token",
    "receive",
    "seal",
    "shared_point",
    "token_id_of",
    "verifier_domain",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.inft.folder": ["DataFolder", "pack"],
        "keifu.inft.orders": ["Order", "SignedOrder", "market_domain"],
        "keifu.inft.seals": ["Secret", "decrypt", "encrypt", "open_seal", "seal", "shared_point"],
        "keifu.inft.statements": ["Item", "Move", "Statement", "token_id_of", "verifier_domain"],
        "keifu.inft.status": ["LeaseOffer", "TokenStatus", "read_token"],
        "keifu.inft.transfer": ["Terms", "Transfer", "Workings", "accept", "attest", "prepare", "receive"],
    },
)
