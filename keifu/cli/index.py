"""`keifu index`: every event of the suite in tables of one's own, checked, and served as JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import OUT_PATH
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import CheckFailed, UsageError
from keifu.units import counted

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.index import Report

__all__ = ["cli"]

GIVE_UP_AFTER = 8  # failures in a row of a node that is followed once
USUAL_DATABASE, USUAL_JOURNAL = "keifu-index.sqlite", Path("keifu-index.journal")
USUAL_PORT = 8_640
USUAL_PAUSE, LOCAL_PAUSE = 5.0, 0.25  # seconds
LOCAL = "127.0.0.1"

cli = Noun(
    "index",
    help="Keep every event of the suite in a database, check it against the contracts, and serve it as JSON.",
    example="keifu index run --once && keifu index check",
)


def database_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--db", "place", envvar="KEIFU_INDEX_DB", show_envvar=True, default=USUAL_DATABASE, show_default=True,
        metavar="FILE|URL", help="File of SQLite, or postgresql:// address of a database.",
    )(body)  # fmt: skip


def names_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--name", "names", multiple=True, metavar="HOST",
        help="Name that a proxy in front gives this server; may be repeated. On your own machine, others are refused.",
    )(body)  # fmt: skip


@cli.verb("run", example="keifu index run --db suite.sqlite", access=Access.READ)
@click.option("--once", is_flag=True, help="Stop at the chain's head instead of waiting for more.")
@click.option(
    "--journal", type=OUT_PATH, default=USUAL_JOURNAL, show_default=True,
    help="With PostgreSQL: file that keeps the position. It belongs to the database.",
)  # fmt: skip
@click.option(
    "--confirmations", type=click.IntRange(0), default=0, show_default=True,
    help="Blocks below the head that are left alone until they are deeper.",
)  # fmt: skip
@click.option(
    "--pause", type=click.FloatRange(0.05, 600),
    help="Longest pause in seconds before it looks for new blocks, where no wss:// address announces them. "
    f"[default: {USUAL_PAUSE:g}, of a local chain {LOCAL_PAUSE:g}]",
)  # fmt: skip
@database_option
@json_option
def run(
    session: RpcSession,
    once: bool,
    journal: Path,
    confirmations: int,
    pause: float | None,
    place: str,
    json_out: bool,
) -> None:
    """Follow all contracts of the suite into the database until Ctrl-C; one that was cut off goes on where it was."""
    from keifu.index.store import Store

    Store.require_usable(place)
    if not journal.parent.is_dir():
        raise UsageError(f"{journal} is in no folder that is there", remedy="--journal FILE")
    from ethwire.rpc import heads_of
    from keifu.chain.suite import HUB, TOKEN
    from keifu.index import Indexer, suite_of

    session.suite(TOKEN, HUB)
    with Indexer(
        session.client.rpc,
        suite_of(session.record),
        place,
        journal=journal,
        on_notice=lambda notice: click.echo(f"index: {notice.message}", err=True),
        heads=heads_of(session.url),
        longest_pause=pause or (LOCAL_PAUSE if session.is_local else USUAL_PAUSE),
        confirmations=confirmations,
    ) as indexer:
        indexer.run(lambda step: step.caught_up, give_up_after=GIVE_UP_AFTER if once else 0)
        _tell_standing(place, json_out)
        if not once:
            indexer.run(lambda step: False)


@cli.verb("status", example="keifu index status --db suite.sqlite")
@database_option
@json_option
def status(place: str, json_out: bool) -> None:
    """Show of which suite the index is, how far it is, what of it is not proved, and how many events it has."""
    _tell_standing(place, json_out)


@cli.verb("check", example="keifu index check --db suite.sqlite", access=Access.READ)
@click.option(
    "--most", type=click.IntRange(1, 100_000), default=500, show_default=True,
    help="Members of each group that are compared, those that changed last.",
)  # fmt: skip
@database_option
@json_option
def check(session: RpcSession, most: int, place: str, json_out: bool) -> None:
    """Compare the tables with the contracts' own views at the same block; exit status 1 when anything differs. With
    several nodes in --rpc, each is asked, and the one that contradicts the others is named."""
    from keifu.index import Store, open_database, reconcile

    with contextlib.closing(open_database(place, read_only=True)) as database:
        report = reconcile(Store.read(database), session.client.rpc, most)
    _tell_report(report, json_out)
    if report.differences:
        raise CheckFailed(
            f"the contracts contradict {counted(len(report.differences), 'figure')}", remedy=report.suspect
        )


@cli.verb("serve", example="keifu index serve --db suite.sqlite --port 8640")
@click.option(
    "--host", default=LOCAL, show_default=True, help="Address to listen on; others than your own see it then."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=USUAL_PORT, show_default=True, help="Port; 0 takes a free one."
)
@names_option
@database_option
@json_option
def serve(host: str, port: int, names: tuple[str, ...], place: str, json_out: bool) -> None:
    """Serve lists, events and searches as JSON until Ctrl-C, while another process may run the index. The page at its
    address says what it answers."""
    from keifu.index import Api
    from keifu.serving import Server

    with contextlib.closing(Api(place)) as api:
        server = Server(api, host=host, port=port, names=names)
        emit({"url": server.url, "database": place}, f"{server.url} serves {place} until Ctrl-C", json_out)
        server.run()


@cli.verb("tables", example="keifu index tables StakingHub")
@click.argument("contract", required=False)
@json_option
def tables(contract: str | None, json_out: bool) -> None:
    """List the tables of the suite's events, or those of one contract with their columns."""
    from keifu.abi import names
    from keifu.index import tables_of

    known = names()
    if contract is not None and contract not in known:
        raise UsageError(f"there is no contract {contract!r}", remedy=f"one of {', '.join(known)}")
    found = tables_of([contract] if contract else known)
    if json_out:
        emit([item.described() for item in found], "", json_out)
    elif contract is None:
        table(("table", "columns"), [(item.name, str(len(item.columns))) for item in found])
    else:
        rows = [(item.name, column.name, column.type or column.kind.value) for item in found for column in item.columns]
        table(("table", "column", "type"), rows, empty=f"{contract} logs no events")


def _tell_standing(place: str, json_out: bool) -> None:
    from keifu.index import Store, open_database

    with contextlib.closing(open_database(place, read_only=True)) as database:
        _, standing = Store.read(database).standing()
    lines = [f"{standing['database']}: chain {standing['chain_id']}, {len(standing['contracts'])} contracts"]
    lines.append(
        f"block {standing['block']['number']:,} {standing['block']['hash'] or ''}, {standing['events']:,} events"
    )
    if standing["pending"]:
        lines.append(f"{standing['pending']:,} blocks wait for their proof")
    lines += [f"block {item['block']} is not proved: {item['why'] or 'not yet'}" for item in standing["unproved"]]
    emit(standing, "\n".join(lines), json_out)


def _tell_report(report: Report, json_out: bool) -> None:
    document = {
        "block": {"number": report.position.number, "hash": report.position.hash},
        "compared": dict(report.compared),
        "differences": [
            {"figure": item.figure, "tables": item.tables, "view": item.view, "url": item.url}
            for item in report.differences
        ],
        "suspect": report.suspect,
    }
    counts = ", ".join(f"{count} {group}" for group, count in report.compared.items())
    lines = [f"block {report.position.number:,}: {counts} compared with the contracts' views"]
    emit(document, "\n".join([*lines, *(item.message for item in report.differences)]), json_out)
