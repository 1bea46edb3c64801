"""Asking a stranger's server once: no more of its answer is read than an answer can need."""

from __future__ import annotations

from dataclasses import dataclass

from ethwire.http import certificates, httpx
from keifu.errors import EnvironmentFault

__all__ = ["Answered", "answered", "caller"]


@dataclass(frozen=True)
class Answered:
    status: int
    headers: httpx.Headers
    body: bytes


def caller(url: str, seconds: float, connect_seconds: float) -> httpx.Client:
    """For one server, past any proxy that this machine's environment names. An answer may take so long."""
    patience = httpx.Timeout(seconds, connect=connect_seconds)
    return httpx.Client(base_url=url.rstrip("/"), timeout=patience, trust_env=False, verify=certificates(url))


def answered(http: httpx.Client, method: str, path: str, most: int, body: bytes = b"") -> Answered:
    """Raises EnvironmentFault for an answer of more than `most` bytes, and what httpx raises."""
    headers = {"accept-encoding": "identity", "content-type": "application/json"}
    with http.stream(method, path, content=body, headers=headers) as answer:
        found = bytearray()
        for part in answer.iter_raw():
            found += part
            if len(found) > most:
                raise EnvironmentFault(
                    f"{http.base_url} answers with more than {most:,} bytes", remedy="ask another one"
                )
        return Answered(answer.status_code, answer.headers, bytes(found))
