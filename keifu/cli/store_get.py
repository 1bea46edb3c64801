"""`keifu store get` and what else reads. The work is done in keifu/storage/client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._store import FILE, Bar, ledger_of, market_of, named, paying, storage_folder, token_option
from keifu.cli._types import ADDRESS, COINS, IN_FILE, IN_PATH
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.units import coins

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.storage.client.fetching import Opened

__all__ = ["get", "ls", "providers", "status", "verify"]

_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{0,18})")


class Span(click.ParamType):
    """FIRST-LAST, both bytes included, as HTTP has it."""

    name = "first-last"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int | None]:
        if isinstance(value, tuple):
            return value
        if (found := _RANGE.fullmatch(str(value))) is None:
            self.fail(f"{value!r} is no range: write 0-499, or 500-", param, ctx)
        first, last = int(found[1]), int(found[2]) if found[2] else None
        if last is not None and last < first:
            self.fail(f"{value!r} ends before it begins", param, ctx)
        return first, None if last is None else last - first + 1


@verb("get", example="keifu store get 1 --out data.bin --role client", access=Access.MAY_SIGN)
@click.argument("file", type=FILE)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File or folder to write.")
@click.option("--name", help="One file of a stored folder, by its name there.")
@click.option("--range", "span", type=Span(), help="These bytes alone, as 0-499.")
@click.option("--box", type=IN_FILE, help="Keys that were shared with you.")
@click.option(
    "--max-price",
    "most",
    type=COINS,
    default="0",
    help="Coins for what nodes do not give freely. They are paid out of channels: `keifu channel list`.  [default: 0]",
)
@click.option("--coin", type=ADDRESS, help="In what that is paid.  [default: the suite's coin]")
@storage_folder
@json_option
def get(
    session: RpcSession,
    file: Any,
    out: Path,
    name: str | None,
    span: tuple[int, int | None] | None,
    box: Path | None,
    most: int,
    coin: str | None,
    folder: Path | None,
    json_out: bool,
) -> None:
    """Read FILE (its number here, or its address) from whoever has its shards. Each segment's proof is checked, and
    what a provider does not give is made from others. Past their free bytes of the day, nodes are paid a few segments
    ahead, out of deposits that they bring to the chain."""
    from keifu.storage.client.fetching import opened
    from keifu.storage.client.trees import write_file, write_tree

    found, market = named(session, file, folder, box), market_of(session)
    with (
        paying(session, market, most, coin) as payer,
        opened(market, found.address, found.descriptor, found.keys, payer=payer) as source,
        _faults_said(source),
    ):
        manifest = source.manifest if name is None and span is None else None
        start, length = _place(source, name, span)
        bar = Bar(length if manifest is None else manifest.size, "reading")
        with bar.shown():
            parts = _counted(source.downloads.read(start, length), bar)
            written = write_file(parts, out) if manifest is None else write_tree(manifest, parts, out)
        faults = {str(index): fault for index, fault in source.downloads.faults.items()}
    text, document = f"{out}: {written:,} bytes", {"file": str(out), "bytes": written, "faults": faults}
    if payer is not None:
        document["signed"] = str(payer.signed)
        text += f"; nodes may claim {payer.signed} of the coin's smallest unit"
    emit(document, text, json_out)


@contextmanager
def _faults_said(source: Opened) -> Iterator[None]:
    """Also when so many fail that the file cannot be read."""
    try:
        yield
    finally:
        for index, fault in source.downloads.faults.items():
            click.echo(f"shard {index} is left out: {fault}", err=True)


def _place(source: Opened, name: str | None, span: tuple[int, int | None] | None) -> tuple[int, int]:
    """(start, length) among all bytes."""
    start, size = source.manifest_bytes, source.descriptor.size - source.manifest_bytes
    if name is not None:
        start, size = source.place(name)
    if span is None:
        return start, size
    first, length = span
    if first > size:
        raise UsageError(f"byte {first} is not in it: it has {size:,}", remedy="count them from 0")
    return start + first, min(size - first, size if length is None else length)


def _counted(parts: Iterator[bytes], bar: Bar) -> Iterator[bytes]:
    for part in parts:
        bar.read(len(part))
        yield part


@verb("ls", example="keifu store ls 1 --role client", access=Access.MAY_SIGN)
@click.argument("file", type=FILE, required=False)
@click.option("--box", type=IN_FILE, help="Keys that were shared with you.")
@storage_folder
@json_option
def ls(session: RpcSession, file: Any, box: Path | None, folder: Path | None, json_out: bool) -> None:
    """List what was stored from here; of FILE, a stored folder, its files."""
    from keifu.storage.client.fetching import opened
    from keifu.storage.client.storing import address_of

    if file is not None:
        found = named(session, file, folder, box)
        with opened(market_of(session), found.address, found.descriptor, found.keys) as source:
            manifest = source.manifest
        if manifest is None:
            raise UsageError("it is one file, and no folder", remedy="keifu store get")
        rows = [(entry.name, f"{entry.size:,}") for entry in manifest.files]
        if json_out:
            emit([{"name": entry.name, "size": entry.size} for entry in manifest.files], "", json_out)
        else:
            table(("name", "bytes"), rows, empty="an empty folder")
        return
    with ledger_of(folder, writes=False) as ledger:
        files = ledger.files()
    listed = [
        {
            "file": row.number, "name": row.kept.name, "state": row.state, "size": row.kept.size,
            "code": f"{row.kept.k}+{row.kept.m}", "public": row.kept.public, "masked": row.kept.masked,
            "chain": row.chain, "content_root": row.root.hex(),
            "address": str(address_of(row)) if row.deal and row.keys else "",
        }
        for row in files
    ]  # fmt: skip
    if json_out:
        emit(listed, "", json_out)
        return
    lines = [
        (str(item["file"]), str(item["name"]), str(item["state"]), f"{item['size']:,}", str(item["code"]),
         "public" if item["public"] else "private", str(item["content_root"])[:16])
        for item in listed
    ]  # fmt: skip
    table(("file", "name", "state", "bytes", "code", "", "content root"), lines, empty="nothing was stored from here")


@verb("status", example="keifu store status 1", access=Access.READ)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def status(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """Show where each shard of FILE is by the chain, and until which epoch. Exit status 1 when fewer than all are
    stored."""
    from keifu.storage.client.keeping import standing

    found = named(session, file, folder, keyless=True)
    now = standing(market_of(session), found.address.deal)
    if json_out:
        shards = [shard.data() for shard in now.shards]
        credit = {**now.money.data(), "credited": str(now.credited)} if now.money.token else {}
        document = {"epoch": now.epoch, "deal": now.deal.data(), "stored": now.stored, "shards": shards, **credit}
        emit(document, "", json_out)
    else:
        click.echo(f"deal {found.address.deal.hex()}: paid until epoch {now.deal.end}, it is epoch {now.epoch}")
        if now.money.token:
            click.echo(f"paid in {now.money.name}; its client may take out {now.money.text(now.credited)}")
        rows = [
            (str(shard.index), shard.state.word, shard.provider, shard.url, str(shard.until or "-"))
            for shard in now.shards
        ]
        table(("shard", "state", "provider", "address", "until"), rows)
    if now.stored < len(now.shards):
        raise CheckFailed(
            f"{now.stored} of {len(now.shards)} shards are stored, {found.address.header.k} give the file",
            remedy="keifu store repair",
        )


@verb("verify", example="keifu store verify 1 --leaves 5", access=Access.MAY_SIGN)
@click.argument("file", type=FILE)
@click.option("--leaves", type=click.IntRange(1, 1_000), default=3, show_default=True, help="Asked of each provider.")
@click.option("--path", type=IN_PATH, help="Compare this file or folder with what was stored, too.")
@storage_folder
@json_option
def verify(session: RpcSession, file: Any, leaves: int, path: Path | None, folder: Path | None, json_out: bool) -> None:
    """Ask each provider of FILE for leaves that nobody can foresee, and check their proofs. Exit status 1 when one does
    not show them."""
    from keifu.storage.client.keeping import compare, sampled
    from keifu.storage.client.trees import source_of

    found = named(session, file, folder, keyless=path is None)
    checked = sampled(market_of(session), found.address.deal, found.descriptor, leaves)
    if path is not None:
        if found.keys is None:
            raise UsageError("this file is private", remedy="sign with the account that stored it")
        compare(found.descriptor, found.keys, source_of(path.resolve()))
    if json_out:
        emit(
            {"content_root": found.descriptor.content_root.hex(), "shards": [item.data() for item in checked]}, "", True
        )
    else:
        click.echo(f"content root {found.descriptor.content_root.hex()}")
        rows = [(str(item.index), item.url, str(item.good), item.fault or "ok") for item in checked]
        table(("shard", "address", "leaves", "result"), rows)
    if bad := [item for item in checked if item.fault]:
        raise CheckFailed(
            f"{len(bad)} of {len(checked)} shards are not shown", remedy="keifu store repair, or demand a leaf"
        )


@verb("providers", example="keifu store providers", access=Access.READ)
@click.option("--all", "everybody", is_flag=True, help="Also those that do not answer or have no room.")
@token_option
@storage_folder
@json_option
def providers(session: RpcSession, everybody: bool, token: str, folder: Path | None, json_out: bool) -> None:
    """List who offers storage, the best first: price for a gibibyte and epoch, how long answers took you, epochs proven
    and missed, shards lost. With --token those who take it, at what they want in it."""
    from keifu.storage.client import offers
    from keifu.storage.client.peers import ASK_SECONDS, Peers

    market = market_of(session)
    money = market.money(market.token_named(token))
    found = offers.providers(market, money.token)
    if not everybody:
        with closing(Peers(None, ASK_SECONDS)) as peers:
            found = offers.reached(found, peers.about, 1)
    try:
        with ledger_of(folder, writes=False) as ledger:
            past = ledger.past()
    except UsageError:  # nothing was stored yet
        past = {}
    best = offers.ordered(found, past)
    if json_out:
        document = [{**item.data(), **money.data(),
                     "milliseconds": past[item.provider].milliseconds if item.provider in past else None}
                    for item in best]  # fmt: skip
        emit(document, "", json_out)
        return
    rows = [
        (item.provider, item.url, coins(item.price * money.unit, money.decimals), _declared(item.region, item.provider),
         _declared(item.operator, item.provider), _took(past.get(item.provider)), str(item.proven), str(item.missed),
         str(item.lost))
        for item in best
    ]  # fmt: skip
    if money.token:
        click.echo(f"prices in {money.name}")
    columns = ("provider", "address", "price", "region", "operator", "took", "proven", "missed", "lost")
    table(columns, rows, empty="nobody offers storage")


def _declared(said: str, provider: str) -> str:
    return "-" if said in ("", provider) else said


def _took(past: Any) -> str:
    return "-" if past is None else f"{past.milliseconds} ms"
