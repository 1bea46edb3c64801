"""Waiting for the next block: a WebSocket subscription where there is one, a pause where not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["WEB_SOCKETS", "NewHeads", "heads_of"]

WEB_SOCKETS = ("ws://", "wss://")

OPEN_SECONDS = 10.0
SECONDS_BETWEEN_TRIES = 60.0
SUBSCRIBE = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})


class NewHeads:
    """`wait` returns as soon as there may be a new block, and after the given time at the latest.

    What comes over the subscription is only a reason to look: nothing in it is believed. A subscription that breaks is
    opened again a minute later, and until then `wait` only pauses. Without a `url` it always does.
    """

    def __init__(self, url: str = "", *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = url
        self.error = ""  # why there is no subscription
        self._sleep = sleep
        self._socket: Any = None
        self._waited = SECONDS_BETWEEN_TRIES

    @property
    def subscribed(self) -> bool:
        return self._socket is not None

    def wait(self, seconds: float) -> None:
        if self.url and self._socket is None and self._waited >= SECONDS_BETWEEN_TRIES:
            self._open()
        if self._socket is None:
            self._sleep(seconds)
            self._waited += seconds
            return
        try:
            self._socket.recv(timeout=seconds)
        except TimeoutError:
            pass
        except Exception as error:
            self._drop(error)
            self._sleep(seconds)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> None:
        from websockets.sync.client import connect  # noqa: PLC0415 - only who subscribes pays for it

        self._waited = 0.0
        try:
            self._socket = connect(self.url, open_timeout=OPEN_SECONDS)
            self._socket.send(SUBSCRIBE.decode())
            answer = msgspec.json.decode(self._socket.recv(timeout=OPEN_SECONDS))
            if not isinstance(answer, dict) or not answer.get("result"):
                raise ValueError(f"the node does not serve subscriptions: {answer}")
        except Exception as error:
            self._drop(error)
        else:
            self.error = ""

    def _drop(self, error: Exception) -> None:
        self.error = str(error) or type(error).__name__
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._waited = 0.0


def heads_of(urls: str) -> NewHeads:
    """By the first WebSocket address among URLs separated by commas; pauses when there is none."""
    return NewHeads(next((url for part in urls.split(",") if (url := part.strip()).startswith(WEB_SOCKETS)), ""))
