"""A range of blocks and our logs in it from one endpoint, checked before anybody sees it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from ethwire.rpc import Rpc
from keifu.chain.follower._model import Block, Event, Receipt
from keifu.chain.follower.checks import checked_logs, digest_of, proved_logs
from keifu.chain.follower.filters import Filter
from keifu.chain.follower.sealing import check_linked, expect, read_sealed, sealed
from keifu.chain.follower.state import Pending
from keifu.chain.header import Header
from keifu.errors import LimitExceeded, NotServed, Revert, RpcError

__all__ = ["Range", "Reader"]

PARTS = 8  # of a range
AHEAD = 3  # of them that are on their way while one is checked
SOON = 4  # the first part is so much smaller: something to check while the endpoint works on the others
LEAST_BLOCKS, MAX_BLOCKS = 8, 250  # of a part: one request for logs, one batch of headers
EVENTS_AT_ONCE = 10_000  # of a part and of a range, when blocks are as full as those before
RECEIPTS_A_BATCH = 50  # blocks
METHOD_NOT_FOUND = -32_601

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Range(msgspec.Struct):
    """Blocks in order, their events in order, and which of them wait for a proof."""

    blocks: list[Block]
    events: list[Event] = []
    pending: list[Pending] = []


class Reader:
    """Reads from one endpoint. With `workers`, requests of a range are under way at the same time."""

    def __init__(self, rpc: Rpc, *, hashed: bool = True, workers: Executor | None = None) -> None:
        self.rpc = rpc
        self._hashed = hashed
        self._workers = workers
        self._ahead: tuple[Filter | None, deque[_Asked]] = None, deque()
        self._fitting = MAX_BLOCKS  # whose events are held at once

    @property
    def proofs(self) -> int:
        """Blocks whose receipts are held at once."""
        return min(self._fitting, RECEIPTS_A_BATCH)

    @property
    def url(self) -> str:
        return self.rpc.url

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Raises NotServed when the endpoint does not have one of them."""
        headers = self.rpc.batch_as(Header, _header_calls(numbers))
        return sealed(headers, numbers, self.url, hashed=self._hashed)

    def range(self, first: int, last: int, wanted: Filter, *, prove: bool, head: int = -1) -> Range:
        """Blocks `first` to `last` with our logs, or fewer where the endpoint serves only few at once or they hold many
        events. With `prove`, every log comes from receipts, as far as the endpoint has them; without, only those of
        blocks that announce one and for which it gave none.

        While one part is checked, the next ones are on their way, up to `head`: those behind `last` are for the next
        call. Raises LimitExceeded when the endpoint serves fewer than was known: the next call asks for that."""
        expect(head - first)
        limit = self.rpc.blocks
        last = min(last, first + PARTS * limit.size - 1)
        most = min(limit.size, max(LEAST_BLOCKS, -(-(last - first + 1) // PARTS)))
        begun = self._left_over(first, last, wanted)
        parts = self._cut(begun[-1][0][-1] + 1 if begun else first, last, head, most, soon=not begun)
        found = Range([])
        try:
            while not found.blocks or (found.blocks[-1].number < last and len(found.events) < EVENTS_AT_ONCE):
                self._ask_ahead(parts, begun, wanted)
                part, headers, logs = begun.popleft()
                texts, events = headers.result(), self._served(part, logs)
                fitting = self._weigh(len(part), len(events or ()))
                if begun and fitting < len(begun[-1][0]) // 2:  # what is on its way is too much
                    _cancel(begun)
                    begun.clear()
                    last = part[-1]
                else:
                    self._ask_ahead(parts, begun, wanted)  # the endpoint works on them while this one is checked
                self._take(self._read_blocks(part, texts), events, wanted, found, prove=prove)
        except BaseException:
            _cancel(begun)
            raise
        self._ahead = wanted, begun
        return found

    def _weigh(self, blocks: int, events: int) -> int:
        """How many blocks fit, after a part of `blocks` had so many events: nobody limits how full blocks are."""
        self._fitting = max(1, min(MAX_BLOCKS, 2 * self._fitting, blocks * EVENTS_AT_ONCE // max(events, 1)))
        return self._fitting

    def _left_over(self, first: int, last: int, wanted: Filter) -> deque[_Asked]:
        """What an earlier call has asked for, when it is the beginning of what is wanted now."""
        (of, begun), self._ahead = self._ahead, (None, deque())
        if begun and (of is not wanted or begun[0][0][0] != first or begun[-1][0][-1] > last):
            _cancel(begun)
            begun.clear()
        return begun

    def _cut(self, at: int, last: int, head: int, most: int, *, soon: bool) -> Iterator[Sequence[int]]:
        """Parts up to `last`, then some behind it. Each is cut when it is asked for: by then more is known of how full
        blocks are."""
        end = last
        while True:
            size = min(most, self._fitting)
            if at > end == last:
                end = min(head, last + AHEAD * size)
            if at > end:
                return
            if soon and size >= SOON * LEAST_BLOCKS:
                size //= SOON
            soon = False
            part = range(at, min(at + size, end + 1))
            yield part
            at = part.stop

    def _ask_ahead(self, parts: Iterator[Sequence[int]], begun: deque[_Asked], wanted: Filter) -> None:
        while len(begun) < AHEAD and (part := next(parts, None)) is not None:
            begun.append(self._ask(part, wanted))

    def _ask(self, part: Sequence[int], wanted: Filter) -> _Asked:
        calls = _header_calls(part)
        query = wanted.query(part[0], part[-1])
        headers = self.rpc.begin_batch_as(msgspec.Raw, calls) or self._begin(self.rpc.batch_as, msgspec.Raw, calls)
        if query is None:
            return part, headers, _Later(list)
        logs = self.rpc.begin_as(
            list[Event], "eth_getLogs", query, again=lambda: self._logs(query, len(part))
        ) or self._begin(self._logs, query, len(part))
        return part, headers, logs

    def _read_blocks(self, part: Sequence[int], headers: Sequence[msgspec.Raw]) -> list[Block]:
        """Asked for again when one is no header at all: the usual way knows what each fault means."""
        return read_sealed(headers, part, self.url, hashed=self._hashed) or self.blocks(part)

    def _served(self, part: Sequence[int], logs: _Work[list[Event] | None]) -> list[Event] | None:
        """The logs of a part, and what they tell about how much the endpoint serves."""
        try:
            events = logs.result()
        except LimitExceeded:
            self.rpc.blocks.refused(len(part))
            raise
        self.rpc.blocks.served(len(part))
        return events

    def _take(
        self,
        blocks: list[Block],
        events: list[Event] | None,
        wanted: Filter,
        found: Range,
        *,
        prove: bool,
    ) -> None:
        """Add a part to what was found, when it is as it must be."""
        check_linked([*found.blocks[-1:], *blocks], self.url)
        if events is not None:
            events = self._with_strangers(blocks, events, wanted)
        found.blocks += blocks
        if events is None:  # the endpoint has no logs to give: receipts alone
            self._complete(found, blocks, {}, wanted, prove=True, must=True)
        else:
            self._complete(
                found, blocks, checked_logs(blocks, events, wanted, self.url), wanted, prove=prove, must=False
            )

    def logs(self, block: Block, wanted: Filter) -> list[Event] | None:
        """Those of a block as the endpoint gives them; None when it has no such method. Raises LimitExceeded when it
        refuses them."""
        query = wanted.query(block.number, block.number)
        events = self._logs(query, 1) if query else []
        return events if events is None else self._with_strangers([block], events, wanted)

    def _logs(self, query: dict[str, Any], blocks: int) -> list[Event] | None:
        try:
            return self.rpc.call_as(list[Event], "eth_getLogs", query)
        except NotServed as error:
            if error.code == METHOD_NOT_FOUND:
                return None
            raise
        except RpcError as error:
            if type(error) is RpcError and blocks > 1:  # refused in words that nobody knows: most often too much
                raise LimitExceeded(error.message, code=error.code, url=self.url) from error
            raise

    def _with_strangers(self, blocks: Sequence[Block], events: list[Event], wanted: Filter) -> list[Event] | None:
        """And those that any contract may log, asked for only where a header announces one. Headers are checked by now,
        so an endpoint cannot leave one out by not being asked. None as from `logs`, and for one block whose logs are
        too many."""
        announced = [block.number for block in blocks if wanted.announced_anywhere(block)]
        more: list[Event] = []
        while announced:
            part = [number for number in announced if number < announced[0] + self._fitting]
            span = part[-1] - part[0] + 1
            try:
                some = self._logs(wanted.query_anywhere(part[0], part[-1]), span)
            except LimitExceeded:
                if len(blocks) == 1:
                    return None  # strangers have filled it: ours are among its receipts
                self.rpc.blocks.refused(span)
                raise
            if some is None:
                return None
            more += [event for event in some if not wanted.is_known(event)]
            announced = announced[len(part) :]
        if more:
            self._weigh(len(blocks), len(events) + len(more))
        return _in_order([*events, *more]) if more else events

    def proved(self, blocks: Sequence[Block], wanted: Filter) -> list[list[Event] | RpcError]:
        """Our logs of each block from its receipts, or why there are none."""
        found: list[list[Event] | RpcError] = []
        for at in range(0, len(blocks), RECEIPTS_A_BATCH):
            part = blocks[at : at + RECEIPTS_A_BATCH]
            answers = self.rpc.each_as(list[Receipt], [("eth_getBlockReceipts", [hex(item.number)]) for item in part])
            found += [self._proof(block, answer, wanted) for block, answer in zip(part, answers, strict=True)]
            self._weigh(len(part), sum(len(proof) for proof in found[at:] if isinstance(proof, list)))
        return found

    def _proof(self, block: Block, answer: list[Receipt] | RpcError | Revert, wanted: Filter) -> list[Event] | RpcError:
        if isinstance(answer, Revert):
            return NotServed(f"{self.url} refuses receipts: {answer.message}", url=self.url)
        if isinstance(answer, RpcError):
            return answer
        try:
            return proved_logs(block, answer, wanted, self.url)
        except RpcError as error:
            return error

    def _complete(
        self,
        found: Range,
        blocks: list[Block],
        by_block: dict[int, list[Event]],
        wanted: Filter,
        *,
        prove: bool,
        must: bool,
    ) -> None:
        doubtful = [block for block in blocks if (prove if block.number in by_block else wanted.announced(block))]
        proofs: dict[int, list[Event] | RpcError] = {}
        if doubtful:
            proofs = dict(zip((block.number for block in doubtful), self.proved(doubtful, wanted), strict=True))
        url = self.url
        for block in blocks:
            number = block.number
            events, proof = by_block.get(number), proofs.get(number)
            if proof is None and events is None:
                continue
            if isinstance(proof, list):
                found.events += proof
                continue
            if proof is not None and (must or not isinstance(proof, NotServed)):
                raise proof
            events = events or []
            found.events += events
            root, digest = block.receipts_root, digest_of(events)
            found.pending.append(Pending(number, block.hash, block.parent, root, digest, url))

    def _begin(self, work: Callable[..., T], *given: Any) -> _Work[T]:
        """Start it now, or when its result is wanted."""
        return _Later(lambda: work(*given)) if self._workers is None else self._workers.submit(work, *given)


def _header_calls(numbers: Sequence[int]) -> list[tuple[str, list[Any]]]:
    return [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]


def _in_order(events: list[Event]) -> list[Event]:
    """As they are where one has no place: whoever checks them says so."""
    try:
        return sorted(events, key=attrgetter("number", "index"))
    except ValueError:
        return events


def _cancel(begun: Iterable[_Asked]) -> None:
    for _, *asked in begun:
        for work in asked:
            work.cancel()


class _Work(Protocol[T_co]):
    """The half of a Future that is used here."""

    def result(self) -> T_co: ...

    def cancel(self) -> object: ...


_Asked = tuple[Sequence[int], _Work[Sequence[msgspec.Raw]], _Work[list[Event] | None]]


class _Later(Generic[T]):
    """Work that begins when its result is wanted."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.result = work

    def cancel(self) -> None:
        pass
