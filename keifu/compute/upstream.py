"""Another server that speaks OpenAI's protocol (vLLM, llama.cpp) behind a name here.

A server in a trusted execution environment signs what it got and gave. Its word is fetched and compared with the bytes
that came from the client and that go back, and handed on when it is about them.

What it says about lengths is compared with what it delivered: an answer cannot have more units than bytes, and no more
than was asked for. A lie, an end in the middle or a silence is a fault with a name, and costs the client nothing but
the parts that it got.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import msgspec

from ethwire.http import httpx
from keifu.compute.client.checks import Prices
from keifu.compute.client.reexecuted import JUDGED_BYTES
from keifu.compute.events import DONE, EVENT, event_of
from keifu.compute.model import Call, Claimed, ModelFault, Part, RemoteModel, Result
from keifu.compute.receipt import Evidence
from keifu.compute.tee import TeeWord
from keifu.errors import InputError

__all__ = ["Upstream"]

PER_MESSAGE = 16  # units that a chat's frame may add to each message, beside its bytes
LARGEST_ANSWER, LARGEST_EVENT = 8 << 20, 1 << 20  # bytes
WORD_SECONDS = 5.0
GENERATING = frozenset({"chat/completions", "completions"})
_log = logging.getLogger("keifu.compute")


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0


class _Answer(msgspec.Struct):
    usage: _Usage | None = None
    choices: list[dict[str, Any]] = []
    id: str = ""


class Upstream(RemoteModel):
    """`url` ends with /v1; `theirs` is the model's name there, `tee` the address of the key that signs its answers."""

    def __init__(
        self,
        name: str,
        url: str,
        prices: Prices,
        *,
        theirs: str = "",
        key: str = "",
        endpoints: frozenset[str] = GENERATING,
        patience: float = 60.0,
        tee: str = "",
        claimed: Claimed | None = None,
        reexecuted: bool = False,
    ) -> None:
        """`reexecuted`: what a panel can compute again is answered by that word; `claimed` has the digest."""
        super().__init__(name, prices, claimed)
        self.endpoints = endpoints
        self.evidence = Evidence.REEXECUTED if reexecuted else Evidence.UNVERIFIED
        self._theirs = theirs or name
        self.tee = tee.lower()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=httpx.Timeout(patience, connect=5.0), trust_env=False
        )

    def most_input(self, call: Call) -> int:
        """A unit is a byte at least: text that is a token by itself has one."""
        return len(call.body) + PER_MESSAGE * (len(call.inputs) + 1)

    async def answer(self, call: Call) -> Result:
        request = self._http.build_request("POST", call.endpoint, content=self._body(call, stream=False), headers=_JSON)
        try:
            body = await self._whole(request)
        except httpx.TimeoutException as error:
            raise ModelFault(504, "upstream_timeout", "the model's server did not answer in time") from error
        except httpx.HTTPError as error:
            raise ModelFault(502, "upstream_died", "the model's server broke off its answer") from error
        answer = _read(body)
        usage = self._usage(call, answer, len(body))
        word = await self._word(call, request.content, answer.id, body)
        evidence = self.evidence if is_repeatable(call, body) else Evidence.UNVERIFIED
        return Result(body, usage.prompt_tokens, usage.completion_tokens, tee=word, evidence=evidence)

    async def parts(self, call: Call) -> AsyncGenerator[Part, None]:
        request = self._http.build_request("POST", call.endpoint, content=self._body(call, stream=True), headers=_JSON)
        try:
            response = await self._http.send(request, stream=True)
            try:
                await _require_ok(response)
                async for part in self._events(call, request.content, response):
                    yield part
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise ModelFault(504, "upstream_timeout", "the model's server fell silent") from error
        except httpx.HTTPError as error:
            raise ModelFault(502, "upstream_died", "the model's server broke off its answer") from error

    async def close(self) -> None:
        await self._http.aclose()

    async def _whole(self, request: httpx.Request) -> bytes:
        response = await self._http.send(request, stream=True)
        try:
            await _require_ok(response)
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise ModelFault(502, "upstream_lied", "the model's server sends without end")
            return body
        finally:
            await response.aclose()

    async def _events(self, call: Call, asked: bytes, response: httpx.Response) -> AsyncGenerator[Part, None]:
        """Each event as it comes. A unit is charged for each that brings something; the usage at the end, when it is
        there and possible, says how many there were."""
        count, delivered, is_done, id_ = 0, 0, False, ""
        usage: _Usage | None = None
        sent = bytearray()  # only for a TEE's word
        async for event in _events_of(response):
            is_done = event == DONE
            if not is_done:
                answer = _read(event)
                size, id_ = _size(answer), answer.id or id_
                delivered += size
                count += bool(size)
                if answer.usage is not None:
                    usage = self._usage(call, answer, delivered + count)
                    if not answer.choices and not call.include_usage:
                        continue
            if count > call.most_output:
                raise ModelFault(502, "upstream_lied", "the model's server sends more than was asked for")
            units_in = usage.prompt_tokens if usage else 0
            units_out = max(count, usage.completion_tokens if usage else 0)
            data = event_of(event)
            sent += data if self.tee else b""
            yield Part(data, units_in, units_out, evidence=Evidence.UNVERIFIED)
            if is_done:
                if word := await self._word(call, asked, id_, bytes(sent)):
                    yield Part(word.comment(), units_in, units_out, is_tee=True)
                return
        raise ModelFault(502, "upstream_died", "the model's server broke off its answer")

    def _usage(self, call: Call, answer: _Answer, delivered: int) -> _Usage:
        """Raises ModelFault for numbers that cannot be true."""
        usage = answer.usage
        if usage is None:
            raise ModelFault(502, "upstream_lied", "the model's server does not say what it used")
        if not 0 <= usage.prompt_tokens <= self.most_input(call):
            raise ModelFault(502, "upstream_lied", f"{usage.prompt_tokens:,} units in, the request has fewer bytes")
        if not 0 <= usage.completion_tokens <= min(delivered, call.most_output):
            raise ModelFault(502, "upstream_lied", f"{usage.completion_tokens:,} units out, fewer were delivered")
        return usage

    async def _word(self, call: Call, asked: bytes, answer: str, body: bytes) -> TeeWord | None:
        """What the TEE signed, if it is about exactly what the client sent and gets. The answer stands without it."""
        if not self.tee or not answer or asked != call.body:
            return None
        query = {"model": self._theirs, "signing_algo": "ecdsa"}
        try:
            said = await self._http.get(f"signature/{quote(answer, safe='')}", params=query, timeout=WORD_SECONDS)
            word = TeeWord.said(said.content) if said.status_code == httpx.codes.OK else None
            is_right = word is not None and word.is_about(call.body, body) and word.signer() == self.tee
        except (httpx.HTTPError, InputError, ValueError) as error:
            _log.warning("%s: no word of a TEE: %s", self.name, error)
            return None
        return word if is_right else None

    def _body(self, call: Call, *, stream: bool) -> bytes:
        """The client's own request, with the model's name there and a limit that the payment covers. One that says all
        that already goes on byte by byte."""
        try:
            given: dict[str, Any] = msgspec.json.decode(call.body)
        except RecursionError as error:  # a field that nobody reads goes deeper than what was read
            raise ModelFault(400, "invalid_body", "the request is nested too deeply") from error
        document = dict(given)
        document["model"] = self._theirs
        if call.endpoint in GENERATING:
            limit = "max_completion_tokens" if document.get("max_completion_tokens") else "max_tokens"
            document[limit] = call.most_output // max(1, len(call.inputs) if call.endpoint == "completions" else 1)
            if stream or "stream" in document:
                document["stream"] = stream
            if stream:
                document["stream_options"] = {"include_usage": True}
        return call.body if document == given else msgspec.json.encode(document)


