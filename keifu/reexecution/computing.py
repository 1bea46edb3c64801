"""A float model that a member of a panel has itself: asked exactly as the provider asked its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from keifu.compute.client.checks import Prices
from keifu.compute.client.units import USUAL_OUTPUT
from keifu.compute.model import Call, ModelFault
from keifu.compute.openai import read_request
from keifu.compute.upstream import GENERATING, Upstream
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.provenance.digest import digest_path
from keifu.reexecution.reading import pool_key
from keifu.reexecution.tolerance import Tolerance

__all__ = ["OwnModel"]


@dataclass(frozen=True)
class OwnModel:
    """One, with the pool that judges it. `fee` is wei of a seat; `weights` what `digest` is of, where it is here."""

    name: str
    url: str  # ends with /v1
    digest: bytes
    tolerance: Tolerance
    fee: int
    theirs: str = ""  # the model's name there
    key: str = ""
    endpoints: frozenset[str] = GENERATING
    patience: float = 60.0
    weights: Path | None = None

    @property
    def pool(self) -> bytes:
        return pool_key(self.digest, self.tolerance.encoded, self.fee)

    def require_weights(self) -> None:
        """Raises CheckFailed when the weights here are not those of the digest."""
        if self.weights is None:
            return
        found = digest_path(self.weights).root
        if found != self.digest:
            raise CheckFailed(
                f"{self.weights} has digest {found.hex()}, {self.name} is {self.digest.hex()}",
                remedy="fetch the weights that the digest names, or correct it",
            )

    def calls(self, request: bytes) -> list[Call]:
        """A request of the chain names no endpoint: it may have been sent to each whose form it has. Raises
        EnvironmentFault when it has none's."""
        found = []
        for endpoint in sorted(self.endpoints):
            with suppress(ModelFault):
                found.append(read_request(endpoint, request, USUAL_OUTPUT).call)
        if not found:
            raise self._unanswered(f"it is no request of {', '.join(sorted(self.endpoints))}")
        return found

    def answer(self, call: Call) -> bytes:
        """To a request as the client sent it. Raises EnvironmentFault when the model gives none: nothing is known
        then."""
        try:
            return asyncio.run(self._answered(call))
        except ModelFault as fault:
            raise self._unanswered(fault.message) from fault

    def _unanswered(self, why: str) -> EnvironmentFault:
        return EnvironmentFault(f"{self.name} answers no such request: {why}", remedy="look at the model's server")

    async def _answered(self, call: Call) -> bytes:
        server = Upstream(
            self.name, self.url, Prices(), theirs=self.theirs, key=self.key, endpoints=self.endpoints,
            patience=self.patience,
        )  # fmt: skip
        try:
            return (await server.answer(call)).body
        finally:
            await server.close()
