"""The section of a compute node's configuration, from what its maker says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keifu.errors import UsageError

__all__ = ["own_section"]


def own_section(
    listen: str,
    poll: str,
    artefacts: Sequence[str],
    upstreams: Sequence[str],
    prices: Mapping[str, int],
    receiver: str = "",
    market: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Raises UsageError for an upstream that is not NAME=URL."""
    own: dict[str, Any] = {"listen": listen, "poll": poll, **prices}
    if receiver:
        own["receiver"] = receiver
    if artefacts:
        own["artefacts"] = [str(Path(item).absolute()) for item in artefacts]
    if upstreams:
        own["models"] = dict(_upstream(item, prices) for item in upstreams)
    if market:
        own["market"] = dict(market)
    return own


def _upstream(text: str, prices: Mapping[str, int]) -> tuple[str, dict[str, Any]]:
    name, equals, url = text.partition("=")
    if not equals or not name or not url.startswith(("http://", "https://")):
        raise UsageError(f"--upstream {text!r} is not NAME=URL", remedy="--upstream words=http://127.0.0.1:8000/v1")
    return name, {"upstream": url, **prices}
