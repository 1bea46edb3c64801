"""What the timelock has named since the deployment: attestors of data, currencies of the market, tokens that channels
take. Events say whom to ask, storage answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keifu.abi import Contract
from keifu.chain._client import ChainClient
from keifu.chain.logs import named_in
from keifu.units import coins

__all__ = ["attestor_rows", "currency_rows", "token_rows"]


def attestor_rows(client: ChainClient, verifier: Contract, first_block: int) -> Iterator[tuple[str, str]]:
    """Who may sign that data was encrypted anew, and with how many coins behind it."""
    for address in sorted(named_in(client, verifier, "AttestorNamed", first_block)):
        mature, pending, *_, joins_from, removed_from = verifier.attestor(address)
        if joins_from:
            state = "is to be removed" if removed_from else "is named"
            yield f"an attestor of transfers {state}", f"{address}: {coins(mature + pending)} coins behind it"


def currency_rows(client: ChainClient, market: Contract, first_block: int) -> Iterator[tuple[str, str]]:
    """In which currencies from outside the suite agents are sold."""
    own = market.token().lower()
    listed = [item for item in named_in(client, market, "CurrencyListed", first_block) if market.is_listed(item)]
    yield from _from_outside("agents are sold in a currency from outside the suite", listed, own)
    if not market.is_listed(own):
        yield "agents are not sold in the suite's coin", own


def token_rows(client: ChainClient, channels: Contract, first_block: int) -> Iterator[tuple[str, str]]:
    """Which tokens from outside the suite channels are paid in, and the fee."""
    own = channels.coin().lower()
    listed = [item for item in named_in(client, channels, "TokenListed", first_block) if channels.isListed(item)]
    yield from _from_outside("channels take a token from outside the suite", listed, own)
    if not channels.isListed(own):
        yield "channels do not take the suite's coin", own
    if fee := channels.fee():
        yield "channels take a fee", f"{fee / 100:.2f} % of what receivers settle"


def _from_outside(what: str, listed: Iterable[str], own: str) -> Iterator[tuple[str, str]]:
    return ((what, f"look at {address}") for address in sorted(listed) if address != own)
