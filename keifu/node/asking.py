"""Asking a stranger's server: a bound for the size of its answer, no redirects, and a short reason when it is given
up. The bound for the time is the caller's `asyncio.timeout`."""

from __future__ import annotations

from ethwire.http import httpx

__all__ = ["FAULTS", "GivenUp", "client_of", "fetch", "reason_of"]

FOUND = 200


class GivenUp(Exception):
    """A stranger was given up; its text is the reason."""


FAULTS = (GivenUp, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)  # of asking; a TimeoutError is an OSError


def client_of(patience: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=patience)


async def fetch(client: httpx.AsyncClient, url: str, largest: int) -> bytes:
    """The answer as it came. Raises one of FAULTS."""
    async with client.stream("GET", url) as answer:
        if answer.status_code != FOUND:
            raise GivenUp("no such page")
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > largest:
                raise GivenUp("huge")
        return bytes(body)


def reason_of(fault: BaseException) -> str:
    """One of few, as it counts them."""
    if isinstance(fault, GivenUp):
        return str(fault)
    return "slow" if isinstance(fault, TimeoutError) else "not reached"
