"""Who may act for all tokens of an owner (ERC-721), by the log of what owners said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Operator", "Operators"]


@dataclass(frozen=True)
class Operator:
    owner: str
    who: str
    yes: bool


class Operators:
    """A book's part about operators."""

    log: list[Any]

    def is_operator(self, owner: str, who: str) -> bool:
        said = [item.yes for item in self.log if isinstance(item, Operator) and (item.owner, item.who) == (owner, who)]
        return bool(said and said[-1])

    def set_operator(self, who: str, operator: str, *, yes: bool) -> None:
        self.log.append(Operator(who, operator, yes))
