"""A transaction that must take effect while its time lasts: sent once, and again only after it was refused for good."""

from __future__ import annotations

from keifu.chain.sender import Intent, Sender, State
from keifu.errors import UsageError

__all__ = ["Attempts"]

MAX_TRIES = 8
_REFUSED = (State.REFUSED, State.FAILED)


class Attempts:
    """Over a durable sender. Each try has an id of its own, that follows from what it is for."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def last(self, what: str) -> Intent | None:
        """The newest try, when there is one."""
        found = None
        for number in range(1, MAX_TRIES + 1):
            try:
                found = self._sender.get(f"{what} {number}")
            except UsageError:  # it was not submitted yet
                break
        return found

    def is_under_way(self, what: str) -> bool:
        """Whether its newest try has not ended, or not in a block that is final."""
        last = self.last(what)
        return last is not None and not last.state.is_final

    def send(self, what: str, to: str, data: bytes) -> Intent:
        """Send it, unless a try is under way or took effect; its newest try. After the last try nothing more is
        sent."""
        last = self.last(what)
        if last is not None and last.state not in _REFUSED:
            return last
        number = 1 if last is None else int(last.id.rpartition(" ")[2]) + 1
        if last is not None and number > MAX_TRIES:
            return last
        return self._sender.submit(Intent(f"{what} {number}", to, data))
