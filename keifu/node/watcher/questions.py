"""Questions of canaries: cut from ordinary texts by lot, so that no provider knows one when it sees it."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from keifu._files import read_bounded
from keifu.errors import InputError

__all__ = ["Questions"]

LARGEST_TEXT, LARGEST_FOLDER = 16 << 20, 10_000  # bytes, files
SHORTEST, LONGEST = 3, 60  # words of a question
FEWEST_TOKENS = 4
_PARAGRAPHS, _SENTENCES = re.compile(r"\n\s*\n"), re.compile(r"(?<=[.!?。])\s+")


class Questions:
    """Of one folder of texts, which its owner has and providers have not."""

    def __init__(self, folder: Path, *, is_chat: bool, tokens: int, lot: random.Random) -> None:
        """Raises InputError for a folder without sentences."""
        self._is_chat, self._tokens, self._lot = is_chat, tokens, lot
        files = sorted(path for path in folder.rglob("*") if path.is_file())[:LARGEST_FOLDER]
        self._sentences = [sentence for path in files for sentence in _sentences(path)]
        if not self._sentences:
            raise InputError(f"{folder} has no text with sentences", remedy="texts that are like your users' questions")

    def __len__(self) -> int:
        return len(self._sentences)

    def draw(self) -> tuple[str, dict[str, Any]]:
        """The endpoint, and a request without its model: what to ask, up to how many tokens, streamed or not."""
        text = self._lot.choice(self._sentences)
        asked: dict[str, Any] = {"max_tokens": self._lot.randint(FEWEST_TOKENS, max(FEWEST_TOKENS, self._tokens))}
        if self._lot.random() < 1 / 2:
            asked["stream"] = True
        if self._is_chat:
            return "chat/completions", {"messages": [{"role": "user", "content": text}], **asked}
        return "completions", {"prompt": text, **asked}


def _sentences(path: Path) -> list[str]:
    text = read_bounded(path, LARGEST_TEXT, "a text").decode("utf-8", "replace")
    found = []
    for paragraph in _PARAGRAPHS.split(text):
        for sentence in _SENTENCES.split(" ".join(paragraph.split())):
            if SHORTEST <= len(sentence.split()) <= LONGEST:
                found.append(sentence)
    return found
