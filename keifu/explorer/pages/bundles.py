"""A bundle that is dropped here is verified by the reader's own browser: it is sent nowhere."""

from __future__ import annotations

from keifu.explorer.markup import el
from keifu.explorer.view import Sheet, View

__all__ = ["verify"]

# What the script says, which finds its texts beside the place for files.
SAID = ("good", "not-in-order", "stranger", "refused", "waits", "unreadable", "root", "block", "records", "author")


def verify(view: View) -> Sheet:
    words = view.words
    texts = {name: words(f"verify.{name}") for name in SAID}
    area = el(
        "div",
        el("p", words("verify.drop")),
        el("p", el("label", words("verify.trust"), for_="trust"), el("input", id="trust", type="file")),
        el("p", el("label", words("verify.bundle"), for_="bundle"), el("input", id="bundle", type="file")),
        id="drop",
        class_="drop",
        **{f"data_{name.replace('-', '_')}": text for name, text in texts.items()},
    )
    body = [
        el("p", words("verify.lead"), class_="lead"),
        el("noscript", el("p", words("verify.no-script"))),
        area,
        el("output", id="verdict", for_="trust bundle", role="status"),
        el("dl", id="shown"),
    ]
    checks = [("keifu", "prov", "verify", "FILE", "--trust", "trust.json")]
    return Sheet(words("verify.title"), body, checks, ("/static/bundles.js",))
