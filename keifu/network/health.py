"""How each part is, asked from outside."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ethwire.http import httpx
from ethwire.rpc import Rpc
from keifu.errors import KeifuError
from keifu.network.folder import Part
from keifu.network.kinds import API, CHAIN, EXPLORER, INDEX

__all__ = ["READY", "RUNS", "ask", "ask_all"]

ANSWER_SECONDS = 5.0
READY, RUNS = "ready", "runs"
LONGEST = 200  # of what a part says


def ask_all(parts: list[Part]) -> Mapping[str, str]:
    """What each part says, by name; all are asked at once."""
    if not parts:
        return {}
    with ThreadPoolExecutor(len(parts), thread_name_prefix="health") as pool:
        return dict(zip([part.name for part in parts], pool.map(ask, parts), strict=True))


def ask(part: Part) -> str:
    """ "ready", or why a part that runs does not do its work. The index answers nobody; its API says how far it is."""
    if part.kind == INDEX:
        return RUNS
    if part.kind == CHAIN:
        return _chain(part.url)
    page = "/" if part.kind in (API, EXPLORER) else "/readyz"
    try:
        answer = httpx.get(part.url + page, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return f"{part.url} does not answer"
    text = answer.text.strip()[:LONGEST]
    return READY if answer.is_success else text or f"answers with status {answer.status_code}"


def _chain(url: str) -> str:
    try:
        with Rpc(url, attempts=1, timeout=ANSWER_SECONDS) as rpc:
            rpc.block_number()
    except KeifuError as error:
        return error.message
    return READY
