"""Texts of others, shown so that they are what they look like."""

from __future__ import annotations

import unicodedata
from html import escape

__all__ = ["hidden_in", "in_markup", "visible"]

# Controls, marks that change the direction of writing or join letters, separators of lines, halves of pairs, private
# ones: none of them is seen, and some make a name look like another or write over what stands on a terminal.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_KEPT = {"\n", "\t"}


def hidden_in(text: str) -> str:
    """The first character in it that nobody sees, or nothing."""
    if text.isascii() and text.isprintable():
        return ""
    return next((sign for sign in text if unicodedata.category(sign) in _HIDDEN), "")


def visible(text: str) -> str:
    """The text with each character that nobody sees as its code point; ends of lines and tabs stay."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(
        f"<U+{ord(sign):04X}>" if sign not in _KEPT and unicodedata.category(sign) in _HIDDEN else sign for sign in text
    )


def in_markup(text: str) -> str:
    """The same for HTML and SVG."""
    return escape(visible(text))
