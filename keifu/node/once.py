"""What a node sends to one contract, and what takes effect there once: the id of an intent follows from what it is for.

So nothing is sent twice, whatever becomes of the process.
"""

from __future__ import annotations

from collections.abc import Callable

from keifu.chain.sender import Intent, Sender, State
from keifu.errors import Revert, UsageError
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain

__all__ = ["Once"]

TRIES = 3  # of what failed on the chain


class Once:
    """`prefix` begins the ids, `who` is the contract in words."""

    def __init__(
        self, chain: NodeChain, sender: Sender, alerts: Alerts, address: str, prefix: str, who: str, tries: int = TRIES
    ) -> None:
        self._chain, self._sender, self._alerts, self._address = chain, sender, alerts, address
        self._prefix, self._who, self._tries = prefix, who, tries

    def sent(self, what: str, encode: Callable[[], bytes]) -> State | None:
        """How an intent stands; None when the contract does not take it. One that failed for good, for want of gas for
        example, is sent again while the contract would take it."""
        id_ = f"{self._prefix} {what}"
        for number in range(self._tries):
            id_ = f"{self._prefix} {what}" + (f", again {number}" if number else "")
            try:
                state = self._sender.get(id_).state
            except UsageError:
                break  # nothing was sent under this id yet
            if state not in (State.FAILED, State.REFUSED) or number + 1 == self._tries:
                return state
        data = encode()
        call = {"from": self._sender.account.address, "to": self._address, "data": "0x" + data.hex()}
        try:
            self._chain.rpc.call("eth_estimateGas", call)
        except Revert as refusal:
            self._alerts.tell(f"refused {id_}", f"{self._who} refuses {what}: {refusal.reason}")
            return None
        return self._sender.submit(Intent(id_, self._address, data)).state
