"""`keifu store quote` and `put`. The work is done in keifu/storage/client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._store import CODE, Bar, ledger_of, market_of, storage_folder, token_option
from keifu.cli._types import COINS, DURATION, IN_PATH, CoinsAsWritten
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.units import coins, duration

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.storage.client.ledger import KeptQuote, Row
    from keifu.storage.client.market import Market
    from keifu.storage.client.quoting import Quote, Wish
    from keifu.storage.client.storing import Storing

__all__ = ["put", "quote"]


def _wished(body: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--restitution", type=COINS, help="Coins for each shard that is lost.  [default: what providers stand for]"
        ),
        click.option("--unmasked", is_flag=True, help="Let anybody rebuild shards. Private data is masked otherwise."),
        click.option("--public", is_flag=True, help="Let whoever has the address read it."),
        click.option("--code", type=CODE, default="10+4", show_default=True, help="K+M: any K of K+M shards give it."),
        click.option("--for", "seconds", type=DURATION, default="30 days", show_default=True, help="How long."),
        token_option,
    ):
        body = option(body)
    return body


@verb("quote", example='keifu store quote data --for "90 days" --role client', access=Access.SEND)
@click.argument("path", type=IN_PATH)
@_wished
@storage_folder
@json_option
def quote(session: RpcSession, path: Path, folder: Path | None, json_out: bool, **wished: Any) -> None:
    """Say what storing PATH costs at the most, with which providers, and how probable it is that it is lost within a
    year. `put --quote NUMBER` pays no more."""
    from keifu.storage.client.trees import source_of
    from keifu.storage.loss import shown

    source = source_of(path.resolve())
    with _storing(session, folder, Bar(0, "")) as storing:
        wish = _wish(storing.market, source.size, **wished)
        number, made = storing.quote(source, wish, public=wished["public"])
    if json_out:
        emit({"number": number, **made.data()}, "", json_out)
        return
    click.echo(f"quote {number}: {made.terms.money.text(made.cost)} at the most, for {_counted(made)}")
    click.echo(f"restitution {_gwei(made.terms.restitution)} coins for each shard that is lost")
    click.echo(f"lost within a year: {shown(made.loss)}")
    click.echo(
        f"  repairs take {duration(round(made.measured.repair))} ({made.measured.repairs} measured), "
        f"{made.measured.failures:.2f} failures a provider and year"
    )
    for offer in made.holders:
        click.echo(f"  {offer.provider} {offer.url} {offer.region if offer.region != offer.provider else ''}".rstrip())


@verb("put", example='keifu store put data --for "30 days" --code 4+2 --max-price 2 --role client', access=Access.SEND)
@click.argument("path", type=IN_PATH)
@click.option("--quote", "number", type=click.IntRange(1), help="Pay at most what was quoted by this number.")
@click.option("--max-price", "most", type=CoinsAsWritten(), help="Coins that it may cost; with --token, of that token.")
@click.option("--again", is_flag=True, help="Store another copy of what is stored already.")
@_wished
@storage_folder
@json_option
def put(
    session: RpcSession,
    path: Path,
    number: int | None,
    most: str | None,
    again: bool,
    folder: Path | None,
    json_out: bool,
    **wished: Any,
) -> None:
    """Store PATH with as many providers as it has shards, encrypted, and print its address. Nothing is paid without a
    --quote or a --max-price. Whatever interrupts it, the same command goes on, and pays nothing twice."""
    from keifu.storage.client.trees import source_of

    if (number is None) == (most is None):
        raise UsageError("nothing is paid without a bound", remedy="--quote NUMBER as `quote` gave it, or --max-price")
    source = source_of(path.resolve())
    bar = Bar(source.size, "sending")
    with _storing(session, folder, bar) as storing:
        if number is not None:
            agreed = storing.ledger.quote(number)
            wish, public = _agreed(agreed, number, source.path, source.size), agreed.public
            bound = agreed.cost * storing.market.money(agreed.token).unit
        else:
            assert most is not None
            wish, public = _wish(storing.market, source.size, **wished), wished["public"]
            bound = storing.market.money(wish.token).parse(most)
        with bar.shown():
            row = storing.put(source, wish, most=bound, public=public, again=again)
    _show(row, json_out)


def _show(row: Row, json_out: bool) -> None:
    from keifu.storage.client.storing import address_of

    address = str(address_of(row))
    facts = {
        "file": row.number, "state": row.state, "address": address, "deal": row.deal.hex(),
        "content_root": row.root.hex(), "size": row.kept.size,
    }  # fmt: skip
    text = f"file {row.number} is {row.state}, content root {row.root.hex()}\n{address}"
    emit(facts, text, json_out)


def _wish(
    market: Market,
    size: int,
    seconds: int,
    code: tuple[int, int],
    public: bool,
    unmasked: bool,
    restitution: int | None,
    token: str,
) -> Wish:
    from keifu.storage.client.quoting import Wish
    from keifu.storage.states import GWEI

    worth = None if restitution is None else restitution // GWEI
    return Wish(size, *code, seconds, not (public or unmasked), worth, market.token_named(token))


def _agreed(quote: KeptQuote, number: int, path: Path, size: int) -> Wish:
    from keifu.storage.client.quoting import Wish

    if quote.path != str(path):
        raise UsageError(f"quote {number} is for {quote.path}", remedy="ask for a quote for this one")
    return Wish(size, quote.k, quote.m, quote.seconds, quote.masked, quote.restitution, quote.token)


@contextmanager
def _storing(session: RpcSession, folder: Path | None, bar: Bar) -> Iterator[Storing]:
    from keifu.storage.client.storing import Storing

    market = market_of(session)
    with ledger_of(folder) as ledger:
        yield Storing(market, ledger, session.deployer, session.account, time.sleep, progress=bar)


def _counted(made: Quote) -> str:
    wish = made.wish
    return f"{wish.k + wish.m} shards, any {wish.k} of which give it, until epoch {made.terms.end}"


def _gwei(amount: int) -> str:
    from keifu.storage.states import GWEI

    return coins(amount * GWEI)
