"""Lines under headings as one file of HTML to hand to somebody: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keifu.texts import in_markup

if TYPE_CHECKING:
    from keifu.provenance.answers import Line

__all__ = ["Words", "page"]

_HEAD = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.6 sans-serif;max-width:64em;margin:2em auto;padding:0 1em}}td,th{{text-align:left;\
vertical-align:top;padding:.3em .8em .3em 0;overflow-wrap:anywhere}}.no{{color:#c53030}}</style>
<h1>{title}</h1><p>{block}</p>"""


@dataclass(frozen=True)
class Words:
    """What stands over the columns, where nothing is recorded, and before the block."""

    what: str
    who: str
    since: str
    how: str
    nothing: str
    block: str


def page(
    title: str, block: str, sections: Iterable[tuple[str, Sequence[Line]]], words: Words, language: str = "en"
) -> str:
    """`sections` are headings with their lines."""
    parts = [_HEAD.format(language=language, title=in_markup(title), block=f"{words.block} {in_markup(block)}")]
    for heading, lines in sections:
        parts.append(f"<h2>{in_markup(heading)}</h2>")
        if not lines:
            parts.append(f"<p>{words.nothing}</p>")
            continue
        parts.append(f"<table><tr><th>{words.what}<th>{words.who}<th>{words.since}<th>{words.how}</tr>")
        for line in lines:
            cells = "".join(f"<td>{in_markup(cell)}</td>" for cell in (line.what, line.who, line.since, line.how))
            mark = "" if line.good else ' class="no"'
            parts.append(f"<tr{mark}>{cells}</tr>")
        parts.append("</table>")
    return "\n".join(parts) + "\n</html>\n"
