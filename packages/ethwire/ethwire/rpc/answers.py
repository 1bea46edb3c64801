"""What came back from a node, as results or as one typed error that keeps the node's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from ethwire.abi import decode_revert
from ethwire.errors import LimitExceeded, NoAnswer, NotServed, RateLimited, Revert, RpcError
from ethwire.rpc._even import EvenTexts
from ethwire.rpc._values import words

__all__ = ["failure", "read_many", "read_one", "refusal"]

EXECUTION_REVERTED = 3  # error code that go-ethereum and anvil give, with the revert data
METHOD_NOT_FOUND = -32_601
RATE_CODES = frozenset({429, -32_029, -32_097})
RATE_STATUS, TOO_LARGE, SERVER_ERROR = 429, 413, 500  # of HTTP

T = TypeVar("T")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_REVERTED = re.compile(r"\brevert", re.IGNORECASE)
_EXECUTION_REVERTED = re.compile(r"execution reverted(?:: ?(.*))?", re.IGNORECASE)
_RATE = re.compile(
    r"rate.?limit|too many requests|request (count|rate) exceeded|throttl|compute units|credits|quota|"
    r"requests? per (second|minute|day)",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(block|log|query) ?range|range (is )?too|range limit|limited to|too (large|wide|big|long)|response size|"
    r"too many (blocks|results|logs|topics)|more than \d[\d,]* (results|logs|blocks)|exceeds? (the )?(max|limit|range)|"
    r"batch|query time(d )?out|query returned more",
    re.IGNORECASE,
)
_NOT_SERVED = re.compile(
    r"method not found|not supported|unsupported method|does not exist|is not available|not whitelisted|unknown block|"
    r"(header|block|receipts?) not found|missing trie node|prun(ed|ing)|history|historical|not (yet )?indexed|"
    r"finalized block not found|still syncing",
    re.IGNORECASE,
)


class _Raw(msgspec.Struct, gc=False):
    id: Any = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Any = None


class _Typed(msgspec.Struct, Generic[T], gc=False):
    id: Any = None
    result: T | None = None
    error: Any = None


_RAW = msgspec.json.Decoder(_Raw)
_RAW_MANY = msgspec.json.Decoder(list[_Raw])
_NULL = msgspec.Raw(b"null")


@cache
def _one(kind: Any) -> msgspec.json.Decoder[Any]:
    return _RAW if kind is msgspec.Raw else msgspec.json.Decoder(_Typed[kind])


@cache
def _many(kind: Any) -> msgspec.json.Decoder[Any]:
    return _RAW_MANY if kind is msgspec.Raw else msgspec.json.Decoder(list[_Typed[kind]])


def read_one(kind: Any, body: bytes, asked: int, method: str, url: str) -> Any:
    """The result of one request as `kind`, None for null. Raises RpcError or Revert."""
    try:
        answer = _one(kind).decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError):
        answer = _explain(_RAW, body, method, url)
    if answer.error is not None:
        raise failure(method, answer.error, url)
    if answer.id != asked:
        raise NoAnswer(f"{url} answered another request than {method}", url=url)
    return _finished(kind, answer.result, method, url)


def read_many(kind: Any, body: bytes, asked: Sequence[tuple[int, str]], url: str) -> Sequence[Any]:
    """The results of a batch, in the order of `asked` (id and method of each): an error in the place of a request that
    failed. Raises RpcError when the node refused the batch as a whole."""
    if kind is msgspec.Raw and asked:
        even = EvenTexts.answered(body, [number for number, _ in asked])
        if even is not None:
            return even
    if body.lstrip()[:1] == b"{":  # the whole batch is answered by one object
        raise _whole(body, len(asked), url)
    try:
        answers = _many(kind).decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError):
        answers = _explain(_RAW_MANY, body, f"a batch of {len(asked)}", url)
    if [answer.id for answer in answers] == [number for number, _ in asked] and _are_plain(kind, answers):
        return [answer.result for answer in answers]  # in order and without a fault, as it most often is
    by_id: dict[Any, Any] = {}
    for answer in answers:
        key = answer.id if isinstance(answer.id, (int, str)) else None
        if key in by_id and key is not None:
            raise NoAnswer(f"{url} answered one request of a batch twice", url=url)
        by_id[key] = answer
    return [_in_batch(kind, by_id.get(number), method, url) for number, method in asked]


def _are_plain(kind: Any, answers: Sequence[Any]) -> bool:
    """Whether there is neither an error nor a result that is still to be decoded."""
    if answers and type(answers[0]) is _Raw and (kind is not msgspec.Raw or any(map(_is_null, answers))):
        return False  # one decoder made all of them
    return [answer.error for answer in answers].count(None) == len(answers)


def _is_null(answer: _Raw) -> bool:
    return answer.result == _NULL


def _in_batch(kind: Any, answer: Any, method: str, url: str) -> Any:
    if answer is None:
        return NoAnswer(f"{url} left {method} of a batch unanswered", url=url)
    if answer.error is not None:
        return failure(method, answer.error, url)
    try:
        return _finished(kind, answer.result, method, url)
    except RpcError as error:
        return error


def _whole(body: bytes, size: int, url: str) -> RpcError:
    what = f"a batch of {size}"
    error = _explain(_RAW, body, what, url).error
    if error is None:
        return NoAnswer(f"{url} answered {what} with one object", url=url)
    found = failure(what, error, url)
    return found if isinstance(found, RpcError) else RpcError(f"{what}: {found.message}", url=url)


def _explain(decoder: msgspec.json.Decoder[Any], body: bytes, what: str, url: str) -> Any:
    """The answer with its result left undecoded. Raises NoAnswer when even that is not JSON-RPC."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
        said = words(body[:2_000].decode(errors="replace"))
        raise NoAnswer(
            f"{url} answered {what} with something that is not JSON-RPC: {said or 'nothing'}",
            remedy="is it the address of a node?",
            url=url,
        ) from error


