"""Where data, labels, models and their parts came from, and what runs: checkable from bytes and chain data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.abi.eip712 import LABEL
    from keifu.provenance._model import (
        ZERO,
        Attestation,
        Heartbeat,
        Kind,
        Label,
        Link,
        PolicyEntry,
        Record,
        RegistryDomain,
        Relation,
        Status,
        digest_bytes,
        environment_id,
        environments_domain,
        heartbeat_digest,
        is_heartbeat_signed,
    )

__all__ = [
    "LABEL",
    "ZERO",
    "Attestation",
    "Heartbeat",
    "Kind",
    "Label",
    "Link",
    "PolicyEntry",
    "Record",
    "RegistryDomain",
    "Relation",
    "Status",
    "digest_bytes",
    "environment_id",
    "environments_domain",
    "heartbeat_digest",
    "is_heartbeat_signed",
]

__getattr__, __dir__ = attach(
    __name__,
    {"keifu.abi.eip712": ["LABEL"], "keifu.provenance._model": [name for name in __all__ if name != "LABEL"]},
)
