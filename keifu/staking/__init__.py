"""Staking from Python: what operators, delegators, jurors and the timelock's proposers do, on any chain client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.staking.court import case_of, seal
    from keifu.staking.hotkeys import KeyKind, heartbeats_domain, key_consent
    from keifu.staking.refunds import RefundList, losses_of, read_refunds, refund_tree
    from keifu.staking.status import (
        OperatorStatus,
        ServiceStatus,
        find_operators,
        find_services,
        read_operator,
        read_operators,
        read_service,
        read_services,
    )

__all__ = [
    "KeyKind",
    "OperatorStatus",
    "RefundList",
    "ServiceStatus",
    "case_of",
    "find_operators",
    "find_services",
    "heartbeats_domain",
    "key_consent",
    "losses_of",
    "read_operator",
    "read_operators",
    "read_refunds",
    "read_service",
    "read_services",
    "refund_tree",
    "seal",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.staking.court": ["case_of", "seal"],
        "keifu.staking.hotkeys": ["KeyKind", "heartbeats_domain", "key_consent"],
        "keifu.staking.refunds": ["RefundList", "losses_of", "read_refunds", "refund_tree"],
        "keifu.staking.status": [
            "OperatorStatus",
            "ServiceStatus",
            "find_operators",
            "find_services",
            "read_operator",
            "read_operators",
            "read_service",
            "read_services",
        ],
    },
)
