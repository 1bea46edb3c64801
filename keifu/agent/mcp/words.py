"""What arguments of tools look like: each is bounded by its schema, before anything is done with it."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["Address", "Amount", "Count", "Hash", "Limit", "Number", "OptionalAddress", "OptionalHash", "Words"]

ADDRESS = "^0x[0-9a-fA-F]{40}$"
HASH = "^(0x)?[0-9a-fA-F]{64}$"

Address = Annotated[str, msgspec.Meta(pattern=ADDRESS, description="0x and 40 hex digits")]
OptionalAddress = Annotated[str, msgspec.Meta(pattern=f"{ADDRESS}|^$", description="0x and 40 hex digits, or empty")]
Hash = Annotated[str, msgspec.Meta(pattern=HASH, description="64 hex digits")]
OptionalHash = Annotated[str, msgspec.Meta(pattern=f"{HASH}|^$", description="64 hex digits, or empty")]
Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many at most")]
Amount = Annotated[
    str, msgspec.Meta(pattern="^[0-9]{1,12}([.][0-9]{1,18})?$", description="Coins, as 2.5: a decimal number")
]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of a tool."""
