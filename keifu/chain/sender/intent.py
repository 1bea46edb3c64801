"""What a caller wants sent, and what has become of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from keifu.chain._pricing import intrinsic_gas
from keifu.errors import UsageError
from keifu.units import is_address

__all__ = ["OWN_PREFIX", "Intent", "State"]

LONGEST_ID = 200
LONGEST_INIT_CODE = 49_152  # EIP-3860
OWN_PREFIX = "keifu:"  # of ids that the sender gives itself


class State(StrEnum):
    """How far an intent has come. It only goes forward, but for MINED, from which a reorganisation leads back to SENT,
    and SENT, from which it goes back to QUEUED when another's transaction has taken its nonce for good."""

    QUEUED = "queued"  # accepted: it will be sent, also after a crash
    SENT = "sent"  # it has its nonce, and is signed and on its way
    MINED = "mined"  # it is in a block that may still be replaced
    DONE = "done"  # in a block deep enough; it took effect
    FAILED = "failed"  # in a block deep enough; it was refused there and only cost gas
    REFUSED = "refused"  # never sent: the contract said no beforehand

    @property
    def is_final(self) -> bool:
        return self in (State.DONE, State.FAILED, State.REFUSED)


class Intent(msgspec.Struct, frozen=True):
    """One transaction that is to take effect once.

    The caller chooses the first five. `id` names it for ever: the same id again is the same intent. `to` None creates a
    contract; `gas` 0 is estimated. The rest is what the sender says of it.
    """

    id: str
    to: str | None
    data: bytes = b""
    value: int = 0
    gas: int = 0
    state: State = State.QUEUED
    nonce: int | None = None
    tx_hash: str = ""
    block: int | None = None
    block_hash: str = ""
    gas_used: int = 0
    reason: str = ""

    @property
    def content(self) -> tuple[str | None, bytes, int, int]:
        """What two intents of one id must agree in."""
        return self.to.lower() if self.to else None, self.data, self.value, self.gas

    def check(self) -> None:
        """Raises UsageError for what no chain would take: found here, it never gets a nonce."""
        what = f"intent {self.id!r}"
        if not self.id or len(self.id) > LONGEST_ID or self.id.startswith(OWN_PREFIX):
            raise UsageError(
                f"{what}: not an id for an intent",
                remedy=f"1 to {LONGEST_ID} characters that do not begin with {OWN_PREFIX}",
            )
        if self.to is not None and not is_address(self.to):
            raise UsageError(f"{what}: {self.to!r} is not an address", remedy="20 bytes in hex, with 0x in front")
        if not 0 <= self.value < 2**256:
            raise UsageError(f"{what}: a value of {self.value} wei cannot be sent")
        if self.to is None and len(self.data) > LONGEST_INIT_CODE:
            raise UsageError(f"{what}: {len(self.data):,} bytes of creation code, {LONGEST_INIT_CODE:,} are the most")
        least = intrinsic_gas(self.to, self.data)
        if self.gas and self.gas < least:
            raise UsageError(f"{what}: a gas limit of {self.gas:,} is below the {least:,} that its bytes alone take")

    def as_json(self) -> dict[str, Any]:
        """For a status page: everything but the data."""
        fields = msgspec.structs.asdict(self)
        del fields["data"]
        return fields | {"value": str(self.value)}
