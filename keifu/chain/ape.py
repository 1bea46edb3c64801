"""Deploying through an ape account: ape's own artefacts, signing and confirmation, our reads. Imports ape."""

from __future__ import annotations

from typing import Any

import ape
from ape.api import AccountAPI
from ape.exceptions import ContractLogicError

from keifu.abi import Interface, Receipt
from keifu.chain._client import ChainClient
from keifu.chain._deployer import ClientDeployer
from keifu.chain.rpc import Rpc
from keifu.errors import Revert

__all__ = ["ApeDeployer"]


class ApeDeployer(ClientDeployer):
    """Deploys with an ape account on the network that ape is connected to."""

    def __init__(self, account: AccountAPI, factory: str = "") -> None:
        client = ChainClient(Rpc(str(ape.networks.provider.http_uri)))
        super().__init__(client, account.address.lower(), factory)
        self.account = account

    def interface(self, name: str) -> Interface:
        return Interface(name, [entry.model_dump(mode="json", by_alias=True) for entry in self._type(name).abi])

    def creation_code(self, name: str) -> bytes:
        return bytes(self._type(name).get_deployment_bytecode() or b"")

    def send(self, to: str | None, data: bytes) -> Receipt:
        request = {"from": self.sender, "data": "0x" + data.hex()} | ({"to": to} if to else {})
        self.client.rpc.call("eth_estimateGas", request)  # finds a refusal, and its reason, before anything is signed
        where = {"receiver": ape.convert(to, ape.types.AddressType)} if to else {}
        ecosystem = ape.networks.provider.network.ecosystem
        transaction = ecosystem.create_transaction(sender=self.account.address, data=data, **where)
        try:
            receipt = self.account.call(transaction)
        except ContractLogicError as error:
            raise Revert(error.revert_message) from error
        return Receipt(tx_hash=receipt.txn_hash, block_number=receipt.block_number)

    def _type(self, name: str) -> Any:
        return getattr(ape.project, name).contract_type
