"""The lineage as a picture: layered by distance, with few crossings, and no line behind a box.

Sugiyama's method in its plain form: a link that spans several layers gets a narrow lane in each layer between, layers
are ordered by the mean of their neighbours, and places follow the same means with the least spacing kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from keifu.texts import in_markup

__all__ = ["Box", "Link", "draw"]

# Pixels.
BOX_WIDTH, BOX_HEIGHT, LANE_WIDTH = 230, 80, 30
GAP_X, GAP_Y, MARGIN = 40, 72, 24
SWEEPS = 8
LABEL_AT = 0.5  # how far down its first stretch a link is labelled
INK, FAINT, LINE, PAPER = "#22201b", "#5b574d", "#8a8578", "#fbfaf7"


@dataclass(frozen=True)
class Box:
    """One record, or several: four lines of text and the colour of the frame. `hint` is what a pointer shows, and
    `address` the page that it leads to."""

    title: str
    state: str
    origin: str
    detail: str
    colour: str
    hint: str = ""
    address: str = ""


@dataclass(frozen=True)
class Link:
    """From a child down to a parent, by their keys."""

    child: str
    parent: str
    word: str


@dataclass
class _Row:
    keys: list[str] = field(default_factory=list)


def draw(title: str, boxes: Mapping[str, Box], levels: Mapping[str, int], links: Sequence[Link]) -> str:
    """An SVG document. `levels` has each box's layer, 0 at the top; every link goes down."""
    rows, chains = _layers(levels, links)
    neighbours = _neighbours(chains)
    _order(rows, neighbours)
    centres = _places(rows, boxes, neighbours)
    width = max(centre + _width(key, boxes) / 2 for key, centre in centres.items()) + MARGIN
    height = 2 * MARGIN + len(rows) * BOX_HEIGHT + (len(rows) - 1) * GAP_Y
    tops = {key: MARGIN + level * (BOX_HEIGHT + GAP_Y) for level, row in enumerate(rows) for key in row.keys}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="12" role="img">',
        f"<title>{in_markup(title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
    ]
    parts += [_line(chain, centres, tops) for _, chain in chains]
    parts += [_label(link, chain, centres, tops) for link, chain in chains]
    parts += [_box(box, centres[key] - BOX_WIDTH / 2, tops[key]) for key, box in boxes.items()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _layers(levels: Mapping[str, int], links: Sequence[Link]) -> tuple[list[_Row], list[tuple[Link, list[str]]]]:
    """Rows of keys, lanes included, and for each link the keys that it runs through."""
    rows = [_Row() for _ in range(max(levels.values()) + 1)]
    for key, level in levels.items():
        rows[level].keys.append(key)
    chains = []
    for index, link in enumerate(links):
        chain = [link.child]
        for level in range(levels[link.child] + 1, levels[link.parent]):
            lane = f"lane {index} {level}"
            rows[level].keys.append(lane)
            chain.append(lane)
        chains.append((link, [*chain, link.parent]))
    return rows, chains


def _neighbours(chains: Sequence[tuple[Link, list[str]]]) -> dict[str, tuple[list[str], list[str]]]:
    """For each key what it is joined to in the row above and in the row below."""
    joined: dict[str, tuple[list[str], list[str]]] = {}
    for _, chain in chains:
        for upper, lower in itertools.pairwise(chain):
            joined.setdefault(upper, ([], []))[1].append(lower)
            joined.setdefault(lower, ([], []))[0].append(upper)
    return joined


def _order(rows: list[_Row], neighbours: Mapping[str, tuple[list[str], list[str]]]) -> None:
    """Sort each row by the mean position of its neighbours, downwards and upwards in turn."""
    for sweep in range(SWEEPS):
        side = sweep % 2
        position = {key: index for row in rows for index, key in enumerate(row.keys)}
        for row in rows[1:] if side == 0 else reversed(rows[:-1]):
            row.keys.sort(key=_mean_of(position, neighbours, side))
            position.update({key: index for index, key in enumerate(row.keys)})


def _mean_of(
    position: Mapping[str, float], neighbours: Mapping[str, tuple[list[str], list[str]]], side: int
) -> Callable[[str], float]:
    def mean(key: str) -> float:
        joined = neighbours.get(key, ([], []))[side]
        return sum(position[other] for other in joined) / len(joined) if joined else position[key]

    return mean


def _places(
    rows: list[_Row], boxes: Mapping[str, Box], neighbours: Mapping[str, tuple[list[str], list[str]]]
) -> dict[str, float]:
    """Centre of each key: near the mean of its neighbours, in the row's order, with the least spacing."""
    centres: dict[str, float] = {}
    for row in rows:
        _spread(row.keys, dict.fromkeys(row.keys, 0.0), boxes, centres)
    for sweep in range(2 * SWEEPS):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            wanted = {key: _mean_of(centres, neighbours, side)(key) for key in row.keys}
            _spread(row.keys, wanted, boxes, centres)
    left = min(centre - _width(key, boxes) / 2 for key, centre in centres.items())
    return {key: centre - left + MARGIN for key, centre in centres.items()}


def _spread(
    keys: Sequence[str], wanted: Mapping[str, float], boxes: Mapping[str, Box], centres: dict[str, float]
) -> None:
    """Put a row as near to where its keys want to be as their widths allow: the mean of pushing right and left."""

    def push(order: Sequence[str], sign: int) -> dict[str, float]:
        placed: dict[str, float] = {}
        before: str | None = None
        for key in order:
            place = wanted[key]
            if before is not None:
                least = (_width(before, boxes) + _width(key, boxes)) / 2 + GAP_X
                place = sign * max(sign * place, sign * placed[before] + least)
            placed[key] = place
            before = key
        return placed

    right, left = push(keys, 1), push(list(reversed(keys)), -1)
    centres.update({key: (right[key] + left[key]) / 2 for key in keys})


def _width(key: str, boxes: Mapping[str, Box]) -> float:
    return BOX_WIDTH if key in boxes else LANE_WIDTH


def _line(chain: Sequence[str], centres: Mapping[str, float], tops: Mapping[str, float]) -> str:
    """One smooth line: curved between rows, straight through lanes."""
    path = f"M{centres[chain[0]]:.0f} {tops[chain[0]] + BOX_HEIGHT:.0f}"
    for upper, lower in itertools.pairwise(chain):
        x1, x2, y1, y2 = centres[upper], centres[lower], tops[upper] + BOX_HEIGHT, tops[lower]
        bend = (y1 + y2) / 2
        path += f" C{x1:.0f} {bend:.0f} {x2:.0f} {bend:.0f} {x2:.0f} {y2:.0f}"
        path += f" V{y2 + BOX_HEIGHT:.0f}" if lower != chain[-1] else ""
    return f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.4"/>'


def _label(link: Link, chain: Sequence[str], centres: Mapping[str, float], tops: Mapping[str, float]) -> str:
    """The relation, on its line between the last two rows, where the lines of one child have spread."""
    upper, lower = chain[-2], chain[-1]
    if len(chain) == 2:  # noqa: PLR2004 - child and parent
        x = centres[upper] + (centres[lower] - centres[upper]) * LABEL_AT
        y = (tops[upper] + BOX_HEIGHT + tops[lower]) / 2
    else:
        x, y = centres[chain[1]], tops[chain[1]] + BOX_HEIGHT / 2
    return (
        f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" font-size="11" fill="{FAINT}" stroke="{PAPER}" '
        f'stroke-width="5" paint-order="stroke">{in_markup(link.word)}</text>'
    )


def _box(box: Box, x: float, y: float) -> str:
    drawn = (
        f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8" fill="#fff" '
        f'stroke="{box.colour}" stroke-width="2"/>'
        + (f"<title>{in_markup(box.hint)}</title>" if box.hint else "")
        + f'<text x="{x + 12:.0f}" y="{y + 21:.0f}" font-weight="600" fill="{INK}">{in_markup(box.title)}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 38:.0f}" fill="{FAINT}">{in_markup(box.state)}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 54:.0f}" fill="{FAINT}">{in_markup(box.origin)}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 70:.0f}" fill="{FAINT}">{in_markup(box.detail)}</text></g>'
    )
    return f'<a href="{in_markup(box.address)}">{drawn}</a>' if box.address else drawn
