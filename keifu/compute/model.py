"""What a node serves: a model of its own, or another server's.

A `LocalModel` answers many requests at once, in the thread that it is called in. A `RemoteModel` is waited for, and
may answer in parts. Both say beforehand how many units a request takes in at most, since a payment is checked first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from keifu.compute.client.checks import Prices
from keifu.compute.receipt import Evidence
from keifu.compute.tee import TeeWord

__all__ = ["Call", "Claimed", "LocalModel", "Model", "ModelFault", "Part", "RemoteModel", "Result"]

ZERO = bytes(32)


class ModelFault(Exception):
    """A request that a model does not answer: as OpenAI's clients read it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @property
    def kind(self) -> str:
        return "invalid_request_error" if self.status < 500 else "server_error"  # noqa: PLR2004 - HTTP's


@dataclass(slots=True)
class Call:
    """One request, read: which endpoint, the items that it asks about, and how much may come back."""

    endpoint: str  # "chat/completions", "completions", "embeddings", "classify" or "products"
    inputs: Sequence[Any]  # messages, prompts, or items
    most_output: int = 0  # units
    stream: bool = False
    stop: tuple[str, ...] = ()
    seed: int | None = None
    temperature: float = 0.0
    include_usage: bool = False
    as_base64: bool = False  # of embeddings
    dimensions: int | None = None  # of embeddings, where the request names them
    body: bytes = b""
    wishes_groups: bool = False  # what each group committed to at each position


@dataclass(frozen=True, slots=True)
class Result:
    """A whole answer: the bytes that go over the wire, and what they cost in units."""

    body: bytes
    input_units: int
    output_units: int = 0
    input_root: bytes = ZERO
    output_root: bytes = ZERO
    trace_root: bytes = ZERO
    tee: TeeWord | None = None  # what the server that computed it says of these bytes
    evidence: Evidence | None = None  # where it is not the model's own


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a streamed answer: bytes of events, and the units in all until now. The part behind the last event may
    be a TEE's word about them. The last part may have the roots of input, output and trace."""

    data: bytes
    input_units: int
    output_units: int
    is_tee: bool = False
    roots: tuple[bytes, bytes, bytes] | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Claimed:
    """What receipts say of the artefact that answers."""

    environment: bytes = ZERO  # zeros: bound to none
    promotion_seq: int = 0
    digest: bytes = ZERO

    @cached_property
    def words(self) -> bytes:
        """As a receipt's struct has them."""
        return self.environment + self.promotion_seq.to_bytes(32, "big") + self.digest


class Model(ABC):
    """One model, under one name."""

    endpoints: frozenset[str] = frozenset()
    evidence = Evidence.UNVERIFIED
    tee = ""  # the key of a TEE whose word it brings, where a request lets it
    gives_groups = False  # with replies that can be disputed, on the client's wish
    about: Mapping[str, Any] = MappingProxyType({})  # what /v1/models says of it beside

    def __init__(self, name: str, prices: Prices, claimed: Claimed | None = None) -> None:
        self.name, self.prices = name, prices
        self.claimed = claimed or Claimed()

    @abstractmethod
    def most_input(self, call: Call) -> int:
        """How many units the request has at most. Raises ModelFault for one that it does not take."""

    def most_fee(self, call: Call) -> int:
        return self.prices.fee(self.most_input(call), call.most_output)


class LocalModel(Model):
    """Answers by itself."""

    is_slow = False  # whether it is called in a thread, so that others are served meanwhile

    @abstractmethod
    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        """An answer for each call, or why there is none. Called after `most_input` has taken each."""


class RemoteModel(Model):
    """Answers by asking, or slowly."""

    @abstractmethod
    async def answer(self, call: Call) -> Result:
        """Raises ModelFault."""

    @abstractmethod
    def parts(self, call: Call) -> AsyncGenerator[Part, None]:
        """Part by part; the last one ends with `data: [DONE]`. Raises ModelFault, also in the middle."""

    async def close(self) -> None:
        """Let go of what was opened."""
