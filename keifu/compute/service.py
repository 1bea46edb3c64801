"""Takes requests, has them paid for, and lets models answer.

What is wrong with a request is said in OpenAI's form, what is wrong with its payment in x402's, and nothing is worked
for before its payment was verified.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from keifu.compute.cashier import SIGNATURE, Cashier, Slow
from keifu.compute.client.units import USUAL_OUTPUT
from keifu.compute.http import JSON, Exchange
from keifu.compute.http.messages import failure_body
from keifu.compute.model import Call, LocalModel, Model, ModelFault, RemoteModel, Result
from keifu.compute.openai import ENDPOINTS, models_body, read_request
from keifu.compute.settling import Settler, Work
from keifu.compute.streaming import Stream
from keifu.compute.wire import GROUPS_HEADER
from keifu.errors import KeifuError
from keifu.payments.book import Account, Refused

__all__ = ["Service", "Till"]

LARGEST_MOMENT = 1_000
MANY_ANSWERS = 16
GATHER_SECONDS, LONGEST_GATHERING = 0.001, 8  # a while, and how many of them at most
PREFIX = b"/v1/"
_GROUPS = GROUPS_HEADER.lower().encode()
_log = logging.getLogger("keifu.compute")


class Till(Protocol):
    """What is done on the chain for a payment."""

    async def open(self, header: str) -> None:
        """Take a deposit, or look a channel up. Raises Refused, or KeifuError when the chain does not answer."""

    async def refund(self, header: str) -> bytes:
        """Pay a channel back; the header that says so. Raises as `open`."""


class Service:
    """One provider's endpoints. Without a cashier nothing is charged, and no receipts are given."""

    def __init__(
        self,
        models: Mapping[str, Model],
        cashier: Cashier | None = None,
        settler: Settler | None = None,
        till: Till | None = None,
        *,
        ready: Callable[[], str] = lambda: "",
        pages: Mapping[bytes, Callable[[Exchange], Awaitable[None]]] | None = None,
    ) -> None:
        self.models = models
        self._cashier, self._settler, self._till, self._not_ready = cashier, settler, till, ready
        self._pages = pages or {}  # beside OpenAI's, by their paths
        self._queue: deque[Work] = deque()
        self._is_planned = False
        self._awaited = 0  # requests that the next moment waits for, a little while
        self._gathering: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._paths = {PREFIX + endpoint.encode(): endpoint for endpoint in ENDPOINTS}
        self.counts: Counter[tuple[str, str]] = Counter()  # (what, which)
        self.is_draining = False
        if settler is not None:
            settler.idle = self._settled

    # requests ------------------------------------------------------------------------------------------------------

    def handle(self, exchange: Exchange) -> None:
        """One request, in the event loop."""
        endpoint = self._paths.get(exchange.path.partition(b"?")[0])
        if endpoint is None:
            self._other(exchange)
        elif exchange.method == b"POST":
            self._ask(exchange, endpoint)
        elif exchange.method in (b"GET", b"HEAD"):
            self._probe(exchange)
        else:
            exchange.fail(405, "invalid_request_error", "method", "ask by POST", b"allow: POST\r\n")

    @property
    def open_requests(self) -> int:
        return len(self._queue) + len(self._tasks) + (self._settler.is_busy if self._settler else 0)

    def _other(self, exchange: Exchange) -> None:
        path = exchange.path.partition(b"?")[0]
        if (page := self._pages.get(path)) is not None:
            self._spawn(exchange, page(exchange))
        elif exchange.method not in (b"GET", b"HEAD"):
            exchange.fail(404, "invalid_request_error", "unknown_url", "there is no such endpoint")
        elif path == b"/v1/models":
            exchange.reply(200, models_body([(item.name, _about(item)) for item in self.models.values()]))
        elif path.startswith(b"/v1/models/") and (model := self.models.get(path[11:].decode("latin-1"))):
            exchange.reply(200, models_body([(model.name, _about(model))])[len(_LIST) : -2])
        else:
            exchange.fail(404, "invalid_request_error", "unknown_url", "there is no such page")

    def _ask(self, exchange: Exchange, endpoint: str) -> None:
        if self.is_draining:
            exchange.fail(503, "server_error", "draining", "this provider is going down", b"retry-after: 30\r\n")
            return
        if why := self._not_ready():
            self.counts["faults", "not_ready"] += 1
            exchange.fail(503, "server_error", "not_ready", why, b"retry-after: 30\r\n")
            return
        try:
            model, call = self._read(exchange, endpoint)
            fee = model.most_fee(call)
        except ModelFault as fault:
            self._fault(exchange, fault)
            return
        if self._cashier is None:
            self._begin(Work(exchange, call, model, None))
            return
        try:
            header = exchange.header(SIGNATURE) if SIGNATURE in exchange.headers else None
            if header is None:
                ticket = self._cashier.admit(exchange.headers, fee)
            else:
                ticket = self._cashier.admit_paid(header, fee)
        except Refused as refused:
            self._refuse(exchange, refused, fee)
        except Slow as slow:
            self._spawn(exchange, self._ask_slowly(exchange, call, model, fee, slow.header))
        else:
            exchange.headers = _READ
            self._begin(Work(exchange, call, model, ticket))

    def _read(self, exchange: Exchange, endpoint: str) -> tuple[Model, Call]:
        read = read_request(endpoint, exchange.body, USUAL_OUTPUT)
        model = self.models.get(read.model)
        if model is None:
            raise ModelFault(404, "model_not_found", f"there is no model {read.model[:80]!r} here: see /v1/models")
        if endpoint not in model.endpoints:
            raise ModelFault(400, "unsupported_endpoint", f"{model.name} does not answer at /v1/{endpoint}")
        read.call.wishes_groups = exchange.headers.get(_GROUPS) == b"1"
        return model, read.call

    def _begin(self, work: Work) -> None:
        if isinstance(work.model, LocalModel):
            if work.call.stream:
                self._release(work)
                fault = ModelFault(400, "unsupported_stream", f"{work.model.name} answers at once: ask without stream")
                self._fault(work.exchange, fault)
                return
            self._queue.append(work)
            self._plan()
        else:
            self._spawn(work.exchange, self._remotely(work))

    # local models --------------------------------------------------------------------------------------------------

    def _plan(self) -> None:
        """Answer what waits with the next turn of the loop: the requests of one turn go together."""
        if self._queue and not self._is_planned and not (self._settler and self._settler.is_busy):
            if len(self._queue) < self._awaited:
                return
            self._await_no_more()
            self._is_planned = True
            asyncio.get_running_loop().call_soon(self._answer_all)

    def _settled(self, count: int) -> None:
        """So many answers went out. When they were many, whoever got one may ask again at once: their requests go
        together with those that came meanwhile, under one signature and one fsync. They are waited for as long as in
        each while one comes, and never long."""
        if count >= MANY_ANSWERS:
            self._await_no_more()
            self._awaited = min(len(self._queue) + count, LARGEST_MOMENT)
            self._gather(LONGEST_GATHERING)
        self._plan()

    def _gather(self, most: int) -> None:
        """For so many whiles at most."""
        loop = asyncio.get_running_loop()
        self._gathering = loop.call_later(GATHER_SECONDS, self._gathered, len(self._queue), most)

    def _gathered(self, before: int, most: int) -> None:
        if len(self._queue) > before and most > 1:
            self._gather(most - 1)
            return
        self._await_no_more()
        self._plan()

    def _await_no_more(self) -> None:
        self._awaited = 0
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None

    def _answer_all(self) -> None:
        self._is_planned = False
        batches: defaultdict[str, list[Work]] = defaultdict(list)
        for _ in range(min(len(self._queue), LARGEST_MOMENT)):
            work = self._queue.popleft()
            if work.exchange.is_gone:
                self._release(work)
            else:
                batches[work.model.name].append(work)
        for batch in batches.values():
            model = batch[0].model
            assert isinstance(model, LocalModel)
            if model.is_slow:
                self._spawn(None, self._in_thread(model, batch))
            else:
                self._finish(batch, _answered(model, batch))
        self._plan()

    async def _in_thread(self, model: LocalModel, batch: Sequence[Work]) -> None:
        self._finish(batch, await asyncio.to_thread(_answered, model, batch))

    def _finish(self, batch: Sequence[Work], results: Sequence[Result | ModelFault]) -> None:
        answers: list[tuple[Work, Result]] = []
        for work, result in zip(batch, results, strict=True):
            if isinstance(result, ModelFault):
                self._release(work)
                self._fault(work.exchange, result)
            elif self._settler is None:
                work.exchange.reply(200, result.body)
            else:
                answers.append((work, result))
        if answers and self._settler is not None:
            self._settler.answer(batch[0].model, answers)

    # what is waited for --------------------------------------------------------------------------------------------

    async def _remotely(self, work: Work) -> None:
        model = work.model
        assert isinstance(model, RemoteModel)
        is_ours = True  # what is reserved is given back here, unless somebody else does so
        try:
            if work.call.stream:
                is_ours = False
                await Stream(work, self._settler, self._cashier).run()
                return
            result = await model.answer(work.call)
            is_ours = False
            self._finish([work], [result])
        except ModelFault as fault:
            self._fault(work.exchange, fault)
        finally:
            if is_ours:
                self._release(work)

    async def _ask_slowly(self, exchange: Exchange, call: Call, model: Model, fee: int, header: str) -> None:
        """A deposit, or a channel that is not known yet; then as any other."""
        assert self._cashier is not None
        try:
            if self._till is None:
                raise Refused("channel_not_found", "this provider takes no deposits")
            await self._till.open(header)
            ticket = self._cashier.admit_opened(header, fee)
        except Refused as refused:
            self._refuse(exchange, refused, fee)
        except KeifuError as error:
            self._no_chain(exchange, error)
        else:
            self._begin(Work(exchange, call, model, ticket))

    def _probe(self, exchange: Exchange) -> None:
        """What a request costs at least, or a refund: x402's clients ask for both by GET."""
        if self._cashier is None:
            exchange.fail(405, "invalid_request_error", "method", "ask by POST", b"allow: POST\r\n")
        elif (header := exchange.headers.get(b"payment-signature")) and self._till is not None:
            self._spawn(exchange, self._refund(exchange, header.decode("latin-1")))
        else:
            self._refuse(exchange, Refused("", "this has to be paid for"), self._least_fee())

    async def _refund(self, exchange: Exchange, header: str) -> None:
        assert self._till is not None
        try:
            said = await self._till.refund(header)
        except Refused as refused:
            self._refuse(exchange, refused, self._least_fee())
        except KeifuError as error:
            self._no_chain(exchange, error)
        else:
            exchange.reply(200, b'{"message":"paid back"}', JSON, said)

    def _least_fee(self) -> int:
        return max(1, min((model.prices.fee(0, 0) for model in self.models.values()), default=1))

    def _spawn(self, exchange: Exchange | None, work: object) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(exchange, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if exchange is not None:
            exchange.task = task

    async def _guarded(self, exchange: Exchange | None, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except Exception:
            _log.exception("an answer failed")
            if exchange is not None and not exchange.is_answered:
                exchange.fail(500, "server_error", "internal", "the server failed to answer this")

    # refusals ------------------------------------------------------------------------------------------------------

    def _release(self, work: Work) -> None:
        if self._settler is not None:
            self._settler.release(work)

    def _fault(self, exchange: Exchange, fault: ModelFault) -> None:
        self.counts["faults", fault.code] += 1
        exchange.fail(fault.status, fault.kind, fault.code, fault.message)

    def _refuse(self, exchange: Exchange, refused: Refused, fee: int) -> None:
        assert self._cashier is not None
        code = refused.code or "payment_required"
        self.counts["unpaid", code] += 1
        account: Account | None = None
        if refused.code == "cumulative_amount_mismatch":
            account = self._cashier.corrects(exchange.headers)
        header = self._cashier.required(fee, refused, account)
        if any(model.gives_groups for model in self.models.values()):
            header += _GROUPS + b": 1\r\n"
        exchange.reply(402, failure_body("payment_required", code, refused.message), JSON, header)

    def _no_chain(self, exchange: Exchange, error: KeifuError) -> None:
        self.counts["faults", "chain"] += 1
        exchange.fail(503, "server_error", "chain", f"the chain does not answer: {error}", b"retry-after: 5\r\n")


def _answered(model: LocalModel, batch: Sequence[Work]) -> Sequence[Result | ModelFault]:
    try:
        return model.answer([work.call for work in batch])
    except Exception:
        _log.exception("model %s failed", model.name)
        return [ModelFault(500, "model_failed", "the model failed to answer this")] * len(batch)


def _about(model: Model) -> dict[str, object]:
    prices, claimed = model.prices, model.claimed
    return {
        "keifu": {
            "endpoints": sorted(f"/v1/{endpoint}" for endpoint in model.endpoints),
            "prices": {"request": str(prices.request), "million_in": str(prices.million_in),
                       "million_out": str(prices.million_out)},
            "environment": claimed.environment.hex(),
            "promotion_seq": claimed.promotion_seq,
            "digest": claimed.digest.hex(),
            "evidence": model.evidence.word,
            **({"tee": model.tee} if model.tee else {}),
            **model.about,
        }
    }  # fmt: skip


_READ: dict[bytes, bytes] = {}  # in place of headers: a request that waits for others holds little
_LIST = b'{"object":"list","data":['
