"""Durable senders of transactions, one an account: each intent takes effect once, in the order of the nonces.

An undone block gives its transactions back. A call that the chain refuses while nothing of the account is pending is
settled at once, also if the block that refused it is undone later: whoever asked has to look again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from audit.storage_world.broken import Broken
from audit.storage_world.chain import Chain, Refused

__all__ = ["Senders", "Sent"]

AT_ONCE = 0.8  # chance that a transaction is in the next block
OVERDUE = 1  # blocks after which a transaction is in the next one


@dataclass
class Sent:
    account: str
    intent: str
    call: Any
    since: int  # block in which it began to wait
    mined: int = 0  # block; 0 while it waits
    outcome: bool | None = None  # when it is settled
    reason: str = ""


class Senders:
    def __init__(self, chain: Chain, draw: Random) -> None:
        self._chain, self._draw = chain, draw
        self._sent: dict[tuple[str, str], Sent] = {}
        self._queues: dict[str, list[Sent]] = {}  # unsettled, by account, in the order of their nonces

    def submit(self, account: str, intent: str, call: Any) -> None:
        known = self._sent.get((account, intent))
        if known is not None:
            if known.call != call:
                raise Broken(f"{account} sends another call as intent {intent}")
            return
        sent = Sent(account, intent, call, self._chain.ledger.number)
        self._sent[account, intent] = sent
        self._queues.setdefault(account, []).append(sent)

    def outcome(self, account: str, intent: str) -> Sent | None:
        """None for an intent that was never heard of."""
        return self._sent.get((account, intent))

    def is_idle(self, accounts: Iterable[str]) -> bool:
        return not any(self._queues.get(account) for account in accounts)

    def mine(self, reachable: set[str], executed: Callable[[str, Any, bool], None]) -> None:
        """Bring what waits into the block that has begun, and settle what is final."""
        number = self._chain.ledger.number
        for account, queue in self._queues.items():
            for sent in list(queue):
                if sent.mined:
                    continue
                late = number - sent.since > OVERDUE
                if account not in reachable or not (late or self._draw.random() < AT_ONCE):
                    break
                self._execute(sent, number)
                executed(sent.account, sent.call, bool(sent.mined))
            self._settle(queue)

    def _execute(self, sent: Sent, number: int) -> None:
        try:
            self._chain.execute(sent.account, sent.call)
        except Refused as error:
            sent.outcome, sent.reason = False, error.message
        else:
            sent.mined = number

    def _settle(self, queue: list[Sent]) -> None:
        for sent in queue:
            if sent.mined and sent.mined <= self._chain.final:
                sent.outcome = True
        queue[:] = [sent for sent in queue if sent.outcome is None]

    def undo(self, above: int) -> None:
        """What stood in blocks above this one waits again."""
        for queue in self._queues.values():
            for sent in queue:
                if sent.mined > above:
                    sent.mined, sent.since = 0, above
