"""What a provider's list of models says of one of them."""

from __future__ import annotations

import msgspec

__all__ = ["About", "about"]


class About(msgspec.Struct, frozen=True):
    """The kind of evidence, and the half of a seed in hex; each empty where it says nothing."""

    evidence: str = ""
    sampling: str = ""


class _Model(msgspec.Struct):
    id: str
    keifu: About = About()


class _Models(msgspec.Struct):
    data: list[_Model]


def about(models: bytes, name: str) -> About | None:
    """From an answer of /v1/models; None where it does not list the model, or cannot be read."""
    try:
        listed = msgspec.json.decode(models, type=_Models).data
    except (ValueError, RecursionError):
        return None
    return next((item.keifu for item in listed if item.id == name), None)
