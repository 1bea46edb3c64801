"""What a GGUF file says of text: its tokens, how they merge, which of them end a reply, and how a chat is written.

The file is somebody else's, so every list is compared with the others and with its bounds, and what is wrong is named.
A chat template is a program in the file. It is never run: the one of the family is recognised by its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from keifu.errors import InputError
from keifu.inference.tokens.gguf import Gguf
from keifu.inference.tokens.program import MAX_TOKENS

__all__ = ["BYTES", "LETTERS", "Vocabulary", "checked_vocabulary", "expect_rows", "vocabulary_of"]

MODEL, SPLITTING = "gpt2", "smollm"
LONGEST_TOKEN = 1_024  # characters
LONGEST_TEMPLATE = 1 << 16
_NORMAL, _CONTROL = 1, 3
_KINDS = frozenset(range(1, 7))
_CHATML = re.compile(
    r"\{% for message in messages %\}"
    r"(?:\{% if loop\.first and messages\[0\]\['role'\] != 'system' %\}"
    r"\{\{ '<\|im_start\|>system\n(?P<system>[^'{}<>]*)<\|im_end\|>\n' \}\}\{% endif %\})?"
    r"\{\{'<\|im_start\|>' \+ message\['role'\] \+ '\n' \+ message\['content'\] \+ '<\|im_end\|>' \+ '\n'\}\}"
    r"\{% endfor %\}\{% if add_generation_prompt %\}\{\{ '<\|im_start\|>assistant\n' \}\}\{% endif %\}"
)


def _letters() -> list[str]:
    """The character that stands for each byte: itself where it is seen, and one from 256 on otherwise."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return [chr(byte) if byte in seen else chr(next(rest)) for byte in range(256)]


LETTERS = _letters()
BYTES = {letter: byte for byte, letter in enumerate(LETTERS)}


@dataclass(frozen=True)
class Vocabulary:
    """`merges` are pairs of ids with the id that they become, the first one first. `system` is what a chat says where
    its first message is no system's; `is_chat` whether the model has a chat's form at all."""

    tokens: tuple[str, ...]
    controls: frozenset[int]
    merges: tuple[tuple[int, int, int], ...]
    end: int
    is_chat: bool = False
    system: str = ""


def vocabulary_of(file: Gguf) -> Vocabulary:
    """Raises InputError naming what is not as files of this family have it."""
    for key, only in (("tokenizer.ggml.model", MODEL), ("tokenizer.ggml.pre", SPLITTING)):
        if file.metadata.get(key) != only:
            raise InputError(f"{key} is {file.metadata.get(key)!r}; {only} is read")
    for name in ("space_prefix", "bos_token", "eos_token"):
        key = f"tokenizer.ggml.add_{name}"
        if file.metadata.get(key, False) is not False:
            raise InputError(f"{key} is {file.metadata[key]!r}; models of this family have false")
    tokens = _list(file, "tokenizer.ggml.tokens", str, MAX_TOKENS)
    kinds = _list(file, "tokenizer.ggml.token_type", int, MAX_TOKENS)
    merges = _list(file, "tokenizer.ggml.merges", str, 2 * MAX_TOKENS)
    if len(kinds) != len(tokens):
        raise InputError(f"tokenizer.ggml.token_type has {len(kinds):,} items, there are {len(tokens):,} tokens")
    if set(kinds) - _KINDS:
        raise InputError(f"tokenizer.ggml.token_type has {min(set(kinds) - _KINDS)}, which is not known")
    controls = frozenset(number for number, kind in enumerate(kinds) if kind == _CONTROL)
    end = file.number("tokenizer.ggml.eos_token_id", 0, len(tokens) - 1)
    is_chat, system = _template(file.metadata.get("tokenizer.chat_template"))
    numbers = {token: number for number, token in enumerate(tokens)}
    pairs = tuple(_merge(place, merge, numbers) for place, merge in enumerate(merges))
    return checked_vocabulary(Vocabulary(tuple(tokens), controls, pairs, end, is_chat, system))


def checked_vocabulary(found: Vocabulary) -> Vocabulary:
    """The same. Raises InputError for one that could not be read back, wherever it came from."""
    count = len(found.tokens)
    if not 0 < count <= MAX_TOKENS or len(set(found.tokens)) != count:
        raise InputError(f"{count:,} tokens, and two of them are the same, or there are too many or none")
    if any(not 0 <= number < count for number in (found.end, *found.controls)):
        raise InputError(f"a token beyond the {count:,} ends a reply, or has another part to play")
    for number, token in enumerate(found.tokens):
        if not 0 < len(token) <= LONGEST_TOKEN:
            raise InputError(f"token {number} has {len(token):,} characters, 1 to {LONGEST_TOKEN:,} are read")
        if number not in found.controls and any(letter not in BYTES for letter in token):
            raise InputError(f"token {number} has a character that stands for no byte")
    if found.end not in found.controls:
        raise InputError(f"token {found.end} ends a reply, and could stand in a text")
    for left, right, whole in found.merges:
        if not all(0 <= part < count and part not in found.controls for part in (left, right, whole)):
            raise InputError(f"tokens {left} and {right} merge to {whole}: one of them is none of a text's")
        if found.tokens[left] + found.tokens[right] != found.tokens[whole]:
            raise InputError(f"tokens {left} and {right} do not come to token {whole}")
    if len({(left, right) for left, right, _ in found.merges}) != len(found.merges):
        raise InputError("two merges are of the same tokens")
    if found.is_chat and not {"<|im_start|>", "<|im_end|>"} <= {found.tokens[number] for number in found.controls}:
        raise InputError("the chat's template has marks that are no tokens")
    return found


def expect_rows(found: Vocabulary, tokens: int) -> None:
    """Raises InputError for more names than the model has rows."""
    if len(found.tokens) > tokens:
        raise InputError(f"{len(found.tokens):,} tokens have names, the model has {tokens:,}")


def _list(file: Gguf, key: str, kind: type[Any], most: int) -> list[Any]:
    value = file.metadata.get(key)
    if not isinstance(value, list) or not value or len(value) > most or not all(type(item) is kind for item in value):
        raise InputError(f"{key} is missing, or no list of 1 to {most:,} of one kind")
    return value


def _merge(place: int, text: str, numbers: dict[str, int]) -> tuple[int, int, int]:
    left, space, right = text.partition(" ")
    parts = numbers.get(left), numbers.get(right), numbers.get(left + right)
    if not space or None in parts:
        raise InputError(f"merge {place} is {text[:40]!r}, not two tokens that make a third")
    first, second, whole = parts
    assert first is not None
    assert second is not None
    assert whole is not None
    return first, second, whole


def _template(text: object) -> tuple[bool, str]:
    """Whether it is the family's, and what it says where there is no system's message."""
    if text is None:
        return False, ""
    if not isinstance(text, str) or len(text) > LONGEST_TEMPLATE:
        raise InputError("tokenizer.chat_template is no text of a possible length")
    found = _CHATML.fullmatch(text)
    return found is not None, (found["system"] or "") if found else ""
