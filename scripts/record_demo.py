"""Records `make demo FAST=1` as docs/pictures/demo.svg, and keeps the two pictures that the demo draws beside it.

The recording is the demo's real output: a terminal that stops at the moments below, by CSS alone. The first of them is
what a reader sees who has animations switched off.
"""

from __future__ import annotations

import io
import itertools
import re
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from examples.demo import Story
from examples.demo.__main__ import GENESIS, tell
from keifu.chain import Anvil
from keifu.errors import KeifuError

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
OUT = Path("out/demo")
COLUMNS, ROWS = 100, 30
# A line that starts so stands at the top of the window for so many seconds.
MOMENTS = (
    ("five questions", 8),
    ("Now three people cheat", 9),
    ("A proven fault", 9),
    ("The provider signs a second", 9),
    ("The client computes the reply", 9),
    ("Token:", 6),
)
MOVE = 0.8  # seconds from one moment to the next
MARGIN, BAR = 14, 40

# rich's own template loads fonts from another host; this one loads nothing.
TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>Recording of make demo FAST=1</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; }}
.bar {{ font: 600 17px system-ui, sans-serif; fill: #d9d9d9; }}
{styles}
SCROLL
</style>
<defs>{lines}</defs>
FRAME
<g class="scroll">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg></svg>
"""


def main() -> int:
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    try:
        with Anvil(timestamp=GENESIS) as anvil, Story(anvil, OUT, fast=True, console=console) as story:
            tell(story)
    except KeifuError as error:
        print(f"record_demo: {error}", file=sys.stderr)
        return error.exit_code
    text = console.export_text(clear=False)
    svg = console.export_svg(theme=MONOKAI, code_format=TEMPLATE, unique_id="demo")
    (PICTURES / "demo.svg").write_text(_framed(svg, text.splitlines()), encoding="utf-8")
    shutil.copy(OUT / "vesting.svg", PICTURES / "vesting.svg")
    shutil.copy(OUT / "provenance" / "lineage.svg", PICTURES / "lineage.svg")
    return 0


def _framed(svg: str, lines: list[str]) -> str:
    """The export with a window of a few rows, a bar above it and the scrolling between moments."""
    tall = _line_height(svg)
    inner = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
    wide, window = inner + 2 * MARGIN, ROWS * tall
    frame = (
        f'<rect width="{wide:g}" height="{BAR + window + MARGIN:g}" rx="10" fill="#1c1c1c"/>'
        f'<text class="bar" x="{MARGIN}" y="27">$ make demo FAST=1</text>'
        f'<svg x="{MARGIN}" y="{BAR}" width="{inner:g}" height="{window:g}">'
    )
    size = f'viewBox="0 0 {wide:g} {BAR + window + MARGIN:g}"'
    framed = re.sub(r'viewBox="[^"]*"', size, svg, count=1).replace("FRAME", frame, 1)
    return framed.replace("SCROLL", _scroll(lines, tall), 1)


def _line_height(svg: str) -> float:
    """Pixels from one row of text to the next."""
    rows = sorted({float(y) for y in re.findall(r'<text[^>]* y="([\d.]+)"', svg)})
    return min(round(below - above, 3) for above, below in itertools.pairwise(rows))


def _scroll(lines: list[str], tall: float) -> str:
    """CSS that shows each moment for its seconds. Raises CheckFailed when the demo no longer has one."""
    last = len(lines) - ROWS
    stops = []
    for start, seconds in MOMENTS:
        found = [number for number, line in enumerate(lines) if line.startswith(start)]
        if not found:
            raise SystemExit(f"record_demo: no line starts with {start!r}")
        stops.append((min(found[0], last), seconds))
    total = sum(seconds + MOVE for _, seconds in stops)
    frames, passed = [], 0.0
    for row, seconds in stops:
        first, passed = passed, passed + seconds
        shift = f"transform: translateY(-{row * tall:g}px)"
        frames.append(f"{100 * first / total:.2f}%, {100 * passed / total:.2f}% {{ {shift} }}")
        passed += MOVE
    home = f"translateY(-{stops[0][0] * tall:g}px)"
    return (
        f".scroll {{ transform: {home}; animation: story {total:g}s ease-in-out infinite }}\n"
        f"@keyframes story {{ {' '.join(frames)} 100% {{ transform: {home} }} }}\n"
        "@media (prefers-reduced-motion: reduce) { .scroll { animation: none } }"
    )


if __name__ == "__main__":
    sys.exit(main())
