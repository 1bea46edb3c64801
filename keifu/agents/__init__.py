"""Agents in the registries of ERC-8004: who they are, what clients say of them, and what validators answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.agents.status import AgentStatus, Review, Validation, find_agents, read_agent, read_reviews, summary
    from keifu.agents.wallet import WalletConsent, agree, identity_domain

__all__ = [
    "AgentStatus",
    "Review",
    "Validation",
    "WalletConsent",
    "agree",
    "find_agents",
    "identity_domain",
    "read_agent",
    "read_reviews",
    "summary",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.agents.status": [
            "AgentStatus",
            "Review",
            "Validation",
            "find_agents",
            "read_agent",
            "read_reviews",
            "summary",
        ],
        "keifu.agents.wallet": ["WalletConsent", "agree", "identity_domain"],
    },
)
