"""HTTP to a node elsewhere, by httpx: encryption, compression, proxies."""

from __future__ import annotations

import math

from ethwire.errors import UsageError
from ethwire.http import certificates, httpx
from ethwire.rpc._values import words
from ethwire.rpc.transport import CONNECT_SECONDS, Answer, BrokenOff

__all__ = ["Far"]


class Far:
    """`transport` stands in the place of the network. Raises UsageError for what is no URL."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise UsageError(f"{words(url)} is no URL: {error}", remedy="like https://rpc.example") from error
        headers = {"Content-Type": "application/json"}
        self._http = httpx.Client(headers=headers, verify=certificates(url), transport=transport)

    def post(self, content: bytes, seconds: float) -> Answer:
        timeout = httpx.Timeout(seconds if math.isfinite(seconds) else None, connect=CONNECT_SECONDS)
        try:
            response = self._http.post(self._url, content=content, timeout=timeout)
        except httpx.HTTPError as error:
            raise BrokenOff(str(error) or type(error).__name__) from error
        return Answer(response.status_code, response.headers.get("Retry-After", ""), response.content)

    def close(self) -> None:
        self._http.close()
