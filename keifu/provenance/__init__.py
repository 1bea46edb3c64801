"""Where data, labels, models and their parts came from, and what runs: checkable from bytes and chain data alone."""

from __future__ import annotations

from keifu.provenance._model import (
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
    environments_domain,
    heartbeat_digest,
    is_heartbeat_signed,
)

__all__ = [
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
    "environments_domain",
    "heartbeat_digest",
    "is_heartbeat_signed",
]
