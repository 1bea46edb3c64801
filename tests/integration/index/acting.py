"""Accounts of tokens on the chain that is indexed: of the suite's code, and of a stranger's that logs the same."""

from __future__ import annotations

from dataclasses import dataclass

from ethwire.constants import DAY, ZERO_ADDRESS
from evmstorm.evm import artifacts
from keifu.abi import Contract
from keifu.accounts import NO_SALT, Grant, Limit, Target
from keifu.chain import ChainClient, Deployment
from keifu.chain.suite import ACCOUNT, ACCOUNT_REGISTRY
from keifu.keys import Account
from keifu.local.roles import ROLES
from keifu.units import COIN

__all__ = ["USES", "Acting"]

PAYEE = "0x" + "ab" * 20
UNTIL = 2**40 - 1
USES = 5


@dataclass
class Acting:
    """An owner with tokens of a contract of its own, and the key that it lets act."""

    client: ChainClient
    suite: Deployment
    owner: Account
    key: Account
    nft: Contract

    @classmethod
    def on(cls, rpc_client: ChainClient, suite: Deployment) -> Acting:
        client = ChainClient(rpc_client.rpc, artifacts.load)
        owner, key = (ROLES[name].account for name in ("owner", "author"))
        return cls(client, suite, owner, key, client.deploy("PlainNft", True, sender=owner))

    def account(self, number: int, code: str = "") -> Contract:
        """Made for a new token, of the suite's code or of another; with coins to spend."""
        self.nft.mint(self.owner.address, number, sender=self.owner)
        registry = self.client.at(self.suite[ACCOUNT_REGISTRY], ACCOUNT_REGISTRY)
        place = code or self.suite[ACCOUNT], NO_SALT, self.client.chain_id, self.nft.address, number
        registry.createAccount(*place, sender=self.owner)
        made = self.client.at(registry.account(*place), ACCOUNT)
        self.client.rpc.call("anvil_setBalance", made.address, hex(COIN))
        return made

    def of_a_stranger(self, number: int) -> Contract:
        return self.account(number, self.client.deploy(ACCOUNT, sender=self.owner).address)

    def grant(self, account: Contract, uses: int = USES) -> None:
        grant = Grant(self.key.address, UNTIL, uses, DAY, (Target(PAYEE),), (Limit(ZERO_ADDRESS, COIN),))
        account.grant_session(grant.args, sender=self.owner)

    def pay(self, account: Contract, wei: int) -> None:
        account.execute_session(PAYEE, wei, b"", sender=self.key)

    def revoke(self, account: Contract) -> None:
        account.revoke_session(self.key.address, sender=self.owner)
