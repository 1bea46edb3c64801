"""Coins that pay for a file term after term, at a falling price, whoever founded it being there or not.

An endowment is a contract with coins of its own, and the client of its deals (docs/storage-market.md). Its address
follows from founder and file, so founding it again founds nothing. Here it is a file of its own in the client's folder,
whose deal is that of the term under way.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as changed

from keifu.chain.suite import STORAGE_ENDOWMENT, TOKEN
from keifu.errors import CheckFailed, EnvironmentFault, Revert, UsageError
from keifu.staking.actions import pay
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.fetching import holders_of
from keifu.storage.client.ledger import Holder, Row
from keifu.storage.client.market import Market
from keifu.storage.client.offers import Offer, providers
from keifu.storage.client.peers import WRITE_SECONDS, Peers
from keifu.storage.client.refusals import explained
from keifu.storage.client.repairing import Target, give
from keifu.storage.client.storing import Storing, descriptor_leaves, descriptor_of, holder_of, placed_of
from keifu.storage.deals import deal_root
from keifu.storage.states import GWEI, Shard, State, holds, next_named

__all__ = ["Endowment", "Wish", "at", "endow", "extend", "of", "top_up", "wind_up"]

BPS = 10_000
_KNOWN = "endowment: is known"
_LATE = "keifu store extend goes on; others may stand in for a shard four epochs after its term was opened"
_NOT_DUE = "endowment: term is under way"


@dataclass(frozen=True)
class Wish:
    """How an endowment is to pay: wei at first, seconds of a term, parts of 10,000 by which the price falls from a term
    to the next, and by which it begins above the dearest provider's; wei for whoever opens a term; and the heir."""

    amount: int
    seconds: int
    fall: int
    above: int
    reward: int
    heir: str


@dataclass(frozen=True)
class Endowment:
    """An endowment as the chain has it. Amounts of shards in gwei, others in wei; times in epochs."""

    address: str
    heir: str
    price: int
    restitution: int
    fall: int
    term: int
    reward: int
    number: int
    deal: bytes
    until: int
    coins: int
    lasts: int
    opens: int  # the first epoch in which the next term may be opened

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {
            "endowment": self.address, "heir": self.heir, "price": str(self.price),
            "restitution": str(self.restitution), "fall": self.fall, "term": self.term, "reward": str(self.reward),
            "number": self.number, "deal": self.deal.hex(), "until": self.until, "coins": str(self.coins),
            "lasts": self.lasts, "opens": self.opens,
        }  # fmt: skip


def at(market: Market, address: str) -> Endowment:
    """Raises CheckFailed where there is none, and what the chain raises."""
    contract = market.client.at(address, STORAGE_ENDOWMENT)
    heir, price, restitution, fall, term, reward, _ = contract.plan()
    number, deal, until, *_ = contract.state()
    if not number:
        raise CheckFailed(f"{address} is no endowment that was founded", remedy="keifu store endow founds one")
    return Endowment(
        address=address, heir=heir.lower(), price=price, restitution=restitution, fall=fall, term=term, reward=reward,
        number=number, deal=bytes(deal), until=until,
        coins=market.suite.at(market.client, TOKEN).balanceOf(address), lasts=contract.lasts(),
        opens=until - contract.LEAD(),
    )  # fmt: skip


def endow(storing: Storing, row: Row, wish: Wish) -> tuple[Row, Endowment]:
    """Found an endowment for a stored file, whose providers accept its first term; the file that it pays for. The same
    call goes on where an earlier one broke off, and founds and pays nothing twice."""
    market, kept = storing.market, row.kept
    if kept.endowment:
        raise UsageError(f"file {row.number} has an endowment", remedy="keifu store top-up gives it more coins")
    if kept.masked:
        raise UsageError(
            "masked shards are repaired by whoever has the mask key, and an endowment goes on without its founder",
            remedy="endow a file that was put with --unmasked or --public",
        )
    if row.state != "stored":
        raise UsageError(f"file {row.number} is {row.state}, not stored", remedy="keifu store put goes on")
    home = _home(market)
    address = str(home.endowment_of(storing.chain.sender, row.deal)).lower()
    if not market.client.rpc.call("eth_getCode", address, "latest").removeprefix("0x"):
        _found(storing, row, wish)
    own = _endowed(storing, address) or storing.ledger.begin(
        "", "", row.chain, changed(kept, endowment=address, client=address, token=""), row.keys
    )
    if not own.deal:
        own = storing.ledger.change(own, "open", own.kept, root=row.root, deal=row.deal)
    return extend(storing, own)


def extend(storing: Storing, row: Row) -> tuple[Row, Endowment]:
    """Open the next term of an endowment when it is time, whose reward is the sender's, and have the term under way
    accepted. Safe to repeat."""
    market = storing.market
    endowment = of(market, row)
    if endowment.deal == row.deal and endowment.opens <= market.epoch():
        row = _open(storing, row, endowment)
        endowment = of(market, row)
    if endowment.deal != row.deal:
        row = _followed(storing, row, endowment)
    if row.state != "stored" and storing.acceptances.wait(row, placed_of(row.kept), b"", _LATE):
        row = storing.ledger.change(row, "stored", row.kept)
    return row, endowment


def top_up(storing: Storing, row: Row, amount: int) -> Endowment:
    """Give an endowment `amount` wei more, which nobody takes back."""
    address = of(storing.market, row).address
    storing.chain.call(storing.market.suite[TOKEN], TOKEN, "transfer", address, amount)
    return at(storing.market, address)


def wind_up(storing: Storing, row: Row) -> Endowment:
    """Give the heir what is left, when nobody goes on; the endowment as it was before."""
    endowment = of(storing.market, row)
    with explained():
        storing.chain.call(endowment.address, STORAGE_ENDOWMENT, "wind_up")
    return endowment


