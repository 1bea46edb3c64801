"""One call made by the chain and by a model, which must agree to the letter."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import event, note

from keifu.errors import Revert
from keifu.spec.staking import Refused

__all__ = ["agree"]


def agree(model: Any, label: str, predicted: Callable[[], Any], call: Callable[[], Any]) -> tuple[bool, Any, Any]:
    """(went through, the model's answer, the receipt). A model that refuses is put back, as a revert puts the chain."""
    try:
        receipt, reason = call(), ""
    except Revert as revert:
        receipt, reason = None, revert.reason
    before = copy.deepcopy(model.__dict__) if reason else {}
    try:
        expected, refusal = predicted(), ""
    except Refused as refused:
        expected, refusal = None, str(refused)
        model.__dict__.update(before)
    note(f"{label}: {refusal or 'ok'}")
    event(f"{label.split('(', maxsplit=1)[0]}: {refusal or 'ok'}")
    assert reason == refusal
    return not refusal, expected, receipt
