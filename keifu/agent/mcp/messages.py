"""The Model Context Protocol as a server of tools needs it: JSON-RPC 2.0, one message in, at most one out.

Clients of 2024 to 2025 begin with `initialize` and agree on a version; those of 2026-07-28 say in each request which
one they speak. Nothing is kept between requests, so both are answered by the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from keifu.agent.mcp.tools import Toolbox

__all__ = ["HANDSHAKES", "LARGEST", "STATELESS", "Answer", "Protocol"]

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS = ("2026-07-28",)
LARGEST = 1 << 20  # bytes of a message: a bundle in base64 fits
LONGEST_ID = 256
LONGEST_LIST = 16  # messages in a list
BRACKETS = 4_096  # of a message: what nests deeper could use up the stack of the program around it
LONGEST_METHOD = 128
META = "io.modelcontextprotocol/"
VERSION, CAPABILITIES, SERVER = META + "protocolVersion", META + "clientCapabilities", META + "serverInfo"
PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
HEADERS_DIFFER, NO_VERSION = -32020, -32022
STATUS = {NO_METHOD: 404, INTERNAL: 500}
ONE_HOUR_MS = 3_600_000  # that a list of tools may be kept


@dataclass(frozen=True)
class Answer:
    """What goes back: nothing for a notification. `status` is HTTP's."""

    body: bytes = b""
    status: int = 202


