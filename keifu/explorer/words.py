"""What the explorer says, in the languages that it speaks: one file each in `texts`, with the same names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["LANGUAGES", "Words", "chosen_language", "words_of"]

LANGUAGES = ("en", "ja")
LONGEST_HEADER = 200


class Words:
    """The texts of one language by their names. A name that is not there is a fault of ours."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language, self.texts = language, texts

    def __call__(self, name: str, /, **values: object) -> str:
        text = self.texts[name]
        return text.format_map(values) if values else text


@lru_cache(maxsize=len(LANGUAGES))
def words_of(language: str) -> Words:
    text = (files("keifu.explorer") / "texts" / f"{language}.toml").read_text("utf-8")
    return Words(language, dict(_flat(tomllib.loads(text))))


def chosen_language(header: str) -> str:
    """The first language of an Accept-Language header that is spoken here; the order that it is written in counts."""
    for item in header[:LONGEST_HEADER].split(","):
        tag = item.partition(";")[0].strip().lower().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]


def _flat(table: Mapping[str, Any], before: str = "") -> Mapping[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        name = f"{before}{key}"
        found.update(_flat(value, f"{name}.") if isinstance(value, dict) else {name: value})
    return found
