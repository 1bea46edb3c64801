"""What the chain says of a request: whose the token is, what its data is, and what this attestor's coins can back."""

from __future__ import annotations

from keifu.chain.suite import HUB, NFT, VERIFIER
from keifu.errors import UsageError
from keifu.inft.requests import NotAttested, TransferRequest
from keifu.inft.status import clone_number, read_token
from keifu.node.chain import NodeChain
from keifu.node.sections import AttestorWork
from keifu.units import DAY, coins

__all__ = ["ChainWorld"]

NAMED = 16  # attestors of one request
LONGEST = 7 * DAY  # that the verifier lets pass between a signature's use and its deadline


class ChainWorld:
    """As an attestor of one suite sees it. Raises RpcError, too."""

    def __init__(self, chain: NodeChain, attestor: str, settings: AttestorWork) -> None:
        self._chain, self._attestor, self._settings = chain, attestor, settings
        suite, client = chain.suite, chain.client
        self._nft, self._verifier, self._hub = (suite.at(client, name) for name in (NFT, VERIFIER, HUB))
        self._needed: int = self._verifier.signers_needed()
        self._penalty: int = self._verifier.PENALTY()

    def trouble(self) -> str:
        """Why this attestor's signature counts for nothing; "" when it does."""
        mature, _, counts_from, _, _, _, joins_from, _ = self._verifier.attestor(self._attestor)
        if mature >= self._verifier.LEAST():
            return ""
        if not joins_from:
            return f"{self._attestor} is named as attestor by nobody"
        return f"{self._attestor} counts from epoch {counts_from}" if counts_from else "no coins are behind its word"

    def require_movable(self, request: TransferRequest) -> None:
        """Raises NotAttested."""
        here = (self._chain.id, self._verifier.address.lower(), self._nft.address.lower())
        if (request.chain_id, request.verifier.lower(), request.token.lower()) != here:
            raise NotAttested("elsewhere", "the request is of another chain or contract", "ask an attestor of that one")
        self._require_token(request)
        self._require_attestors(request)
        now = self._chain.client.now
        if not now < request.deadline <= now + LONGEST:
            raise NotAttested("deadline", "the request is too late, or for too long", "at most 7 days from now")
        if request.epoch > self._hub.epoch():
            raise NotAttested("deadline", "the request is of an epoch to come", "take the hub's epoch of now")
        self._require_backing(int(request.backing))

    def _require_token(self, request: TransferRequest) -> None:
        try:
            token = read_token(self._nft, int(request.token_id, 16))
        except UsageError as error:
            raise NotAttested("no_token", error.message, "name a token that is there") from error
        if token.owner != request.sender:
            raise NotAttested("not_owner", f"{request.sender} does not own the token", "its owner signs requests")
        if [digest.hex() for _, digest in token.items] != [item.old_hash for item in request.items]:
            raise NotAttested("moved", "the token names other data by now", "sign a request for the data of now")
        clone = f"{clone_number(token.token_id, token.clones):064x}"
        if request.clone_id not in ("", clone):
            raise NotAttested("moved", "the next clone has another number", "sign a request for that one")

    def _require_attestors(self, request: TransferRequest) -> None:
        """Each of them gets what the new keys follow from."""
        if len(request.attestors) > NAMED:
            raise NotAttested("form", f"{len(request.attestors)} attestors are named", f"at most {NAMED} are")
        least = self._verifier.LEAST()
        for one in request.attestors:
            if self._verifier.attestor(one.attestor)[0] < least:
                raise NotAttested("no_attestor", f"{one.attestor} has no coins behind its word", "name another one")

    def _require_backing(self, backing: int) -> None:
        if backing > self._settings.backing:
            most = coins(self._settings.backing)
            raise NotAttested("backing", f"this attestor backs at most {most} coins", "ask for less, or another")
        mature, _, _, _, _, reserved, _, _ = self._verifier.attestor(self._attestor)
        # Damages of each signer, so that the sender gets what is backed: five quarters of its part.
        share = (-(-backing // self._needed) * 5 + 3) // 4
        if backing and reserved + share + self._penalty > mature:
            raise NotAttested("backing", "this attestor's coins back other transfers", "ask for less, or another")
