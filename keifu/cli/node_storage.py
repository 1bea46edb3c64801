"""`keifu node storage`: keep shards of others for pay. The work is done in keifu/node/storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu.cli._node import LISTEN, add_common, folder_argument, make, making, settings_of
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, DURATION, ENDPOINT, CoinsAsWritten, Text
from keifu.cli.verbs import Noun, json_option

__all__ = ["storage"]

ANSWERS = "127.0.0.1:9711"
AMOUNT = click.IntRange(0)
GIB = 1 << 30


class TokenPrice(click.ParamType):
    """ADDRESS=PRICE, for a gibibyte and epoch."""

    name = "address=price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        address, _, price = str(value).partition("=")
        text = CoinsAsWritten().convert(price, param, ctx)
        if not text.strip("0."):
            self.fail(f"{value!r} asks for nothing: leave out a token that is not taken", param, ctx)
        return ADDRESS.convert(address, param, ctx), text


TOKEN_PRICE = TokenPrice()

storage = Noun(
    "storage",
    help="Store shards of other people's files: accept deals, prove every epoch what is stored, and be paid for it.",
    example="keifu node storage run /srv/storage",
)


@storage.verb("init", example="keifu node storage init ./storage --url https://storage.example.org --price 1000")
@folder_argument
@click.option("--listen", type=LISTEN, default=ANSWERS, show_default=True, help="Where anybody asks.")
@click.option("--url", type=ENDPOINT, help="Where clients find it; without one it offers nothing.")
@click.option("--price", type=AMOUNT, default=0, show_default=True, help="Gwei for a gibibyte and epoch.")
@click.option(
    "--token", "tokens", type=TOKEN_PRICE, multiple=True,
    help="A listed token that it takes, too, and its price: amounts as people write them. May be repeated.",
)  # fmt: skip
@click.option("--restitution", type=AMOUNT, help="Gwei of restitution for a gibibyte, at most.")
@click.option("--room", type=click.IntRange(1), help="Bytes that it stores at most.")
@click.option("--region", type=Text(64), default="", help="Where the machine is, as you declare it.")
@click.option("--operator", type=Text(64), default="", help="Whose machines these are: clients take one of each.")
@click.option("--retrieval-price", type=AMOUNT, help="Wei for a gibibyte that is fetched beyond the free ones.")
@click.option("--free", type=AMOUNT, help="Bytes a day that anybody gets without paying.")
@click.option("--no-repairs", is_flag=True, help="Take over no shards that others have lost.")
@click.option("--poll", type=DURATION, default="2", help="How often the chain is looked at.  [default: 2 seconds]")
@making("storage")
@json_option
def storage_init(
    folder: Path,
    listen: str,
    url: str | None,
    price: int,
    tokens: tuple[tuple[str, str], ...],
    restitution: int | None,
    room: int | None,
    region: str,
    operator: str,
    retrieval_price: int | None,
    free: int | None,
    no_repairs: bool,
    poll: int,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. Its account locks the coins."""
    from keifu.node.setup import Wish

    chosen = {"url": url, "restitution": restitution, "room": room, "region": region, "operator": operator}
    own: dict[str, Any] = {"listen": listen, "price": price, "poll": f"{poll} seconds"}
    own |= {name: value for name, value in chosen.items() if value not in (None, "")}
    own |= {"repairs": False} if no_repairs else {}
    own |= {"tokens": dict(tokens)} if tokens else {}
    retrieval = {"price": retrieval_price, "free": free}
    if given := {name: value for name, value in retrieval.items() if value is not None}:
        own["retrieval"] = given
    make("storage", folder, json_out, Wish(listen=owner_pages, own=own, **common))


@storage.verb("gc", example="keifu node storage gc ./storage")
@folder_argument
@json_option
def storage_gc(folder: Path, json_out: bool) -> None:
    """Give the room of deleted shards back to the disk, and forget what nobody has paid for; the node has to be
    stopped. A node that runs does so by itself."""
    import time

    from keifu.node.control import require_stopped
    from keifu.node.storage.work import store_of

    require_stopped(folder, "storage")
    settings: Any = settings_of("storage", folder)[0]
    with store_of(folder, settings.storage) as store:
        unpaid = store.expire(int(time.time()) - settings.storage.unpaid_for)
        store.sweep()  # what has just been let go
        erased = store.sweep()
        left = store.reserved
    text = f"{erased} segments were given back, {unpaid} unpaid shards among them; {left} bytes are stored"
    emit({"segments": erased, "unpaid": unpaid, "stored": left}, text, json_out)


@storage.verb("bench", example="keifu node storage bench ./storage --megabytes 64")
@folder_argument
@click.option("--megabytes", type=click.IntRange(1, 4096), default=64, show_default=True, help="How much is written.")
@json_option
def storage_bench(folder: Path, megabytes: int, json_out: bool) -> None:
    """Measure the disk of a node's folder: bytes a second taken and served, and the time of the leaves of a proof."""
    from keifu.node.storage.measuring import bench

    settings_of("storage", folder)
    found = bench(folder, megabytes)
    rows = [(name, f"{value:,.1f}", unit) for name, value, unit in found]
    if json_out:
        emit({name: {"value": value, "unit": unit} for name, value, unit in found}, "", json_out)
    else:
        table(("what", "is", ""), rows)


@storage.verb("estimate", example="keifu node storage estimate ./storage --stored 1000")
@folder_argument
@click.option("--stored", type=click.IntRange(1), default=1_000, show_default=True, help="Gibibytes that are stored.")
@click.option("--shards", type=click.IntRange(1), default=10_000, show_default=True, help="In so many shards.")
@click.option("--gas-price", type=AMOUNT, help="Wei for a unit of gas.  [default: what the endpoint says]")
@json_option
def storage_estimate(folder: Path, stored: int, shards: int, gas_price: int | None, json_out: bool) -> None:
    """Compare a year's gas for proofs with a year's pay, and say what has to be locked."""
    from contextlib import ExitStack

    from keifu.node.chain import account_of, open_chain
    from keifu.node.storage.measuring import estimate

    settings: Any = settings_of("storage", folder)[0]
    with ExitStack() as held:
        chain = open_chain(settings.chain, held)
        account = account_of(folder, settings.key)
        found = estimate(chain, account, settings.storage, stored, shards, gas_price)
    if json_out:
        emit(found.data(), "", json_out)
    else:
        table(("what", "is", ""), found.rows())


add_common(storage, "storage")
