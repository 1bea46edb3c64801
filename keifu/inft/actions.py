"""What owners, users and sellers of agents do, over any deployer. Amounts are wei.

Whatever would be refused is found before anything is sent, so that no approval is left behind by a refused call.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from keifu.chain import Deployer, Deployment
from keifu.chain.firsts import sent_unless_done
from keifu.chain.logs import said_in
from keifu.chain.suite import MARKET, NFT, TOKEN, VERIFIER
from keifu.errors import CheckFailed, Revert
from keifu.inft.folder import DataFolder
from keifu.inft.orders import Order
from keifu.inft.seals import open_seal, shared_point
from keifu.inft.statements import token_id_of
from keifu.inft.status import LeaseOffer
from keifu.inft.transfer import Transfer, require_sealed_to
from keifu.keys import Account, keccak256
from keifu.units import coins

__all__ = [
    "Proofs",
    "approve_price",
    "approve_sale",
    "authorize",
    "burn",
    "cancel",
    "clone",
    "complain",
    "delegate_access",
    "lease",
    "mint",
    "offer_lease",
    "record_use",
    "release",
    "revoke",
    "settle",
    "transfer",
    "update",
    "withdraw",
]

Proofs = Sequence[tuple[Any, ...]]  # as `Transfer.proofs` gives them
NOT_APPROVED = ("token: insufficient allowance", "inft: payment refused", "market: price was refused")


def mint(
    chain: Deployer,
    suite: Deployment,
    folder: DataFolder,
    salt: int,
    *,
    to: str = "",
    royalty_bps: int = 0,
    clones: int = 0,
    generations: int = 0,
) -> int:
    """Make a token of a folder's data, for the sender unless `to` is another; its number. Raises Revert."""
    terms = (royalty_bps, clones, generations)
    data = (folder.hashes, folder.kinds, folder.private)
    chain.call(suite[NFT], NFT, "mint_data", to or chain.sender, salt, *data, *terms)
    return token_id_of(chain.sender, salt)


def transfer(chain: Deployer, suite: Deployment, token_id: int, receiver: str, proofs: Proofs = ()) -> None:
    """Move a token, with its data. One with public data needs no proofs. Raises Revert."""
    chain.call(suite[NFT], NFT, "iTransfer", receiver, token_id, list(proofs))


def clone(chain: Deployer, suite: Deployment, token_id: int, receiver: str, proofs: Proofs = ()) -> int:
    """Make a token of the same data for `receiver`; its number. Raises Revert."""
    receipt = chain.transact(suite[NFT], NFT, "iClone", receiver, token_id, list(proofs))
    return int(said_in(receipt, "Cloned")["_newTokenId"])


def update(chain: Deployer, suite: Deployment, token_id: int, proofs: Proofs) -> None:
    """Put new private data in the place of the old, with a transfer to the owner itself. Raises Revert."""
    chain.call(suite[NFT], NFT, "update", token_id, list(proofs))


def burn(chain: Deployer, suite: Deployment, token_id: int) -> None:
    """End a token for ever: its number is never given again. Raises Revert."""
    chain.call(suite[NFT], NFT, "burn", token_id)


def delegate_access(chain: Deployer, suite: Deployment, assistant: str) -> None:
    """Let `assistant` agree to transfers in the sender's place; the zero address lets nobody. Raises Revert."""
    chain.call(suite[NFT], NFT, "delegateAccess", assistant)


def authorize(chain: Deployer, suite: Deployment, token_id: int, user: str) -> None:
    """Let `user` use a token's data until the token changes hands. Raises Revert."""
    chain.call(suite[NFT], NFT, "authorizeUsage", token_id, user)


def revoke(chain: Deployer, suite: Deployment, token_id: int, user: str) -> None:
    """End a free authorisation. Raises Revert."""
    chain.call(suite[NFT], NFT, "revokeAuthorization", token_id, user)


def offer_lease(chain: Deployer, suite: Deployment, token_id: int, offer: LeaseOffer) -> None:
    """Let anybody lease a token's data on these terms; `LeaseOffer.none()` withdraws them. Raises Revert."""
    chain.call(suite[NFT], NFT, "offer_lease", token_id, offer.args)


def lease(chain: Deployer, suite: Deployment, token_id: int, offer: LeaseOffer) -> int:
    """Take a lease on exactly these terms and pay for it; unix seconds at which it ends. Raises Revert, CheckFailed."""
    _pay(chain, offer.currency, offer.price, suite[NFT], NFT, "lease", token_id, offer.args)
    ends: int = chain.call(suite[NFT], NFT, "lease_of", token_id, chain.sender)[0]
    return ends


def record_use(chain: Deployer, suite: Deployment, token_id: int, uses: int) -> int:
    """Count uses of the sender's lease; how many are left. Raises Revert."""
    chain.call(suite[NFT], NFT, "record_use", token_id, uses)
    _, quota, used, _ = chain.call(suite[NFT], NFT, "lease_of", token_id, chain.sender)
    return int(quota - used)


# the market -------------------------------------------------------------------------------------------------------


