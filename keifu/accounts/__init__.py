"""Accounts of tokens (ERC-6551), their sessions, what is signed for them, and how a chain's are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.accounts.actions import AccountStatus, Brought, Intent, SessionStatus, account_of
    from keifu.accounts.identity import (
        CANONICAL_REGISTRY,
        NO_SALT,
        Token,
        account_code,
        address_of,
        creation_code,
        proxy_code,
    )
    from keifu.accounts.session import APPROVABLE, PAYMENT, AccountDomain, Call, Grant, Limit, Target, selector

__all__ = [
    "APPROVABLE",
    "CANONICAL_REGISTRY",
    "NO_SALT",
    "PAYMENT",
    "AccountDomain",
    "AccountStatus",
    "Brought",
    "Call",
    "Grant",
    "Intent",
    "Limit",
    "SessionStatus",
    "Target",
    "Token",
    "account_code",
    "account_of",
    "address_of",
    "creation_code",
    "proxy_code",
    "selector",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.accounts.actions": ["AccountStatus", "Brought", "Intent", "SessionStatus", "account_of"],
        "keifu.accounts.identity": [
            "CANONICAL_REGISTRY",
            "NO_SALT",
            "Token",
            "account_code",
            "address_of",
            "creation_code",
            "proxy_code",
        ],
        "keifu.accounts.session": [
            "APPROVABLE",
            "PAYMENT",
            "AccountDomain",
            "Call",
            "Grant",
            "Limit",
            "Target",
            "selector",
        ],
    },
)
