"""`keifu store gateway`. The work is done in keifu/storage/client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._store import market_of
from keifu.cli.verbs import Access, json_option, verb

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession

__all__ = ["gateway"]

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
