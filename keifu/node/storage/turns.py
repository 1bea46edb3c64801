"""What several nodes could send and one is enough for: not all at once."""

from __future__ import annotations

from keifu.chain.sender import Sender
from keifu.node.attempts import Attempts
from keifu.node.storage.seeing import Seen
from keifu.storage.provider.retries import spread

__all__ = ["Turns"]

TURN_SECONDS = 20  # within which several nodes do what is paid once


class Turns:
    """Of the thread of the rounds. `slow` is for how long others are let go first, in turns."""

    def __init__(self, sender: Sender, me: str, slow: float) -> None:
        self._attempts, self._me, self._slow = Attempts(sender), me, slow
        self._since: dict[str, int] = {}  # chain time at which something was due first

    def send(self, seen: Seen, what: str, to: str, data: bytes) -> None:
        """Who waits least does it, and the others see it done."""
        since = self._since.setdefault(what, seen.time)
        if seen.time >= since + TURN_SECONDS * spread(self._me, what) * self._slow:
            self._attempts.send(what, to, data)
