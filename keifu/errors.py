"""The one exception tree: `ethwire.errors` draws it, whose root is called KeifuError here.

Whoever catches KeifuError catches all that this package raises on purpose, the layers below included.
"""

from __future__ import annotations

from ethwire.errors import (
    AbiError,
    ArtifactError,
    ChainMismatch,
    CheckFailed,
    Contradiction,
    EnvironmentFault,
    InputError,
    LimitExceeded,
    NoAnswer,
    NotServed,
    OutOfGas,
    RateLimited,
    Revert,
    RpcError,
    UsageError,
)
from ethwire.errors import EthwireError as KeifuError

__all__ = [
    "AbiError",
    "ArtifactError",
    "ChainMismatch",
    "CheckFailed",
    "Contradiction",
    "EnvironmentFault",
    "InputError",
    "KeifuError",
    "LimitExceeded",
    "NoAnswer",
    "NotServed",
    "OutOfGas",
    "RateLimited",
    "Revert",
    "RpcError",
    "UsageError",
]
