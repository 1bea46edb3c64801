"""The node's receipt key at a contract where its operator promises: named there once, with the settings' cap.

What stands on the chain is compared with the settings at each look, and one step towards them is sent.
"""

from __future__ import annotations

from typing import Any

from ethwire.constants import ZERO_ADDRESS
from ethwire.eip712 import Domain
from keifu.abi import Contract
from keifu.chain.sender import Intent, Sender, State
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.staking.hotkeys import KeyKind, key_consent

__all__ = ["Naming"]

ALWAYS = 1  # since when a key speaks for its own account


class Naming:
    """Of the thread of the rounds. `prefix` begins the ids of what is sent."""

    def __init__(
        self, chain: NodeChain, contract: Contract, domain: Domain, sender: Sender, receipt: Account, operator: str,
        cap: int, prefix: str,
    ) -> None:  # fmt: skip
        self._chain, self._contract, self._domain, self._sender = chain, contract, domain, sender
        self._receipt, self._operator, self._most, self._prefix = receipt, operator, cap, prefix
        self._account = sender.account.address.lower()
        self.since = 0  # from when the key speaks for the operator, unix seconds

    @property
    def blind(self) -> str:
        """Why nothing can be signed that counts for the operator; "" when it can."""
        return "" if self.since else f"receipt key {self._receipt.address} does not speak for {self._operator} yet"

    def look(self) -> str:
        """What is wrong with the receipt key, beside that it has to be named."""
        key = self._receipt.address
        named, kind, since, until = self._contract.key(key)
        self.since = 0
        if named == ZERO_ADDRESS:
            self.since = ALWAYS if key.lower() == self._operator else 0
            missing = not self.since and self._operator != self._account
            return f"{self._operator} has not named receipt key {key}: keifu keys name FILE" if missing else ""
        if named.lower() != self._operator or kind != KeyKind.RECEIPT or until:
            return f"receipt key {key} is of {named} for something else, or was retired: the node needs another one"
        self.since = since
        return ""

    def step(self) -> bool:
        """Whether a step was sent. Raises Revert where the contract would refuse it."""
        return self._name() or self._cap()

    def send(self, what: str, function: str, *args: Any) -> bool:
        """Raises Revert, before anything is kept, when the contract would refuse it."""
        bound = getattr(self._contract, function)
        bound.call(*args, sender=self._account)
        head = self._chain.newest().number
        self._sender.submit(Intent(f"{self._prefix}{what} {head}", self._contract.address, bound.encode(*args)))
        return True

    def is_sending(self) -> bool:
        """Whether a step is on its way: also one of before a restart. What is in a block shows in the contract."""
        opened = self._sender.status()["open"]
        return any(item["id"].startswith(self._prefix) and item["state"] != State.MINED for item in opened)

    def _name(self) -> bool:
        key = self._receipt
        if self.since:
            return False
        consent = key_consent(self._domain, self._operator, key, KeyKind.RECEIPT)
        return self.send("name", "register_key", key.address, int(KeyKind.RECEIPT), consent)

    def _cap(self) -> bool:
        key = self._receipt.address
        if self._contract.cap(self._operator, key)[0] == self._most:
            return False
        return self.send("cap", "set_cap", key, self._most)
