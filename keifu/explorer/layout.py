"""What is around every page: menu, search, the block that it is of, and how to check it without this server."""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlencode

from keifu.explorer.markup import Child, Markup, document, el
from keifu.explorer.parts import section
from keifu.explorer.view import Sheet, View
from keifu.explorer.words import LANGUAGES

__all__ = ["page_of"]

MENU = (
    "environments",
    "records",
    "operators",
    "providers",
    "channels",
    "slashes",
    "cases",
    "agents",
    "programmes",
    "grants",
    "suite",
    "verify",
)
# Pages that stand below an entry of the menu.
BELOW = {
    "environment": "environments", "record": "records", "operator": "operators",
    "notaries": "operators", "provider": "providers",
    "orders": "providers", "order": "providers", "disputes": "providers", "dispute": "providers",
    "reexecutions": "providers", "reexecution": "providers",
    "channel": "channels", "receivers": "channels",
    "receiver": "channels", "case": "cases", "programme": "programmes", "proposal": "programmes",
    "grant": "grants", "escrow": "grants", "agent": "agents",
}  # fmt: skip
NAMES = {"en": "English", "ja": "日本語"}


def page_of(view: View, sheet: Sheet, mark: str, parts: list[str]) -> bytes:
    """The whole page. `mark` says of which moment it is, `parts` where it is, for the other language."""
    words = view.words
    head = [
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{sheet.title} · Keifu"),
        el("link", rel="icon", href="/static/icon.svg"),
        el("link", rel="stylesheet", href="/static/explorer.css"),
        el("script", src="/static/live.js", defer=True),
        *(el("script", src=script, type="module") for script in sheet.scripts),
    ]
    body: list[Child] = [
        el("a", words("layout.skip"), href="#main", class_="skip"),
        _header(view, parts),
        el("main", el("h1", sheet.title), *sheet.body, _check(view, sheet), id="main", tabindex="-1"),
        _footer(view),
    ]
    return document(
        words.language, head, body, {"mark": mark, "live": words("layout.live"), "lost": words("layout.lost")}
    )


def _header(view: View, parts: list[str]) -> Markup:
    words = view.words
    menu = (
        el("li", el("a", words(f"menu.{name}"), href=view.path(name), aria_current=_current(name, parts[0])))
        for name in MENU
    )
    search = el(
        "form",
        el("label", words("layout.search"), for_="q", class_="hidden"),
        el(
            "input",
            id="q",
            name="q",
            type="search",
            maxlength=256,
            placeholder=words("layout.search"),
            autocomplete="off",
        ),
        el("button", words("layout.find")),
        action=view.path("search"),
        role="search",
    )
    languages = (_in_language(view, language, parts) for language in LANGUAGES if language != words.language)
    return el(
        "header",
        el("a", "Keifu", el("span", " 系譜", lang="ja"), href=view.path(), class_="brand"),
        el("nav", el("ul", *menu), aria_label=words("layout.menu")),
        search,
        el("a", words("layout.dapp"), href="/dapp/", class_="language") if view.has_dapp else None,
        *languages,
    )


def _current(name: str, page: str) -> str | None:
    """How an entry of the menu stands to the page, in words for screen readers: the page itself, or a part of it."""
    if name == page:
        return "page"
    return "true" if BELOW.get(page) == name else None


def _in_language(view: View, language: str, parts: list[str]) -> Markup:
    plain = View(view.store, type(view.words)(language, {}), view.position).path(*(part for part in parts if part))
    query = f"?{urlencode(view.query)}" if view.query else ""
    return el("a", NAMES[language], href=f"{plain}{query}", lang=language, hreflang=language, class_="language")


def _footer(view: View) -> Markup:
    """Of which block the page is, and what of the index is not proved."""
    words, position = view.words, view.position
    unproved = json.loads(view.store.meta("unproved") or "[]")
    lines: list[Child] = [
        el(
            "p",
            words("layout.block", block=f"{position.number:,}", chain=view.store.suite.chain_id),
            " ",
            el("code", position.hash[:18]),
        ),
        el("p", words("layout.unproved", count=len(unproved)), class_="badge bad") if unproved else None,
        el("p", id="live", role="status"),
    ]
    return el("footer", *lines, id="footer")


def _check(view: View, sheet: Sheet) -> Markup | None:
    if not sheet.checks:
        return None
    lines = "\n".join(shlex.join(check) for check in sheet.checks)
    words = view.words
    box = section(words("check.title"), el("p", words("check.lead")), el("pre", el("code", lines), tabindex="0"))
    return el("aside", box, class_="check")
