"""One reply on its way: tokens come in the computing thread, texts leave in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from keifu.compute.client.checks import JUDGED_POSITIONS
from keifu.compute.model import ModelFault
from keifu.inference.tokens.batching import Batches, Job
from keifu.inference.tokens.committing import ids_root, trace_root
from keifu.inference.tokens.sampling import Drawing
from keifu.inference.tokens.tokenizer import Tokenizer
from keifu.spec.inference_drawing import committed

__all__ = ["Piece", "Talk"]


@dataclass(frozen=True)
class Piece:
    """A token and the text that is clear now. The last one says why the reply ends, and has the roots: those of input,
    output and trace, and one after the other those of positions, and what each group committed to where it was kept."""

    token: int
    text: str
    finish: str = ""  # "stop" or "length"
    roots: tuple[bytes, bytes, bytes] | None = None
    positions: bytes = b""
    groups: bytes = b""


class Talk:
    """Made and read in the event loop."""

    def __init__(
        self, tokenizer: Tokenizer, prompt: Sequence[int], most: int, stop: Sequence[str], drawing: Drawing | None,
        *, keeps_groups: bool = False,
    ) -> None:  # fmt: skip
        self._tokenizer, self._stop = tokenizer, [item for item in stop if item]
        self._kept = max((len(item) - 1 for item in self._stop), default=0)
        self._decoding, self._text = tokenizer.decoding(), ""
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[Piece | Exception] = asyncio.Queue()
        self.job = Job(prompt, most, self._take, self._failed, drawing, keeps_groups)

    async def pieces(self, batches: Batches) -> AsyncGenerator[Piece, None]:
        """Raises ModelFault."""
        batches.add(self.job)
        try:
            while True:
                piece = await self._pieces.get()
                if isinstance(piece, Exception):
                    raise ModelFault(500, "model_failed", "the model failed to answer this") from piece
                yield piece
                if piece.finish:
                    return
        finally:
            self.job.is_over = True

    # in the computing thread ---------------------------------------------------------------------------------------

    def _take(self, token: int) -> bool:
        if self.job.is_over:
            return False
        self._text += self._decoding.add(token)
        finish = "stop" if token == self._tokenizer.end else ""
        found = [at for item in self._stop if (at := self._text.find(item)) >= 0]
        if found:
            self._text, finish = self._text[: min(found)], "stop"
        if not finish and (len(self.job.reply) >= self.job.most):
            finish = "length"
        if finish and not found:
            self._text += self._decoding.end()
        free = len(self._text) if finish else max(0, len(self._text) - self._kept)
        text, self._text = self._text[:free], self._text[free:]
        self._send(self._last(token, text, finish) if finish else Piece(token, text))
        return not finish

    def _last(self, token: int, text: str, finish: str) -> Piece:
        job, (positions, made) = self.job, self.job.committed()
        roots = ids_root(job.prompt), ids_root(job.reply), committed(trace_root(positions), job.drawing)
        # Where no dispute reaches, nobody needs them.
        groups = made.tobytes() if job.keeps_groups and len(positions) <= JUDGED_POSITIONS else b""
        return Piece(token, text, finish, roots, positions.tobytes(), groups)

    def _failed(self, error: Exception) -> None:
        self._send(error)

    def _send(self, piece: Piece | Exception) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
