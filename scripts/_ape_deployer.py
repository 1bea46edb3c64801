"""Sending through an ape account: ape signs and confirms, with our artefacts and our reads. Imports ape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ape
from ape.api import AccountAPI
from ape.exceptions import ContractLogicError

from keifu import abi
from keifu.abi import Interface
from keifu.chain import ChainClient, FactoryDeployer, created_address
from keifu.errors import Revert

__all__ = ["ApeDeployer"]


class ApeDeployer(FactoryDeployer):
    """Deploys and sends with an ape account on the network that ape is connected to."""

    def __init__(
        self, account: AccountAPI, client: ChainClient, factory: str = "", load: Callable[[str], Any] = abi.load
    ) -> None:
        super().__init__(account.address.lower(), factory)
        self.account, self.client, self.load = account, client, load

    def interface(self, name: str) -> Interface:
        interface: Interface = self.load(name).interface
        return interface

    def creation_code(self, name: str) -> bytes:
        code: bytes = self.load(name).creation_code
        return code

    def code(self, address: str) -> bytes:
        return self.client.code(address)

    def create(self, init_code: bytes) -> str:
        nonce = self.account.nonce
        self._send(init_code)
        return created_address(self.sender, nonce)

    def explain(self, init_code: bytes) -> None:
        self.client.rpc.call("eth_call", {"from": self.factory, "data": "0x" + init_code.hex()}, "latest")

    def view(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.client.at(address, self.interface(name)), function)(*args)

    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.client.at(address, self.interface(name)), function).call(*args, sender=self.sender)

    def transact(self, address: str, name: str, function: str, *args: Any) -> None:
        self._send(self.interface(name).function(function, len(args)).encode(args), address)

    def _send(self, data: bytes, to: str = "") -> None:
        """Raises Revert with the contract's reason. Our own estimate finds a refusal before ape signs anything."""
        request = {"from": self.sender, "data": "0x" + data.hex()} | ({"to": to} if to else {})
        self.client.rpc.call("eth_estimateGas", request)
        where = {"receiver": ape.convert(to, ape.types.AddressType)} if to else {}
        ecosystem = ape.networks.provider.network.ecosystem
        transaction = ecosystem.create_transaction(sender=self.account.address, data=data, **where)
        try:
            self.account.call(transaction)
        except ContractLogicError as error:
            raise Revert(error.revert_message) from error
