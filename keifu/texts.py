"""Texts of others, shown so that they are what they look like: on a terminal (`ethwire.texts`) and in markup."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from ethwire.texts import hidden_in, one_line, visible

__all__ = ["hidden_in", "in_markup", "one_line", "server_of", "visible"]


def in_markup(text: str) -> str:
    """`visible` for HTML and SVG."""
    return escape(visible(text))


def server_of(url: str) -> str:
    """Host and port of an address, without the user and password that may stand before them."""
    return urlsplit(url).netloc.rpartition("@")[2]
