"""Storage in the explorer's small world: two providers with a deal, and an endowment with two terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ethwire.constants import ETHER
from keifu.chain.suite import STORAGE, STORAGE_DEALS, STORAGE_ENDOWMENT, STORAGE_REPAIRS, TOKEN

if TYPE_CHECKING:
    from benchmarks.explorer_world import Scribe

__all__ = ["stored"]

GWEI = 10**9
TERM, SHARDS, PRICE = 30, 3, 10**6  # epochs; shards; gwei a shard and epoch in the first term


def stored(scribe: Scribe) -> dict[str, str]:
    """Two providers of storage and a deal: one shard is stored, one was lost, one waits."""
    from benchmarks.explorer_world import address, word  # noqa: PLC0415 - it needs this one

    store, loser, client = address("store"), address("losing store"), address("client of storage")
    deal = word("deal")
    scribe.next_block()
    for provider in (store, loser):
        scribe.log(STORAGE, "Offered", provider=provider, price=10**6, restitution=10**9, url="https://store.example")
    scribe.log(
        STORAGE_DEALS, "DealOpened",
        deal=deal, client=client, root=word("deal root"), shards=3, price=10**6, restitution=10**9, accept_by=2,
        end=30, masked=True, token=scribe.addresses[TOKEN],
    )  # fmt: skip
    for index, provider in enumerate((store, loser)):
        scribe.log(
            STORAGE_DEALS, "ShardAccepted",
            deal=deal, provider=provider, index=index, shard=word(f"shard {index}"), leaves=100, ordinal=0,
        )  # fmt: skip
    scribe.next_block()
    scribe.log(STORAGE, "Proven", provider=store, epoch=2, earned=10**6)
    scribe.log(STORAGE, "Missed", provider=loser, misses=1, taken=0)
    scribe.log(STORAGE_REPAIRS, "Demanded", deal=deal, index=1, caller=client, leaf=7, until=scribe.time)
    scribe.log(STORAGE_REPAIRS, "DemandEnded", deal=deal, index=1, lost=True)
    scribe.log(
        STORAGE_DEALS, "ShardLost",
        deal=deal, index=1, provider=loser, restitution=ETHER, reward=ETHER // 10, bounty=ETHER // 4,
    )  # fmt: skip
    scribe.log(STORAGE_REPAIRS, "RepairReserved", deal=deal, index=1, repairer=store, bond=ETHER // 16)
    endowed = _endowed(scribe, address("endowment"), client, [word("first term"), word("second term")], store)
    return {"store": store, "deal": deal, **_of_another_token(scribe, store, client), **endowed}


def _of_another_token(scribe: Scribe, store: str, client: str) -> dict[str, str]:
    """A deal that a token from outside the suite pays: the provider was credited once, and fetched a part of that."""
    from benchmarks.explorer_world import address, word  # noqa: PLC0415 - it needs this one

    token, deal = address("token from outside"), word("deal in a token")
    scribe.next_block()
    scribe.log(STORAGE_DEALS, "PriceNamed", provider=store, token=token, price=1_024_000)
    scribe.log(
        STORAGE_DEALS, "DealOpened",
        deal=deal, client=client, root=word("root in a token"), shards=1, price=1_234, restitution=0, accept_by=2,
        end=30, masked=False, token=token,
    )  # fmt: skip
    scribe.log(STORAGE_DEALS, "Earned", deal=deal, index=0, provider=store, amount=5_678)
    scribe.log(STORAGE_DEALS, "TokenPaid", account=store, token=token, receiver=store, amount=4_321)
    return {"token": token, "deal_in_token": deal}


def _endowed(scribe: Scribe, place: str, founder: str, deals: list[str], opener: str) -> dict[str, str]:
    """Founded with coins for two terms and a half, topped up by half of one; its second costs a tenth less."""
    cost = PRICE * SHARDS * TERM * GWEI
    scribe.next_block()
    scribe.log(STORAGE_ENDOWMENT, "Founded", endowment=place, founder=founder, heir=founder)
    scribe.log(TOKEN, "Transfer", same=True, from_=founder, to=place, value=cost * 5 // 2)
    for number, (deal, price) in enumerate(zip(deals, (PRICE, PRICE * 9 // 10), strict=True), 1):
        end, paid = 2 + number * TERM, price * SHARDS * TERM * GWEI
        if number > 1:
            scribe.next_block()
            scribe.log(TOKEN, "Transfer", from_=opener, to=place, value=cost // 2)
            scribe.log(
                STORAGE_ENDOWMENT, "StandIn", at=place,
                deal=deals[0], index=2, provider=opener,
            )  # fmt: skip
        scribe.log(TOKEN, "Transfer", from_=place, to=scribe.addresses[STORAGE], value=paid)
        scribe.log(
            STORAGE_DEALS, "DealOpened", same=True,
            deal=deal, client=place, root=deal, shards=SHARDS, price=price, restitution=10**9, accept_by=end - TERM,
            end=end, masked=True, token=scribe.addresses[TOKEN],
        )  # fmt: skip
        scribe.log(
            STORAGE_ENDOWMENT, "TermOpened", same=True, at=place,
            number=number, deal=deal, opener=founder if number == 1 else opener, price=price, end=end,
        )  # fmt: skip
    return {"endowment": place, "first_term": deals[0], "second_term": deals[1]}
