"""Answers that are made again, for who asks on the chain: without another fee, under a number of their own.

A demand is answered in any case: what is too long for the chain, or cannot be answered, gets a document that says so.
What an answer says is judged by nobody; that there is one is what was promised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from keifu.compute.http.messages import failure_body
from keifu.compute.model import Call, Claimed, LocalModel, Model, ModelFault, RemoteModel, Result
from keifu.compute.openai import ENDPOINTS, read_request
from keifu.compute.promises import LONGEST_RESPONSE
from keifu.compute.receipt import Evidence
from keifu.compute.sealing import Answered
from keifu.compute.settling import Settler
from keifu.errors import EnvironmentFault
from keifu.keys import keccak256
from keifu.payments.book import Account

__all__ = ["Again"]

PASSING = 500  # from this status on a fault is the server's own
ABSENT = "model_not_found"  # it may be about to be loaded
FEW_UNITS = 1_024  # of an answer, where the request names no limit


class Again:
    """Of the answering thread."""

    def __init__(self, models: Mapping[str, Model], settler: Settler) -> None:
        self._models, self._settler = models, settler

    async def answer(self, account: Account, request: bytes, is_late: bool) -> tuple[bytes, bytes]:
        """The response's bytes and the receipt's text, when the number is on the disk. Raises EnvironmentFault when it
        cannot be written, and ModelFault for a failure that may pass, as long as it is not late."""
        claimed, evidence = Claimed(), Evidence.UNVERIFIED
        try:
            model, call = self._read(request)
            result = await _whole(model, call)
            claimed, evidence = model.claimed, model.evidence
        except ModelFault as fault:
            if not is_late and (fault.status >= PASSING or fault.code == ABSENT):
                raise
            result = Result(failure_body(fault.kind, fault.code, fault.message), 0)
        return await self._seal(account, request, result, claimed, evidence)

    async def _seal(
        self, account: Account, request: bytes, result: Result, claimed: Claimed, evidence: Evidence
    ) -> tuple[bytes, bytes]:
        if len(result.body) > LONGEST_RESPONSE:
            said = f"the answer has {len(result.body):,} bytes, the chain takes {LONGEST_RESPONSE:,}: ask here"
            result = Result(failure_body("server_error", "too_long", said), result.input_units, result.output_units)
        body, book = result.body, self._settler.book
        answered = Answered(
            account.id, book.finish(account, 0), claimed, keccak256(request), keccak256(body), result.input_root,
            result.output_root, result.input_units, result.output_units, 0, account.settled, evidence, body,
        )  # fmt: skip
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._settler.add(answered, done.set_result)
        if not (text := await done):
            raise EnvironmentFault("what was answered cannot be written", remedy="make room on the disk")
        return body, text

    def _read(self, request: bytes) -> tuple[Model, Call]:
        """A demand names no endpoint: the one that takes the request, of the model that it names."""
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
