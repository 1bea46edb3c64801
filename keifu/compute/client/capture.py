"""Exchanges that somebody recorded: a HAR file of a browser or a proxy, or what `curl -i` printed.

What is hashed is the bytes of the two bodies, as they were before a transport cut them into chunks.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded, write_whole
from keifu.compute.client.checks import Check, Exchange, ReplyRefused
from keifu.compute.tee import TEE_HEADER
from keifu.compute.wire import RECEIPT_HEADER, split_stream, unpack
from keifu.errors import InputError
from keifu.provenance.verify import Finding

__all__ = ["Captured", "exchange_of", "read_curl", "read_har", "write_har"]

LARGEST_FILE = 256 << 20
EVENTS = "text/event-stream"
_STATUS = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})[^\r\n]*\r?\n")
_INTERIM = b"1"  # first digit of the status of an answer before the answer


class _Header(msgspec.Struct):
    name: str
    value: str


class _Posted(msgspec.Struct):
    text: str = ""
    encoding: str = ""


class _Request(msgspec.Struct, rename={"post_data": "postData"}):
    method: str
    url: str
    post_data: _Posted | None = None


class _Content(msgspec.Struct):
    text: str = ""
    encoding: str = ""


class _Response(msgspec.Struct):
    headers: list[_Header]
    content: _Content


class _Entry(msgspec.Struct, rename={"started": "startedDateTime"}):
    request: _Request
    response: _Response
    started: str = ""
    time: float = 0.0  # milliseconds until the answer was there


class _Log(msgspec.Struct):
    entries: list[_Entry]


class _Har(msgspec.Struct):
    log: _Log


@dataclass(frozen=True)
class Captured:
    """A request's body, and its answer: the receipt's header (empty for none) and the body. `url` is where it went."""

    request: bytes
    header: str
    response: bytes
    is_stream: bool
    url: str = ""
    received: int | None = None
    tee: str = ""  # the header with a TEE's word


def read_har(path: Path) -> list[Captured]:
    """Everything that was posted. Raises InputError when the file is none."""
    try:
        found = msgspec.json.decode(read_bounded(path, LARGEST_FILE, "a HAR file"), type=_Har)
        posted = [_captured(entry) for entry in found.log.entries if entry.request.method == "POST"]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no HAR file: {error}", remedy="save it with the bodies, as HAR 1.2") from error
    if not posted:
        raise InputError(f"{path} has no request with a body", remedy="record the request that was paid for")
    return posted


def read_curl(answer: Path, request: Path) -> Captured:
    """What `curl -i --output ANSWER --data-binary @REQUEST` left. Raises InputError."""
    text = read_bounded(answer, LARGEST_FILE, "an answer")
    while (found := _STATUS.match(text)) is not None:
        head, body = _split_head(text[found.end() :], answer)
        if not found[1].startswith(_INTERIM):
            sent = read_bounded(request, LARGEST_FILE, "a request")
            is_stream = head.get("content-type", "").startswith(EVENTS)
            return Captured(
                sent, head.get(RECEIPT_HEADER.lower(), ""), body, is_stream, tee=head.get(TEE_HEADER.lower(), "")
            )
        text = body
    raise InputError(f"{answer} does not begin with the line of an answer", remedy="save it with `curl -i`")


def write_har(path: Path, *captured: Captured) -> None:
    """Answers that came whole, as `read_har` reads them. Raises UsageError when it cannot be written."""
    log = {
        "version": "1.2",
        "creator": {"name": "keifu", "version": "1"},
        "entries": [_entry(item) for item in captured],
    }
    write_whole(path, msgspec.json.encode({"log": log}))


def _entry(captured: Captured) -> dict[str, Any]:
    headers = [{"name": RECEIPT_HEADER, "value": captured.header}]
    if captured.tee:
        headers.append({"name": TEE_HEADER, "value": captured.tee})
    return {
        "request": {"method": "POST", "url": captured.url, "postData": _encoded(captured.request)},
        "response": {"headers": headers, "content": _encoded(captured.response)},
    }


def exchange_of(captured: Captured) -> Exchange:
    """Raises ReplyRefused when there is no receipt to compare with."""
    try:
        body, text = split_stream(captured.response) if captured.is_stream else (captured.response, captured.header)
        if not text:
            raise InputError(f"the answer has no {RECEIPT_HEADER}")
        return Exchange(captured.request, body, unpack(text), captured.received, captured.tee)
    except InputError as error:
        raise ReplyRefused([Finding(Check.RECEIPT, False, error.message)]) from error


def _split_head(text: bytes, path: Path) -> tuple[dict[str, str], bytes]:
    end = re.search(rb"\r?\n\r?\n", text) if not text.startswith((b"\r\n", b"\n")) else re.match(rb"\r?\n", text)
    if end is None:
        raise InputError(f"{path} ends within the headers", remedy="save the whole answer with `curl -i`")
    lines = (line.partition(b":") for line in text[: end.start()].splitlines())
    head = {name.strip().lower().decode("latin-1"): value.strip().decode("latin-1") for name, _, value in lines}
    return head, text[end.end() :]


def _captured(entry: _Entry) -> Captured:
    head = {item.name.lower(): item.value for item in entry.response.headers}
    posted = entry.request.post_data or _Posted()
    return Captured(
        _bytes(posted.text, posted.encoding),
        head.get(RECEIPT_HEADER.lower(), ""),
        _bytes(entry.response.content.text, entry.response.content.encoding),
        head.get("content-type", "").startswith(EVENTS),
        entry.request.url,
        int(datetime.fromisoformat(entry.started).timestamp() + entry.time / 1_000) if entry.started else None,
        head.get(TEE_HEADER.lower(), ""),
    )


def _encoded(body: bytes) -> dict[str, str]:
    return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def _bytes(text: str, encoding: str) -> bytes:
    return base64.b64decode(text, validate=True) if encoding == "base64" else text.encode()
