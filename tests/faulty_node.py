"""A JSON-RPC proxy in front of a node that fails on purpose: it lies, lags, limits and drops by a script.

    with FaultyNode(anvil.url, Lag(3), RateLimit(times=2, retry_after=1)) as node:
        follower = Follower(Rpc(node.url), …)
        node.faults.clear()                       # honest from now on

A fault is a function `(request, result) -> result` for one answer, which raises ConnectionError to break the
connection off, or a `Fault`, which also sees the HTTP response. They are applied in order. What was asked stands in
`node.asked`. `node.respond` does the same without a socket, for runs by the thousand (`node.transport`).
"""

from __future__ import annotations

import json
import random
import socket
import threading
import weakref
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Request = dict[str, Any]
Answer = dict[str, Any]
Lie = Callable[[Request, Any], Any]
Upstream = Callable[[Sequence[Request]], list[Answer]]


@dataclass
class Response:
    """What goes back over HTTP: `content` is one answer, or the list of a batch."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Fault:
    """Nothing is wrong. The kinds below change one answer, or the whole response."""

    def answer(self, request: Request, answer: Answer) -> Answer:
        return answer

    def response(self, requests: Sequence[Request], response: Response) -> Response:
        return response


class Change(Fault):
    """Results become what `lie` makes of them; `times` limits how often, over results that it does change."""

    def __init__(self, lie: Lie, *, times: int | None = None) -> None:
        self.lie, self.left = lie, times

    def answer(self, request: Request, answer: Answer) -> Answer:
        if self.left == 0:
            return answer
        result = self.lie(request, answer.get("result"))
        if self.left is not None and result != answer.get("result"):
            self.left -= 1
        return answer | {"result": result}


class Refuse(Fault):
    """An error object for some methods, as the node words it; `only` looks at the request."""

    def __init__(
        self, *methods: str, error: Any, times: int | None = None, only: Callable[[Request], bool] = lambda _: True
    ) -> None:
        self.methods, self.error, self.left, self.only = methods, error, times, only

    def answer(self, request: Request, answer: Answer) -> Answer:
        if request["method"] not in self.methods or self.left == 0 or not self.only(request):
            return answer
        if self.left is not None:
            self.left -= 1
        return {"jsonrpc": "2.0", "id": request["id"], "error": self.error}


class Missing(Refuse):
    """A node without these methods."""

    def __init__(self, *methods: str) -> None:
        super().__init__(*methods, error={"code": -32_601, "message": "the method does not exist/is not available"})


class RangeLimit(Refuse):
    """A node that serves logs of so many blocks at once."""

    def __init__(self, blocks: int, message: str = "block range too large") -> None:
        def too_wide(request: Request) -> bool:
            query = request["params"][0]
            if not query["toBlock"].startswith("0x"):  # up to the newest one: as on a long chain
                return True
            return _number(query["toBlock"]) - _number(query["fromBlock"]) >= blocks

        super().__init__("eth_getLogs", error={"code": -32_000, "message": message}, only=too_wide)


class BatchLimit(Fault):
    """A node that answers a larger batch with one error object."""

    def __init__(self, most: int, *, status: int = 200, message: str = "batch too large") -> None:
        self.most, self.status, self.message = most, status, message

    def response(self, requests: Sequence[Request], response: Response) -> Response:
        if not isinstance(response.content, list) or len(requests) <= self.most:
            return response
        error = {"code": -32_600, "message": self.message}
        return Response({"jsonrpc": "2.0", "id": None, "error": error}, self.status)


class Overload(Fault):
    """The first `times` responses are an HTTP error with this body, and Retry-After when there is one."""

    def __init__(self, times: int, *, status: int = 429, retry_after: str = "", body: Any = None) -> None:
        self.left, self.status, self.retry_after, self.body = times, status, retry_after, body

    def response(self, requests: Sequence[Request], response: Response) -> Response:
        if self.left == 0:
            return response
        self.left -= 1
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return Response(self.body, self.status, headers)


class Drop(Fault):
    """Breaks the connection off, for some methods or all: every n-th time, at most `times` times."""

    def __init__(self, *methods: str, every: int = 1, times: int | None = None) -> None:
        self.methods, self.every, self.left, self.seen = methods, every, times, 0

    def answer(self, request: Request, answer: Answer) -> Answer:
        if self.methods and request["method"] not in self.methods:
            return answer
        self.seen += 1
        if self.left == 0 or self.seen % self.every:
            return answer
        if self.left is not None:
            self.left -= 1
        raise ConnectionError


class Lag(Fault):
    """A node that is some blocks behind the others: what is newer is null there, and its head is older."""

    def __init__(self, blocks: int) -> None:
        self.blocks, self.head = blocks, 0

    def answer(self, request: Request, answer: Answer) -> Answer:
        method, result = request["method"], answer.get("result")
        if method == "eth_blockNumber":
            self.head = max(0, int(result, 16) - self.blocks)
            return answer | {"result": hex(self.head)}
        if method in ("eth_getBlockByNumber", "eth_getBlockReceipts") and self._is_newer(request["params"][0]):
            return answer | {"result": None}
        if method == "eth_getLogs":
            return answer | {"result": [log for log in result or [] if not self._is_newer(log["blockNumber"])]}
        if method == "eth_getTransactionReceipt" and result and self._is_newer(result["blockNumber"]):
            return answer | {"result": None}
        return answer

    def _is_newer(self, number: str) -> bool:
        return number.startswith("0x") and int(number, 16) > self.head


class Mutation(Fault):
    """One field of one answer becomes something else, by `seed`: the answer is number `at` of those that are given."""

    def __init__(self, seed: int, at: int) -> None:
        self.random, self.at, self.seen = random.Random(seed), at, 0
        self.reported = ""  # what was changed, for the report of a failure

    def answer(self, request: Request, answer: Answer) -> Answer:
        self.seen += 1
        if self.seen != self.at + 1:
            return answer
        changed = deepcopy(answer)
        path = self.random.choice(list(_paths(changed)))
        place: Any = changed
        for step in path[:-1]:
            place = place[step]
        before = place[path[-1]]
        after = _other(self.random, before)
        if after is REMOVED:
            del place[path[-1]]
        else:
            place[path[-1]] = after
        where = ".".join(map(str, path))
        self.reported = f"{request['method']}{request['params']} {where}: {before!r:.120} -> {after!r:.120}"
        return changed


REMOVED = object()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every member of a JSON value, containers included."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, item in items:
        found += _paths(item, (*path, key))
    return found


def _other(draw: random.Random, value: Any) -> Any:
    """Another value than `value`: near it, of another type, or none at all."""
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: REMOVED,
        lambda: draw.choice([0, -1, 2**70, True, 1.5]),
        lambda: draw.choice(["", "0x", "0x0", "latest", "ü", "0x" + "f" * 70]),
        lambda: draw.choice([[], {}, [[]], {"code": 3}]),
    ]
    if isinstance(value, str) and len(value) > 2:
        kinds += [lambda: _near(draw, value)] * 8
    if isinstance(value, list):
        kinds += [lambda: _rearranged(draw, value)] * 8
    if isinstance(value, bool):
        kinds += [lambda: not value] * 4
    for _ in range(20):
        found = draw.choice(kinds)()
        if found is REMOVED or found != value or type(found) is not type(value):
            return found
    return REMOVED


def _near(draw: random.Random, text: str) -> str:
    place = draw.randrange(2, len(text))
    return draw.choice(
        [
            text[:place] + draw.choice("0123456789abcdef") + text[place + 1 :],
            text[:place] + text[place + 1 :],
            text[:place] + draw.choice("0123456789abcdef") + text[place:],
            text.upper(),
            text[:2] + "0" * (len(text) - 2),
        ]
    )


def _rearranged(draw: random.Random, items: list[Any]) -> list[Any]:
    if not items:
        return [None]
    place = draw.randrange(len(items))
    return draw.choice(
        [
            items[:place] + items[place + 1 :],
            [*items[: place + 1], *items[place:]],
            list(reversed(items)),
            [],
        ]
    )


class FaultyNode:
    """Answers like `upstream`, a URL or a function, except for what `faults` make of it."""

    def __init__(self, upstream: str | Upstream, *faults: Fault | Lie) -> None:
        self.faults: list[Fault] = [fault if isinstance(fault, Fault) else Change(fault) for fault in faults]
        self.asked: list[str] = []  # methods, in order
        self.requests: list[Request] = []  # the same, whole
        self.posts = 0  # over HTTP: a batch is one
        self._upstream = over_http(upstream) if isinstance(upstream, str) else upstream
        self._server: ThreadingHTTPServer | None = None

    def respond(self, body: bytes) -> Response:
        """Raises ConnectionError when a fault breaks the connection off."""
        asked = json.loads(body)
        requests = asked if isinstance(asked, list) else [asked]
        self.asked += [request["method"] for request in requests]
        self.requests += requests
        self.posts += 1
        answers = self._upstream(requests)
        for fault in tuple(self.faults):
            answers = [fault.answer(request, answer) for request, answer in zip(requests, answers, strict=True)]
        response = Response(answers if isinstance(asked, list) else answers[0])
        for fault in tuple(self.faults):
            response = fault.response(requests, response)
        return response

    @property
    def transport(self) -> httpx.MockTransport:
        """For a client of httpx in this process: no socket, no thread."""

        def handle(request: httpx.Request) -> httpx.Response:
            try:
                response = self.respond(request.content)
            except ConnectionError as error:
                raise httpx.ReadError("broken off") from error
            return httpx.Response(response.status, headers=response.headers, content=_encoded(response.content))

        return httpx.MockTransport(handle)

    @property
    def url(self) -> str:
        assert self._server is not None, "only inside `with`"
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FaultyNode:
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                try:
                    response = node.respond(self.rfile.read(int(self.headers["Content-Length"])))
                except ConnectionError:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                content = _encoded(response.content)
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None


def over_http(url: str) -> Upstream:
    """The answers of a real node."""
    client = httpx.Client(timeout=None)  # noqa: S113 - a node of this machine answers or ends

    def ask(requests: Sequence[Request]) -> list[Answer]:
        answers = client.post(url, json=list(requests)).json()
        by_id = {answer["id"]: answer for answer in answers}
        return [by_id[request["id"]] for request in requests]

    weakref.finalize(ask, client.close)  # whoever drops it leaves no socket open
    return ask


def recorded(upstream: Upstream) -> Upstream:
    """Asks each question once and repeats the answer: for a chain that stays as it is."""
    known: dict[str, Answer] = {}

    def ask(requests: Sequence[Request]) -> list[Answer]:
        keys = [json.dumps([request["method"], request["params"]]) for request in requests]
        if missing := [request for key, request in zip(keys, requests, strict=True) if key not in known]:
            for request, answer in zip(missing, upstream(missing), strict=True):
                known[json.dumps([request["method"], request["params"]])] = answer
        return [deepcopy(known[key]) | {"id": request["id"]} for key, request in zip(keys, requests, strict=True)]

    return ask


def _encoded(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def _number(text: str) -> int:
    return int(text, 16)
