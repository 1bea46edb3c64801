"""Texts that people and providers sign, as wallets do it (EIP-191)."""

from __future__ import annotations

from keifu.keys import message_digest, recover

__all__ = ["code_text", "is_signed_by"]


def is_signed_by(account: str, text: bytes, signature: bytes) -> bool:
    """Whatever the signature is."""
    try:
        return recover(message_digest(text), signature).lower() == account.lower()
    except ValueError:
        return False


def code_text(chain: int, deals: str, deal: bytes, k: int) -> bytes:
    """The client's word for how many shards give its file: the deal's root does not say it."""
    return (
        f"Keifu storage: any {k} shards give the file\nchain {chain}\ndeals {deals.lower()}\ndeal {deal.hex()}\n"
    ).encode()
