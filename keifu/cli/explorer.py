"""`keifu explorer`: what runs, on whose word, and who was slashed for what, as pages that anybody can open."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from keifu.cli._print import emit
from keifu.cli._types import ENDPOINT, FOLDER, GRANTS, IN_FOLDER
from keifu.cli.index import LOCAL, database_option, names_option
from keifu.cli.verbs import Noun, json_option

if TYPE_CHECKING:
    from keifu.explorer.deployed import Looked
    from keifu.explorer.spending import Asked

__all__ = ["cli"]

USUAL_PORT = 8_650
SPENT_SECONDS = 2.0  # for a node that is asked while somebody waits for a page
CONNECTIONS = 512  # each open page holds one


class _Server(click.ParamType):
    """The address of a server that speaks HTTP."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parts = urlsplit(str(value))
            is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_right = False
        if not is_right or parts.query or parts.fragment:
            self.fail(f"{value!r} is no address of a watcher: http://127.0.0.1:9651", param, ctx)
        return str(value)


cli = Noun(
    "explorer",
    help="Serve pages of what runs, who has what at stake, and who was slashed for what, from an index.",
    example="keifu explorer serve --db suite.sqlite",
)


@cli.verb("serve", example="keifu explorer serve --db suite.sqlite --port 8650")
@click.option(
    "--host", default=LOCAL, show_default=True, help="Address to listen on; others than your own see it then."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=USUAL_PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--heartbeats", "watchers", type=_Server(), multiple=True,
    help="Address of a watcher whose heartbeats are verified here and shown; may be repeated.",
)  # fmt: skip
@click.option(
    "--verify-with",
    "node",
    type=ENDPOINT,
    metavar="URL",
    help="Node to compare code, roles and terms with the deployment record, again when the timelock acts, and to ask "
    "what sessions have spent.",
)
@click.option(
    "--deployments", type=FOLDER, envvar="KEIFU_DEPLOYMENTS", show_envvar=True, help="Folder of deployment records."
)
@click.option(
    "--dapp", "page", type=IN_FOLDER,
    help="Folder of the page for holders and authors, which make dapp builds; it is served at /dapp/.",
)  # fmt: skip
@click.option(
    "--grants", "grants", type=GRANTS, envvar="KEIFU_GRANTS", show_envvar=True,
    help="Folder of the published list of grants, for that page.",
)  # fmt: skip
@names_option
@database_option
@json_option
def serve(
    host: str,
    port: int,
    watchers: tuple[str, ...],
    node: str | None,
    deployments: Path | None,
    page: Path | None,
    grants: Path | None,
    names: tuple[str, ...],
    place: str,
    json_out: bool,
) -> None:
    """Serve the pages until Ctrl-C, from the database that `keifu index run` keeps: pages that are open change with
    it. They load nothing from elsewhere."""
    from keifu.explorer import Explorer
    from keifu.explorer.dapp import Dapp
    from keifu.explorer.deployed import deployed_at
    from keifu.serving import Limits, Server

    look = partial(_look, node, deployments) if node else None
    spent = partial(_spent, node) if node else None
    deployed, dapp = partial(deployed_at, deployments), Dapp(page, grants) if page else None
    with contextlib.closing(
        Explorer(place, deployed=deployed, look=look, spent=spent, watchers=watchers, dapp=dapp)
    ) as explorer:
        limits = Limits(connections=CONNECTIONS)
        server = Server(explorer, host=host, port=port, limits=limits, names=names, refused=explorer.refused)
        emit({"url": server.url, "database": place}, f"{server.url} shows {place} until Ctrl-C", json_out)
        server.run()


def _look(rpc: str, deployments: Path | None, chain_id: int, genesis: str) -> Looked:
    """Everything that `keifu deploy verify` compares, against the record of this chain at hand."""
    from ethwire.rpc import connect
    from keifu.chain import ChainClient
    from keifu.chain.deployments import find_record
    from keifu.chain.header import genesis_of
    from keifu.chain.verify import verify_suite
    from keifu.errors import KeifuError
    from keifu.explorer.deployed import Looked

    try:
        with contextlib.closing(connect(rpc)) as connection:
            connection.require_chain(chain_id)
            if genesis_of(connection) != genesis:
                return Looked(0, fault=f"{rpc} has another first block than the index")
            block, (record, _) = connection.block_number(), find_record(chain_id, genesis, deployments)
            if not record.contracts:
                return Looked(0, fault="no record of the deployment is at hand")
            checks = verify_suite(ChainClient(connection), record)
    except KeifuError as error:
        return Looked(0, fault=error.message)
    return Looked(block, len(checks), tuple(check for check in checks if not check.holds))


def _spent(rpc: str, account: str, asked: Asked, block_hash: str) -> dict[tuple[str, str], int] | None:
    """What an account lost through sessions in their present periods; None where the node does not say it soon."""
    from ethwire.rpc import connect
    from keifu.accounts.actions import spent_at
    from keifu.errors import KeifuError

    try:
        with contextlib.closing(connect(rpc, timeout=SPENT_SECONDS)) as connection:
            return spent_at(connection, account, asked, block_hash)
    except KeifuError:
        return None
