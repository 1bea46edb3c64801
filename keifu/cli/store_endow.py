"""`keifu store endow` and what else is done about endowments. The work is done in keifu/storage/client/endowing.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._store import FILE, ledger_of, market_of, row_of, storage_folder
from keifu.cli._types import ADDRESS, COINS, DURATION
from keifu.cli.verbs import Access, json_option, verb
from keifu.units import coins

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.storage.client.endowing import Endowment
    from keifu.storage.client.ledger import Row
    from keifu.storage.client.storing import Storing

__all__ = ["endow", "endowed", "extend", "top_up", "wind_up"]

PART = 100  # of a percent


@verb("endow", example='keifu store endow 1 --amount 50 --term "120 days" --fall 5 --role client', access=Access.SEND)
@click.argument("file", type=FILE)
@click.option("--amount", type=COINS, required=True, help="Coins to give. Nobody takes them back.")
@click.option("--term", "seconds", type=DURATION, default="120 days", show_default=True, help="Of one term.")
@click.option(
    "--fall", type=click.FloatRange(0, 99.99), default=0.0, show_default=True,
    help="Percent by which the price falls from a term to the next.",
)  # fmt: skip
@click.option(
    "--above", type=click.FloatRange(0, 10_000), default=0.0, show_default=True,
    help="Percent above the dearest provider's price at which it begins.",
)  # fmt: skip
@click.option("--reward", type=COINS, default="1", show_default=True, help="Coins for whoever opens a further term.")
@click.option("--heir", type=ADDRESS, help="Who gets what is left when nobody goes on.  [default: you]")
@storage_folder
@json_option
def endow(
    session: RpcSession,
    file: Any,
    amount: int,
    seconds: int,
    fall: float,
    above: float,
    reward: int,
    heir: str | None,
    folder: Path | None,
    json_out: bool,
) -> None:
    """Found an endowment that pays for FILE term after term, in the suite's coin, also when you are gone. Its providers
    accept the first term. Whatever interrupts it, the same command goes on, and pays nothing twice."""
    from keifu.storage.client import endowing

    wish = endowing.Wish(
        amount, seconds, round(fall * PART), round(above * PART), reward, heir or session.account.address
    )
    with _storing(session, folder) as storing:
        row, found = endowing.endow(storing, row_of(storing.ledger, file), wish)
    _show(row, found, json_out)


@verb("endowed", example="keifu store endowed 2", access=Access.READ)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def endowed(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """Show the endowment of FILE: its term, its coins, and for how many further terms they are enough."""
    from keifu.storage.client import endowing

    with ledger_of(folder, writes=False) as ledger:
        row = row_of(ledger, file)
    _show(row, endowing.of(market_of(session), row), json_out)


@verb("extend", example="keifu store extend 2 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def extend(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """Open the next term of the endowment of FILE when it is time, for its reward, and have it accepted. Before that
    it says from which epoch on. Run it now and then."""
    from keifu.storage.client import endowing

    with _storing(session, folder) as storing:
        row, found = endowing.extend(storing, row_of(storing.ledger, file))
    _show(row, found, json_out)


@verb("top-up", example="keifu store top-up 2 --amount 10 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@click.option("--amount", type=COINS, required=True, help="Coins to give.")
@storage_folder
@json_option
def top_up(session: RpcSession, file: Any, amount: int, folder: Path | None, json_out: bool) -> None:
    """Give the endowment of FILE more coins. Whoever knows its address may also just send coins there."""
    from keifu.storage.client import endowing

    with _storing(session, folder) as storing:
        row = row_of(storing.ledger, file)
        found = endowing.top_up(storing, row, amount)
    _show(row, found, json_out)


@verb("wind-up", example="keifu store wind-up 2 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def wind_up(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """Give the heir all coins of the endowment of FILE: half a year after a term that nobody followed."""
    from keifu.storage.client import endowing

    with _storing(session, folder) as storing:
        found = endowing.wind_up(storing, row_of(storing.ledger, file))
    emit(found.data(), f"what endowment {found.address} had went to {found.heir}", json_out)


@contextmanager
def _storing(session: RpcSession, folder: Path | None) -> Iterator[Storing]:
    from keifu.storage.client.storing import Storing

    market = market_of(session)
    with ledger_of(folder) as ledger:
        yield Storing(market, ledger, session.deployer, session.account, time.sleep)


def _show(row: Row, found: Endowment, json_out: bool) -> None:
    from keifu.storage.client.storing import address_of
    from keifu.storage.states import GWEI

    text = (
        f"endowment {found.address} pays for file {row.number}: {coins(found.price * GWEI)} coins a shard and epoch, "
        f"{found.fall / PART:g} % less each term\n"
        f"term {found.number} is paid until epoch {found.until}; the next may be opened from epoch {found.opens} on "
        f"(reward: {coins(found.reward)})\n"
        f"its {coins(found.coins)} coins pay for {found.lasts} further terms\n"
        f"{address_of(row)}"
    )
    emit({"file": row.number, "state": row.state, **found.data()}, text, json_out)
