"""A client that has the model computes a reply again: its words, its tokens, and the root of everything between.

Nobody has to be believed then. It costs the prompt's speed for all positions, and the model's memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from keifu.compute.canonical import Tokens, events_of, tokens_of
from keifu.compute.client.checks import Check, require
from keifu.compute.events import EVENT
from keifu.compute.receipt import Receipt
from keifu.errors import UsageError
from keifu.inference.tokens.again import computed_again
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.keeping import Stored
from keifu.inference.tokens.sampling import Drawing, drawing_of, seed_of
from keifu.inference.tokens.tokenizer import Tokenizer
from keifu.provenance.verify import Finding

__all__ = ["Compute", "OwnModel", "Recomputing"]

_MOST = 1 << 20
Compute = Callable[[Sequence[int], Sequence[int], Drawing | None], tuple[list[int], bytes]]


class _Message(msgspec.Struct):
    role: str
    content: str


class _Asked(msgspec.Struct):
    messages: list[_Message] = []
    prompt: str | list[int] = ""
    temperature: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None

    @property
    def stops(self) -> list[str]:
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [item for item in given if item]


class _Sampling(msgspec.Struct):
    seed: int
    committed: str
    temperature: float


class _Extra(msgspec.Struct, frozen=True):
    sampling: _Sampling | None = None


class _Held(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    text: str = ""
    delta: _Held = _Held()
    message: _Held = _Held()


class _Event(msgspec.Struct):
    choices: list[_Choice] = []
    keifu: _Extra = _Extra()


class OwnModel(ABC):
    """A model of the client's own. Making it takes seconds."""

    def require(self, request: bytes, response: bytes, receipt: Receipt) -> tuple[Finding, ...]:
        """Raises ReplyRefused naming what is not as this model computes it."""
        found = tuple(self.findings(request, response, receipt))
        require(found)
        return found

    @abstractmethod
    def findings(self, request: bytes, response: bytes, receipt: Receipt) -> list[Finding]:
        """What holds and what does not."""


class Recomputing(OwnModel):
    """A token model. `compute` gives what `computed_again` would."""

    def __init__(self, stored: Stored, compute: Compute | None = None) -> None:
        self._compute = compute or partial(computed_again, Executor(stored.program))
        self._tokenizer, self._scale = Tokenizer(stored.vocabulary), stored.logit_scale

    def findings(self, request: bytes, response: bytes, receipt: Receipt) -> list[Finding]:
        tokens = tokens_of(response)
        if tokens is None:
            return [Finding(Check.COMPUTATION, False, "the answer names no tokens")]
        try:
            asked = msgspec.json.decode(request, type=_Asked)
            events = [msgspec.json.decode(event, type=_Event) for event in events_of(response)]
            drawing = self._drawing(asked, events[0].keifu.sampling)
            words = self._words(asked, events, tokens, is_stream=response.startswith(EVENT))
            reply, root = self._compute(tokens.prompt, tokens.reply, drawing)
        except (UsageError, ValueError, RecursionError) as error:
            return [Finding(Check.COMPUTATION, False, f"it cannot be computed again: {error}")]
        wrong = [place for place, (own, said) in enumerate(zip(reply, tokens.reply, strict=True)) if own != said]
        if wrong:
            own, said = reply[wrong[0]], tokens.reply[wrong[0]]
            return [words, Finding(Check.COMPUTATION, False, f"token {wrong[0]} is {own} by the model, it says {said}")]
        if root != receipt.trace_root:
            return [words, Finding(Check.COMPUTATION, False, "the trace between has another root than the receipt's")]
        return [words, Finding(Check.COMPUTATION, True, f"all {len(reply)} tokens and the trace, by your own model")]

    def _words(self, asked: _Asked, events: list[_Event], tokens: Tokens, *, is_stream: bool) -> Finding:
        if asked.messages:
            wanted = self._tokenizer.chat([(item.role, item.content) for item in asked.messages], _MOST)
        elif isinstance(asked.prompt, str):
            wanted = self._tokenizer.encode(asked.prompt, _MOST)
        else:
            wanted = asked.prompt
        if tuple(wanted) != tokens.prompt:
            return Finding(Check.WORDS, False, "what was asked has other tokens than it says")
        choices = [choice for event in events for choice in event.choices]
        if any(len(event.choices) > 1 for event in events) or any(choice.index for choice in choices):
            return Finding(Check.WORDS, False, "it has more than one choice, and one was compared")
        said = "".join(_text(choice, is_chat=bool(asked.messages), is_stream=is_stream) for choice in choices)
        text = self._tokenizer.decode(self._tokenizer.require(tokens.reply))
        cuts = [at for stop in asked.stops if (at := text.find(stop)) >= 0]
        if said != (text[: min(cuts)] if cuts else text):
            return Finding(Check.WORDS, False, "what it says is not the text of its tokens")
        return Finding(Check.WORDS, True, "question and reply are the text of their tokens")

    def _drawing(self, asked: _Asked, sampling: _Sampling | None) -> Drawing | None:
        """Raises UsageError where tokens are drawn otherwise than was asked."""
        if (sampling.temperature if sampling else 0) != (asked.temperature or 0):
            raise UsageError("it was drawn at another temperature than was asked")
        if sampling is None:
            return None
        if asked.seed is not None and asked.seed != sampling.seed:
            raise UsageError("it was drawn by another seed than was asked")
        seed = seed_of(sampling.seed, bytes.fromhex(sampling.committed))
        return drawing_of(seed, sampling.temperature, self._scale)


def _text(choice: _Choice, *, is_chat: bool, is_stream: bool) -> str:
    """Where clients read it."""
    held = choice.delta if is_stream else choice.message
    return held.content or "" if is_chat else choice.text
