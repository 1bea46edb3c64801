"""Deals of a client after its files are stored: how they stand, renewed, ended, refunded; keys shared and shredded."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace

from keifu.chain import Deployer
from keifu.chain.firsts import unless_done, until_done
from keifu.chain.suite import STORAGE, STORAGE_DEALS, STORAGE_REPAIRS
from keifu.errors import CheckFailed, KeifuError, Revert, UsageError
from keifu.storage.boxes import Signer, share
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.fetching import holders_of
from keifu.storage.client.ledger import Ledger, Row, Statement
from keifu.storage.client.market import Market
from keifu.storage.client.money import COIN_MONEY, Money
from keifu.storage.client.offers import providers
from keifu.storage.client.peers import READ_SECONDS, Peers
from keifu.storage.client.storing import keys_of
from keifu.storage.client.trees import Source
from keifu.storage.codec import Encoder
from keifu.storage.deletions import require_deletion
from keifu.storage.layout import Descriptor
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import EVIDENCE, DealState, Shard, State
from keifu.units import coins

__all__ = [
    "Checked",
    "PaidOut",
    "ShardNow",
    "Standing",
    "close",
    "compare",
    "erase",
    "make_box",
    "refund",
    "renew",
    "sampled",
    "standing",
]

NOTICE = 2  # epochs that a closed deal is still paid for
Draw = Callable[[int], int]


@dataclass(frozen=True)
class ShardNow:
    index: int
    state: State
    provider: str
    url: str
    until: int  # epoch

    def data(self) -> dict[str, Any]:
        return {
            "index": self.index, "state": self.state.word, "provider": self.provider, "url": self.url,
            "until": self.until,
        }  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """A deal as the chain has it."""

    deal: DealState
    epoch: int
    shards: tuple[ShardNow, ...]
    money: Money = COIN_MONEY
    credited: int = 0  # smallest units of another token that its client may fetch

    @property
    def stored(self) -> int:
        return sum(shard.state is State.STORED and shard.until > self.epoch for shard in self.shards)


@dataclass(frozen=True)
class Checked:
    """Leaves of one shard that were asked of its provider."""

    index: int
    url: str
    good: int
    fault: str = ""

    def data(self) -> dict[str, Any]:
        return {"index": self.index, "url": self.url, "good": self.good, "fault": self.fault}


def standing(market: Market, deal: bytes) -> Standing:
    state = market.require_deal(deal)
    shards = market.shards(deal, state.shards)
    holders = holders_of(shards, providers(market))
    found = [
        ShardNow(index, shard.state, shard.provider if int(shard.provider, 16) else "", holder.url if holder else "",
                 shard.end)
        for index, (shard, holder) in enumerate(zip(shards, holders, strict=True))
    ]  # fmt: skip
    money = market.money(state.token)
    credited = market.credited(state.client, money) if money.token else 0
    return Standing(state, market.epoch(), tuple(found), money, credited)


def sampled(
    market: Market, deal: bytes, descriptor: Descriptor, leaves: int, draw: Draw = secrets.randbelow
) -> list[Checked]:
    """Ask each provider for so many leaves of its shard, which nobody can foresee, and check the proofs."""
    shards = market.shards(deal, len(descriptor.shards))
    holders = holders_of(shards, providers(market))
    found = []
    with closing(Peers(None, READ_SECONDS)) as peers:
        for index, holder in enumerate(holders):
            if holder is None:
                found.append(Checked(index, "", 0, shards[index].state.word))
                continue
            peer, good, fault = peers.at(holder), 0, ""
            for _ in range(leaves):
                try:
                    peer.leaf(descriptor.shards[index], descriptor.layout.leaves, draw(descriptor.layout.leaves))
                    good += 1
                except KeifuError as error:
                    fault = error.message
                    break
            found.append(Checked(index, holder.url, good, fault))
    return found


def compare(descriptor: Descriptor, keys: FileKeys, source: Source) -> None:
    """Make the content root again from a file or folder here. Raises CheckFailed when it is not what was stored."""
    header = descriptor.header
    encoder = Encoder(keys, header.k, header.m, header=header)
    if source.size == descriptor.size:
        with source.open() as file:
            for _ in encoder.stripes(file):
                pass
        if encoder.descriptor.content_root == descriptor.content_root:
            return
    root = descriptor.content_root.hex()
    raise CheckFailed(f"{source.path} is not what was stored as {root}", remedy="get what was stored")


def renew(market: Market, ledger: Ledger, chain: Deployer, row: Row, seconds: int, most: int) -> tuple[Row, int]:
    """Pay for a file's deal for so many seconds more, for at most `most` smallest units of what it is paid in; the new
    end. A renewal that an earlier call may have paid is not paid again."""
    state = market.require_deal(row.deal)
    kept, money = row.kept, market.money(state.token)
    if kept.renewing and state.end >= kept.renewing:  # an earlier call was killed before it heard of it
        return ledger.change(row, row.state, replace(kept, renewing=0)), state.end
    end = kept.renewing or state.end + market.epochs_in(seconds)
    cost = state.price * (state.shards - state.over) * (end - state.end) * money.unit
    if cost > most:
        bound = money.amount(most)
        raise CheckFailed(f"it costs {money.text(cost)}, {bound} at most were agreed", remedy="--max-price")
    row = ledger.change(row, row.state, replace(kept, renewing=end))
    pay = partial(market.renew, chain, row.deal, end, cost, money)
    unless_done(pay, lambda: market.require_deal(row.deal).end >= end)  # anybody may pay for it
    return ledger.change(row, row.state, replace(row.kept, renewing=0)), end


def close(market: Market, chain: Deployer, deal: bytes) -> list[int]:
    """End all shards of a deal early, as its client; which ones. Safe to repeat."""
    count = market.require_deal(deal).shards

    def find() -> list[int]:
        until, shards = market.epoch() + NOTICE, market.shards(deal, count)
        return [index for index, shard in enumerate(shards) if shard.state is State.STORED and shard.end > until]

    def end(open_ones: list[int]) -> None:
        market.send(chain, STORAGE_DEALS, "close", deal, open_ones)

    ended = until_done(find, end)  # one may be declared lost, or over, in the meantime
    if not ended and not market.require_deal(deal).closed:
        end([])
    return ended


@dataclass(frozen=True)
class PaidOut:
    """Wei of the suite's coin, and smallest units of what the deal was paid in, where that is another token."""

    coins: int
    money: Money
    units: int = 0

    def data(self) -> dict[str, Any]:
        other = {**self.money.data(), "paid_in_token": str(self.units)} if self.money.token else {}
        return {"paid": str(self.coins), **other}

    def text(self) -> str:
        other = f", and {self.money.text(self.units)}" if self.money.token else ""
        return f"{coins(self.coins)} coins were paid out{other}"


