"""What mkdocs calls while it builds the site: files outside docs/ become pages, and links to them follow.

A link of a page is written as it works on the repository's own pages, `docs/…` from README or `../SECURITY.md` from
docs/; here it is turned into the link that works on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
DOCS = "docs"
# file outside docs/: its page on the site
PAGES = {
    "README.md": "index.md",
    "README.ja.md": "index.ja.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "LICENSE": "licence.md",
    "engine/README.md": "engine.md",
    "packages/ethwire/README.md": "ethwire.md",
    "packages/abi/README.md": "abi.md",
    "packages/testkit/README.md": "testkit.md",
    "packages/verify/README.md": "verify.md",
}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_files(files: Files, config: Any) -> Files:
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        heading = "" if source.endswith(".md") else "# Licence\n\n"
        files.append(File.generated(config, page, content=heading + text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    return LINK.sub(lambda match: site_link(page.file.src_uri, match[1]), markdown)


def site_link(page: str, target: str) -> str:
    """`target`, written in the source of `page`, as a link between pages of the site."""
    source = SOURCES.get(page, posixpath.join(DOCS, page))
    target, mark, fragment = target.partition("#")
    meant = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    there = PAGES.get(meant) or (posixpath.relpath(meant, DOCS) if meant.startswith(f"{DOCS}/") else None)
    # A link that leaves both stays as it is, and mkdocs refuses it.
    link = target if there is None else posixpath.relpath(there, posixpath.dirname(page) or ".")
    return link + mark + fragment
