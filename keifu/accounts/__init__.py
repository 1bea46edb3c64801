"""Accounts of tokens (ERC-6551), their sessions and what is signed for them."""

from __future__ import annotations

from keifu.accounts.identity import CANONICAL_REGISTRY, NO_SALT, Token, account_code, address_of, creation_code
from keifu.accounts.session import APPROVABLE, PAYMENT, AccountDomain, Call, Grant, Limit, Target, selector

__all__ = [
    "APPROVABLE",
    "CANONICAL_REGISTRY",
    "NO_SALT",
    "PAYMENT",
    "AccountDomain",
    "Call",
    "Grant",
    "Limit",
    "Target",
    "Token",
    "account_code",
    "address_of",
    "creation_code",
    "selector",
]
