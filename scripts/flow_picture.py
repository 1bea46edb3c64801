"""Draws docs/pictures/flow.svg: from data to production, who signs each step and how a lie shows.

With --check it writes nothing and fails when the committed picture is another one. `make docs` calls it.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "flow.svg"
TITLE = "From data to production: who signs each step, and how a lie shows"


class Step(NamedTuple):
    """One card: its name, who signs, what a cheat might try, what comes of it, and whether that costs stake."""

    name: str
    signed: str
    lie: str
    outcome: str
    stake: bool = False


STEPS = (
    Step("Data", "its author signs the digest", "change a file", "the digest differs"),
    Step("Labels", "each labeller signs each label", "change ten labels", "all ten are named"),
    Step("Training run", "the team signs code and inputs", "back-date the run", "its inputs are younger"),
    Step("Model version", "an evaluator signs the result", "skip the test", "the promotion is refused"),
    Step("Weights", "their author signs the digest", "swap a weight file", "the file is named"),
    Step(
        "Production", "each node signs what it loaded", "sign another digest", "the node's stake is slashed", stake=True
    ),
)

# Pixels.
COLUMNS, WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, PAD = 3, 288, 140, 38, 50, 20, 16
LINES = (30, 58, 94, 120)  # baselines inside a card
STYLE = """
.paper { fill: #fbfaf7 } .card { fill: #ffffff; stroke: #b9b3a4; stroke-width: 1.5 }
.stake { stroke: #c2571a; stroke-width: 2.5 } .name { font-weight: 700; font-size: 19px; fill: #22201b }
.number { font-weight: 700; font-size: 15px; fill: #8a8578 } .signed { fill: #2f6f8f; font-size: 15px }
.lie { fill: #5b574d; font-size: 15px } .outcome { fill: #22201b; font-size: 15px; font-weight: 600 }
.cost { fill: #c2571a; font-size: 15px; font-weight: 600 } .rule { stroke: #e5e1d6 }
.arrow { fill: none; stroke: #8a8578; stroke-width: 2 } .head { fill: #8a8578 }
@media (prefers-color-scheme: dark) {
.paper { fill: #16181d } .card { fill: #1f232b; stroke: #4a5160 } .stake { stroke: #f08c4a } .name { fill: #f2efe8 }
.number { fill: #8d95a5 } .signed { fill: #7fc4e8 } .lie { fill: #b4bac6 } .outcome { fill: #f2efe8 }
.cost { fill: #f6a469 } .rule { stroke: #343a46 } .arrow { stroke: #8d95a5 } .head { fill: #8d95a5 } }
"""


def draw() -> str:
    """The picture as an SVG document that loads nothing and reads in light and dark."""
    rows = -(-len(STEPS) // COLUMNS)
    width = 2 * MARGIN + COLUMNS * WIDTH + (COLUMNS - 1) * GAP_X
    height = 2 * MARGIN + rows * HEIGHT + (rows - 1) * GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" role="img">',
        f"<title>{escape(TITLE)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="12"/>',
    ]
    places = [_place(index) for index in range(len(STEPS))]
    parts += [_arrow(*places[index], *places[index + 1]) for index in range(len(STEPS) - 1)]
    parts += [_card(index + 1, step, *places[index]) for index, step in enumerate(STEPS)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _place(index: int) -> tuple[int, int]:
    row, column = divmod(index, COLUMNS)
    return MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y)


def _card(number: int, step: Step, x: int, y: int) -> str:
    first, second, third, fourth = (y + line for line in LINES)
    outcome = "cost" if step.stake else "outcome"
    left, rule = x + PAD, y + (LINES[1] + LINES[2]) // 2 - 3
    return (
        f'<g><rect class="card{" stake" if step.stake else ""}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" '
        f'rx="10"/><text class="name" x="{left}" y="{first}">{escape(step.name)}</text>'
        f'<text class="number" x="{x + WIDTH - PAD}" y="{first}" text-anchor="end">{number}</text>'
        f'<text class="signed" x="{left}" y="{second}">✎ {escape(step.signed)}</text>'
        f'<path class="rule" d="M{left} {rule}H{x + WIDTH - PAD}"/>'
        f'<text class="lie" x="{left}" y="{third}">a cheat may {escape(step.lie)}:</text>'
        f'<text class="{outcome}" x="{left}" y="{fourth}">→ {escape(step.outcome)}</text></g>'
    )


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    """From a card to the next: straight in a row, around the gap to the next row."""
    middle = y1 + HEIGHT // 2
    if y1 == y2:
        path, tip = f"M{x1 + WIDTH} {middle}H{x2 - 9}", (x2, middle)
        head = f"M{tip[0]} {tip[1]}l-11 -6v12z"
    else:
        turn, down = y1 + HEIGHT + GAP_Y // 2, x1 + WIDTH // 2
        into = x2 + WIDTH // 2
        path = f"M{down} {y1 + HEIGHT}V{turn}H{into}V{y2 - 9}"
        head = f"M{into} {y2}l-6 -11h12z"
    return f'<path class="arrow" d="{path}"/><path class="head" d="{head}"/>'


def main() -> int:
    picture = draw()
    if "--check" not in sys.argv[1:]:
        PICTURE.write_text(picture, encoding="utf-8")
        return 0
    if PICTURE.read_text(encoding="utf-8") != picture:
        print("docs/pictures/flow.svg is out of date (run `make docs`)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
