"""Structured logs: lines for people on a terminal, JSON for machines; what is secret never gets into either."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, TextIO
from urllib.parse import urlsplit

from ethwire.hidden import hidden
from keifu.node.sections import LogSettings
from keifu.node.settings import Chosen
from keifu.texts import server_of

with hidden("rich"):  # with which it would draw errors: some megabytes
    import structlog

__all__ = ["Log", "Secrets", "make_log", "shown_config", "shown_url"]

HIDDEN = "[hidden]"
# Names of values that are secret whatever they are.
_SECRET_NAMES = ("password", "secret", "private_key", "token", "authorization")
SHORTEST = 6  # characters: of something shorter no text is searched
Log = Any  # structlog's bound logger has no type of its own that says more


class Secrets:
    """Texts that no log may hold, replaced wherever they stand: keys, passwords, and what is private in addresses of
    nodes, which often carry a key."""

    def __init__(self) -> None:
        self._replaced: dict[str, str] = {}

    def hide(self, *texts: str) -> None:
        self._replaced |= {text: HIDDEN for text in texts if len(text) >= SHORTEST}

    def hide_urls(self, urls: Iterable[str]) -> None:
        self._replaced |= {url: shown for url in urls if (shown := shown_url(url)) != url}

    def clean(self, value: Any) -> Any:
        """The value without them, in whatever it holds."""
        if isinstance(value, str):
            for secret, shown in self._replaced.items():
                value = value.replace(secret, shown)
            return value
        if isinstance(value, dict):
            return {key: HIDDEN if _is_secret(key) else self.clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(item) for item in value]
        if isinstance(value, (bytes, bytearray)):
            return self.clean(value.hex())
        if isinstance(value, (int, float, type(None))):
            return value
        return self.clean(str(value))

    def processor(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        cleaned: MutableMapping[str, Any] = self.clean(dict(event))
        return cleaned


def shown_url(url: str) -> str:
    """A node's address without what may be a key: user, password, path and query."""
    parts = urlsplit(url)
    private = "…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{server_of(url)}{'/' + private if private else ''}"


def shown_config(item: Chosen) -> str:
    """A value of the configuration for people: a node's address without its key."""
    if item.name in ("chain.rpc", "alerts.url") and item.shown:
        return ",".join(shown_url(url) for url in item.shown.split(","))
    return item.shown


def make_log(settings: LogSettings, secrets: Secrets, stream: TextIO | None = None) -> Log:
    """A logger that writes to `stream` (standard error), and to nothing else."""
    out = stream or sys.stderr
    is_json = settings.format == "json" or (settings.format == "auto" and not out.isatty())
    last: Callable[..., Any] = (
        structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.processors.add_log_level, stamp, secrets.processor, last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.level.upper())),
    )


def _is_secret(name: Any) -> bool:
    return isinstance(name, str) and any(part in name.lower() for part in _SECRET_NAMES)
