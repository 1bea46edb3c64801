"""Sending through an ape account: ape signs and confirms, with our artefacts and our reads. Imports ape."""

from __future__ import annotations

import ape
from ape.api import AccountAPI
from ape.exceptions import ContractLogicError

from keifu.abi import Receipt
from keifu.chain import ChainClient, ClientDeployer
from keifu.errors import Revert

__all__ = ["ApeDeployer"]


class ApeDeployer(ClientDeployer):
    """Deploys and sends with an ape account on the network that ape is connected to."""

    def __init__(self, account: AccountAPI, client: ChainClient, factory: str = "") -> None:
        super().__init__(client, account.address.lower(), factory)
        self.account = account

    def send(self, to: str | None, data: bytes) -> Receipt:
        """Raises Revert with the contract's reason. Our own estimate finds a refusal before ape signs anything."""
        request = {"from": self.sender, "data": "0x" + data.hex()} | ({"to": to} if to else {})
        self.client.rpc.call("eth_estimateGas", request)
        where = {"receiver": ape.convert(to, ape.types.AddressType)} if to else {}
        ecosystem = ape.networks.provider.network.ecosystem
        transaction = ecosystem.create_transaction(sender=self.account.address, data=data, **where)
        try:
            receipt = self.account.call(transaction)
        except ContractLogicError as error:
            raise Revert(error.revert_message) from error
        return Receipt(tx_hash=receipt.txn_hash, block_number=receipt.block_number)
