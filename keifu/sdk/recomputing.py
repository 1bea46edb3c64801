"""Answers computed again by a model of the account's owner."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from keifu.compute.client.client import Answer
from keifu.provenance.verify import Finding

if TYPE_CHECKING:
    from keifu.compute.client.recomputing import OwnModel

__all__ = ["computed_again"]

KEPT_MODELS = 2


def computed_again(folder: str | Path, answer: Answer) -> tuple[Finding, ...]:
    """Raises ReplyRefused naming what is not as the model in the folder computes it."""
    return _model(Path(folder).absolute()).require(answer.request, answer.body, answer.receipt)


@lru_cache(KEPT_MODELS)
def _model(folder: Path) -> OwnModel:
    from keifu.compute.client.own_models import own_model  # noqa: PLC0415 - numba, seconds

    return own_model(folder)
