"""Proving what was taken in: by the receipts of its blocks, else by a second endpoint, else by a contract's view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from keifu.chain.follower._model import Block, Notice
from keifu.chain.follower._reading import Reader
from keifu.chain.follower.checks import are, checked_logs
from keifu.chain.follower.filters import Filter
from keifu.chain.follower.state import Row, State
from keifu.errors import Contradiction, NotServed, RpcError

__all__ = ["Prover"]


class Prover:
    """`liars` are endpoints that gave a log which is not in the chain: from now on they must prove theirs first."""

    def __init__(
        self,
        state: State,
        readers: Sequence[Reader],
        view: Callable[[int], bool] | None,
        tell: Callable[[Notice], None],
    ) -> None:
        self.liars: set[str] = set()
        self._state = state
        self._readers = readers
        self._view = view
        self._tell = tell

    def step(self, first: Reader, most: int) -> Block | None:
        """Settle some of the oldest blocks. The earliest one that holds something else than was taken in, if any."""
        rows = self._state.to_prove(most)
        if not rows:
            return None
        wanted = Filter(self._state.sources(rows[0].scope))
        proved: list[Row] = []
        why: dict[int, str] = {}
        for reader in (first, *(reader for reader in self._readers if reader is not first)):
            left = _without(rows, proved)
            if left:
                lie = self._by_receipts(reader, left, wanted, proved, why)
                if lie is not None:
                    return self._found_out(lie, reader)
        left = _without(rows, proved)
        if left:
            self._by_others(left, wanted, proved, why)
        self._settle(rows, proved, why)
        return None

    def _by_receipts(
        self, reader: Reader, rows: Sequence[Row], wanted: Filter, proved: list[Row], why: dict[int, str]
    ) -> Row | None:
        at = 0
        while at < len(rows):
            part = rows[at : at + reader.proofs]
            at += len(part)
            try:
                answers = reader.proved([row.block for row in part], wanted)
            except RpcError as error:
                if len(self._readers) == 1 and not isinstance(error, NotServed):
                    raise
                why.update((row.block.number, error.message) for row in part)
                continue
            for row, answer in zip(part, answers, strict=True):
                if isinstance(answer, RpcError):
                    self._refused(reader, row, answer, why)
                elif are(answer, row.digest):
                    proved.append(row)
                else:
                    return row
        return None

    def _refused(self, reader: Reader, row: Row, error: RpcError, why: dict[int, str]) -> None:
        if isinstance(error, Contradiction):
            self._tell(Notice("lie", str(error), reader.url))
        why[row.block.number] = error.message

    def _by_others(self, rows: Sequence[Row], wanted: Filter, proved: list[Row], why: dict[int, str]) -> None:
        """The same logs from another endpoint, or sinks that agree with the contracts."""
        for row in rows:
            number = row.block.number
            for reader in self._readers:
                if reader.url == row.url:
                    continue
                try:
                    same = self._says(reader, row, wanted)
                except RpcError as error:
                    why[number] = error.message
                    continue
                if same:
                    proved.append(row)
                    break
                why[number] = f"{row.url} and {reader.url} give different logs of block {number}"
                self._tell(Notice("lie", why[number], reader.url))
        if self._view is not None and (left := _without(rows, proved)):
            newest = max(row.block.number for row in left)
            if self._view(newest):
                proved += left

    def _says(self, reader: Reader, row: Row, wanted: Filter) -> bool:
        number = row.block.number
        [block] = reader.blocks([number])
        events = reader.logs(block, wanted)
        if block.hash != row.block.hash or events is None:
            raise NotServed(f"{reader.url} does not have block {number}", url=reader.url)
        return are(checked_logs([block], events, wanted, reader.url).get(number, []), row.digest)

    def _found_out(self, row: Row, witness: Reader) -> Block:
        """Everything from the block on is to be read again, from whoever proves it."""
        self.accuse(
            row.url,
            f"{row.url} gave other logs of block {row.block.number} than its receipts hold, as {witness.url} proves: "
            "they are undone and read again",
        )
        return row.block

    def accuse(self, url: str, message: str) -> None:
        """The endpoint must prove what it gives from now on."""
        self.liars.add(url)
        self._tell(Notice("lie", message, url))

    def _settle(self, rows: Sequence[Row], proved: Sequence[Row], why: dict[int, str]) -> None:
        left = {row.block.number for row in _without(rows, proved)}
        failed = {number: reason for number, reason in why.items() if number in left}
        with self._state.transaction():
            marked = self._state.settle(proved, failed, rows[0].scope)
        if marked:
            count = f"block {marked[0]}" if len(marked) == 1 else f"{len(marked)} blocks from {marked[0]} on"
            self._tell(Notice("unproved", f"nothing proves the events of {count}: {failed[marked[0]]}", rows[0].url))


def _without(rows: Sequence[Row], proved: Sequence[Row]) -> list[Row]:
    done = {row.block.number for row in proved}
    return [row for row in rows if row.block.number not in done]
