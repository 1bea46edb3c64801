"""`keifu agent sell`, `clone` and `lease`. The work is done in keifu/agent/trading.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._store import CODE
from keifu.cli._types import ADDRESS, COINS, DURATION, ENDPOINT, FOLDER, PUBLIC_KEY
from keifu.cli.agent_life import place_argument, scene_of
from keifu.cli.inft_ask import data_store
from keifu.cli.inft_use import lease_options, require_short, show_lease
from keifu.cli.verbs import Access, json_option, verb

if TYPE_CHECKING:
    from keifu.agent.trading import Asking, Traded
    from keifu.cli.session import Session

__all__ = ["clone", "lease", "sell"]


def _asking(body: Callable[..., Any]) -> Callable[..., Any]:
    """Whom the data is for, and who encrypts it."""
    for option in (
        click.option("--code", type=CODE, default="10+4", show_default=True, help="Shards of the data in the network."),
        click.option("--max-price", "most", type=COINS, help="Coins at most for storing one file of the data there."),
        click.option("--store", "store_folder", type=FOLDER, help="Folder that all share.  [default: the network]"),
        click.option("--for", "length", type=DURATION, default="1 day", show_default=True, help="How long it stands."),
        click.option("--backing", type=COINS, default="0", help="Coins that attestors must promise for a wrong key."),
        click.option(
            "--attestor", "urls", type=ENDPOINT, multiple=True,
            help="Who is asked; the first leads; repeatable.  [default: as many as have to sign]",
        ),
        click.option("--out", type=FOLDER, required=True, help="Folder for what the buyer gets; a new one at first."),
        click.option("--public-key", type=PUBLIC_KEY, required=True, help="What its `keifu inft key` printed."),
        click.option("--buyer", type=ADDRESS, required=True, help="Who gets it."),
    ):  # fmt: skip
        body = option(body)
    return body


@verb("sell", example="keifu agent sell planner --price 100 --buyer 0x… --public-key … --out sold --role author",
      access=Access.SEND)  # fmt: skip
@place_argument
@click.option("--price", type=COINS, required=True, help="Coins that the buyer pays.")
@click.option("--with-account", is_flag=True, help="Sell only while nothing is done through the agent's account.")
@_asking
@json_option
def sell(
    session: Session, place: Path, price: int, with_account: bool, buyer: str, public_key: bytes, backing: int,
    length: int, out: Path, json_out: bool, **asked: Any,
) -> None:  # fmt: skip
    """Sell an agent with its data. Attestors encrypt the data for the buyer, and you sign an order. When the buyer has
    agreed to both, the same command settles the sale: token and price change hands at once."""
    from keifu.agent.trading import sell as trade
    from keifu.inft.requesting import Wanted

    wanted = Wanted(buyer, public_key, backing, length)
    asking = _attestors(session, **asked)
    done = trade(scene_of(session), place, wanted, price, asking, out, with_account=with_account)
    _say(done, out, "sale", json_out)


@verb("clone", example="keifu agent clone planner --buyer 0x… --public-key … --out copy --role author",
      access=Access.SEND)  # fmt: skip
@place_argument
@_asking
@json_option
def clone(
    session: Session, place: Path, buyer: str, public_key: bytes, backing: int, length: int, out: Path,
    json_out: bool, **asked: Any,
) -> None:  # fmt: skip
    """Have a clone of an agent made for somebody. When it has agreed, the same command makes it: the agent stays yours,
    and has its creator's part of each price of the clone."""
    from keifu.agent.trading import clone as trade
    from keifu.inft.requesting import Wanted

    wanted = Wanted(buyer, public_key, backing, length, is_clone=True)
    _say(trade(scene_of(session), place, wanted, _attestors(session, **asked), out), out, "clone", json_out)


@verb("lease", example='keifu agent lease planner --price 5 --for "30 days" --uses 1000 --role author',
      access=Access.SEND)  # fmt: skip
@place_argument
@lease_options
@json_option
def lease(
    session: Session, place: Path, price: int, length: int, uses: int, scope: int | None, opened: int, json_out: bool
) -> None:
    """Let anybody lease an agent's data on these terms; `keifu inft lease` takes one."""
    require_short(length, opened)
    from keifu.agent.trading import lease as offer
    from keifu.agent.trading import token_of

    terms = offer(scene_of(session), place, price, length, uses, opened, scope or 0)
    show_lease(terms, token_of(place), json_out)


def _attestors(
    session: Session, urls: tuple[str, ...], store_folder: Path | None, most: int | None, code: tuple[int, int]
) -> Asking:
    from keifu.agent.trading import Asking

    return Asking(urls, data_store(session, store_folder, code, most))


def _say(done: Traded, out: Path, what: str, json_out: bool) -> None:
    files = [str(out / name) for name in done.missing]
    words = {
        "offered": f"{what} offered: the buyer agrees to {' and '.join(files)}, then the same command settles it",
        "waiting": f"the buyer has not agreed to {' and '.join(files)} yet",
        "settled": f"{what} {done.number}",
    }
    emit({"state": done.state, "missing": files, "number": done.number}, words[done.state], json_out)
