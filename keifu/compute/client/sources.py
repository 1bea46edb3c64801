"""From where a client knows what was promoted and whose a receipt key is: its own trust file, or a chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from keifu.compute.client.reexecuted import Promised
from keifu.provenance.trust import Market

__all__ = ["Pinned", "Promoted", "Sources"]


@dataclass(frozen=True)
class Promoted:
    """What an environment ran under one promotion: the artefact's digest, since when, until when, in unix seconds; and
    the root of its program, where the source says it and the record names one."""

    digest: bytes
    time: int
    replaced: int | None = None
    program: bytes = b""


class Sources(Protocol):
    """The client's side of a comparison."""

    @property
    def word(self) -> str:
        """Whose word it is, as findings say it."""

    def promoted(self, environment: bytes, seq: int) -> Promoted | None: ...

    def operator_of(self, key: str, time: int) -> str:
        """For whom a key signed receipts at a time; empty when for nobody."""

    def has_promised(self, operator: str, channel: bytes, time: int) -> bool:
        """Whether the operator answers with coins for a wrong token in a receipt of a time."""

    def promise(self, number: int) -> Promised | None:
        """A promise about answers of a float model, by its number at ReExecution; None where nothing says so."""


class Pinned:
    """A trust file: keys and promotions that were looked up before, with nobody to ask."""

    word = "your trust file"

    def __init__(self, market: Market) -> None:
        self._market = market

    def promoted(self, environment: bytes, seq: int) -> Promoted | None:
        known = self._market.promoted.get(environment.hex(), ())
        for item, later in zip(known, (*known[1:], None), strict=False):
            if item.seq == seq:
                return Promoted(bytes.fromhex(item.digest), item.time, later.time if later else None)
        return None

    def operator_of(self, key: str, time: int) -> str:
        for operator, keys in self._market.keys.items():
            for item in keys:
                if item.key == key and item.since <= time and (not item.until or time <= item.until):
                    return operator
        return ""

    def has_promised(self, operator: str, channel: bytes, time: int) -> bool:  # noqa: ARG002
        """Nothing that lasts can be pinned: a cover ends."""
        return False

    def promise(self, number: int) -> Promised | None:  # noqa: ARG002
        """Nothing either: a promise ends with a conviction."""
        return None
