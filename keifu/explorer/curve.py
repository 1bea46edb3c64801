"""Coins over time as a picture: what is vested, and what was paid. Drawn without a program of charts, so that it works
without JavaScript and in both colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keifu.explorer.markup import Markup, el
from keifu.explorer.view import View
from keifu.units import coins

__all__ = ["Curve", "drawn"]

Points = Sequence[tuple[int, int]]  # seconds and wei, in order
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 240, 12, 12, 28, 28
MOST = 200  # points of a line


@dataclass(frozen=True)
class Curve:
    """Sums so far, by time. `total` is what there is at all, when that is known."""

    paid: Points
    vested: Points
    total: int = 0


def drawn(view: View, curve: Curve) -> Markup:
    """The picture, or a line that there is nothing to draw yet."""
    words = view.words
    times = [at for at, _ in (*curve.paid, *curve.vested)]
    most = max([curve.total, *(amount for _, amount in (*curve.paid, *curve.vested))], default=0)
    if not times or not most:
        return el("p", words("curve.nothing"), class_="empty")
    first, last = min(times), max(*times, view.now)
    parts = [
        el("title", words("curve.title", amount=coins(most))),
        _line(curve.vested, first, last, most, "vested") if curve.vested else None,
        _line([*curve.paid, (max(view.now, curve.paid[-1][0]), curve.paid[-1][1])], first, last, most, "paid")
        if curve.paid
        else None,
        el("text", coins(most), x=LEFT, y=18, class_="scale"),
        el("text", str(view.time(first).partition(">")[2][:10]), x=LEFT, y=HEIGHT - 8, class_="scale"),
        el("text", str(view.time(last).partition(">")[2][:10]), x=WIDTH - RIGHT, y=HEIGHT - 8, class_="scale end"),
    ]
    legend = el(
        "p",
        el("span", words("curve.vested"), class_="key vested") if curve.vested else None,
        el("span", words("curve.paid"), class_="key paid"),
        class_="legend",
    )
    svg = _svg(f"0 0 {WIDTH} {HEIGHT}", parts)
    return el("figure", svg, legend, class_="curve")


def _svg(box: str, parts: Sequence[Markup | None]) -> Markup:
    # `viewBox` is the one name of an attribute here that is not in lower case.
    return Markup(str(el("svg", *parts, role="img")).replace("<svg", f'<svg viewBox="{box}"', 1))


def _line(points: Points, first: int, last: int, most: int, kind: str) -> Markup:
    """Steps: an amount stays until it changes."""
    step = max(1, len(points) // MOST)
    kept = [*points[::step], points[-1]]
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    path, before = "", None
    for at, amount in kept:
        x = LEFT + across * (at - first) / max(last - first, 1)
        y = TOP + down * (1 - amount / most)
        path += f"M{x:.1f} {HEIGHT - BOTTOM}V{y:.1f}" if before is None else f"H{x:.1f}V{y:.1f}"
        before = y
    return el("path", d=path, class_=kind)
