"""`keifu verify-reply`: whether an answer that somebody recorded is what its receipt says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._compute import asked_of, side_of, trust_options
from keifu.cli._types import BYTES32, IN_FILE
from keifu.cli.prov_read import show
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.compute.client.capture import Captured
    from keifu.compute.client.checks import Expected
    from keifu.compute.client.sources import Sources
    from keifu.provenance.verify import Finding

__all__ = ["verify_reply"]


@verb("verify-reply", example="keifu verify-reply capture.har --operator 0x… --offline", access=Access.READ)
@click.argument("capture", type=IN_FILE)
@click.option(
    "--request", type=IN_FILE, help="File with the request's body: then CAPTURE is what `curl -i` printed, and no HAR."
)
@asked_of
@click.option("--channel", type=BYTES32, help="Channel that paid, by its id.  [default: any]")
@click.option("--promise", type=click.IntRange(1), help="Promise at ReExecution, of a re-executed answer.")
@click.option("--most", type=click.IntRange(0), help="What the answer may cost, in the token's smallest unit.")
@client_folder
@trust_options
@json_option
def verify_reply(
    session: RpcSession,
    capture: Path,
    request: Path | None,
    operator: str,
    environment: bytes | None,
    tees: tuple[str, ...],
    channel: bytes | None,
    promise: int | None,
    most: int | None,
    folder: Path | None,
    trust: Path | None,
    offline: bool,
    json_out: bool,
) -> None:
    """Compare what a HAR file or `curl -i` recorded with the receipt in it, with what you trust, and with what the
    client in --folder has kept. Exit status 1 when something differs; each check stands on a line of its own."""
    from keifu.compute.client.capture import read_curl, read_har
    from keifu.compute.client.checks import Expected

    captured = [read_curl(capture, request)] if request else read_har(capture)
    side = side_of(session, trust, offline=offline)
    expected = Expected(
        side.chain_id, side.market, operator, channel, environment, most=most, tees=frozenset(map(str.lower, tees)),
        promised=side.sources.promise(promise) if promise else None,
    )  # fmt: skip
    findings = [
        finding for item in captured for finding in _compared(item, expected, side.sources, folder, len(captured) > 1)
    ]
    show(findings, json_out)


def _compared(
    captured: Captured, expected: Expected, sources: Sources, folder: Path | None, is_one_of_many: bool
) -> list[Finding]:
    from dataclasses import replace

    from keifu.compute.client.capture import exchange_of
    from keifu.compute.client.checks import Check, ReplyRefused, check_reply
    from keifu.compute.client.store import Store
    from keifu.provenance.verify import Finding

    where = f" of {captured.url}" if is_one_of_many else ""
    try:
        exchange = exchange_of(captured)
    except ReplyRefused as error:
        return [Finding(Check.RECEIPT + where, False, error.message.partition(": ")[2])]
    if folder is not None:
        with Store(folder, writes=False) as store:
            try:
                standing = store.standing(exchange.signed)
            except UsageError as error:
                return [Finding(Check.CHANNEL + where, False, error.message)]
        expected = replace(expected, standing=standing)
    found = check_reply(exchange, expected, sources)
    return [Finding(item.check + where, item.ok, item.detail) for item in found] if where else found
