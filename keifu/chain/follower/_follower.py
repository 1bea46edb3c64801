"""The follower itself: one step after the other, over endpoints that fail, lag and lie."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ethwire.rpc import Limit, NewHeads, Rpc, quantity
from keifu.chain._chains import final_depth
from keifu.chain.finality import final_block
from keifu.chain.follower._model import Block, Event, Notice, Sink, Source, Step, Unproved
from keifu.chain.follower._proving import Prover
from keifu.chain.follower._reading import Range, Reader
from keifu.chain.follower.checks import digest_of
from keifu.chain.follower.filters import Filter
from keifu.chain.follower.state import State
from keifu.errors import (
    ChainMismatch,
    Contradiction,
    EnvironmentFault,
    LimitExceeded,
    NotServed,
    RateLimited,
    RpcError,
    UsageError,
)

__all__ = ["Follower"]

MAX_RANGE = 2_000  # blocks taken in at once; fewer when an endpoint does not serve so many
FIRST_PAUSE_SECONDS = 0.05
SLOWEST_PAUSE_SECONDS = 5.0
PROOFS_A_STEP = 200  # blocks
HEADERS_A_BATCH = 200  # when the place is looked for where two chains part
TELL_AGAIN = 8  # a fault that goes on is told at the first, 8th, 64th … time
_log = logging.getLogger("keifu.follower")


def _write(notice: Notice) -> None:
    _log.warning("%s", notice.message)


class Follower:
    """Follows the logs of contracts into `sinks`, with its state in the same `database`.

    `addresses` are addresses, followed from `first_block` on, or `Source`s with a block and topics of their own. One
    that the database does not know yet is added: its past is read, then it goes on with the others.

    Events are taken in as soon as they fit their blocks' headers, and proved by the blocks' receipts once the head is
    reached; when a proof shows another event, everything from there on is undone and read again. With `proved_only`
    they are proved first, for sinks that cannot undo. `confirmations` blocks below the head are left alone. `view` is
    asked where no endpoint can prove a block: whether the sinks agree with the contracts' own figures at that block.
    Where no endpoint announces blocks (`heads`), it looks again after `longest_pause` seconds at the latest.

    With several endpoints (`Nodes`), the next one is asked when one fails, and all are asked for the last block of
    every range. Raises ChainMismatch when the database belongs to another deployment.
    """

    def __init__(
        self,
        rpc: Rpc,
        addresses: Sequence[str | Source],
        database: sqlite3.Connection,
        *sinks: Sink,
        first_block: int = 0,
        confirmations: int = 0,
        max_range: int = MAX_RANGE,
        proved_only: bool = False,
        hashed_headers: bool = True,
        view: Callable[[int], bool] | None = None,
        on_notice: Callable[[Notice], None] = _write,
        heads: NewHeads | None = None,
        longest_pause: float = SLOWEST_PAUSE_SECONDS,
        workers: int = 2,
    ) -> None:
        self.rpc = rpc
        self.database = database
        self.confirmations = confirmations
        self._sinks = sinks
        self._tell = on_notice
        self._heads, self._longest_pause = heads or NewHeads(), longest_pause
        self._proved_only = proved_only
        self._most = max_range
        pool = ThreadPoolExecutor(workers, thread_name_prefix="follower") if workers else None
        self._readers = [Reader(endpoint, hashed=hashed_headers, workers=pool) for endpoint in rpc.endpoints]
        self._state = State(database)
        self._prover = Prover(self._state, self._readers, view, on_notice)
        self._filters: dict[int, Filter] = {}
        self._head_before = -1
        self._failures: dict[str, int] = {}
        for url, what, limit in self._limits():
            if (known := self._state.limit_of(url, what)) is not None:
                limit.resume(known)
        self._claim([_source(item, first_block) for item in addresses])

    @property
    def reached(self) -> int:
        """The newest block accounted for, or the one before the first."""
        return self._state.reached

    @property
    def unproved(self) -> list[Unproved]:
        """Blocks with events that are not proved: still to come while `why` is empty, else for the reason it gives."""
        return self._state.unproved()

    def hash_of(self, number: int) -> str | None:
        """The hash of a block that was accounted for, if it is one of those that are kept: recent ones are."""
        return self._state.hash_of(number)

    def final(self) -> int:
        """The newest block accounted for that no reorganisation takes away."""
        return min(self.reached, final_block(self.rpc))

    def add(self, source: Source) -> None:
        """Follow one more contract; its past is read in the next steps."""
        self._state.claim(self._chain_id, self._genesis, [*self._all_sources(), _source(source, 0)])
        self._filters.clear()

    # one step ------------------------------------------------------------------------------------------------------

    def step(self) -> Step:
        """Take in the next range, undo a reorganisation or a lie, read the past of a contract that was added, or prove
        what was taken in. Raises RpcError when no endpoint serves; nothing is changed then."""
        last: RpcError | ChainMismatch | None = None
        for reader in tuple(self._readers):
            try:
                step = self._step(reader)
            except (RpcError, ChainMismatch) as error:
                last = error
                if len(self._readers) > 1 or isinstance(error, RpcError):
                    self._failed(reader, error)
                self._readers.append(self._readers.pop(0))  # the next one is asked first from now on
            else:
                self._failures.pop(reader.url, None)
                return step
        assert last is not None
        raise last

    def run(
        self,
        until: Callable[[Step], bool],
        *,
        on_step: Callable[[Step], None] = lambda step: None,
        give_up_after: int = 0,
    ) -> None:
        """Step until `until(step)` says so, backing off while there is nothing new or the endpoints fail; what fails is
        told through `on_notice`. After `give_up_after` failures in a row, if any, the last one is raised."""
        pause, failures = FIRST_PAUSE_SECONDS, 0
        while True:
            try:
                step = self.step()
            except RpcError as error:
                failures += 1
                if failures == give_up_after:
                    raise
                wanted = error.retry_after if isinstance(error, RateLimited) else 0.0
                self._heads.wait(max(pause, wanted))
                pause = min(2 * pause, SLOWEST_PAUSE_SECONDS)
                continue
            failures = 0
            on_step(step)
            if until(step):
                return
            if step.caught_up:
                self._heads.wait(pause)
                pause = min(2 * pause, self._longest_pause)
            else:
                pause = FIRST_PAUSE_SECONDS

    def _step(self, reader: Reader) -> Step:
        head, before = self._head(reader), self._head_before
        self._head_before = head
        reached = self._state.reached
        if head > reached:
            return self._extend(reader, reached, head)
        if (fork := self._fork(reader, head)) is not None:
            return self._undo(reader, fork, head)
        if (late := self._state.late()) is not None:
            return self._extend_late(reader, *late, head)
        if (lie := self._prover.step(reader, PROOFS_A_STEP)) is not None:
            self._rewind(lie.number - 1, lie.parent)
            return Step(self.reached, head, reverted_to=lie.number - 1, pending=self._state.pending, more=True)
        # A node may be behind, or wrong about its head once: nothing is left to do when it says the same twice.
        return Step(reached, head, pending=self._state.pending, more=head != before)

    def _extend(self, reader: Reader, reached: int, head: int) -> Step:
        wanted = self._filter(self._state.generation)
        found = self._read(reader, reached + 1, head, wanted)
        before = self._state.hash_of(reached)
        if before is not None and found.blocks[0].parent != before:
            if (fork := self._fork(reader, reached)) is not None:
                return self._undo(reader, fork, head)
            raise Contradiction(
                f"block {reached + 1} from {reader.url} does not follow the one before it", url=reader.url
            )
        self._confirm(reader, found.blocks[-1])
        self._take_in(reader, found, wanted, lambda: self._state.advance(found.blocks, found.pending))
        return Step(found.blocks[-1].number, head, events=len(found.events), pending=self._state.pending, more=True)

    def _extend_late(self, reader: Reader, scope: int, before: int, head: int) -> Step:
        """The past of a contract that was added when the others were further."""
        reached = self._state.reached
        found = self._read(reader, before + 1, reached, self._filter(scope))
        last = found.blocks[-1]
        for block in found.blocks:
            if self._state.hash_of(block.number) not in (None, block.hash):
                raise Contradiction(f"block {block.number} from {reader.url} is of another chain", url=reader.url)
        self._confirm(reader, last)
        wanted = self._filter(scope)
        self._take_in(
            reader, found, wanted, lambda: self._state.advance_late(scope, before, last.number, found.pending)
        )
        self._filters.clear()
        return Step(reached, head, events=len(found.events), pending=self._state.pending, more=True)

    def _read(self, reader: Reader, first: int, head: int, wanted: Filter) -> Range:
        """As much from `first` on as the endpoint serves at once."""
        prove = self._proved_only or reader.url in self._prover.liars
        while True:
            known = reader.rpc.blocks.size
            try:
                return reader.range(first, min(head, first + self._most - 1), wanted, prove=prove, head=head)
            except LimitExceeded:
                if reader.rpc.blocks.size == known:  # nothing smaller can be asked for
                    raise

    def _take_in(self, reader: Reader, found: Range, wanted: Filter, advance: Callable[[], None]) -> None:
        """Move on, and tell the sinks. One that stumbles over what is not proved yet gets it proved."""
        try:
            self._commit(found.events, advance)
        except EnvironmentFault:
            raise
        except Exception as error:
            if not found.pending:
                raise
            proved = reader.range(found.blocks[0].number, found.blocks[-1].number, wanted, prove=True)
            if digest_of(proved.events) == digest_of(found.events):
                raise
            message = f"{reader.url} gave logs that the receipts do not hold, which a sink refused: {error}"
            self._prover.accuse(reader.url, message)
            found.blocks[:], found.events[:], found.pending[:] = proved.blocks, proved.events, proved.pending
            self._commit(found.events, advance)

    def _commit(self, events: Sequence[Event], advance: Callable[[], None]) -> None:
        with self._state.transaction():
            advance()
            self._keep_limits()
            for sink in self._sinks:
                sink.apply(self.database, events)

    def _keep_limits(self) -> None:
        """The next run begins with what this one has learnt."""
        for url, what, limit in self._limits():
            if limit.known and limit.size != self._state.limit_of(url, what):
                self._state.keep_limit(url, what, limit.size)

    def _limits(self) -> Iterator[tuple[str, str, Limit]]:
        for reader in self._readers:
            yield reader.url, "blocks", reader.rpc.blocks
            yield reader.url, "requests", reader.rpc.requests

    # the chain -----------------------------------------------------------------------------------------------------

    def _head(self, reader: Reader) -> int:
        """The endpoint's newest block that counts. Raises ChainMismatch when it serves another chain by now."""
        chain, newest = reader.rpc.batch([("eth_chainId", []), ("eth_blockNumber", [])])
        for answer in (chain, newest):
            if isinstance(answer, Exception):
                raise answer
        if quantity(chain, "eth_chainId", reader.url) != self._chain_id:
            reader.rpc.require_chain(self._chain_id)  # asked again: it ends the follower
        return quantity(newest, "eth_blockNumber", reader.url) - self.confirmations

    def _fork(self, reader: Reader, newest: int) -> int | None:
        """None while the endpoint's chain holds the newest block of ours that it should have, else the newest block
        that both have."""
        known = self._state.kept(newest)
        at, size = 0, 1
        while at < len(known):
            part = known[at : at + size]
            for (number, kept), block in zip(part, reader.blocks([number for number, _ in part]), strict=True):
                if block.hash == kept:
                    return None if number == known[0][0] else number
            at, size = at + size, HEADERS_A_BATCH
        return self._state.first - 1 if known else None

    def _undo(self, reader: Reader, fork: int, head: int) -> Step:
        """Go back to `fork`, when most endpoints have another chain from there on."""
        reached = self._state.reached
        if fork < head:
            [replacement] = reader.blocks([fork + 1])
            self._confirm(reader, replacement)
        depth = reached - fork
        if depth > final_depth(self._chain_id):
            self._tell(
                Notice(
                    "reorganised",
                    f"{depth} blocks from {fork + 1} on are others at {reader.url}: it lies, or the index was lied to",
                    reader.url,
                )
            )
        self._rewind(fork, self._state.hash_of(fork))
        return Step(fork, head, reverted_to=fork, more=True)

    def _rewind(self, number: int, block_hash: str | None) -> None:
        with self._state.transaction():
            for sink in self._sinks:
                sink.revert(self.database, number + 1)
            self._state.rewind(number, block_hash)

    def _confirm(self, reader: Reader, block: Block) -> None:
        """Most of the endpoints that have a block of that number have this one."""
        same, others = 0, []
        for other in self._readers:
            if other is reader:
                continue
            try:
                [found] = other.blocks([block.number])
            except RpcError:
                continue
            if found.hash == block.hash:
                same += 1
            else:
                others.append(other.url)
        if len(others) > same:
            raise Contradiction(
                f"{reader.url} has another block {block.number} than {', '.join(others)}",
                remedy="one of them is wrong, or about to follow: name a third endpoint to decide",
                url=reader.url,
            )

    # beginnings, and what is told ----------------------------------------------------------------------------------

    def _claim(self, sources: Sequence[Source]) -> None:
        if not sources:
            raise UsageError("no contract to follow", remedy="name an address")
        self._chain_id = self.rpc.chain_id()
        self._genesis = self._read_genesis()
        if self._state.is_new:
            self.rpc.require_chain(self._chain_id)  # what is written down is asked for twice
        self._state.claim(self._chain_id, self._genesis, sources)

    def _read_genesis(self) -> str:
        """Tells two chains with one id apart; empty where no endpoint has the first block any more."""
        for reader in self._readers:
            try:
                [block] = reader.blocks([0])
            except NotServed:
                continue
            return block.hash
        return ""

    def _all_sources(self) -> list[Source]:
        late = self._state.late()
        return [*self._state.sources(self._state.generation), *(self._state.sources(late[0]) if late else ())]

    def _filter(self, scope: int) -> Filter:
        if scope not in self._filters:
            self._filters[scope] = Filter(self._state.sources(scope))
        return self._filters[scope]

    def _failed(self, reader: Reader, error: RpcError | ChainMismatch) -> None:
        """Tell the owner, the first time and less and less often."""
        count = self._failures[reader.url] = self._failures.get(reader.url, 0) + 1
        if count in _NOTIFIED_AT:
            kind = "lie" if isinstance(error, Contradiction) else "silent"
            again = f" ({count} times in a row)" if count > 1 else ""
            self._tell(Notice(kind, f"{error}{again}", reader.url))


_NOTIFIED_AT = frozenset(TELL_AGAIN**power for power in range(20))


def _source(item: str | Source, first_block: int) -> Source:
    source = item if isinstance(item, Source) else Source(item, first_block)
    topics = frozenset(topic.lower() for topic in source.topics)
    return Source(source.address.lower(), source.first_block, topics)
