"""`keifu providers`: who serves which model, for how much, how fast, and how its past was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit, table
from keifu.cli._types import BYTES32
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession

__all__ = ["providers"]


@verb("providers", example="keifu providers --units-in 1000 --units-out 500", access=Access.READ)
@click.option("--environment", type=BYTES32, help="Services bound to this environment alone.")
@click.option("--units-in", type=click.IntRange(0), default=1_000, show_default=True, help="Of a request, to compare.")
@click.option("--units-out", type=click.IntRange(0), default=1_000, show_default=True, help="Of its answer.")
@client_folder
@json_option
def providers(
    session: RpcSession,
    environment: bytes | None,
    units_in: int,
    units_out: int,
    folder: Path | None,
    json_out: bool,
) -> None:
    """List what runs at the market, the cheapest first: price of a request of so many units, how long answers took you,
    receipts that were shown to be false, and demands without an answer."""
    from keifu.compute.client.market import latencies, listed
    from keifu.compute.client.side import COMPUTE
    from keifu.compute.client.store import Store, usual_folder
    from keifu.errors import UsageError

    market = session.suite(COMPUTE).at(session.client, COMPUTE)
    found = listed(session.client, market, session.record.first_block)
    if environment is not None:
        found = [item for item in found if item.environment == environment]
    try:
        with Store(folder or usual_folder(), writes=False) as store:
            took = latencies(store.requests())
    except UsageError:  # nothing was asked yet
        took = {}
    ordered = sorted(found, key=lambda item: (item.token, item.prices.fee(units_in, units_out), item.operator))
    rows = [
        (item.operator, item.environment.hex()[:16], item.endpoint, str(item.prices.fee(units_in, units_out)),
         item.token, f"{took[item.endpoint]} ms" if item.endpoint in took else "-", str(item.reported),
         f"{item.unanswered} of {item.demanded}")
        for item in ordered
    ]  # fmt: skip
    if json_out:
        document = [
            {**item.data(), "price": str(item.prices.fee(units_in, units_out)), "milliseconds": took.get(item.endpoint)}
            for item in ordered
        ]
        emit(document, "", json_out)
        return
    columns = ("operator", "environment", "address", "price", "in token", "took", "false receipts", "unanswered")
    table(columns, rows, empty="nobody serves anything")
