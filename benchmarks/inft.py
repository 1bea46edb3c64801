"""Intelligent NFTs, beside OpenZeppelin's ERC-721 and the reference implementation of ERC-7857.

The reference has one oracle and no lock; a transfer here has three attestors whose weight is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from benchmarks._lab import Lab
from benchmarks._rows import Quoted, Row
from keifu.abi import Contract
from keifu.inft import Item, Move, Statement, encrypt, seal, token_id_of, verifier_domain
from keifu.keys import Account, Domain, keccak256
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

SIGNERS = 3
LOCK = 4_000 * COIN
NOTICE = 8 * DAY  # until attestors that join at once count
REFERENCE = "AgentNFT b86e108, solc 0.8.30, 10,000 runs, anvil"


@dataclass(frozen=True)
class Agents:
    """The token and its verifier; seller and buyer have tokens already."""

    nft: Contract
    hub: Contract
    domain: Domain
    attestors: tuple[Account, ...]
    seller: Account
    buyer: Account

    def mint(self, lab: Lab, salt: int, items: int) -> int:
        hashes = [keccak256(b"first data %d" % number) for number in range(items)]
        return lab.gas(self.nft.mint_data(self.seller, salt, hashes, 0, True, 0, 0, 0, sender=self.seller))

    def transfer(self, lab: Lab, items: int) -> int:
        """A private token whose keys are sealed to a key of this transfer alone."""
        self.mint(lab, items, items)
        token_id, key = token_id_of(self.seller.address, items), Account.from_role("bench key of one transfer")
        moved = []
        for _, old in self.nft.intelligentDataOf(token_id):
            secret = encrypt(b"what an agent knows")
            sealed = seal(secret.key, key.public_key, secret.data_hash)
            moved.append(Item(old, secret.data_hash, sealed, key.public_key, secret.key_hash))
        move = Move(self.nft.address, token_id, self.seller.address, self.buyer.address)
        nonce = keccak256(b"bench transfer of %d items" % items)
        said = Statement(move, moved, nonce, lab.anvil.now + DAY, self.hub.epoch())
        proofs = said.proofs(self.domain, self.attestors, self.buyer)
        return lab.gas(self.nft.iTransfer(self.buyer, token_id, proofs, sender=self.seller))


def _agents(lab: Lab) -> Agents:
    owner = lab.deployer
    token = lab.deploy("KeifuToken", owner)
    hub = lab.deploy("StakingHub", token, owner, owner, owner, 14 * DAY, DAY, 30, 10)
    verifier = lab.deploy("DataVerifier", token, hub, owner, SIGNERS)
    nft = lab.deploy("IntelligentNFT", verifier, "https://example.org/agents/")
    hub.list_service(verifier, 15 * DAY, 0, sender=owner)
    attestors = tuple(lab.account(f"bench attestor {number}") for number in range(SIGNERS))
    for attestor in attestors:
        verifier.name_attestor(attestor, sender=owner)
        token.transfer(attestor, LOCK, sender=owner)
        token.approve(hub, LOCK, sender=attestor)
        hub.register_operator(0, "", sender=attestor)
        hub.lock(verifier, attestor, LOCK, sender=attestor)
        verifier.join(sender=attestor)
    lab.anvil.warp(NOTICE)
    agents = Agents(
        nft,
        hub,
        verifier_domain(lab.client.chain_id, verifier.address),
        attestors,
        lab.account("bench seller"),
        lab.account("bench buyer"),
    )
    for account in (agents.seller, agents.buyer):
        nft.mint(account, 0, sender=account)
    return agents


def _nft_mint(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        return lab.gas(agents.nft.mint(agents.seller, 7, sender=agents.seller))


def _nft_transfer(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        token_id = token_id_of(agents.seller.address, 7)
        agents.nft.mint(agents.seller, 7, sender=agents.seller)
        return lab.gas(agents.nft.transferFrom(agents.seller, agents.buyer, token_id, sender=agents.seller))


def _inft_mint(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        return agents.mint(lab, 1, 1)


def _inft_transfer(lab: Lab) -> int:
    return _transfer_of(lab, 1)


def _inft_item(lab: Lab) -> float:
    """The dearest of the further items, one to eight."""
    costs = [_transfer_of(lab, count) for count in range(1, 9)]
    return max(after - before for before, after in pairwise(costs))


def _transfer_of(lab: Lab, items: int) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        return agents.transfer(lab, items)


def _inft_authorize(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        agents.mint(lab, 1, 1)
        token_id = token_id_of(agents.seller.address, 1)
        agents.nft.authorizeUsage(token_id, lab.deployer, sender=agents.seller)
        return lab.gas(agents.nft.authorizeUsage(token_id, agents.buyer, sender=agents.seller))


# OpenZeppelin's -------------------------------------------------------------------------------------------------------


def _peer(lab: Lab) -> Contract:
    nft = lab.deploy("PeerNFT")
    for number, role in enumerate(("bench seller", "bench buyer")):
        nft.mint(lab.account(role), number, sender=lab.account(role))
    return nft


def _peer_mint(lab: Lab) -> int:
    nft, seller = lab.shared(_peer), lab.account("bench seller")
    with lab.undo():
        return lab.gas(nft.mint(seller, 7, sender=seller))


def _peer_transfer(lab: Lab) -> int:
    nft, seller = lab.shared(_peer), lab.account("bench seller")
    with lab.undo():
        nft.mint(seller, 7, sender=seller)
        return lab.gas(nft.transferFrom(seller, lab.account("bench buyer"), 7, sender=seller))


ROWS = (
    Row("gas.inft_mint", _inft_mint, "private data of one item; the owner has a token", Quoted(144_278, REFERENCE)),
    Row(
        "gas.inft_transfer",
        _inft_transfer,
        "one item, sealed to a key of its own, three attestors; both sides have a token",
        Quoted(270_070, f"{REFERENCE}, one oracle"),
    ),
    Row("gas.inft_item", _inft_item, "the dearest further item of eight"),
    Row("gas.inft_authorize", _inft_authorize, "the second user of a token", Quoted(81_349, REFERENCE)),
    Row("gas.nft_mint", _nft_mint, "OpenZeppelin's ERC-721; the owner has a token", _peer_mint),
    Row("gas.nft_transfer", _nft_transfer, "OpenZeppelin's ERC-721; both sides have a token", _peer_transfer),
)
