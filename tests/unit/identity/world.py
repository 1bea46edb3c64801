"""Registries of agents in process, with tokens whose data can change, and what people say of agents."""

from __future__ import annotations

from typing import Any

from keifu.keys import Account, Domain, StructType
from tests.unit.inft.world import World

__all__ = ["MINUTE", "URI", "Agents", "wallet_signature"]

URI = "https://example.org/agent.json"
MINUTE = 60

_WALLET = StructType("AgentWalletSet", agentId="uint256", newWallet="address", owner="address", deadline="uint256")


class Agents(World):
    """The tokens of the inft tests, the three registries, and a client."""

    def __init__(self) -> None:
        super().__init__()
        evm = self.evm
        self.client, self.friend = evm.account("client"), evm.account("friend")
        self.identity = evm.deploy("AgentIdentity", self.nft, sender=self.owner)
        self.reputation = evm.deploy("AgentReputation", self.identity, sender=self.owner)
        self.validation = evm.deploy("AgentValidation", self.identity, sender=self.owner)

    def agent(self, owner: Account | None = None) -> int:
        """The number of a new agent; the seller's, unless another owner is named."""
        return int(self.identity.register(URI, sender=owner or self.seller).value)

    def bound(self, token: int = 0) -> tuple[int, int]:
        """An agent of the seller's with the data of a private token."""
        agent, token = self.agent(), token or self.mint()
        self.identity.bind_data(agent, token, sender=self.seller)
        return agent, token

    def renew(self, token: int) -> None:
        """The seller's token gets other data."""
        said = self.statement(token, self.seller)
        self.nft.update(token, self.proofs(said, self.seller), sender=self.seller)

    def say(self, agent: int, value: int = 80, decimals: int = 0, tag: str = "", by: Any = None, tag2: str = "") -> Any:
        args = (value, decimals, tag, tag2, "https://example.org", "", bytes(32))
        return self.reputation.giveFeedback(agent, *args, sender=by or self.client)

    def summary(self, agent: int, *clients: Any, tag: str = "", tag2: str = "") -> tuple[int, int, int]:
        return tuple(self.reputation.getSummary(agent, list(clients) or [self.client], tag, tag2))


def wallet_signature(world: Agents, agent: int, wallet: str, deadline: int, signer: Account, **changes: Any) -> bytes:
    """What a wallet signs to be an agent's."""
    said = {"contract": world.identity.address, "owner": world.seller.address} | changes
    domain = Domain("ERC8004IdentityRegistry", "1", said.get("chain", world.evm.chain_id), said["contract"])
    return domain.sign(signer, _WALLET, agent, wallet, said["owner"], deadline)
