"""Single operators that go over pictures, as dear as they come, in trees as high as a model's of two groups."""

from __future__ import annotations

from collections.abc import Iterator

from audit.picture_shapes import SLOT, bounds, of_window, pooling
from keifu.errors import CheckFailed
from keifu.inference.disputes.provider import running
from keifu.spec.inference import Window
from keifu.spec.inference_calls import Call, check, summed, sums_of
from keifu.spec.inference_openings import Openings, packed_sums

__all__ = ["calls"]

GROUPS = 2
# A picture of 12,800 lanes, and windows that begin in the middle of a chunk.
DIGITS = Window((8, 8, 8), 4, (3, 3), (2, 2), (1, 1), 0, 0)
LARGE = Window((20, 20, 32), 18, (3, 3), (1, 1), (0, 0), 0, 0)
FITS = Window((14, 14, 24), 12, (3, 3), (1, 1), (0, 0), 0, 0)
WHOLE = Window((1, 1, 900), 1, (1, 1), (1, 1))
LONG = Window((8, 8, 200), 4, (3, 5), (1, 1), (0, 0), 0, 0)
POOL = Window((20, 20, 33), 10, (2, 2), (2, 2), (0, 0))


def calls() -> Iterator[tuple[str, Call]]:
    """The dearest steps, with their names."""
    for name, window, channels in (
        ("convolution of digits", DIGITS, 16),
        ("convolution in one call", FITS, 64),
        ("dense", WHOLE, 10),
    ):
        o = of_window(window, channels, GROUPS)
        if sums_of(o, SLOT, _middle(window, channels)) > 1:
            raise CheckFailed(f"no single call shows a lane of a {name}")
        yield name, check(o, SLOT, _middle(window, channels))
    for name, window, channels in (("sum of a line", LARGE, 64), ("sum of a convolution", LONG, 64)):
        o = of_window(window, channels, GROUPS)
        yield from _sums(name, o, _middle(window, channels))
    yield "largest of 4", check(pooling(POOL, GROUPS), SLOT, _middle(POOL, POOL.source[2]))
    yield "bounds", check(bounds(0, 8_191, 12_800, GROUPS), SLOT, 5_000)


def _middle(window: Window, channels: int) -> int:
    """A lane whose window lies within the picture."""
    return (window.across + 2) * channels + 7 if window.across > 1 else channels - 1


def _sums(name: str, o: Openings, lane: int) -> Iterator[tuple[str, Call]]:
    terms = running(o, SLOT, lane)
    sums = packed_sums([sum(terms[: number + 1]) for number in range(len(terms))])
    claim = o.claim(sums, stride=1)
    yield name, summed(o, SLOT, lane, claim, (sums, 0))
    yield f"{name}, total", summed(o, SLOT, lane, claim, (sums, len(terms)))
