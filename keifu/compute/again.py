"""Answers that the chain may ask for: those of orders, and those that are made again for a demand, without another fee
and under a number of their own.

What is too long for the chain, or cannot be answered, gets a document that says so. A demand is answered in any case:
what an answer says is judged by nobody; that there is one is what was promised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keifu.compute.http.messages import failure_body
from keifu.compute.model import Call, Claimed, LocalModel, Model, ModelFault, RemoteModel, Result
from keifu.compute.openai import ENDPOINTS, read_request
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.receipt import Evidence
from keifu.compute.settling import Settler
from keifu.errors import EnvironmentFault
from keifu.payments.book import Account

__all__ = ["Again", "Made"]

PASSING = 500  # from this status on a fault is the server's own
ABSENT = "model_not_found"  # it may be about to be loaded
FEW_UNITS = 1_024  # of an answer, where the request names no limit


@dataclass(frozen=True)
class Made:
    """What was answered, and by what."""

    result: Result
    claimed: Claimed
    evidence: Evidence


class Again:
    """Of the answering thread, but for `price`."""

    def __init__(self, models: Mapping[str, Model], settler: Settler) -> None:
        self._models, self._settler = models, settler

    async def answer(self, account: Account, request: bytes, is_late: bool) -> tuple[bytes, bytes]:
        """The response's bytes and the receipt's text, when the number is on the disk. Raises EnvironmentFault when it
        cannot be written, and ModelFault for a failure that may pass, as long as it is not late."""
        made = await self._made(request, is_late)
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._settler.aside(account, made.claimed, made.evidence, request, made.result, done.set_result)
        if not (text := await done):
            raise EnvironmentFault("what was answered cannot be written", remedy="make room on the disk")
        return made.result.body, text

    async def answer_many(self, requests: Sequence[bytes]) -> list[Made | BaseException]:
        """Of an order, at the same time. A ModelFault is a failure that may pass."""
        return await asyncio.gather(*(self._made(request, False) for request in requests), return_exceptions=True)

    def price(self, request: bytes, environment: bytes) -> int:
        """The most that a request of an order costs. Raises ModelFault for one that is not answered here by what the
        environment promotes."""
        model, call = self._read(request)
        if model.claimed.environment != environment:
            raise ModelFault(400, "another_environment", f"{model.name} is not bound to the order's environment")
        if call.stream:
            raise ModelFault(400, "unsupported_stream", "an order is answered at once: ask without stream")
        return model.most_fee(call)

    async def _made(self, request: bytes, is_late: bool) -> Made:
        """Raises ModelFault for a failure that may pass, as long as it is not late."""
        claimed, evidence = Claimed(), Evidence.UNVERIFIED
        try:
            model, call = self._read(request)
            claimed, evidence = model.claimed, model.evidence
            result = await _whole(model, call)
        except ModelFault as fault:
            if not is_late and (fault.status >= PASSING or fault.code == ABSENT):
                raise
            return Made(Result(failure_body(fault.kind, fault.code, fault.message), 0), claimed, Evidence.UNVERIFIED)
        if len(result.body) > LONGEST_RESPONSE:
            said = f"the answer has {len(result.body):,} bytes, the chain takes {LONGEST_RESPONSE:,}: ask here"
            result = Result(failure_body("server_error", "too_long", said), result.input_units, result.output_units)
        return Made(result, claimed, evidence if result.evidence is None else result.evidence)

    def _read(self, request: bytes) -> tuple[Model, Call]:
        """A request of the chain names no endpoint: the one that takes the request, of the model that it names."""
        why = ModelFault(400, "invalid_body", "the request is for no endpoint here")
        for endpoint in sorted(ENDPOINTS):
            try:
                read = read_request(endpoint, request, FEW_UNITS)
            except ModelFault:
                continue
            model = self._models.get(read.model)
            if model is None:
                why = ModelFault(404, ABSENT, f"there is no model {read.model[:80]!r} here")
            elif endpoint in model.endpoints:
                return model, read.call
        raise why


async def _whole(model: Model, call: Call) -> Result:
    """Raises ModelFault."""
    model.most_input(call)
    if isinstance(model, RemoteModel):
        return await model.answer(call)
    assert isinstance(model, LocalModel)
    try:
        found = (await asyncio.to_thread(model.answer, [call]))[0]
    except Exception as error:
        raise ModelFault(500, "model_failed", "the model failed to answer this") from error
    if isinstance(found, ModelFault):
        raise found
    return found
