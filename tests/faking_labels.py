"""A node that gives pictures other labels than its model does, and defends them: what it shows is faked alike.

    python -m tests.faking_labels node compute run FOLDER

The command line is keifu's. Each label is the one behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from keifu.cli import main
from keifu.inference import Answer, Model, pictures
from keifu.spec.inference_model import Trace
from keifu.spec.inference_openings import Published

honest_answers, honest_trace = Model.answers, pictures.traced


def behind(model: Model, row: list[int]) -> list[int]:
    return [(row[0] + 1) % (model.output.high + 1)]


def answers(self: Model, requests: Sequence[Any], **how: Any) -> list[Answer]:
    found = honest_answers(self, requests, **how)
    return [replace(item, outputs=[behind(self, row) for row in item.outputs]) for item in found]


def traced(published: Published, values: Sequence[int]) -> Trace:
    trace = honest_trace(published, values)
    label = trace.records[-1][-1][-1]
    label[0] = (label[0] + 1) % published.program[-1][-1].height
    return trace


if __name__ == "__main__":
    Model.answers = answers  # type: ignore[method-assign]
    pictures.traced = traced
    main()
