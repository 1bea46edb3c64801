"""Harm: burning strangers' coins costs those who do it at least their part of them."""

from __future__ import annotations

from dataclasses import dataclass

from evmstorm.oracles import harm

__all__ = ["Harm"]


@dataclass
class Harm(harm.Harm):
    """What slashes cost strangers, and those who could bring them about."""

    whose: str = "delegators"

    def slash(self, multiple: int, own: int, strangers: int, dust: int) -> None:
        """One slash took `own` wei as a penalty from the operator and `strangers` wei from its delegators. `multiple`
        is the highest that these delegators had the time to leave before."""
        self.done(own, strangers, multiple=multiple, dust=dust)
