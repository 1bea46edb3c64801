"""The tokenizer of BERT's family without case: words, cut into the longest pieces that the vocabulary has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from keifu.errors import InputError, UsageError

__all__ = ["WordPieces"]

UNKNOWN, BEGIN, END, CONTINUED = "[UNK]", "[CLS]", "[SEP]", "##"
LONGEST_WORD = 100  # letters
LONGEST_PIECE = len(CONTINUED) + LONGEST_WORD
NO_PIECE = -1  # only the beginning of one
LARGEST_TEXT = 1 << 20
_IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
               (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # fmt: skip
_REPLACED, _UNSEEN = 0xFFFD, {"Cc", "Cf", "Co"}
_ASCII_PUNCTUATION = ((33, 47), (58, 64), (91, 96), (123, 126))


class WordPieces:
    """`pieces` stand in the order of their ids."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Raises InputError for a vocabulary that lacks what a text begins or ends with, or has a piece twice or one
        that is longer than any word."""
        self.pieces = tuple(pieces)
        self._ids = {piece: number for number, piece in enumerate(self.pieces)}
        if len(self._ids) != len(self.pieces):
            raise InputError("the vocabulary has a piece twice")
        if missing := [name for name in (UNKNOWN, BEGIN, END) if name not in self._ids]:
            raise InputError(
                f"the vocabulary has no {', '.join(missing)}", remedy="another tokenizer's file is not read"
            )
        for number, piece in enumerate(self.pieces):
            if len(piece) > LONGEST_PIECE:
                raise InputError(f"piece {number} has {len(piece):,} letters, at most {LONGEST_PIECE} are read")
        # Also how pieces begin, so that no letter is looked at for longer than one might go on: strangers choose words.
        self._begun = {piece[:end]: NO_PIECE for piece in self.pieces for end in range(1, len(piece))} | self._ids

    @property
    def ends(self) -> tuple[int, int]:
        """The ids that a text begins and ends with."""
        return self._ids[BEGIN], self._ids[END]

    def encode(self, text: str, most: int) -> list[int]:
        """Ids of a text with its begin and end, cut off after `most`. Raises UsageError for one that is too long."""
        if len(text) > LARGEST_TEXT:
            raise UsageError(f"{len(text):,} letters in one text, at most {LARGEST_TEXT:,} are taken")
        ids = [self._ids[BEGIN]]
        for word in _words(text):
            if len(ids) >= most:
                break
            ids += self._cut(word)
        return [*ids[: most - 1], self._ids[END]]

    def _cut(self, word: str) -> list[int]:
        found, start = [], 0
        while start < len(word) <= LONGEST_WORD:
            piece, longest = CONTINUED if start else "", NO_PIECE
            for end, letter in enumerate(word[start:], start + 1):
                piece += letter
                if (number := self._begun.get(piece)) is None:
                    break
                if number != NO_PIECE:
                    longest, behind = number, end
            if longest == NO_PIECE:
                break
            found.append(longest)
            start = behind
        return found if start == len(word) else [self._ids[UNKNOWN]]


def _words(text: str) -> Iterator[str]:
    """Without accents, small, and each mark of punctuation by itself."""
    spaced = "".join(_cleaned(text))
    bare = "".join(letter for letter in unicodedata.normalize("NFD", spaced) if unicodedata.category(letter) != "Mn")
    word = ""
    for letter in "".join(map(str.lower, bare)):  # letter by letter: no letter depends on its neighbours
        is_mark = _is_punctuation(letter)
        if is_mark or letter.isspace():
            if word:
                yield word
            word = ""
            if is_mark:
                yield letter
        else:
            word += letter
    if word:
        yield word


def _cleaned(text: str) -> Iterator[str]:
    for letter in text:
        code = ord(letter)
        if letter in "\t\n\r" or unicodedata.category(letter) == "Zs":
            yield " "
        elif code == _REPLACED or unicodedata.category(letter) in _UNSEEN:
            continue
        elif any(first <= code <= last for first, last in _IDEOGRAPHS):
            yield f" {letter} "
        else:
            yield letter


def _is_punctuation(letter: str) -> bool:
    code = ord(letter)
    return any(a <= code <= b for a, b in _ASCII_PUNCTUATION) or unicodedata.category(letter).startswith("P")
