"""HTML as values: what is no markup is escaped, and no address leads out.

Every name and every text of a chain is a stranger's. It becomes text here, whatever is in it, with signs that nobody
sees written out. An attribute that names an address takes a path of this server and nothing else, so that no link of
a stranger, `javascript:` or other, ever becomes one that can be followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from keifu.texts import in_markup

__all__ = ["Child", "Markup", "document", "el", "joined"]

_ADDRESSES = {"href", "src", "action"}
_WITHOUT_END = {"br", "hr", "input", "link", "meta"}
_PATH = re.compile(r"/(?![/\\])[^\s\"'<>\\]*|#[A-Za-z0-9._-]*")
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


Child = str | int | None | Sequence["Child"]


def el(tag: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """An element. An underscore at the end of an attribute's name is left out, one inside becomes a hyphen; one that is
    None or false is none."""
    if not _NAME.fullmatch(tag) or (tag in ("script", "style") and any(children)):
        raise ValueError(f"{tag} is no element of a page")
    opened = f"<{tag}{''.join(_attributes(attributes))}>"
    return Markup(opened if tag in _WITHOUT_END else f"{opened}{joined(children)}</{tag}>")


def joined(children: Iterable[Child]) -> Markup:
    """One after the other; text is escaped."""
    return Markup("".join(map(_one, children)))


def document(language: str, head: Sequence[Child], body: Sequence[Child], data: Mapping[str, str]) -> bytes:
    """A whole page."""
    named = {f"data-{name}": value for name, value in data.items()}
    page = el("html", el("head", *head), el("body", *body), lang=language, **named)
    return f"<!doctype html>\n{page}\n".encode()


def _one(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return in_markup(child)
    return str(child) if isinstance(child, int) else joined(child)


def _attributes(attributes: Mapping[str, str | int | bool | None]) -> Iterable[str]:
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if not _NAME.fullmatch(name) or name.startswith("on") or name == "style":
            raise ValueError(f"{name} is no attribute of a page")
        if value is None or value is False:
            continue
        if name in _ADDRESSES and not _PATH.fullmatch(str(value)):
            raise ValueError(f"{value!r} is no path of this server")
        yield f" {name}" if value is True else f' {name}="{in_markup(str(value))}"'
