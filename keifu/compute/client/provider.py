"""Whom a client asks for which model, and what a provider says that does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from ethwire.http import httpx
from keifu.compute.client.checks import Prices
from keifu.errors import EnvironmentFault, InputError

__all__ = ["LARGEST_ANSWER", "Provider", "ProviderFault", "fault_of", "model_of", "whole"]

LARGEST_ANSWER = 64 << 20  # bytes


@dataclass(frozen=True)
class Provider:
    """Whom to ask, from the client's own side: the address, whose receipts count, and what was offered."""

    url: str
    operator: str
    environment: bytes | None = None
    prices: Prices | None = None
    tees: frozenset[str] = frozenset()  # addresses of keys that are taken for those of TEEs

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way reads what is sent: it is encrypted, or stays on this machine."""
        try:
            address = urlsplit(self.url)
            return address.scheme == "https" or address.hostname == "localhost" or _is_loopback(address.hostname)
        except ValueError:
            return False


class ProviderFault(EnvironmentFault):
    """A provider refused the request, or failed. `status` and `body` are its own words."""

    def __init__(self, message: str, status: int = 0, body: bytes = b"") -> None:
        super().__init__(message, remedy="correct the request, or ask another provider: keifu providers")
        self.status, self.body = status, body


def _is_loopback(host: str | None) -> bool:
    """Raises ValueError for a name."""
    return ip_address(host or "").is_loopback


def whole(answer: httpx.Response, is_late: Callable[[], bool]) -> bytes:
    """A refusal's bytes, as far as they come in time and in bounds."""
    body = bytearray()
    try:
        for part in answer.iter_raw():
            body += part
            if len(body) > LARGEST_ANSWER or is_late():
                break
    except httpx.HTTPError:
        pass
    finally:
        answer.close()
    return bytes(body)


def fault_of(body: bytes) -> str:
    """OpenAI's message, or the beginning of whatever it is."""
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return body[:200].decode("utf-8", "replace")


def model_of(body: bytes) -> str:
    """The model that a request names. Raises InputError for what is no JSON."""
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise InputError("the request is no JSON", remedy="send what OpenAI's API takes") from error
    return str(found.get("model", "")) if isinstance(found, dict) else ""
