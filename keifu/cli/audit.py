"""`keifu audit`: whether a reply that somebody kept is what the model computes, by the products of its layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._paying import client_of, paying_options
from keifu.cli._types import IN_FILE, IN_FOLDER
from keifu.cli.prov_read import show
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession

__all__ = ["audit"]


@verb(
    "audit",
    example="keifu audit reply.har --integers models/v1 --provider http://127.0.0.1:8700 --operator 0x… --most 1000",
    access=Access.SEND,
)
@click.argument("capture", type=IN_FILE)
@click.option(
    "--request", type=IN_FILE, help="File with the request's body: then CAPTURE is what `curl -i` printed, and no HAR."
)
@click.option("--integers", type=IN_FOLDER, required=True, help="The token model as keifu model build wrote it.")
@paying_options
@json_option
def audit(
    session: RpcSession, capture: Path, request: Path | None, integers: Path, json_out: bool, **paying: Any
) -> None:
    """Compare a reply in a HAR file with its receipt, buy the products of its layers, and check them by secret numbers.
    All else is computed again here. Where products are false, or are not handed out, the whole reply is computed again.
    --most bounds each of the requests, one for about 2 million products. Exit status 1 when something differs."""
    from keifu.compute.client.auditing import Auditing
    from keifu.compute.client.capture import exchange_of, read_curl, read_har
    from keifu.compute.client.checks import Expected, check_reply, require
    from keifu.compute.products import ENDPOINT
    from keifu.inference.tokens.keeping import load

    captured = [read_curl(capture, request)] if request else read_har(capture)
    if len(captured) != 1:
        raise UsageError(f"{capture} has {len(captured)} requests", remedy="one is audited at a time")
    exchange = exchange_of(captured[0])
    with client_of(session, **paying) as (client, provider):
        terms = client.wallet.terms
        expected = Expected(terms.chain_id, terms.market, provider.operator, environment=provider.environment)
        found = check_reply(exchange, expected, client.sources)
        require(found)
        auditing = Auditing(load(integers), lambda document: client.ask(provider, f"/v1/{ENDPOINT}", document).body)
        found += auditing.findings(exchange)
    show(found, json_out)
