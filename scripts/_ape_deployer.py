"""Deploying through an ape account: ape's own artefacts, provider, signing and confirmation. Imports ape."""

from __future__ import annotations

from typing import Any

import ape
from ape.api import AccountAPI
from ape.exceptions import ContractLogicError

from keifu.abi import Interface
from keifu.chain._client import created_address
from keifu.chain._deployer import FactoryDeployer
from keifu.errors import Revert

__all__ = ["ApeDeployer"]


class ApeDeployer(FactoryDeployer):
    """Deploys with an ape account on the network that ape is connected to."""

    def __init__(self, account: AccountAPI, factory: str = "") -> None:
        super().__init__(account.address.lower(), factory)
        self.account = account

    def interface(self, name: str) -> Interface:
        return Interface(name, [entry.model_dump(mode="json", by_alias=True) for entry in self._type(name).abi])

    def creation_code(self, name: str) -> bytes:
        return bytes(self._type(name).get_deployment_bytecode() or b"")

    def code(self, address: str) -> bytes:
        return bytes(ape.networks.provider.get_code(ape.convert(address, ape.types.AddressType)))

    def create(self, init_code: bytes) -> str:
        nonce = self.account.nonce
        ecosystem = ape.networks.provider.network.ecosystem
        transaction = ecosystem.create_transaction(sender=self.account.address, data=init_code)
        self._run(lambda: self.account.call(transaction))
        return created_address(self.sender, nonce)

    def explain(self, init_code: bytes) -> None:
        ecosystem = ape.networks.provider.network.ecosystem
        transaction = ecosystem.create_transaction(sender=self.account.address, data=init_code)
        self._run(lambda: ape.networks.provider.estimate_gas_cost(transaction))

    def view(self, address: str, name: str, function: str, *args: Any) -> Any:
        return self._run(lambda: getattr(self._at(address, name), function)(*args))

    def transact(self, address: str, name: str, function: str, *args: Any) -> None:
        self._run(lambda: getattr(self._at(address, name), function)(*args, sender=self.account))

    def _type(self, name: str) -> Any:
        return getattr(ape.project, name).contract_type

    def _at(self, address: str, name: str) -> Any:
        return ape.Contract(ape.convert(address, ape.types.AddressType), contract_type=self._type(name))

    def _run(self, action: Any) -> Any:
        try:
            return action()
        except ContractLogicError as error:
            raise Revert(error.revert_message) from error
