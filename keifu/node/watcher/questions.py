"""Questions of canaries: drawn by lot from what their owner has, so that no provider knows one when it sees it."""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.errors import InputError, UsageError

__all__ = ["OfLabels", "OfReplies", "OfVectors", "Questions"]

LARGEST_TEXT, LARGEST_FOLDER = 16 << 20, 10_000  # bytes, files
SHORTEST, LONGEST = 3, 60  # words of a question
FEWEST_TOKENS = 4
FORMATS = ("float", "base64")  # of vectors, as clients name them, or none
_PARAGRAPHS, _SENTENCES = re.compile(r"\n\s*\n"), re.compile(r"(?<=[.!?。])\s+")


class Questions(ABC):
    """Of one folder, which its owner has and providers have not."""

    def __init__(self, items: Sequence[Any], lot: random.Random) -> None:
        self._items, self._lot = items, lot

    def __len__(self) -> int:
        return len(self._items)

    @abstractmethod
    def draw(self) -> tuple[str, dict[str, Any]]:
        """The endpoint, and a request without its model."""


class OfReplies(Questions):
    """What a token model is asked, up to how many tokens, streamed or not: sentences of ordinary texts."""

    def __init__(self, folder: Path, *, is_chat: bool, tokens: int, lot: random.Random) -> None:
        """Raises InputError for a folder without sentences."""
        super().__init__(_sentences_in(folder, lambda _: True), lot)
        self._is_chat, self._tokens = is_chat, tokens

    def draw(self) -> tuple[str, dict[str, Any]]:
        text = self._lot.choice(self._items)
        asked: dict[str, Any] = {"max_tokens": self._lot.randint(FEWEST_TOKENS, max(FEWEST_TOKENS, self._tokens))}
        if self._lot.random() < 1 / 2:
            asked["stream"] = True
        if self._is_chat:
            return "chat/completions", {"messages": [{"role": "user", "content": text}], **asked}
        return "completions", {"prompt": text, **asked}


class OfVectors(Questions):
    """One text at a time, in any form that clients send it: sentences that fit into the model's context."""

    def __init__(self, folder: Path, *, fits: Callable[[str], bool], lot: random.Random) -> None:
        """Raises InputError for a folder without such sentences."""
        super().__init__(_sentences_in(folder, fits), lot)

    def draw(self) -> tuple[str, dict[str, Any]]:
        text = self._lot.choice(self._items)
        asked: dict[str, Any] = {"input": self._lot.choice((text, [text]))}
        if form := self._lot.choice((*FORMATS, "")):
            asked["encoding_format"] = form
        return "embeddings", asked


class OfLabels(Questions):
    """One picture at a time. A folder has files of JSON, each a list of pictures as requests have them."""

    def __init__(self, folder: Path, *, takes: Callable[[list[Any]], object], lot: random.Random) -> None:
        """`takes` raises UsageError for what is no picture of the model. Raises InputError for a folder without any,
        and for a file that has something else."""
        super().__init__([item for path in _files(folder, ".json") for item in _pictures(path, takes)], lot)
        if not self._items:
            raise InputError(f"{folder} has no JSON file with pictures", remedy="lists of pictures like your users'")

    def draw(self) -> tuple[str, dict[str, Any]]:
        return "classify", {"input": [self._lot.choice(self._items)]}


def _files(folder: Path, ending: str = "") -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{ending}") if path.is_file())[:LARGEST_FOLDER]


def _sentences_in(folder: Path, fits: Callable[[str], bool]) -> list[str]:
    found = [sentence for path in _files(folder) for sentence in _sentences(path) if fits(sentence)]
    if not found:
        raise InputError(f"{folder} has no text with sentences", remedy="texts that are like your users' questions")
    return found


def _sentences(path: Path) -> Iterator[str]:
    text = read_bounded(path, LARGEST_TEXT, "a text").decode("utf-8", "replace")
    for paragraph in _PARAGRAPHS.split(text):
        for sentence in _SENTENCES.split(" ".join(paragraph.split())):
            if SHORTEST <= len(sentence.split()) <= LONGEST:
                yield sentence


def _pictures(path: Path, takes: Callable[[list[Any]], object]) -> list[Any]:
    try:
        found = msgspec.json.decode(read_bounded(path, LARGEST_TEXT, "a list of pictures"), type=list[list[Any]])
        for item in found:
            takes([item])
    except (ValueError, RecursionError, UsageError) as error:
        raise InputError(f"{path} is no list of the model's pictures: {error}", remedy="[[0, 1, …], …]") from error
    return found
