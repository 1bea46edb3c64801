"""What a provider signs when a shard's bytes are gone: its text, and whether a signed one says so."""

from __future__ import annotations

from typing import Any

from keifu.errors import CheckFailed
from keifu.storage.provider.messages import ShardId
from keifu.storage.texts import is_signed_by

__all__ = ["deletion_text", "require_deletion"]

_TITLE = "Keifu storage: deleted"
_LONGEST = 1_000
_AT = "at "


def deletion_text(chain: int, market: str, provider: str, shard: ShardId, root: bytes, at: int) -> bytes:
    """`at` is the time of the chain, unix seconds."""
    return (
        f"{_TITLE}\nchain {chain}\nmarket {market.lower()}\nprovider {provider.lower()}\n"
        f"deal {shard.deal.hex()}\nindex {shard.index}\nshard {root.hex()}\n{_AT}{at}\n"
    ).encode()


def require_deletion(said: dict[str, Any], chain: int, market: str, provider: str, shard: ShardId, root: bytes) -> None:
    """Raises CheckFailed when this is not the provider's signed word that this shard is deleted."""
    try:
        text, signature = said["text"], bytes.fromhex(said["signature"].removeprefix("0x"))
        at = text[:_LONGEST].splitlines()[-1].removeprefix(_AT)
        is_same = at.isdecimal() and text.encode() == deletion_text(chain, market, provider, shard, root, int(at))
        is_signed = is_same and is_signed_by(provider, text.encode(), signature)
    except (KeyError, AttributeError, IndexError, TypeError, ValueError) as error:
        raise CheckFailed(f"{provider} says nothing that can be read of a deletion", remedy="ask again") from error
    if not is_signed:
        raise CheckFailed(f"{provider} has not signed that shard {shard.index} is deleted", remedy="ask again")