async def _require_ok(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    said = (await _beginning(response)).decode(errors="replace")
    if httpx.codes.is_client_error(response.status_code) and response.status_code not in (401, 403, 404, 429):
        raise ModelFault(400, "upstream_refused", f"the model's server refuses the request: {said}")
    raise ModelFault(502, "upstream_failed", f"the model's server answered {response.status_code}")


async def _beginning(response: httpx.Response) -> bytes:
    async for part in response.aiter_bytes():
        return part[:500]
    return b""


async def _events_of(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """What follows `data: `, line by line, within a limit."""
    rest = b""
    async for part in response.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > LARGEST_EVENT:
            raise ModelFault(502, "upstream_lied", "the model's server sends an event without end")
        for line in lines:
            if line.startswith(EVENT):
                yield line.removeprefix(EVENT).strip()


def _read(document: bytes) -> _Answer:
    try:
        return msgspec.json.decode(document, type=_Answer)
    except (ValueError, RecursionError) as error:
        raise ModelFault(502, "upstream_lied", "the model's server does not answer in OpenAI's form") from error


def _size(answer: _Answer) -> int:
    """Bytes that an event brings: text of either form, and what a tool is called with."""
    return sum(
        len(msgspec.json.encode(value)) - 2
        for choice in answer.choices
        for name, value in {**_table(choice.get("delta")), "text": choice.get("text")}.items()
        if value and name != "role"
    )


def is_repeatable(call: Call, answer: bytes) -> bool:
    """Whether a panel can be shown the answer, and compute it again: whole, short, and of texts the likeliest words. A
    panel sees no endpoint, so a request that two of them would answer otherwise says by its form which one it was."""
    if call.stream or max(len(call.body), len(answer)) > JUDGED_BYTES:
        return False
    asked = msgspec.json.decode(call.body, type=_Asked)
    if sum(len(bytes(given)) > 0 for given in (asked.messages, asked.prompt, asked.input)) > 1:
        return False
    return call.endpoint not in GENERATING or asked.temperature == 0


class _Asked(msgspec.Struct):
    temperature: Any = None
    messages: msgspec.Raw = msgspec.Raw()
    prompt: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_JSON = {"content-type": "application/json"}
