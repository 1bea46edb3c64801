"""A contract at an address: attribute access gives its functions, whatever chain stands behind.

A view returns its value; a state change returns a Receipt. `sender` is an account (or, where the backend can
do it, a bare address), `value` is in wei.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ethwire.abi._codec import FunctionAbi, Interface, Log

__all__ = ["Backend", "BoundFunction", "Contract", "Receipt"]


@dataclass(frozen=True)
class Receipt:
    """What a transaction did. `value` is the decoded return value where the backend knows it, else None.

    `logs` holds the events of known contracts, decoded; `gas_used` is the whole transaction's on a real chain.
    """

    value: Any = None
    logs: list[Log] = field(default_factory=list)
    gas_used: int = 0
    block_number: int = 0
    tx_hash: str = ""
    contract: Contract | None = None

    def events(self, name: str) -> list[Log]:
        """The logs called `name`, in order."""
        return [log for log in self.logs if log.event == name]


class Backend(Protocol):
    """What a chain must do for a contract handle."""

    def view(self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any) -> Any:
        """Call without effect; the decoded value. Raises Revert."""

    def transact(
        self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any, value: int
    ) -> Receipt:
        """Call with effect, mined. Raises Revert."""


class BoundFunction:
    """One function of one contract."""

    def __init__(self, contract: Contract, name: str) -> None:
        self.contract = contract
        self.name = name

    def abi(self, *args: Any) -> FunctionAbi:
        """The overload that takes these arguments."""
        return self.contract.interface.function(self.name, len(args))

    def __call__(self, *args: Any, sender: Any = None, value: int = 0) -> Any:
        function = self.abi(*args)
        if function.is_view:
            return self.contract.backend.view(self.contract, function, args, sender)
        return self.contract.backend.transact(self.contract, function, args, sender, value)

    def call(self, *args: Any, sender: Any = None) -> Any:
        """What a state-changing function would return now, without changing anything."""
        return self.contract.backend.view(self.contract, self.abi(*args), args, sender)

    def encode(self, *args: Any) -> bytes:
        """The call data, selector in front."""
        return self.abi(*args).encode(args)


class Contract:
    """A contract at an address."""

    def __init__(self, address: str, interface: Interface, backend: Backend) -> None:
        self.address = address.lower()
        self.interface = interface
        self.backend = backend

    def __getattr__(self, name: str) -> BoundFunction:
        if name.startswith("__") or not self.interface.has(name):
            raise AttributeError(f"{self.interface.name} has no function {name}")
        return BoundFunction(self, name)

    def __repr__(self) -> str:
        return f"{self.interface.name}({self.address})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contract) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)
