"""`keifu store gateway` and `watch`: what runs until it is stopped. The work is done in keifu/storage/client."""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._store import FILE, ledger_of, market_of, named, storage_folder
from keifu.cli._types import COINS, DURATION, IN_FILE
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import EnvironmentFault

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.storage.client.caring import Round
    from keifu.storage.client.repairing import Target

__all__ = ["gateway", "watch"]

LOCAL, USUAL_PORT = "127.0.0.1", 8642


@verb("gateway", example="keifu store gateway --port 8642", access=Access.READ)
@click.option(
    "--host", default=LOCAL, show_default=True, help="Address to listen on; others than your own see it then."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=USUAL_PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--name", "names", multiple=True, metavar="HOST",
    help="Name that a proxy in front gives this server; may be repeated. On your own machine, others are refused.",
)  # fmt: skip
@json_option
def gateway(session: RpcSession, host: str, port: int, names: tuple[str, ...], json_out: bool) -> None:
    """Serve public files until Ctrl-C: their address without `keifu:` is the path, and a name of a folder's file may
    follow. Ranges are served; what is served was checked."""
    from keifu.serving import Server
    from keifu.storage.client.gateway import GATEWAY_LIMITS, Gateway

    server = Server(Gateway(market_of(session)), host=host, port=port, names=names, limits=GATEWAY_LIMITS)
    emit({"url": server.url}, f"{server.url} serves public files until Ctrl-C", json_out)
    server.run()


@verb("watch", example='keifu store watch 1 --every "1 hour" --max-price 1 --role client', access=Access.SEND)
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option("--every", type=DURATION, default="1 hour", show_default=True, help="Between two rounds.")
@click.option("--failures", type=click.IntRange(1, 100), default=3, show_default=True, help="Before a demand is paid.")
@click.option("--max-price", "most", type=COINS, default="0", help="Coins for demands in all.  [default: none is paid]")
@click.option("--rounds", type=click.IntRange(1), help="End after so many rounds.  [default: until Ctrl-C]")
@click.option("--box", type=IN_FILE, help="Keys that were shared with you for repair.")
@storage_folder
@json_option
def watch(
    session: RpcSession,
    files: tuple[Any, ...],
    every: int,
    failures: int,
    most: int,
    rounds: int | None,
    box: Path | None,
    folder: Path | None,
    json_out: bool,
) -> None:
    """Ask each provider of FILES for a leaf now and then. What is not shown is demanded on the chain for a fee; what is
    lost is made again with another provider. Of masked files that takes the keys, or a box for repair. A round that an
    endpoint does not let it make is left out."""
    from keifu.storage.client.caring import Care
    from keifu.storage.client.storing import Storing
    from keifu.storage.watching import Watch

    market = market_of(session)
    care = Care([_target(session, file, folder, box) for file in files], Watch(0.0, failures=failures), most)
    for number in count(1):
        try:
            with ledger_of(folder) as ledger:
                storing = Storing(market, ledger, session.deployer, session.account, time.sleep)
                _show(care.round(storing, number * every), json_out)
        except EnvironmentFault as fault:  # an endpoint that is away now, or a folder that is in use
            if number == rounds:
                raise
            click.echo(f"round {number} was not made: {fault}", err=True)
        if number == rounds:
            return
        time.sleep(every)


def _target(session: RpcSession, file: Any, folder: Path | None, box: Path | None) -> Target:
    from keifu.storage.ciphers import FileKeys
    from keifu.storage.client.repairing import Target

    masked = named(session, file, folder, keyless=True).descriptor.header.masked
    found = named(session, file, folder, box, keyless=not masked)
    market = market_of(session)
    placed = market.confirmed(found.address.deal, market.require_deal(found.address.deal))
    return Target(found.address.deal, found.descriptor, tuple(placed), found.keys or FileKeys(b""))


def _show(done: Round, json_out: bool) -> None:
    if json_out:
        click.echo(json.dumps(done.data()))
        return
    click.echo(f"{done.sampled - done.failed} of {done.sampled} leaves were shown")
    for text in (
        *(f"demanded: shard {shard}" for shard in done.demanded),
        *(f"lost: shard {shard}" for shard in done.ended),
        *(
            f"not made again: shard {item.index}: {item.fault}"
            if item.fault
            else f"sent: shard {item.index} to {item.provider}"
            for item in done.mended
        ),
        *done.alerts,
    ):
        click.echo(text)
