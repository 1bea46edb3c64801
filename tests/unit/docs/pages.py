"""The pages that people read, and their parts."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
GLOSSARY = ROOT / "docs" / "glossary.md"
ROOT_PAGES = ("README.md", "README.ja.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
FENCE = re.compile(r"^```[\s\S]*?^```$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Every page, README first."""
    distributions = sorted(ROOT.glob("*/README.md")) + sorted(ROOT.glob("packages/*/README.md"))
    return [ROOT / name for name in ROOT_PAGES] + distributions + sorted((ROOT / "docs").rglob("*.md"))


def english() -> list[Path]:
    return [page for page in pages() if page.name != "README.ja.md"]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(text: str) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", text)


def headings(text: str) -> list[int]:
    """The levels of the headings, in their order."""
    return [len(line) - len(line.lstrip("#")) for line in prose(text).splitlines() if re.match(r"#+ ", line)]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    lines = (line.lstrip("#").strip() for line in prose(text).splitlines() if re.match(r"#+ ", line))
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}
