"""Sending through an ape account: it signs, be it a key file or a hardware wallet. Nonces, fees, what is sent again and
what is waited for are ours, as with a key of our own. Imports ape."""

from __future__ import annotations

import ape
from ape.api import AccountAPI

from keifu.chain import ChainClient, ExternalAccount, RpcDeployer, Transaction
from keifu.errors import EnvironmentFault

__all__ = ["ApeAccount", "ApeDeployer"]

DYNAMIC_FEE = 2


class ApeAccount(ExternalAccount):
    """One of ape's accounts, whichever plugin has it."""

    def __init__(self, account: AccountAPI) -> None:
        super().__init__(account.address, account.alias or "")
        self._account = account

    def signed(self, transaction: Transaction) -> bytes:
        """Raises EnvironmentFault when the account's owner, or its device, does not sign."""
        where = {"receiver": ape.convert(transaction.to, ape.types.AddressType)} if transaction.to else {}
        asked = ape.networks.provider.network.ecosystem.create_transaction(
            type=DYNAMIC_FEE,
            chain_id=transaction.chain_id,
            sender=self._account.address,
            nonce=transaction.nonce,
            gas_limit=transaction.gas,
            max_fee=transaction.fees.max_fee,
            max_priority_fee=transaction.fees.priority,
            value=transaction.value,
            data=transaction.data,
            **where,
        )
        why = "its owner declined"
        try:
            if signed := self._account.sign_transaction(asked):
                raw: bytes = signed.serialize_transaction()
                return raw
        except Exception as error:  # of each maker its own
            why = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise EnvironmentFault(
            f"{self._account.address} signed nothing: {why}",
            remedy="look at the wallet, then run the same command again: what was done before stays",
        )


class ApeDeployer(RpcDeployer):
    """Deploys and sends with an ape account on the network that ape is connected to."""

    def __init__(self, account: AccountAPI, client: ChainClient, factory: str = "") -> None:
        super().__init__(client, ApeAccount(account), factory)
