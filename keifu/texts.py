"""Texts of others, shown so that they are what they look like: on a terminal (`ethwire.texts`) and in markup."""

from __future__ import annotations

from html import escape

from ethwire.texts import hidden_in, one_line, visible

__all__ = ["hidden_in", "in_markup", "one_line", "visible"]


def in_markup(text: str) -> str:
    """`visible` for HTML and SVG."""
    return escape(visible(text))
