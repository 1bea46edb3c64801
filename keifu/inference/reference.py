"""The same arithmetic once more, slowly, in Python's integers: one value of one operator at a time.

It shares no code with the kernels. What they give is compared with this.
"""

from __future__ import annotations

from collections.abc import Sequence

from keifu.provenance.program import Program, Step

__all__ = ["infer", "value"]


def infer(program: Program, given: Sequence[int]) -> list[int]:
    """The last operator's values for one input."""
    tensors = [[int(item) for item in given]]
    for step in program.steps:
        source = tensors[step.operator.source]
        tensors.append([value(step, source, place) for place in range(step.target.size)])
    return tensors[-1]


def value(step: Step, source: Sequence[int], place: int) -> int:
    """What stands at `place` of the operator's target, in the order height, width, channel."""
    _, across, channels = step.target.shape
    pixel, channel = divmod(place, channels)
    if step.operator.type == "argmax":
        depth = step.source.shape[2]
        seen = list(source[pixel * depth : (pixel + 1) * depth])
        return seen.index(max(seen))
    taken = list(source) if step.operator.type == "dense" else _seen(step, source, *divmod(pixel, across))
    row = step.weights[channel].tolist()
    bias, multiplier, shift = map(int, step.scales[channel])
    total: int = sum(w * x for w, x in zip(row, taken, strict=True)) + bias
    scaled: int = (total * multiplier + 2 ** (shift - 1)) // 2**shift
    return min(max(scaled, step.target.low), step.target.high)


def _seen(step: Step, source: Sequence[int], y: int, x: int) -> list[int]:
    height, width, depth = step.source.shape
    (tall, wide), (down, right), (top, left, _, _) = step.operator.kernel, step.operator.stride, step.operator.padding
    seen: list[int] = []
    for row in range(y * down - top, y * down - top + tall):
        for column in range(x * right - left, x * right - left + wide):
            at = (row * width + column) * depth
            inside = row in range(height) and column in range(width)
            seen += source[at : at + depth] if inside else [step.operator.zero] * depth
    return seen
