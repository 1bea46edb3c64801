"""Parts that many pages have: tables that become cards on a narrow screen, lists of facts, and the way to the next
page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.view import View
from keifu.index.reading import Page

__all__ = ["badge", "facts", "pager", "section", "table"]


def section(title: Child, *children: Child, name: str | None = None) -> Markup:
    return el("section", el("h2", title), *children, id=name)


def table(heads: Sequence[str], rows: Iterable[Sequence[Child]], empty: str) -> Markup:
    """A table whose cells know their column's name: a narrow screen shows one row as a card."""
    made = [el("tr", *(el("td", cell, data_label=head) for head, cell in zip(heads, row, strict=True))) for row in rows]
    if not made:
        return el("p", empty, class_="empty")
    return el("table", el("thead", el("tr", *(el("th", head, scope="col") for head in heads))), el("tbody", *made))


def facts(*pairs: tuple[str, Child]) -> Markup:
    """Names with what they stand for; those without anything are left out."""
    return el("dl", *((el("dt", name), el("dd", value)) for name, value in pairs if value not in (None, "", [])))


def badge(text: str, kind: str) -> Markup:
    """A state, by its word and a colour: `good`, `warn` or `bad`."""
    return el("span", text, class_=f"badge {kind}")


def pager(view: View, page: Page, *parts: str, query: Mapping[str, str] | None = None) -> Markup | None:
    """The way to older ones, and back to the newest."""
    links = [
        view.link(view.words("pager.newest"), *parts, query=query) if view.query.get("cursor") else None,
        view.link(view.words("pager.older"), *parts, query={**(query or {}), "cursor": page.next})
        if page.next
        else None,
    ]
    return el("nav", *links, class_="pager", aria_label=view.words("pager.name")) if any(links) else None
