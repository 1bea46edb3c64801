"""Texts to tokens and back, as models of the family were trained: bytes that merge, and digits one by one.

Text that somebody types never becomes a control token: the marks of a chat are put in by number.
"""

from __future__ import annotations

import codecs
import heapq
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from keifu.errors import UsageError
from keifu.inference.tokens.vocabulary import BYTES, LETTERS, Vocabulary

__all__ = ["ROLES", "Decoding", "Tokenizer"]

ROLES = ("system", "user", "assistant")
KEPT_WORDS = 1 << 14
LONGEST_KEPT = 64  # characters
_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Of texts without digits, where letters are what is a word's and no underscore.
_WORDS = re.compile(
    rf"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?(?:(?![{_SPACE}])[\W_])+|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
)


class Tokenizer:
    """One vocabulary's."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._numbers = {token: number for number, token in enumerate(vocabulary.tokens)}
        self._merges = {(left, right): (rank, whole) for rank, (left, right, whole) in enumerate(vocabulary.merges)}
        self._letters = [self._numbers.get(letter, -1) for letter in LETTERS]
        self._bytes = [
            b"" if number in vocabulary.controls else bytes(BYTES[letter] for letter in token)
            for number, token in enumerate(vocabulary.tokens)
        ]
        self._longest = max(map(len, self._bytes))
        self._kept = lru_cache(KEPT_WORDS)(self._word)

    @property
    def end(self) -> int:
        """The token that ends a reply."""
        return self.vocabulary.end

    def encode(self, text: str, most: int) -> list[int]:
        """Raises UsageError for a text of more tokens than `most`, or with a byte that the model has no token for."""
        found: list[int] = []
        too_long = UsageError(f"the text has more than {most:,} tokens", remedy="a shorter one fits")
        if len(text) > most * self._longest:  # seen before any work is done
            raise too_long
        try:
            for word in _words(text):
                found += self._kept(word) if len(word) <= LONGEST_KEPT else self._word(word)
                if len(found) > most:
                    raise too_long
        except UnicodeEncodeError as error:
            raise UsageError("the text has half a character") from error
        return found

    def chat(self, messages: Sequence[tuple[str, str]], most: int) -> list[int]:
        """The tokens behind which a reply begins; messages are (role, text). Raises UsageError."""
        if not self.vocabulary.is_chat:
            raise UsageError("this model has no form of a chat", remedy="ask it to complete a text")
        if not messages:
            raise UsageError("a chat without a message")
        if messages[0][0] != "system" and self.vocabulary.system:
            messages = [("system", self.vocabulary.system), *messages]
        begin, close = self._numbers["<|im_start|>"], self._numbers["<|im_end|>"]
        found: list[int] = []
        for role, text in messages:
            if role not in ROLES:
                raise UsageError(f"{role[:40]!r} is no role; {', '.join(ROLES)} are")
            found += [begin, *self.encode(f"{role}\n{text}", most), close, *self.encode("\n", most)]
            _require_fitting(found, most)  # what follows is not read then
        found += [begin, *self.encode("assistant\n", most)]
        _require_fitting(found, most)
        return found

    def require(self, ids: Sequence[object]) -> list[int]:
        """The same ids. Raises UsageError for what is none of this vocabulary's."""
        count = len(self.vocabulary.tokens)
        if not all(type(number) is int and 0 <= number < count for number in ids):
            raise UsageError(f"tokens are whole numbers from 0 to {count - 1:,}")
        return list(ids)  # type: ignore[arg-type]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens; control tokens have none, and what is no UTF-8 is replaced."""
        return b"".join(self._bytes[number] for number in ids).decode("utf-8", "replace")

    def decoding(self) -> Decoding:
        return Decoding(self._bytes)

    def _word(self, word: str) -> list[int]:
        letters = word.encode()
        ids = [self._letters[byte] for byte in letters]
        if -1 in ids:
            raise UsageError(f"the model has no token for byte {letters[ids.index(-1)]:#04x}")
        return _merged(ids, self._merges)


class Decoding:
    """Tokens as they come; a character whose bytes are in several tokens comes with the last of them."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces, self._decoder = pieces, codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, number: int) -> str:
        return self._decoder.decode(self._pieces[number])

    def end(self) -> str:
        return self._decoder.decode(b"", final=True)


def _require_fitting(found: list[int], most: int) -> None:
    if len(found) > most:
        raise UsageError(
            f"the chat has {len(found):,} tokens or more, at most {most:,} fit", remedy="a shorter one fits"
        )


def _words(text: str) -> Iterator[str]:
    """Digits of any script stand alone; between them, words with the space before them."""
    start = 0
    for place, letter in enumerate(text):
        if unicodedata.category(letter)[0] == "N":
            yield from _WORDS.findall(text, start, place) if start < place else ()
            yield letter
            start = place + 1
    if start < len(text):
        yield from _WORDS.findall(text, start)


def _merged(ids: list[int], merges: dict[tuple[int, int], tuple[int, int]]) -> list[int]:
    """The pair that was learnt first merges first, the left one of equals. n·log n steps for any word."""
    count = len(ids)
    before, behind = list(range(-1, count - 1)), list(range(1, count + 1))
    waiting: list[tuple[int, int, int, int]] = []

    def look(left: int) -> None:
        right = behind[left]
        if right < count and (found := merges.get((ids[left], ids[right]))) is not None:
            heapq.heappush(waiting, (found[0], left, ids[left], ids[right]))

    for place in range(count - 1):
        look(place)
    while waiting:
        _, left, first, second = heapq.heappop(waiting)
        right = behind[left]
        if right >= count or ids[left] != first or ids[right] != second:
            continue
        ids[left], ids[right] = merges[first, second][1], -1
        behind[left] = behind[right]
        if behind[right] < count:
            before[behind[right]] = left
        look(left)
        if before[left] >= 0:
            look(before[left])
    return [number for number in ids if number >= 0]
