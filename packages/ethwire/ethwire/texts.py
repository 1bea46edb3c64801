"""Texts of others, shown so that they are what they look like."""

from __future__ import annotations

import unicodedata

__all__ = ["hidden_in", "one_line", "visible"]

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
    return "".join(_shown(sign) if sign not in _KEPT else sign for sign in text)


def one_line(text: str) -> str:
    """The same with ends of lines and tabs as code points, too: somebody's words within a line of ours cannot begin
    another line, which would look like ours."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(sign: str) -> str:
    return f"<U+{ord(sign):04X}>" if unicodedata.category(sign) in _HIDDEN else sign