def _finished(kind: Any, result: Any, method: str, url: str) -> Any:
    """Decodes what was left undecoded, so that the error names the field."""
    if not isinstance(result, msgspec.Raw):
        return result
    if kind is msgspec.Raw:  # as it came
        return None if result == _NULL else result
    try:
        return msgspec.json.decode(result, type=kind | None if kind is not Any else Any)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
        raise NoAnswer(
            f"{url} answered {method} with something else than it should: {words(str(error))}", url=url
        ) from error


def refusal(status: int, body: bytes, retry_after: float, what: str, url: str) -> RpcError | None:
    """The error for an HTTP status that is none of success; None when the body is JSON-RPC that says it better."""
    said = words(body[:2_000].decode(errors="replace"))
    message_of_node = _message_of(body)
    if status == RATE_STATUS or (retry_after and status >= SERVER_ERROR):
        message = words(message_of_node if message_of_node is not None else said)
        return RateLimited(
            f"{url} wants fewer requests: {message or f'HTTP {status}'}",
            remedy="wait, or use another endpoint",
            code=status,
            url=url,
            retry_after=retry_after,
        )
    if message_of_node is not None:
        return None
    text = f"{url} answered {what} with HTTP {status}" + (f": {said}" if said else "")
    if status >= SERVER_ERROR:
        return NoAnswer(text, remedy="is the node up, and the address right?", url=url)
    if status == TOO_LARGE:
        return LimitExceeded(text, remedy="ask for less at once", url=url)
    return RpcError(text, remedy="is the address right, and the key in it?", url=url)


def _message_of(body: bytes) -> str | None:
    """The message of a JSON-RPC error in a body; None when there is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if isinstance(found, list):
        found = next((item for item in found if isinstance(item, dict) and item.get("error") is not None), None)
    if not isinstance(found, dict) or found.get("error") is None:
        return None
    error = found["error"]
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)


def failure(method: str, error: Any, url: str) -> RpcError | Revert:
    """The typed error for the error member of an answer, whatever shape the node gave it."""
    if not isinstance(error, dict):
        error = {"message": error}
    message = words(error.get("message") or "")
    code = _code(error.get("code"))
    if code == 0 and error.get("code") not in (None, 0, "0"):
        message = f"{words(error['code'])}: {message}" if message else words(error["code"])
    data = _revert_data(error.get("data"))
    reverted = code == EXECUTION_REVERTED or _REVERTED.search(message) or _says_reverted(error.get("data"))
    if reverted and (code == EXECUTION_REVERTED or data is not None):
        return Revert(decode_revert(data or b""), data=data or b"")
    if message_of_node := _EXECUTION_REVERTED.fullmatch(message):  # by a node that gives no data
        return Revert(message_of_node[1] or "")
    kind = _kind(code, message)
    return kind(f"{method}: {message or 'an error without a message'}", code=code, data=error.get("data"), url=url)


def _kind(code: int, message: str) -> type[RpcError]:
    if code in RATE_CODES or _RATE.search(message):
        return RateLimited
    if _LIMIT.search(message):
        return LimitExceeded
    if code == METHOD_NOT_FOUND or _NOT_SERVED.search(message):
        return NotServed
    return RpcError


def _code(value: Any) -> int:
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    return 0


def _says_reverted(data: Any) -> bool:
    return isinstance(data, str) and data.startswith("Reverted")


def _revert_data(data: Any) -> bytes | None:
    """The bytes of a revert: plain, wrapped in an object, or behind the word `Reverted`."""
    if isinstance(data, dict):  # some nodes wrap it
        data = data.get("data")
    if not isinstance(data, str):
        return None
    found = _HEX.fullmatch(data.removeprefix("Reverted").strip())
    return bytes.fromhex(found[0][2:]) if found else None
