"""What an agent thinks with: a model of integers, which reads numbers, or a token model, which talks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from keifu.compute.client.checks import Prices
from keifu.compute.model import Call, ModelFault
from keifu.compute.tokens.model import TokenModel
from keifu.errors import UsageError
from keifu.inference import Model
from keifu.inference.tokens.keeping import is_token_model, load

__all__ = ["Mind", "Reading", "Said", "Talking", "load_mind"]

CONTEXT, LONGEST_ANSWER = 2_048, 256  # tokens
REMEMBERED = 8  # things that were said before, of those that are told again
CHAT = "chat/completions"


class Said(msgspec.Struct, frozen=True):
    """One question and its answer, as an agent remembers them."""

    question: Any
    answer: str


class Mind(Protocol):
    """Answers, by what it was told first and what was said since."""

    def answer(self, prompt: str, memory: Sequence[Said], question: Any) -> str:
        """Raises UsageError for a question that it does not take."""


class Reading:
    """A model of integers: a question is a list of whole numbers, the answer a label's number."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def answer(self, prompt: str, memory: Sequence[Said], question: Any) -> str:
        """Prompt and memory tell it nothing: it is a function of what it reads."""
        del prompt, memory
        [row] = self._model.classify([question]).outputs
        return str(row[0])


@dataclass(frozen=True)
class _Message:
    role: str
    content: str


class Talking:
    """A token model: a question is a text, and so is the answer."""

    def __init__(self, model: TokenModel) -> None:
        self._model = model

    def answer(self, prompt: str, memory: Sequence[Said], question: Any) -> str:
        if not isinstance(question, str):
            raise UsageError("this agent's mind reads texts", remedy="ask in words")
        messages = [_Message("system", prompt)]
        for said in memory[-REMEMBERED:]:
            messages += [_Message("user", str(said.question)), _Message("assistant", said.answer)]
        call = Call(CHAT, [*messages, _Message("user", question)], LONGEST_ANSWER)
        try:
            self._model.most_input(call)
            answer = asyncio.run(self._model.answer(call))
        except ModelFault as fault:
            raise UsageError(fault.message, remedy="ask less at once") from fault
        found: str = msgspec.json.decode(answer.body)["choices"][0]["message"]["content"]
        return found


def load_mind(place: Path, *, context: int = CONTEXT) -> Mind:
    """Of an artefact's folder. Raises InputError for a folder that is no model, CheckFailed where this machine computes
    wrongly."""
    if is_token_model(place):
        return Talking(TokenModel("mind", Prices(), load(place), context=context, users=1))
    return Reading(Model.load(place))
