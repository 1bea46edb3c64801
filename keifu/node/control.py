"""Talking to a node that runs: ask how it is, and have it end in order."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ethwire.http import httpx
from keifu.errors import EnvironmentFault, NoAnswer
from keifu.node.folder import NodeFolder

__all__ = ["drain", "require_stopped", "status_of"]

ANSWER_SECONDS = 5.0
POLL_SECONDS = 0.05


def status_of(folder: Path, kind: str) -> dict[str, Any]:
    """What the node that runs from `folder` says of itself. Raises EnvironmentFault when none does."""
    announced = NodeFolder(folder).announced()
    if announced is None:
        raise EnvironmentFault(f"no node runs from {folder}", remedy=f"keifu node {kind} run {folder}")
    url = f"http://{announced['owner_pages']}/status"
    try:
        answer = httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False)
        found: dict[str, Any] = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer(f"{url} does not answer: {error}", remedy="look at its log", url=url) from error
    return found


def drain(folder: Path, seconds: float) -> bool:
    """Ask the node to end and wait until it has; whether one ran. Raises EnvironmentFault when it takes longer."""
    place = NodeFolder(folder)
    holder = place.holder()
    if not holder:
        return False
    with suppress(ProcessLookupError):
        os.kill(holder, signal.SIGTERM)
    until = time.monotonic() + seconds
    while place.holder() == holder:
        if time.monotonic() > until:
            raise EnvironmentFault(
                f"process {holder} has not ended after {seconds:.0f} s",
                remedy="wait, or look at its log; kill it at last",
            )
        time.sleep(POLL_SECONDS)
    return True


def require_stopped(folder: Path, kind: str) -> None:
    """Raises EnvironmentFault while a node runs from `folder`."""
    if (holder := NodeFolder(folder).holder()) is not None:
        raise EnvironmentFault(
            f"the node still runs, process {holder}", remedy=f"stop it first: keifu node {kind} drain {folder}"
        )
