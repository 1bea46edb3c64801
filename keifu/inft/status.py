"""What the chain says of agents: their data, terms, users, leases and sales, and who may attest."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_events, find_logs, named_in, topic_of_address
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.keys import keccak256

__all__ = [
    "AttestorStatus",
    "LeaseOffer",
    "SaleStatus",
    "TokenStatus",
    "clone_number",
    "find_attestors",
    "find_sales",
    "find_tokens",
    "read_sale",
    "read_token",
    "signers_of",
]

TRANSFER = "0x" + keccak256(b"Transfer(address,address,uint256)").hex()
SETTLED = "0x" + keccak256(b"Settled(bytes32,address,address,uint256,uint256,address,uint256,uint256)").hex()
_CLONE = keccak256(b"clone")


@dataclass(frozen=True)
class LeaseOffer:
    """On what terms a token's data can be leased: price in the currency's smallest unit, times in seconds."""

    price: int
    currency: str
    duration: int
    quota: int  # uses
    scope: int  # a bit for each data item
    open_until: int  # unix seconds; 0 for no offer

    @classmethod
    def of(
        cls, price: int, currency: str, seconds: int, uses: int, until: int, items: int, scope: int = 0
    ) -> LeaseOffer:
        """Of all items of a token's data, unless `scope` names some."""
        return cls(price, currency, seconds, uses, scope or max((1 << items) - 1, 1), until)

    @classmethod
    def none(cls) -> LeaseOffer:
        return cls(0, ZERO_ADDRESS, 0, 0, 0, 0)

    @property
    def args(self) -> tuple[Any, ...]:
        return astuple(self)


@dataclass(frozen=True)
class TokenStatus:
    """One token as it is now."""

    token_id: int
    owner: str
    private: bool
    items: list[tuple[str, bytes]]  # what each is, and the hash of its data
    transfers: int
    creator: str  # zero when nothing was fixed
    royalty_bps: int
    clone_cap: int
    clones: int
    generations: int
    parent: int  # token that it was made of; 0 for a first one
    users: list[str]
    offer: LeaseOffer
    leased_until: int  # unix seconds; 0 for none

    @property
    def number(self) -> str:
        return f"{self.token_id:064x}"

    def data(self) -> dict[str, Any]:
        """For `--json`: large numbers as text."""
        offer = {**vars(self.offer), "price": str(self.offer.price)}
        items = [{"kind": kind, "data_hash": "0x" + digest.hex()} for kind, digest in self.items]
        parent = f"{self.parent:064x}" if self.parent else ""
        return {**vars(self), "token_id": self.number, "parent": parent, "items": items, "offer": offer}


@dataclass(frozen=True)
class SaleStatus:
    """A sale whose price the market took."""

    sale: bytes
    seller: str
    buyer: str
    token_id: int
    price: int
    currency: str
    over: bool
    until: int  # unix seconds of the last complaint; 0 for public data
    wrong: bool  # a wrong key was proved

    @property
    def state(self) -> str:
        if self.over:
            return "over"
        return "to be paid back" if self.wrong else "held"

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        numbers = {"sale": self.sale.hex(), "token_id": f"{self.token_id:064x}", "price": str(self.price)}
        return {**vars(self), **numbers, "state": self.state}


@dataclass(frozen=True)
class AttestorStatus:
    """Who may sign transfers of private data. Amounts are wei."""

    attestor: str
    mature: int
    pending: int
    counts_from: int  # epoch from which what is pending counts
    reserved: int
    joins_from: int  # epoch before which it does not count
    removed_from: int  # epoch from which anybody may remove it; 0 for none
    url: str = ""  # where its node is asked, as it announced at the hub

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {**vars(self), **{name: str(getattr(self, name)) for name in ("mature", "pending", "reserved")}}


def clone_number(parent: int, made: int) -> int:
    """The number of the clone that is made of `parent` after `made` others."""
    return int.from_bytes(keccak256(parent.to_bytes(32, "big") + made.to_bytes(32, "big") + _CLONE), "big")


def read_token(nft: Contract, token_id: int) -> TokenStatus:
    """One token. Raises UsageError when there is none with this number."""
    try:
        owner = nft.ownerOf(token_id)
    except Revert as refusal:
        raise UsageError(f"there is no token {token_id:064x}", remedy="is it of this chain and contract?") from refusal
    creator, royalty_bps, cap, clones, generations = nft.terms_of(token_id)
    return TokenStatus(
        token_id=token_id,
        owner=owner,
        private=nft.is_private(token_id),
        items=[(kind, bytes(digest)) for kind, digest in nft.intelligentDataOf(token_id)],
        transfers=nft.transfer_count(token_id),
        creator=creator,
        royalty_bps=royalty_bps,
        clone_cap=cap,
        clones=clones,
        generations=generations,
        parent=nft.parent_of(token_id),
        users=list(nft.authorizedUsersOf(token_id)),
        offer=LeaseOffer(*nft.lease_offer(token_id)),
        leased_until=nft.leased_until(token_id),
    )


def find_tokens(client: ChainClient, nft: Contract, first_block: int = 0) -> list[int]:
    """Numbers of all tokens that were ever made, oldest first."""
    logs = find_logs(client, nft.address, [TRANSFER, topic_of_address(ZERO_ADDRESS), None, None], first_block)
    return [int(log.topics[3], 16) for log in logs]


def find_sales(client: ChainClient, market: Contract, first_block: int = 0) -> list[bytes]:
    """Numbers of all sales that were settled, oldest first."""
    return [bytes.fromhex(log.topics[1][2:]) for log in find_logs(client, market.address, [SETTLED, None], first_block)]


def read_sale(market: Contract, verifier: Contract, sale: bytes) -> SaleStatus:
    """A sale as it stands now."""
    seller, buyer, token_id, price, currency, nonce, over = market.sale_of(sale)
    until, _, _, wrong = verifier.verdict(market.collection(), nonce)
    return SaleStatus(sale, seller, buyer, token_id, price, currency, over, until, wrong)


def find_attestors(
    client: ChainClient, verifier: Contract, hub: Contract, first_block: int = 0
) -> list[AttestorStatus]:
    """Everybody that is named as attestor, by address."""
    found = []
    urls = {terms.operator: terms.metadata for terms in find_events(client, hub, "TermsAnnounced", first_block)}
    for address in sorted(named_in(client, verifier, "AttestorNamed", first_block)):
        mature, pending, counts_from, _, _, reserved, joins, removed = verifier.attestor(address)
        if joins:
            found.append(
                AttestorStatus(address, mature, pending, counts_from, reserved, joins, removed, urls.get(address, ""))
            )
    return found


def signers_of(client: ChainClient, verifier: Contract, token: str, nonce: bytes, first_block: int = 0) -> list[str]:
    """Who signed a verified transfer, in order. Raises CheckFailed when none was verified under this nonce."""
    found = find_events(client, verifier, "TransferVerified", first_block, token=token, nonce=nonce)
    verified = next(found, None)
    if verified is None:
        raise CheckFailed("this transfer was not brought to the chain", remedy="nothing was moved by it")
    return list(verified.signers)
