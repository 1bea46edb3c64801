"""Answers for others: of an agent that its owner runs, and that somebody may use for nothing or has leased.

What others ask is not remembered: the next one could have the agent say it.
A lease counts on the chain: its holder records uses, and each of them is good for one answer. What was answered is
written down before the answer leaves, so a host that starts again gives none twice.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded, write_whole
from keifu.abi import Contract
from keifu.agent.data import Agent
from keifu.agent.faults import AgentFault
from keifu.errors import InputError
from keifu.inft import read_token
from keifu.units import DAY

__all__ = ["Host"]

LARGEST = 1 << 24  # bytes of what was answered
UNTIL = " until "
FORGOTTEN_SECONDS = DAY  # after a lease's end: another endpoint's clock may be behind


class Host:
    """Of one token's agent. `now` is the chain's time, unix seconds; who asks is for the caller to know."""

    def __init__(self, agent: Agent, nft: Contract, token_id: int, answered: Path) -> None:
        self._agent, self._nft, self._token, self._file = agent, nft, token_id, answered
        self._answered, self._lock = _read(answered), threading.Lock()

    def ask(self, user: str, question: Any, now: int) -> str:
        """Raises AgentFault for a user without the right, a lease that is over, or a use that nobody has recorded."""
        found = read_token(self._nft, self._token)
        if user.lower() in {found.owner.lower(), *(free.lower() for free in found.users)}:
            return self._agent.answer(question)
        with self._lock:  # a use is good for one of two questions that come at once
            return self._leased(user, question, now)

    def _leased(self, user: str, question: Any, now: int) -> str:
        ends, quota, used, _ = self._nft.lease_of(self._token, user)
        if not ends:
            raise AgentFault("not_allowed", f"{user} may not use this agent", "lease it: keifu inft lease")
        if now >= ends:
            raise AgentFault("lease_over", f"the lease of {user} is over", "take another one")
        lease = f"{user.lower()}{UNTIL}{ends}"
        given = self._answered.get(lease, 0)
        if given >= used:
            why = "used up" if used >= quota else "a use is recorded first: keifu inft use"
            raise AgentFault("no_use", f"{given} answers for {used} of {quota} uses of {user}", why)
        answer = self._agent.answer(question)
        self._answered = {name: count for name, count in self._answered.items() if not _is_forgotten(name, now)}
        self._answered[lease] = given + 1
        write_whole(self._file, json.dumps(self._answered).encode())
        return answer


def _is_forgotten(lease: str, now: int) -> bool:
    """Whether a lease ended so long ago that nobody is answered by it any more: the file holds those that run."""
    return int(lease.rpartition(UNTIL)[2]) + FORGOTTEN_SECONDS <= now


def _read(path: Path) -> dict[str, int]:
    """Nothing was answered where there is no file. Raises InputError for a damaged one."""
    if not path.exists():
        return {}
    try:
        found = msgspec.json.decode(read_bounded(path, LARGEST, "it"), type=dict[str, int])
        _ = [_is_forgotten(lease, 0) for lease in found]
        return found
    except ValueError as error:
        raise InputError(f"{path} does not say what was answered: {error}", remedy="restore it") from error
