"""A file into storage, to its end: planned, sent, paid for once, accepted by each provider.

Each step is written down before it is made, and may be repeated: what a node has is not sent again, and a deal that is
known on the chain is not opened again. So the same call goes on where an earlier one was killed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec.structs import replace

from keifu.chain import Deployer
from keifu.chain.suite import STORAGE_DEALS
from keifu.errors import CheckFailed, KeifuError, Revert, UsageError
from keifu.keys import message_digest
from keifu.storage.boxes import Signer, WalletKey
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.accepting import Acceptances
from keifu.storage.client.address import FileAddress
from keifu.storage.client.ledger import Holder, Kept, KeptQuote, Ledger, Row
from keifu.storage.client.market import Market, Terms
from keifu.storage.client.money import Money
from keifu.storage.client.offers import Offer, choose, ordered, providers, reached
from keifu.storage.client.peers import ASK_SECONDS, WRITE_SECONDS, Peer, Peers
from keifu.storage.client.quoting import Quote, Wish, quote, terms_for
from keifu.storage.client.trees import Source
from keifu.storage.codec import Encoder
from keifu.storage.deals import Placed, deal_id, deal_root
from keifu.storage.layout import HASH_BYTES, LEAF_BYTES, Descriptor, Header, Layout
from keifu.storage.texts import code_text
from keifu.storage.transfer import HELD, upload

__all__ = [
    "Needs",
    "Progress",
    "Storing",
    "address_of",
    "descriptor_of",
    "header_of",
    "holder_of",
    "keys_of",
    "placed_of",
]

_LATE = "the same command goes on; keifu store repair gives them to others when their time is over"
_KNOWN = "deals: deal is known"
_DONE = ("stored", "ended")


class Progress(Protocol):
    """Hears how far a file is."""

    def read(self, count: int, /) -> None:
        """So many further bytes were read, to be sent or to be found there."""

    def say(self, text: str, /) -> None: ...


@dataclass
class Quiet:
    def read(self, count: int, /) -> None: ...

    def say(self, text: str, /) -> None: ...


@dataclass(frozen=True)
class Needs:
    """What a further provider of a file's shard has to take: leaves, the price of an epoch (0: what it asks), gwei for
    a loss, and the token that pays. `spare` shards of the file may be lost."""

    leaves: int
    spare: int
    price: int = 0
    restitution: int = 0
    token: str = ""

    def fits(self, offer: Offer) -> bool:
        agreed = not self.price or offer.shard_price(self.leaves) <= self.price
        return agreed and self.restitution <= offer.shard_restitution(self.leaves)


@dataclass
class Storing:
    """Stores files of one account. `pause(seconds)` waits between two looks at the chain, `patience` is for how many
    looks providers may take to accept."""

    market: Market
    ledger: Ledger
    chain: Deployer
    signer: Signer
    pause: Callable[[float], None]
    patience: int = 300
    progress: Progress = field(default_factory=Quiet)

    def quote(self, source: Source, wish: Wish, *, public: bool) -> tuple[int, Quote]:
        """What storing it costs now at the most, and the number by which `put` may pay that much."""
        made = self._quoted(wish)
        kept = KeptQuote(
            str(source.path), made.cost // made.terms.money.unit, wish.k, wish.m, wish.masked, public, wish.seconds,
            wish.restitution, tuple(offer.provider for offer in made.holders), wish.token,
        )  # fmt: skip
        return self.ledger.keep_quote(kept), made

    def put(self, source: Source, wish: Wish, *, most: int, public: bool, again: bool = False) -> Row:
        """Store a file or folder for at most `most` smallest units of what pays. One that is stored already, and still
        paid for, is not paid again, unless another copy is asked for. Raises CheckFailed when it would cost more, or
        providers do not accept in time: the same call goes on then."""
        return self.finish(self._sent(source, wish, most, public, again))

    def agreed(self, source: Source, wish: Wish, *, most: int, public: bool) -> Row:
        """The same until nothing is left but to pay, for a client that pays by other means: `opening` has the call, and
        `finish` goes on when it was made."""
        row = self._sent(source, wish, most, public, again=False)
        if row.state == "opening" and self.market.deal(row.deal) is None:
            row = self._lapsed(row)
        return self._agree(row) if row.state == "sent" else row

    def opening(self, row: Row) -> tuple[int, tuple[Any, ...]]:
        """Smallest units that a deal costs now, and what StorageDeals' `open` is called with."""
        kept, money = row.kept, self.market.money(row.kept.token)
        terms = Terms(kept.price, kept.promised, kept.accept_by, kept.end, money)
        cost = terms.cost(len(kept.roots), self.market.epoch())
        _require_within(cost, kept.most * money.unit, money)
        return cost, self.market.opening(deal_root(placed_of(kept)), len(kept.roots), terms, kept.masked, kept.salt)

    def _sent(self, source: Source, wish: Wish, most: int, public: bool, again: bool) -> Row:
        known = self._known(source, wish, public, again)
        row = self._plan(source, wish, most, public) if known is None else self._bounded(known, wish, most)
        return self._send(row, source) if row.state == "planned" else row

    def finish(self, row: Row) -> Row:
        """From `sent` on the source is not needed any more."""
        while row.state not in _DONE:
            row = {"sent": self._agree, "opening": self._open, "open": self._accepted}[row.state](row)
        return row

    # planned -------------------------------------------------------------------------------------------------------

    def _known(self, source: Source, wish: Wish, public: bool, again: bool) -> Row | None:
        for row in self.ledger.at(str(source.path), source.mark, self.market.client.chain_id):
            kept = row.kept
            wanted = (wish.k, wish.m, wish.masked, public, wish.token)
            same = (kept.k, kept.m, kept.masked, kept.public, kept.token) == wanted
            mine = kept.client == self._me and kept.deals == self.market.suite[STORAGE_DEALS].lower()
            goes_on = row.state in ("planned", "sent", "opening", "open", *(() if again else ("stored",)))
            if same and mine and goes_on and not self._is_over(row):
                return row
        return None

    def _is_over(self, row: Row) -> bool:
        """Whether nobody is paid for it any more."""
        deal = self.market.deal(row.deal) if row.state in ("open", "stored") else None
        return deal is not None and (deal.closed or deal.end <= self.market.epoch())

    def _bounded(self, row: Row, wish: Wish, most: int) -> Row:
        """An earlier call that goes on: the bound of this one counts, and its terms where none are agreed yet."""
        if row.state in ("open", "stored"):
            return row
        kept = replace(row.kept, most=most // self.market.money(wish.token).unit)
        if row.state != "opening":
            kept = replace(kept, seconds=wish.seconds, restitution=wish.restitution)
        return self.ledger.change(row, row.state, kept)

    def _quoted(self, wish: Wish) -> Quote:
        with closing(Peers(None, ASK_SECONDS)) as peers:
            return quote(self.market, wish, self.ledger.past(), peers.about)

    def _plan(self, source: Source, wish: Wish, most: int, public: bool) -> Row:
        made = self._quoted(wish)
        money = made.terms.money
        _require_within(made.cost, most, money)
        keys = FileKeys.fresh(masked=wish.masked)
        header = keys.header(wish.k, wish.m)
        kept = Kept(
            name=source.path.name, deals=self.market.suite[STORAGE_DEALS].lower(), client=self._me, size=source.size,
            manifest=source.manifest, k=wish.k, m=wish.m, masked=wish.masked, public=public, prefix=header.prefix,
            commitment=header.commitment, seconds=wish.seconds, most=most // money.unit,
            restitution=wish.restitution, holders=tuple(holder_of(offer) for offer in made.holders),
            made=self.chain.now, token=wish.token,
        )  # fmt: skip
        box = keys.key if public else WalletKey(self.signer).wrap(keys, header.id)
        return self.ledger.begin(str(source.path), source.mark, self.market.client.chain_id, kept, box)

    # sent ----------------------------------------------------------------------------------------------------------

    def _send(self, row: Row, source: Source) -> Row:
        keys = keys_of(row, self.signer)
        peers = Peers(self.ledger, WRITE_SECONDS)
        failed: set[str] = set()
        try:
            while True:
                nodes = [peers.at(holder) for holder in row.kept.holders]
                try:
                    made = self._upload(row, source, keys, nodes)
                    break
                except KeifuError as error:
                    bad = [index for index, node in enumerate(nodes) if node.fault]
                    if not bad:
                        raise
                    self.progress.say(f"{', '.join(nodes[index].url for index in bad)}: {error.message}")
                    failed |= {nodes[index].holder.provider for index in bad}
                    row = self._replaced(row, bad, failed)
        finally:
            peers.close()
        kept = replace(row.kept, roots=made.shards)
        box = row.keys if kept.public else WalletKey(self.signer).wrap(keys, made.content_root)
        return self.ledger.change(row, "sent", kept, keys=box, root=made.content_root)

    def _upload(self, row: Row, source: Source, keys: FileKeys, nodes: Sequence[Peer]) -> Descriptor:
        kept = row.kept
        encoder = Encoder(keys, kept.k, kept.m, header=header_of(kept), held=HELD)
        with source.open(self.progress.read) as file:
            return upload(file, kept.size, encoder, nodes)

    def _replaced(self, row: Row, bad: Sequence[int], failed: set[str]) -> Row:
        """Others in the places of nodes that failed; what the rest has is not sent again."""
        good = [holder for index, holder in enumerate(row.kept.holders) if index not in bad]
        needs = Needs(descriptor_leaves(row.kept), row.kept.m, 0, row.kept.restitution or 0, row.kept.token)
        found = iter(self.others(needs, good, failed, len(bad)))
        holders = tuple(next(found) if index in bad else holder for index, holder in enumerate(row.kept.holders))
        return self.ledger.change(row, row.state, replace(row.kept, holders=holders))

    def others(self, needs: Needs, beside: Sequence[Holder], without: set[str], count: int) -> list[Holder]:
        """Further providers for shards of a file, of other operators than those that have shards of it."""
        named = providers(self.market, needs.token)
        offers = [offer for offer in named if offer.provider not in without and needs.fits(offer)]
        with closing(Peers(None, ASK_SECONDS)) as peers:
            offers = reached(offers, peers.about, needs.leaves * LEAF_BYTES)
            beside = [self._declared(peers, holder) for holder in beside]
        left_out = without | {holder.provider for holder in beside}
        money = self.market.money(needs.token)
        found = choose(ordered(offers, self.ledger.past()), count, needs.spare, left_out, beside, money)
        return [holder_of(item) for item in found]

    @staticmethod
    def _declared(peers: Peers, holder: Holder) -> Holder:
        """With what its node declares, where that is not known."""
        if holder.operator:
            return holder
        offer = Offer(holder.provider, 0, 0, holder.url)
        found = reached([offer], peers.about, 0)
        return holder_of(found[0]) if found else replace(holder, region=holder.provider, operator=holder.provider)

    # opening, open -------------------------------------------------------------------------------------------------

    def _agree(self, row: Row) -> Row:
        """The terms, written down before anything is paid. Its id names client, shards and salt: opened once."""
        kept = row.kept
        offers = {offer.provider: offer for offer in providers(self.market, kept.token)}
        holders = [offers[item.provider] for item in kept.holders if item.provider in offers]
        if len(holders) < len(kept.holders):
            raise CheckFailed(
                "a provider that has a shard offers storage no more", remedy="keifu store put --again, with others"
            )
        wish = Wish(kept.size, kept.k, kept.m, kept.seconds, kept.masked, kept.restitution, kept.token)
        terms = terms_for(self.market, holders, wish)
        money = terms.money
        _require_within(terms.cost(len(holders), self.market.epoch()), kept.most * money.unit, money)
        salt = kept.salt or secrets.token_bytes(HASH_BYTES)
        named = tuple(item.provider for item in kept.holders)
        kept = replace(
            kept, salt=salt, price=terms.price, promised=terms.restitution, accept_by=terms.accept_by, end=terms.end,
            named=named,
        )  # fmt: skip
        deal = deal_id(self._me, deal_root(placed_of(kept)), salt)
        return self.ledger.change(row, "opening", kept, deal=deal)

    def _open(self, row: Row) -> Row:
        kept = row.kept
        if self.market.deal(row.deal) is None:
            if (lapsed := self._lapsed(row)).state == "sent":
                return lapsed
            if self.chain.sender.lower() != self._me:  # others' coins pay, and this key's deal would be another one
                raise CheckFailed(f"the deal of {self._me} is not on the chain", remedy="the same command goes on")
            cost, call = self.opening(row)
            money = self.market.money(kept.token)
            self.progress.say(f"paying {money.text(cost)}")
            try:
                self.market.open(self.chain, cost, call, money)
            except Revert as refusal:
                if refusal.reason != _KNOWN:
                    raise
        return self.ledger.change(row, "open", kept)

    def _lapsed(self, row: Row) -> Row:
        """A deal that did not come: what may still be on its way is refused by now, so other terms may be sent."""
        return self.ledger.change(row, "sent", row.kept) if self.market.epoch() > row.kept.accept_by else row

    def _accepted(self, row: Row) -> Row:
        found = self.acceptances.wait(row, placed_of(row.kept), self.word(row.deal, row.kept.k), _LATE)
        return self.ledger.change(row, "stored" if found else "opening", row.kept)  # else its block was undone

    @property
    def acceptances(self) -> Acceptances:
        return Acceptances(self.market, self.ledger, self.chain, self.pause, self.patience)

    def word(self, deal: bytes, k: int) -> bytes:
        """The signature of a deal's client for how many shards give its file."""
        chain, deals = self.market.client.chain_id, self.market.suite[STORAGE_DEALS]
        return self.signer.sign(message_digest(code_text(chain, deals, deal, k)))

    @property
    def _me(self) -> str:
        return self.signer.address.lower()


def header_of(kept: Kept) -> Header:
    return Header(kept.k, kept.m, kept.masked, kept.prefix, kept.commitment)


def descriptor_of(kept: Kept) -> Descriptor:
    return Descriptor(header_of(kept), kept.size, kept.roots)


def descriptor_leaves(kept: Kept) -> int:
    return Layout(kept.size, kept.k).leaves


def placed_of(kept: Kept) -> list[Placed]:
    """The shards as the deal's root names them."""
    named = kept.named or tuple(item.provider for item in kept.holders)
    leaves = descriptor_leaves(kept)
    return [Placed(who, root, leaves) for who, root in zip(named, kept.roots, strict=True)]


def keys_of(row: Row, signer: Signer | None) -> FileKeys:
    """Raises CheckFailed for keys that were shredded, UsageError when the account is needed and not there."""
    if not row.keys:
        raise CheckFailed(f"the keys of file {row.number} were shredded", remedy="nobody can read it any more")
    if row.kept.public:
        return FileKeys(row.keys)
    if signer is None:
        raise UsageError(f"file {row.number} is private", remedy="sign with the account that stored it: --key-file")
    return WalletKey(signer).unwrap(row.keys, row.root or header_of(row.kept).id)


def address_of(row: Row) -> FileAddress:
    kept = row.kept
    return FileAddress(row.deal, header_of(kept), kept.size, kept.manifest, row.keys if kept.public else b"")


def holder_of(offer: Offer) -> Holder:
    return Holder(offer.provider, offer.url, offer.region, offer.operator)


def _require_within(cost: int, most: int, money: Money) -> None:
    if cost > most:
        raise CheckFailed(
            f"it would cost {money.text(cost)}, {money.amount(most)} at most were agreed", remedy="ask for a new quote"
        )