class _Fault(Exception):
    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Protocol:
    """Answers messages for one set of tools. `about` is the server's name and version."""

    def __init__(self, toolbox: Toolbox, about: Mapping[str, str], instructions: str) -> None:
        self._tools, self._about, self._instructions = toolbox, dict(about), instructions

    def answer(self, data: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """To one message, or to several in a list, as clients of 2025-03-26 may send them; `headers` (names in lower
        case) where it came over HTTP. Never raises for what came."""
        try:
            found = _decoded(data)
        except _Fault as fault:
            return _refused(fault, None, 400)
        if not isinstance(found, list):
            return self._one(found, headers)
        bodies = [answer.body for item in found if (answer := self._one(item, headers)).body]
        return Answer(b"[" + b",".join(bodies) + b"]", 200) if bodies else Answer()

    def _one(self, found: Any, headers: Mapping[str, str] | None) -> Answer:
        number: Any = None
        is_stateless = False
        try:
            message = _message(found)
            if "method" not in message and ("result" in message or "error" in message):
                return Answer()  # an answer to nothing that was asked
            is_notification = "id" not in message
            number = None if is_notification else _id_of(message)
            method, params = _method_of(message), _params_of(message)
            meta = params.get("_meta")
            if is_notification:
                return Answer()
            if isinstance(meta, dict) and VERSION in meta:
                is_stateless = True
                _require_stateless(method, params, meta, headers)
            else:
                _require_known(headers)
            result = self._result(method, params, is_stateless=is_stateless)
        except _Fault as fault:
            return _refused(fault, number, STATUS.get(fault.code, 400) if is_stateless or number is None else 200)
        return Answer(_encoded({"jsonrpc": "2.0", "id": number, "result": result}), 200)

    def _result(self, method: str, params: dict[str, Any], *, is_stateless: bool) -> dict[str, Any]:
        kept = {"ttlMs": ONE_HOUR_MS, "cacheScope": "private"} if is_stateless else {}
        complete = {"resultType": "complete"} if is_stateless else {}
        if method == "tools/list":
            if params.get("cursor") is not None:
                raise _Fault(INVALID_PARAMS, "there is one page of tools")
            return {"tools": self._tools.listed(), **complete, **kept}
        if method == "tools/call":
            return {**self._call(params), **complete}
        if is_stateless and method == "server/discover":
            return {
                "supportedVersions": [*STATELESS], "capabilities": {"tools": {}}, "instructions": self._instructions,
                "_meta": {SERVER: self._about}, **complete, **kept,
            }  # fmt: skip
        if not is_stateless and method == "initialize":
            return self._initialized(params)
        if not is_stateless and method == "ping":
            return {}
        raise _Fault(NO_METHOD, "there is no such method here")

    def _initialized(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = params.get("protocolVersion")
        if not isinstance(asked, str):
            raise _Fault(INVALID_PARAMS, "protocolVersion is missing")
        return {
            "protocolVersion": asked if asked in HANDSHAKES else HANDSHAKES[-1], "capabilities": {"tools": {}},
            "serverInfo": self._about, "instructions": self._instructions,
        }  # fmt: skip

    def _call(self, params: dict[str, Any]) -> dict[str, Any]:
        name, arguments = params.get("name"), params.get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            raise _Fault(INVALID_PARAMS, "a call has the tool's name, and an object of arguments")
        if name not in self._tools:
            raise _Fault(INVALID_PARAMS, "there is no tool of this name: tools/list has all")
        return self._tools.call(name, arguments or {})


def _refused(fault: _Fault, number: str | int | None, status: int) -> Answer:
    error = {"code": fault.code, "message": fault.message, **({} if fault.data is None else {"data": fault.data})}
    return Answer(_encoded({"jsonrpc": "2.0", "id": number, "error": error}), status)


def _decoded(data: bytes) -> Any:
    if len(data) > LARGEST:
        raise _Fault(INVALID_REQUEST, f"a message has at most {LARGEST:,} bytes")
    if data.count(b"[") + data.count(b"{") > BRACKETS:
        raise _Fault(PARSE_ERROR, f"a message has at most {BRACKETS:,} brackets")
    try:
        found = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        raise _Fault(PARSE_ERROR, "this is no JSON") from None
    if isinstance(found, list) and not 0 < len(found) <= LONGEST_LIST:
        raise _Fault(INVALID_REQUEST, f"a list has 1 to {LONGEST_LIST} messages")
    return found


def _message(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
        raise _Fault(INVALID_REQUEST, "a message is one object of JSON-RPC 2.0")
    return found


def _id_of(message: dict[str, Any]) -> str | int:
    number = message["id"]
    if isinstance(number, bool) or not isinstance(number, str | int) or len(str(number)) > LONGEST_ID:
        raise _Fault(INVALID_REQUEST, "an id is a text or a whole number")
    return number


def _method_of(message: dict[str, Any]) -> str:
    method = message.get("method")
    if not isinstance(method, str) or not 0 < len(method) <= LONGEST_METHOD:
        raise _Fault(INVALID_REQUEST, "a request names its method")
    return method


def _params_of(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise _Fault(INVALID_PARAMS, "params is an object")
    return params


def _require_stateless(
    method: str, params: dict[str, Any], meta: dict[str, Any], headers: Mapping[str, str] | None
) -> None:
    """The request says itself which version it speaks, and what its headers say is the same."""
    asked = meta[VERSION]
    if not isinstance(asked, str) or not isinstance(meta.get(CAPABILITIES), dict):
        raise _Fault(INVALID_PARAMS, f"_meta has {VERSION}, a text, and {CAPABILITIES}, an object")
    if headers is not None:
        said = [("mcp-protocol-version", asked), ("mcp-method", method)]
        if method == "tools/call":
            said.append(("mcp-name", str(params.get("name"))))
        for name, value in said:
            if headers.get(name) != value:
                raise _Fault(HEADERS_DIFFER, f"the header {name} does not say what the message says")
    if asked not in STATELESS:
        raise _Fault(NO_VERSION, "Unsupported protocol version", {"supported": [*STATELESS], "requested": asked[:64]})


def _require_known(headers: Mapping[str, str] | None) -> None:
    """Over HTTP each later request says the version that was agreed on; one without says the first that had headers."""
    said = "" if headers is None else headers.get("mcp-protocol-version", "")
    if said in STATELESS:
        raise _Fault(INVALID_PARAMS, f"a request of {said} has {VERSION} and {CAPABILITIES} in params._meta")
    if said and said not in HANDSHAKES:
        raise _Fault(INVALID_REQUEST, "the header mcp-protocol-version names no version that is spoken here")


def _encoded(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)
