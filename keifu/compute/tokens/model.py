"""A token model behind /v1/chat/completions and /v1/completions."""

from __future__ import annotations

import asyncio
import math
import secrets
import threading
import time
from collections.abc import AsyncGenerator
from typing import Any

from keifu.compute.client.checks import Prices
from keifu.compute.events import LAST
from keifu.compute.model import Call, Claimed, ModelFault, Part, Result
from keifu.compute.own import Keep, OwnModel
from keifu.compute.products import ENDPOINT as PRODUCTS
from keifu.compute.products import Asked
from keifu.compute.receipt import Evidence
from keifu.compute.tokens.handing import Hands, answer_of
from keifu.compute.tokens.talk import Piece, Talk
from keifu.compute.tokens.writing import Writing
from keifu.errors import UsageError
from keifu.inference.tokens.batching import Batches
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.keeping import Stored
from keifu.inference.tokens.sampling import LARGEST_TEMPERATURE, Drawing, drawing_of, seed_of
from keifu.inference.tokens.selftest import difference
from keifu.inference.tokens.tokenizer import Tokenizer

__all__ = ["TokenModel"]

CHAT = "chat/completions"
_ROLES = {"developer": "system"}  # OpenAI's newer name
CONTEXT, USERS = 2_048, 4


class TokenModel(OwnModel):
    """A unit is a token. `is_proved` says that the artefact's record has the root of this very program: then receipts
    of replies say so, and any wrong token can be shown on the chain. `keep` gets the trace root and the ids of such a
    reply, and by what it was drawn, and has them on the disk when it returns: the reply's end leaves after that."""

    def __init__(
        self,
        name: str,
        prices: Prices,
        stored: Stored,
        claimed: Claimed | None = None,
        *,
        context: int = CONTEXT,
        users: int = USERS,
        is_proved: bool = False,
        keep: Keep | None = None,
    ) -> None:
        """Raises InputError for a program that could overflow, CheckFailed where this machine computes wrongly."""
        super().__init__(name, prices, claimed)
        self.endpoints = frozenset({"completions", PRODUCTS} | ({CHAT} if stored.vocabulary.is_chat else set()))
        self._tokenizer, self._scale = Tokenizer(stored.vocabulary), stored.logit_scale
        self.executor = Executor(stored.program)
        self._keep = keep
        self._evidence = Evidence.PROVED if is_proved else Evidence.UNVERIFIED
        self.gives_groups = is_proved
        self.check()
        self._batches = Batches(self.executor, users, context)
        self._hands, self._handing_out = Hands(self.executor, self._batches.positions), asyncio.Lock()
        self._committed = secrets.token_bytes(32)  # before any client has named a seed
        self._count, self._counting = 0, threading.Lock()
        self.about = {
            "context": self._batches.positions,
            "users": users,
            "sampling": self._committed.hex(),
            "evidence": self._evidence.word,
        }

    def differs(self, turn: int) -> str:
        return difference(self.executor, turn)

    def most_input(self, call: Call) -> int:
        context = self._batches.positions
        if call.endpoint == PRODUCTS:
            return self._units_of_part(call)
        try:
            prompt = self._prompt(call, context)
            self._drawing(call)
        except UsageError as error:
            code = "context_length_exceeded" if "fit" in error.remedy else "invalid_input"
            raise ModelFault(400, code, str(error)) from error
        call.inputs = [prompt]  # read once: the answer takes it from there
        call.most_output = min(call.most_output, context - len(prompt) + 1)
        return len(prompt)

    async def answer(self, call: Call) -> Result:
        if call.endpoint == PRODUCTS:
            return await self._part(*call.inputs)
        pieces, writing = [piece async for piece in self._pieces(call)], self._writing(call)
        roots = pieces[-1].roots
        assert roots is not None
        body, prompt = writing.whole(pieces), call.inputs[0]
        await self._kept(call, roots[2], [piece.token for piece in pieces])
        return Result(body, len(prompt), len(pieces), *roots, evidence=self._word(call))

    async def parts(self, call: Call) -> AsyncGenerator[Part, None]:
        writing, given, count = self._writing(call), len(call.inputs[0]), 0
        last: Piece | None = None
        reply: list[int] = []
        async for piece in self._pieces(call):
            count += 1
            last = piece
            reply.append(piece.token)
            yield Part(writing.event(piece), given, count)
        assert last is not None
        assert last.roots is not None
        await self._kept(call, last.roots[2], reply)
        end = (writing.usage_event() if call.include_usage else b"") + LAST
        yield Part(end, given, count, roots=last.roots, evidence=self._word(call))

    def _units_of_part(self, call: Call) -> int:
        (asked,) = call.inputs
        try:
            units = self._hands.units(asked)
        except UsageError as error:
            raise ModelFault(400, "invalid_input", str(error)) from error
        call.inputs = asked, units
        return units

    async def _part(self, asked: Asked, units: int) -> Result:
        self.expect_sound()
        await self._handing_out.acquire()  # auditors wait here, and not in threads that others need
        work = asyncio.ensure_future(asyncio.to_thread(self._hands.part, asked))
        # An auditor may leave; the thread computes on, and nobody else's turn comes before it is done.
        work.add_done_callback(lambda _: self._handing_out.release())
        try:
            handed = await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(lambda _: self._hands.forget(asked))
            raise
        except UsageError as error:
            raise ModelFault(400, "invalid_input", str(error)) from error
        return Result(answer_of(self.name, units, handed), units)

    async def close(self) -> None:
        self._batches.close()

    def _prompt(self, call: Call, most: int) -> list[int]:
        if call.endpoint == CHAT:
            return self._tokenizer.chat([_message(item) for item in call.inputs], most)
        if len(call.inputs) != 1:
            raise UsageError("one prompt a request", remedy="send the others by themselves")
        given = call.inputs[0]
        found = self._tokenizer.encode(given, most) if isinstance(given, str) else self._ids(given)
        if not found:
            raise UsageError("the prompt has no tokens")
        if len(found) > most:
            raise UsageError(f"{len(found):,} tokens, and the context has {most:,}", remedy="a shorter one fits")
        return found

    def _ids(self, given: Any) -> list[int]:
        if not isinstance(given, list):
            raise UsageError("a prompt is a text, or a list of tokens")
        return self._tokenizer.require(given)

    def _drawing(self, call: Call) -> Drawing | None:
        if not call.temperature:
            return None
        if not math.isfinite(call.temperature) or call.temperature > LARGEST_TEMPERATURE:
            raise UsageError(f"a temperature of {call.temperature}", remedy=f"0 to {LARGEST_TEMPERATURE}")
        if call.seed is None:  # named in the answer
            call.seed = secrets.randbits(63)
        return drawing_of(seed_of(call.seed, self._committed), call.temperature, self._scale)

    def _pieces(self, call: Call) -> AsyncGenerator[Piece, None]:
        self.expect_sound()
        keeps_groups = call.wishes_groups and self._word(call) == Evidence.PROVED
        talk = Talk(
            self._tokenizer, call.inputs[0], call.most_output, call.stop, self._drawing(call), keeps_groups=keeps_groups
        )  # fmt: skip
        return talk.pieces(self._batches)

    def _writing(self, call: Call) -> Writing:
        with self._counting:
            self._count += 1
        sampling: dict[str, Any] = {}
        if call.temperature:
            drawing = self._drawing(call)
            assert drawing is not None
            sampling = {"seed": call.seed, "committed": self._committed.hex(), "temperature": call.temperature}
            sampling |= {"shift": drawing.shift, "sharpness": drawing.sharpness}
        id_, now = f"{secrets.token_hex(8)}-{self._count}", int(time.time())
        is_chat, is_proved = call.endpoint == CHAT, self._word(call) == Evidence.PROVED
        return Writing(
            id_, self.name, now, call.inputs[0], is_chat=is_chat, sampling=sampling, is_proved=is_proved
        )  # fmt: skip

    async def _kept(self, call: Call, trace: bytes, reply: list[int]) -> None:
        if self._keep is not None and self._word(call) == Evidence.PROVED:
            await asyncio.to_thread(self._keep, trace, call.inputs[0], reply, self._drawing(call))

    def _word(self, call: Call) -> Evidence:
        """What is drawn at one position alone is not judged: nothing would stand above its root."""
        is_judged = not call.temperature or len(call.inputs[0]) > 1
        return self._evidence if is_judged else Evidence.UNVERIFIED


def _message(item: Any) -> tuple[str, str]:
    """Role and text."""
    text = item.content or ""
    if not isinstance(text, str):
        if any(part.get("type") != "text" or not isinstance(part.get("text"), str) for part in text):
            raise UsageError("a message has something beside text", remedy="this model reads texts")
        text = "".join(part["text"] for part in text)
    return _ROLES.get(item.role, item.role), text
