"""What to do about a refusal of the storage contracts. The reason stays the contract's own."""

from __future__ import annotations

from contextlib import AbstractContextManager

from keifu.chain.remedies import explained_by

__all__ = ["REMEDIES", "explained"]

_KNOWN = "keifu store ls shows the deals that are known here"

REMEDIES = {
    "deals: deal is known": "the deal was opened already, and is not paid again: keifu store status",
    "deals: bad number of shards": "a deal has 1 to 32 shards",
    "deals: bad epochs": "a deal is for 2 epochs up to 180 days",
    "deals: bad price": "a price is at least one gwei a shard and epoch",
    "deals: coins were refused": "allow the deals contract to move as many coins",
    "deals: token takes a fee": "use a market whose coin arrives whole",
    "deals: token is not listed": "pay in a listed token, or in the coin: leave --token out",
    "deals: nothing to pay": "nothing is credited to this account in that token",
    "deals: no receiver": "name an account that the token is paid to",
    "deals: paid by the market": "this deal is paid in the coin: the market pays its providers by itself",
    "deals: no such deal": _KNOWN,
    "deals: no such shard": "shards are counted from 0",
    "deals: not the client": "the deal's client does this: sign with its key",
    "deals: no client": "name the account that gets the deal",
    "deals: shard is not stored": "keifu store status shows which shards are stored",
    "deals: shard has ended": "nothing is left to end",
    "deals: shard ends soon": "it ends by itself within two epochs",
    "deals: deal is closed": "store the file anew: nothing is added to a closed deal",
    "deals: deal has ended": "store the file anew: an ended deal is not renewed",
    "deals: may still be accepted": "wait until the time to accept is over",
    "deals: may still be declared lost": "wait three epochs after the shard's end, or let its client ask",
    "deals: may still be repaired": "wait until the deal has ended, or let its client ask",
    "deals: shard is over": "it is settled already",
    "deals: shard is under repair": "wait until the repair is done, or its reservation is over",
    "deals: not in the deal": "show provider, root and path as the deal was opened with",
    "repairs: not the caller's to give": "the client proposes a shard that nobody accepted, else its provider",
    "repairs: proposal is void": "propose the shard anew",
    "repairs: demand is open": "wait for the answer, or end the demand when its time is over",
    "repairs: shard is not stored": "only what is stored is demanded",
    "repairs: too many demands": "wait for the next epoch: a provider answers eight demands in one",
    "repairs: no such leaf": "leaves of a shard are counted from 0",
    "repairs: not in the deal": "show provider, root and path as the deal was opened with",
    "repairs: no demand": "nobody demands this shard now",
    "repairs: may still be answered": "wait until the window is over",
    "storage: shard is not lost": "three misses in a row, or seven epochs without a buffer, lose a shard",
    "storage: evidence window is over": "the shard ended too long ago: nobody answers for it any more",
    "storage: market not listed": "wait until the timelock has listed StorageMarket at the hub; removed, it takes none",
    "storage: lock too small": "the provider locks more coins behind StorageMarket, or another one takes the shard",
    "payouts: nothing to pay": "nothing is credited to this account",
}


def explained() -> AbstractContextManager[None]:
    """Refusals in it say what to do."""
    return explained_by(REMEDIES)