def settle(
    chain: Deployer,
    suite: Deployment,
    order: Order,
    seller_signature: bytes = b"",
    buyer_signature: bytes = b"",
    proofs: Proofs = (),
) -> bytes:
    """Settle an order as its buyer, its seller or anybody; the sale's number.

    The sender's own side needs no signature, and is approved here: the price by a buyer, the token by a seller.
    Raises Revert, before an approval is sent, for what the market would refuse, and CheckFailed for too few coins.
    """
    arguments = (order.args, seller_signature, buyer_signature, list(proofs))
    buyer = order.buyer if int(order.buyer, 16) else chain.sender
    seller = order.seller if int(order.seller, 16) else chain.sender
    if chain.sender == seller:
        approve_sale(chain, suite, order.token_id)
    if chain.sender == buyer:
        _pay(chain, order.currency, order.price, suite[MARKET], MARKET, "settle", *arguments)
    else:
        chain.call(suite[MARKET], MARKET, "settle", *arguments)
    return order.hash


def approve_sale(chain: Deployer, suite: Deployment, token_id: int) -> None:
    """Let the market move the sender's token, unless it may already. Raises Revert."""
    if chain.call(suite[NFT], NFT, "isApprovedForAll", chain.sender, suite[MARKET]):
        return
    if chain.call(suite[NFT], NFT, "getApproved", token_id) != suite[MARKET]:
        chain.call(suite[NFT], NFT, "approve", suite[MARKET], token_id)


def approve_price(chain: Deployer, suite: Deployment, order: Order) -> None:
    """Let the market take an order's price, and no more, from the sender. Raises CheckFailed for too few coins."""
    _require(chain, order.currency, order.price)
    chain.call(order.currency, TOKEN, "approve", suite[MARKET], order.price)


def cancel(chain: Deployer, suite: Deployment, order: Order) -> None:
    """Take back the sender's side of every order with this nonce. Raises Revert."""
    chain.call(suite[MARKET], MARKET, "cancel", order.nonce)


def release(chain: Deployer, suite: Deployment, sale: bytes) -> int:
    """End a sale whose price is held; what buyer or seller was credited, a seller's own royalties included. Raises
    Revert."""
    receipt = chain.transact(suite[MARKET], MARKET, "release", sale)
    if receipt.events("Refunded"):
        return int(said_in(receipt, "Refunded")["amount"])
    said = said_in(receipt, "Released")
    return int(said["amount"] + sum(amount for receiver, amount in said["royalties"] if receiver == said["seller"]))


def withdraw(chain: Deployer, suite: Deployment) -> int:
    """Pay out what market and verifier have credited the sender in the suite's coin; wei, 0 when nothing was due. The
    same account may have the market's part paid elsewhere at the same time: that counts there. Raises Revert."""
    coin = suite[TOKEN]
    credited = partial(chain.call, suite[MARKET], MARKET, "credits", chain.sender, coin)
    pay = partial(chain.transact, suite[MARKET], MARKET, "withdraw", coin, chain.sender)
    sent = sent_unless_done(pay, lambda: not credited()) if credited() else None
    due: int = chain.call(suite[VERIFIER], VERIFIER, "credits", chain.sender)
    if due:
        chain.call(suite[VERIFIER], VERIFIER, "withdraw", chain.sender)
    return due + int(said_in(sent, "Withdrawn")["amount"] if sent else 0)


def complain(chain: Deployer, suite: Deployment, said: Transfer, signers: Sequence[str], key: Account) -> int:
    """Prove on chain that a sealed key is not the one that the attestors named; the item's place.

    `signers` are those of the event TransferVerified. The private key of `key` becomes public thereby. Raises
    CheckFailed, before that, when every key is right.
    """
    items = said.statement.items
    for place, item in enumerate(items):
        require_sealed_to(item, key)
        shared = shared_point(item.sealed_key, key)
        if shared and keccak256(open_seal(item.sealed_key, key, item.new_hash)) == item.key_hash:
            continue
        hashes = [other.hash for other in items]
        arguments = (said.statement.args(said.chain_id), list(signers), hashes, place, item.args)
        secret = int.from_bytes(key.secret(), "big")
        chain.call(
            suite[VERIFIER], VERIFIER, "prove_wrong_key", said.token, said.statement.nonce, *arguments, secret, shared
        )
        return place
    raise CheckFailed(
        "every sealed key is the one that the attestors named",
        remedy="there is nothing to prove; your key stays secret",
    )


def _pay(chain: Deployer, currency: str, price: int, address: str, name: str, function: str, *args: Any) -> None:
    """Call a function that takes `price` from the sender, with an approval of just that before it if it lacks one."""
    _require(chain, currency, price)
    if chain.call(currency, TOKEN, "allowance", chain.sender, address) < price:
        try:
            chain.simulate(address, name, function, *args)
        except Revert as refusal:
            if refusal.reason not in NOT_APPROVED:
                raise
        chain.call(currency, TOKEN, "approve", address, price)
    chain.call(address, name, function, *args)


def _require(chain: Deployer, currency: str, price: int) -> None:
    balance = chain.call(currency, TOKEN, "balanceOf", chain.sender)
    if balance < price:
        raise CheckFailed(f"{chain.sender} has {coins(balance)} coins, {coins(price)} are needed")
