"""A range of blocks and our logs in it from one endpoint, checked before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from ethwire.rpc import Rpc
from keifu.chain.follower._checks import check_linked, checked_logs, digest_of, proved_logs, sealed
from keifu.chain.follower._filter import Filter
from keifu.chain.follower._model import Block, Event, Receipt
from keifu.chain.header import Header
from keifu.errors import LimitExceeded, NotServed, Revert, RpcError

__all__ = ["Pending", "Range", "Reader"]

HEADERS_A_BATCH = 500
RECEIPTS_A_BATCH = 50  # blocks
METHOD_NOT_FOUND = -32_601

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """A block whose logs are not proved yet: what was taken in of it, and from whom."""

    block: Block
    digest: bytes
    url: str


@dataclass
class Range:
    """Blocks in order, their events in order, and which of them wait for a proof."""

    blocks: list[Block]
    events: list[Event] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)


class Reader:
    """Reads from one endpoint. With `workers`, requests of a range are under way at the same time."""

    def __init__(self, rpc: Rpc, *, hashed: bool = True, workers: Executor | None = None) -> None:
        self.rpc = rpc
        self._hashed = hashed
        self._workers = workers

    @property
    def url(self) -> str:
        return self.rpc.url

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Raises NotServed when the endpoint does not have one of them."""
        return self._sealed(numbers, self._headers(numbers))

    def range(self, first: int, last: int, wanted: Filter, *, prove: bool) -> Range:
        """Blocks `first` to `last` with our logs. With `prove`, every log comes from receipts, as far as the endpoint
        has them; without, only those of blocks that announce one and for which it gave none."""
        logs = self._begin(lambda: self.logs(first, last, wanted))
        chunks = [range(at, min(at + HEADERS_A_BATCH, last + 1)) for at in range(first, last + 1, HEADERS_A_BATCH)]
        headers = [self._begin(lambda part=part: self._headers(part)) for part in chunks]  # type: ignore[misc]
        blocks = [block for part, found in zip(chunks, headers, strict=True) for block in self._sealed(part, found())]
        check_linked(blocks, self.url)
        events = logs()
        if events is None:  # the endpoint has no logs to give: receipts alone
            by_block, prove = {}, True
        else:
            by_block = checked_logs(blocks, events, wanted, self.url)
        return self._complete(blocks, by_block, wanted, prove=prove, must=events is None)

    def logs(self, first: int, last: int, wanted: Filter) -> list[Event] | None:
        """As the endpoint gives them; None when it has no such method. Raises LimitExceeded when it refuses them."""
        try:
            return self.rpc.call_as(list[Event], "eth_getLogs", wanted.query(first, last))
        except NotServed as error:
            if error.code == METHOD_NOT_FOUND:
                return None
            raise
        except RpcError as error:
            if type(error) is RpcError and last > first:  # refused in words that nobody knows: most often too much
                raise LimitExceeded(error.message, code=error.code, url=self.url) from error
            raise

    def proved(self, blocks: Sequence[Block], wanted: Filter) -> list[list[Event] | RpcError]:
        """Our logs of each block from its receipts, or why there are none."""
        found: list[list[Event] | RpcError] = []
        for at in range(0, len(blocks), RECEIPTS_A_BATCH):
            part = blocks[at : at + RECEIPTS_A_BATCH]
            answers = self.rpc.each_as(list[Receipt], [("eth_getBlockReceipts", [hex(item.number)]) for item in part])
            found += [self._proof(block, answer, wanted) for block, answer in zip(part, answers, strict=True)]
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
        blocks: list[Block],
        by_block: dict[int, list[Event]],
        wanted: Filter,
        *,
        prove: bool,
        must: bool,
    ) -> Range:
        result = Range(blocks)
        doubtful = [
            block
            for block in blocks
            if (prove and block.number in by_block) or (block.number not in by_block and wanted.announced(block))
        ]
        proofs = dict(zip((block.number for block in doubtful), self.proved(doubtful, wanted), strict=True))
        for block in blocks:
            proof = proofs.get(block.number)
            if isinstance(proof, list):
                result.events += proof
                continue
            if isinstance(proof, RpcError) and (must or not isinstance(proof, NotServed)):
                raise proof
            events = by_block.get(block.number, [])
            result.events += events
            if events or proof is not None:
                result.pending.append(Pending(block, digest_of(events), self.url))
        return result

    def _headers(self, numbers: Sequence[int]) -> list[Header]:
        return self.rpc.batch_as(Header, [("eth_getBlockByNumber", [hex(number), False]) for number in numbers])

    def _sealed(self, numbers: Sequence[int], headers: Sequence[Header]) -> list[Block]:
        return [
            sealed(header, number, self.url, hashed=self._hashed)
            for number, header in zip(numbers, headers, strict=True)
        ]

    def _begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Start it now, or when its result is wanted."""
        return work if self._workers is None else self._workers.submit(work).result
