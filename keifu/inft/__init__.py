"""Intelligent NFTs: tokens of agents whose private data moves with them, encrypted anew (ERC-7857)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.inft.orders import Order, market_domain
    from keifu.inft.seals import Secret, decrypt, encrypt, open_seal, seal, shared_point
    from keifu.inft.statements import Item, Move, Statement, token_id_of, verifier_domain

__all__ = [
    "Item",
    "Move",
    "Order",
    "Secret",
    "Statement",
    "decrypt",
    "encrypt",
    "market_domain",
    "open_seal",
    "seal",
    "shared_point",
    "token_id_of",
    "verifier_domain",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.inft.orders": ["Order", "market_domain"],
        "keifu.inft.seals": ["Secret", "decrypt", "encrypt", "open_seal", "seal", "shared_point"],
        "keifu.inft.statements": ["Item", "Move", "Statement", "token_id_of", "verifier_domain"],
    },
)
