"""Why a chore was not done, or an answer not given: each reason has a code of its own, and leaves token, money and
data where they were."""

from __future__ import annotations

from keifu.errors import CheckFailed

__all__ = ["AgentFault", "ChoreFault"]


class AgentFault(CheckFailed):
    """A code for programs, words for people."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class ChoreFault(AgentFault):
    """Of a chore."""