def _home(market: Market) -> Any:
    if STORAGE_ENDOWMENT not in market.suite.addresses:
        raise EnvironmentFault(
            f"no {STORAGE_ENDOWMENT} is recorded", remedy="name the record of a suite that has endowments"
        )
    return market.suite.at(market.client, STORAGE_ENDOWMENT)


def of(market: Market, row: Row) -> Endowment:
    """The endowment of a file here. Raises UsageError for a file that has none, and CheckFailed."""
    if not row.kept.endowment:
        raise UsageError(f"file {row.number} has no endowment", remedy="keifu store endow founds one")
    return at(market, row.kept.endowment)


def _endowed(storing: Storing, address: str) -> Row | None:
    return next((row for row in storing.ledger.files() if row.kept.endowment == address), None)


def _found(storing: Storing, row: Row, wish: Wish) -> None:
    market, kept, home = storing.market, row.kept, _home(storing.market)
    known = {offer.provider: offer for offer in providers(market)}
    shards, leaves = market.shards(row.deal, len(kept.roots)), descriptor_leaves(kept)
    named = [_named(index, shard, known) for index, shard in enumerate(shards)]
    price = max(offer.shard_price(leaves) for offer in named) * (BPS + wish.above) // BPS
    restitution = min(offer.shard_restitution(leaves) for offer in named)
    plan = (wish.heir, price, restitution, wish.fall, market.epochs_in(wish.seconds), wish.reward, False)
    pieces = [(offer.provider, root, leaves) for offer, root in zip(named, kept.roots, strict=True)]
    arguments = (plan, pieces, wish.amount, row.deal)
    try:
        with explained():
            pay(storing.chain, market.suite, wish.amount, home.address, STORAGE_ENDOWMENT, "found", *arguments)
    except Revert as refusal:
        if refusal.reason != _KNOWN:
            raise


def _named(index: int, shard: Shard, known: dict[str, Offer]) -> Offer:
    if shard.state is not State.STORED or shard.provider not in known:
        raise CheckFailed(f"nobody who offers storage has shard {index} now", remedy="keifu store repair, then again")
    return known[shard.provider]


def _open(storing: Storing, row: Row, endowment: Endowment) -> Row:
    """The next term: whoever stores a shard is named again, and others get the shards that nobody stores. Whom it names
    is written down before it is sent."""
    named = tuple(item.provider for item in _next_holders(storing, row, endowment))
    row = storing.ledger.change(row, row.state, changed(row.kept, naming=named))
    pieces = [(item.provider, item.root, item.leaves) for item in placed_of(changed(row.kept, named=named))]
    try:
        with explained():
            storing.chain.call(endowment.address, STORAGE_ENDOWMENT, "open_term", pieces)
    except Revert as refusal:
        if refusal.reason != _NOT_DUE:  # else somebody was first
            raise
    return row


def _next_holders(storing: Storing, row: Row, endowment: Endowment) -> list[Holder]:
    market, descriptor = storing.market, descriptor_of(row.kept)
    known = {offer.provider: offer for offer in providers(market)}
    shards = market.shards(row.deal, len(row.kept.roots))
    target = Target(row.deal, descriptor, tuple(placed_of(row.kept)), FileKeys(b""))
    needs = replace(target.needs, price=endowment.price, restitution=endowment.restitution)
    held = [shard.provider if holds(shard, endowment.until) else "" for shard in shards]
    beside = [_holder(provider, row, index, known) for index, provider in enumerate(held) if provider]
    found: list[Holder] = []
    with closing(Peers(storing.ledger, WRITE_SECONDS)) as peers:
        have = {index: peers.at(holder) for index, holder in enumerate(holders_of(shards, [*known.values()])) if holder}
        for index, provider in enumerate(held):
            if provider:
                found.append(_holder(provider, row, index, known))
                continue
            holder = storing.others(needs, beside, {shards[index].provider, row.kept.named[index]}, 1)[0]
            give(target, index, have, peers.at(holder))
            beside.append(holder)
            found.append(holder)
    return found


def _holder(provider: str, row: Row, index: int, known: dict[str, Offer]) -> Holder:
    """Where a provider is reached: as it offers, else as it was when the file went there."""
    if provider in known:
        return holder_of(known[provider])
    before = row.kept.holders[index]
    if before.provider != provider:
        raise CheckFailed(f"{provider} stores shard {index}, and names no address", remedy="try again later")
    return before


def _followed(storing: Storing, row: Row, endowment: Endowment) -> Row:
    """The term under way in the client's folder. It names those whom this client named for it, or whom nodes name
    (`next_named`); else the events of its acceptances say whom."""
    market = storing.market
    state, known = market.require_deal(endowment.deal), {offer.provider: offer for offer in providers(market)}
    shards = market.shards(row.deal, len(row.kept.roots))
    usual = next_named(placed_of(row.kept), shards, market.require_deal(row.deal).end)
    guesses = [*([placed_of(changed(row.kept, named=row.kept.naming))] if row.kept.naming else []), usual]
    placed = next((guess for guess in guesses if deal_root(guess) == state.root), None)
    if placed is None:
        placed = market.confirmed(endowment.deal, state)
    holders = tuple(_holder(item.provider, row, index, known) for index, item in enumerate(placed))
    kept = changed(
        row.kept, holders=holders, named=tuple(item.provider for item in placed), naming=(), price=state.price,
        promised=state.restitution, accept_by=state.accept_by, end=state.end, most=endowment.coins // GWEI,
    )  # fmt: skip
    return storing.ledger.change(row, "open", kept, deal=endowment.deal)
