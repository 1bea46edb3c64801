"""Grant programmes: money that a committee gives for milestones, and evidence that releases it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.grants.document import Draft, read_draft
    from keifu.grants.evidence import Condition
    from keifu.grants.reading import Reader
    from keifu.grants.state import Milestone, Programme, Proposal, State

__all__ = ["Condition", "Draft", "Milestone", "Programme", "Proposal", "Reader", "State", "read_draft"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.grants.document": ["Draft", "read_draft"],
        "keifu.grants.evidence": ["Condition"],
        "keifu.grants.reading": ["Reader"],
        "keifu.grants.state": ["Milestone", "Programme", "Proposal", "State"],
    },
)