def refund(market: Market, chain: Deployer, deal: bytes) -> PaidOut:
    """Have what was not proven of shards that are over credited to the client, and paid out. Safe to repeat."""
    state = market.require_deal(deal)
    mine = state.client == chain.sender.lower()

    def find() -> list[int]:
        epoch, shards = market.epoch(), market.shards(deal, state.shards)
        return [index for index, shard in enumerate(shards) if _is_over(shard, state, epoch, mine)]

    until_done(find, lambda due: market.send(chain, STORAGE_DEALS, "refund", deal, due))
    paid = sum(market.paid_out(chain, name) for name in (STORAGE, STORAGE_REPAIRS))
    return PaidOut(paid, money := market.money(state.token), _token_paid(market, chain, money))


def _token_paid(market: Market, chain: Deployer, money: Money) -> int:
    """What the sender was credited in another token, last: a token that refuses holds up no coins."""
    due = market.credited(chain.sender, money) if money.token else 0
    if due:
        pay = partial(market.send, chain, STORAGE_DEALS, "withdraw_token", money.token, chain.sender)
        try:
            unless_done(pay, lambda: not market.credited(chain.sender, money))  # anybody may have it paid
        except Revert as refusal:
            raise CheckFailed(
                f"the token refuses to pay {money.text(due)}: {refusal.reason or 'without a reason'}",
                remedy="it stays yours: ask whoever issues the token, and call keifu store refund again",
            ) from refusal
    return due


def _is_over(shard: Shard, state: DealState, epoch: int, mine: bool) -> bool:
    if shard.state is State.FREE:
        return state.accept_by < epoch
    if shard.state is State.STORED:
        return shard.end + (0 if mine else EVIDENCE) <= epoch
    return shard.state is State.LOST and (mine or state.end <= epoch)


def erase(market: Market, ledger: Ledger, chain: Deployer, row: Row) -> tuple[Row, list[Statement]]:
    """End a file's deal, shred its keys, and ask each provider for its signed word that the shard is deleted. Words
    that are not there yet are asked for by the next call. Of the keys this client has no other copy."""
    if row.kept.public:
        raise UsageError(
            "the key of public data is in its address: erasing makes nobody forget it",
            remedy="keifu store close ends its deal",
        )
    if row.deal and market.deal(row.deal) is not None:
        close(market, chain, row.deal)
    if row.state != "erased":
        row = ledger.shred(row, replace(row.kept, erased=chain.now))
    ledger.scrub()
    if row.deal:
        _collect(market, ledger, row)
    return row, ledger.statements(row.number)


def _collect(market: Market, ledger: Ledger, row: Row) -> None:
    have = {item.shard for item in ledger.statements(row.number)}
    shards = market.shards(row.deal, len(row.kept.roots))
    known = {offer.provider: offer for offer in providers(market)}
    with closing(Peers(None, READ_SECONDS)) as peers:
        for index, shard in enumerate(shards):
            offer = known.get(shard.provider)
            if index in have or offer is None:
                continue
            try:
                said = peers.node(offer.url).deletion(row.deal, index)
                name, root = ShardId(row.deal, index), row.kept.roots[index]
                require_deletion(said, row.chain, market.market.address, shard.provider, name, root)
            except KeifuError:
                continue
            ledger.keep_statement(row.number, Statement(index, shard.provider, json.dumps(said, sort_keys=True)))


def make_box(row: Row, signer: Signer, public_key: bytes, *, repair_only: bool) -> bytes:
    """The keys of a file for whoever has the private key of `public_key`: to read it, or to repair its shards only."""
    keys = keys_of(row, signer)
    if repair_only and not keys.mask:
        raise UsageError("unmasked shards are repaired without a key", remedy="leave --repair-only out")
    return share(FileKeys(b"", keys.mask) if repair_only else keys, public_key, row.root)
