"""A compute node's folder: the section of its configuration, from what its maker says, and its owner's later words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keifu.errors import UsageError
from keifu.node.compute.offering import AGAIN_FILE, LEAVING_FILE

__all__ = ["RECEIPT_KEY", "leave", "market_section", "offer_again", "own_section", "passed_on"]

RECEIPT_KEY = "receipt"  # the table of its key for receipts


def own_section(
    listen: str,
    poll: str,
    artefacts: Sequence[str],
    upstreams: Sequence[str],
    prices: Mapping[str, int],
    receiver: str = "",
    market: Mapping[str, Any] | None = None,
    tokens: Sequence[str] = (),
    dispute_cap: int = 0,
    embeddings: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`more` is said of each upstream. Raises UsageError for an upstream that is not NAME=URL, and a model of integers
    that is not NAME=PATH."""
    own: dict[str, Any] = {"listen": listen, "poll": poll, **prices}
    if receiver:
        own["receiver"] = receiver
    if artefacts:
        own["artefacts"] = [str(Path(item).absolute()) for item in artefacts]
    if upstreams:
        own["models"] = dict(_upstream(item, {**prices, **(more or {})}) for item in upstreams)
    if tokens:
        own["tokens"] = dict(_own_model(item, prices, "--tokens chat=./model.gguf") for item in tokens)
    if embeddings:
        own["embeddings"] = dict(_own_model(item, prices, "--embeddings vectors=./integers") for item in embeddings)
    if market:
        own["market"] = dict(market)
    if dispute_cap:
        own["disputes"] = {"cap": dispute_cap}
    return own


def market_section(endpoint: str, operator: str = "", cap: int = 0) -> dict[str, Any]:
    """What it promises at the market; nothing without an endpoint. Raises UsageError for the rest without it."""
    if not endpoint:
        if operator or cap:
            raise UsageError("--operator and --cap need --endpoint", remedy="--endpoint https://answers.example")
        return {}
    if not endpoint.startswith(("http://", "https://")):
        raise UsageError(f"--endpoint {endpoint!r} is no address", remedy="--endpoint https://answers.example")
    return {"endpoint": endpoint, "cap": cap} | ({"operator": operator} if operator else {})


def passed_on(upstreams: Sequence[str], endpoints: Sequence[str], reexecuted: bytes) -> dict[str, Any]:
    """What is said of the upstreams beside their prices. Raises UsageError where there is none, and for one digest of
    several models."""
    if endpoints and not upstreams:
        raise UsageError("--answers is of upstreams", remedy="--upstream words=http://127.0.0.1:8000/v1")
    if reexecuted and len(upstreams) != 1:
        raise UsageError(
            "--reexecuted is of one upstream", remedy="for more of them: compute.models.NAME.reexecuted in node.toml"
        )
    found: dict[str, Any] = {"endpoints": list(endpoints)} if endpoints else {}
    return found | ({"reexecuted": reexecuted.hex()} if reexecuted else {})


def leave(folder: Path) -> None:
    """Let the node that runs from a folder, now or later, end its services."""
    (folder / AGAIN_FILE).unlink(missing_ok=True)
    (folder / LEAVING_FILE).touch()


def offer_again(folder: Path) -> None:
    """Let it offer them, also where they were ended."""
    (folder / AGAIN_FILE).touch()
    (folder / LEAVING_FILE).unlink(missing_ok=True)


def _own_model(text: str, prices: Mapping[str, int], example: str) -> tuple[str, dict[str, Any]]:
    name, equals, path = text.partition("=")
    if not equals or not name or not Path(path).exists():
        option = example.partition(" ")[0]
        raise UsageError(f"{option} {text!r} is not NAME=PATH of what is there", remedy=example)
    return name, {"path": str(Path(path).absolute()), **prices}


def _upstream(text: str, section: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    name, equals, url = text.partition("=")
    if not equals or not name or not url.startswith(("http://", "https://")):
        raise UsageError(f"--upstream {text!r} is not NAME=URL", remedy="--upstream words=http://127.0.0.1:8000/v1")
    return name, {"upstream": url, **section}
