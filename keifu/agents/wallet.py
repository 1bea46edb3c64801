"""What a wallet signs to be an agent's: it acts and is paid for the agent, until the agent is sold."""

from __future__ import annotations

from collections.abc import Callable

from keifu._handed import Handed
from keifu.abi.eip712 import AGENT_WALLET
from keifu.keys import Domain

__all__ = ["WalletConsent", "agree", "identity_domain"]

Sign = Callable[[bytes], bytes]  # a 32-byte digest to r, s, v


class WalletConsent(Handed):
    """A wallet's word that it is an agent's, as long as this owner has the agent; to be brought within minutes."""

    NOUN, WRITER = "wallet's consent", "keifu agent agree-wallet"

    chain_id: int
    registry: str
    agent: int
    wallet: str
    owner: str
    deadline: int  # unix seconds
    signature: str  # hex

    def require_readable(self) -> None:
        _ = bytes.fromhex(self.signature)


def identity_domain(chain_id: int, registry: str) -> Domain:
    """What is signed for one registry of agents: ERC-8004's, of version 2.0.0."""
    return Domain("ERC8004IdentityRegistry", "1", chain_id, registry)


def agree(
    chain_id: int, registry: str, agent: int, wallet: str, owner: str, deadline: int, sign: Sign
) -> WalletConsent:
    """The wallet's signature: it is this agent's while `owner` has it."""
    digest = identity_domain(chain_id, registry).digest(AGENT_WALLET, agent, wallet, owner, deadline)
    return WalletConsent(chain_id, registry, agent, wallet, owner, deadline, sign(digest).hex())
