"""Coins that a transfer has bound are freed once nobody can complain any more: signers take turns, so one of them pays
for the call."""

from __future__ import annotations

from keifu.chain import RpcDeployer
from keifu.chain.suite import NFT, VERIFIER
from keifu.errors import Revert
from keifu.inft.status import signers_of
from keifu.node.attestor.book import Book
from keifu.node.chain import NodeChain

__all__ = ["free_next"]

LOOKS = 32  # promises in one round: a request that nobody brings costs its owner nothing
TURN_SECONDS = 600  # after which the next signer does it
_FREED = "verifier: nothing is reserved"


def free_next(chain: NodeChain, book: Book, deployer: RpcDeployer) -> bytes | None:
    """End one reserve that is due; the transfer. What ended otherwise is forgotten. Raises RpcError."""
    verifier, nft, now = chain.suite.at(chain.client, VERIFIER), chain.suite[NFT], chain.client.now
    for promise in book.promises(LOOKS):
        until, _, freed, _ = verifier.verdict(nft, promise.request)
        if freed or (not until and promise.deadline < now):
            book.settle(promise.request)
        if freed or not until or now <= until:
            continue
        signers = signers_of(chain.client, verifier, nft, promise.request, chain.record.first_block)
        if deployer.sender not in signers:  # others have signed what was brought, perhaps another statement
            book.settle(promise.request)
            continue
        if now <= until + signers.index(deployer.sender) * TURN_SECONDS:
            continue
        try:
            deployer.call(verifier.address, VERIFIER, "free", nft, promise.request, promise.statement, signers)
        except Revert as refusal:
            if refusal.reason != _FREED:
                raise
        book.settle(promise.request)
        return promise.request
    return None
