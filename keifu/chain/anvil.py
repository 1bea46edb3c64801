"""A local chain with a client and funded roles: anvil as tests, the demo and `keifu chain` use it."""

from __future__ import annotations

from functools import cached_property

from ethwire import anvil as ethwire_anvil
from ethwire.keys import Account
from keifu.chain._client import ChainClient
from keifu.units import COIN

__all__ = ["Anvil"]

FUNDING_ETHER = 1_000


class Anvil(ethwire_anvil.Anvil):
    """A running anvil and the one client of this process for it.

    with Anvil() as anvil:
        client = anvil.client()
    """

    @cached_property
    def _client(self) -> ChainClient:
        return ChainClient(self.rpc)

    def client(self) -> ChainClient:
        """The one client of this process for this chain."""
        return self._client

    def account(self, role: str, ether: int = FUNDING_ETHER) -> Account:
        """The account of a role, paid by the faucet with a real transaction when it has nothing."""
        account = Account.from_role(role)
        if ether and self._client.balance(account) == 0:
            self._client.send(self.faucet, account.address, value=ether * COIN)
        return account

    def restore(self, number: str) -> None:
        super().restore(number)
        self._client.forget_nonces()
