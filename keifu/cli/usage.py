"""`keifu usage`: what each key of this machine's client used, its bounds, and its invoices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import FOLDER, MOMENT, OUT_PATH
from keifu.cli.verbs import Noun, json_option
from keifu.errors import UsageError

__all__ = ["cli", "client_folder"]

cli = Noun(
    "usage",
    help="Show what each key spent at providers, bound it, write invoices. Amounts: the token's smallest unit.",
    example="keifu usage show",
)
_AMOUNT = click.IntRange(0)


def client_folder(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--folder", type=FOLDER, envvar="KEIFU_CLIENT", show_envvar=True,
        help="The client's folder.  [default: client in your own state folder]",
    )(body)  # fmt: skip


def _period(body: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--until", type=MOMENT, help="Up to this time, which is left out."),
        click.option("--since", type=MOMENT, default="0", help="From this time on."),
        click.option("--key", help="Of this key alone."),
    ):
        body = option(body)
    return body


@cli.verb("show", example="keifu usage show --since 2026-12-01")
@client_folder
@_period
@json_option
def show(folder: Path | None, key: str | None, since: int, until: int | None, json_out: bool) -> None:
    """Show what each key used of each model, what that cost, and what it may spend."""
    from keifu.compute.client.invoices import used
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), writes=False) as store:
        found, caps = used(store, key=key, since=since, until=until), store.caps()
    if json_out:
        bounds = {name: {"day": day, "total": total} for name, (day, total) in caps.items()}
        emit({"used": [item.data() for item in found], "caps": bounds}, "", json_out)
        return
    rows = [
        (item.key, item.model, str(item.requests), str(item.units_in), str(item.units_out), str(item.fees),
         str(item.unsure), _bounds(*caps.get(item.key, (None, None))))
        for item in found
    ]  # fmt: skip
    columns = ("key", "model", "requests", "units in", "units out", "fees", "unsure", "may spend")
    table(columns, rows, empty="nothing was asked")


@cli.verb("invoice", example="keifu usage invoice --key app --since 2026-12-01 --csv --out invoice.csv")
@client_folder
@_period
@click.option("--csv", "as_table", is_flag=True, help="CSV instead of a JSON document.")
@click.option("--out", type=OUT_PATH, help="File to write.  [default: standard output]")
@json_option
def invoice(
    folder: Path | None,
    key: str | None,
    since: int,
    until: int | None,
    as_table: bool,
    out: Path | None,
    json_out: bool,
) -> None:
    """Write a line for each answer of a period: when, whose key, which model, how much, what it cost."""
    import json

    from keifu.compute.client.invoices import as_csv
    from keifu.compute.client.invoices import invoice as lines_of
    from keifu.compute.client.store import Store, usual_folder

    if as_table and json_out:
        raise UsageError("--csv and --json are two forms", remedy="give one of them")
    with Store(folder or usual_folder(), writes=False) as store:
        lines = lines_of(store, key=key, since=since, until=until)
    document = {"lines": lines, "total": sum(int(line["cost"]) for line in lines)}
    text = as_csv(lines) if as_table else json.dumps(document, indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text)
    emit({"file": str(out), "lines": len(lines)}, f"{out}: {len(lines)} lines", json_out)


@cli.verb("key", example="keifu usage key app --day 1000000")
@click.argument("name")
@client_folder
@click.option("--day", type=_AMOUNT, help="What it may spend a day (UTC).")
@click.option("--total", type=_AMOUNT, help="What it may spend in all.")
@json_option
def key(name: str, folder: Path | None, day: int | None, total: int | None, json_out: bool) -> None:
    """Make a key NAME for plain clients of `keifu proxy`, and print it: it is kept nowhere."""
    from keifu.compute.client.store import Store, usual_folder
    from keifu.compute.proxy import new_key

    text, digest = new_key()
    with Store(folder or usual_folder(), beside=True) as store:
        store.set_cap(name, digest=digest, day=day, total=total)
    emit({"key": name, "secret": text, "day": day, "total": total}, text, json_out)


@cli.verb("cap", example="keifu usage cap app --day 1000000")
@click.argument("name")
@client_folder
@click.option("--day", type=_AMOUNT, help="What it may spend a day (UTC).  [default: no bound]")
@click.option("--total", type=_AMOUNT, help="What it may spend in all.  [default: no bound]")
@json_option
def cap(name: str, folder: Path | None, day: int | None, total: int | None, json_out: bool) -> None:
    """Bound what the key NAME may spend from now on; `own` is the key of `keifu infer`."""
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), beside=True) as store:
        store.set_cap(name, digest=None, day=day, total=total)
    emit({"key": name, "day": day, "total": total}, f"{name}: {_bounds(day, total)}", json_out)


def _bounds(day: int | None, total: int | None) -> str:
    said = [f"{day} a day" if day is not None else "", f"{total} in all" if total is not None else ""]
    return ", ".join(filter(None, said)) or "no bound"
