"""`keifu chain`: a local chain with the suite and named accounts on it, which every other command finds."""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import DURATION, ENDPOINT, FOLDER
from keifu.cli.verbs import Noun, json_option
from keifu.errors import KeifuError
from keifu.units import COIN, day, duration

if TYPE_CHECKING:
    from keifu.chain import ChainClient
    from keifu.local import Note

__all__ = ["cli"]

LOCAL_CHAIN = 31_337
MAX_BLOCKS = 100_000  # that anvil mines in one request without a long wait

which_option = click.option("--chain-id", type=click.IntRange(1), help="Which local chain, when several run.")
rpc_option = click.option(
    "--rpc",
    type=ENDPOINT,
    envvar="KEIFU_RPC",
    show_envvar=True,
    help="Address of the node.  [default: the one that runs]",
)


@click.group("chain", cls=Noun, example="keifu chain --detach", invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 8545 if it is free, else another one.")
@click.option("--chain-id", type=click.IntRange(1), default=LOCAL_CHAIN, show_default=True, help="Number of the chain.")
@click.option(
    "--with-grants", is_flag=True, help="Add a distribution for the named accounts, and an operator with stake."
)
@click.option("--detach", is_flag=True, help="Return when it runs and leave it in the background.")
@click.option("--once", is_flag=True, hidden=True, help="Stop at once instead of waiting for Ctrl-C.")
@json_option
@click.pass_context
def cli(
    context: click.Context, port: int | None, chain_id: int, with_grants: bool, detach: bool, once: bool, json_out: bool
) -> None:
    """Start anvil with the whole suite and funded accounts, and keep it until Ctrl-C.

    Where everything is goes into a record that the other commands find from any folder. With --detach the chain stays
    in the background: `eval "$(keifu chain env)"` points a shell at it, `keifu chain stop` ends it.
    """
    if context.invoked_subcommand:
        return
    from keifu.cli import _chain_host

    settings = _chain_host.Settings(port, chain_id, with_grants)
    if detach:
        _show(_chain_host.start_detached(settings), json_out, "runs in the background; `keifu chain stop` ends it")
        return
    with _chain_host.running_chain(settings) as (anvil, note), contextlib.suppress(KeyboardInterrupt):
        _show(note, json_out, "Ctrl-C stops it")
        if not once:
            _chain_host.wait(anvil)


@cli.verb("env", example='eval "$(keifu chain env)"')
@which_option
@json_option
def env(chain_id: int | None, json_out: bool) -> None:
    """Print the exports that point a shell at the chain that runs."""
    from keifu.local import the_chain

    note = the_chain(chain_id or 0)
    emit(note.exports, _exports(note), json_out)


@cli.verb("status", example="keifu chain status")
@json_option
def status(json_out: bool) -> None:
    """Show which local chains run, their addresses and newest blocks."""
    from keifu.local import running
    from keifu.local.notes import NO_CHAIN, forget_dead

    dead, found = forget_dead(), running()
    rows = [
        {"chain_id": note.chain_id, "url": note.url, "record": note.record, "block": _block(note)} for note in found
    ]
    said = [f"chain {note.chain_id} on {note.url} was killed; its record has been removed" for note in dead]
    said += [
        f"chain {row['chain_id']} on {row['url']}, block {row['block']}, recorded in {row['record']}" for row in rows
    ]
    said += [] if rows else [NO_CHAIN]
    emit({"chains": rows, "removed": [note.chain_id for note in dead]}, "\n".join(said), json_out)


@cli.verb("accounts", example="keifu chain accounts --keys")
@rpc_option
@click.option("--keys", is_flag=True, help="Print the private keys too, for wallets. Anyone can make them.")
@json_option
def accounts(rpc: str | None, keys: bool, json_out: bool) -> None:
    """List the named accounts with their addresses and what they have."""
    found = _accounts(*_connect(rpc))
    if json_out:
        emit({"accounts": found}, "", json_out)
        return
    _table(found)
    if keys:
        click.echo("")
        table(("account", "private key"), [(row["name"], row["key"]) for row in found])


@cli.verb("fund", example="keifu chain fund delegator --coins 500")
@click.argument("who", metavar="ADDRESS|ROLE")
@click.option("--ether", type=click.IntRange(0, 10**9), default=0, help="Ether to give.")
@click.option("--coins", type=click.IntRange(0, 10**9), default=0, help="Coins to give.")
@rpc_option
@json_option
def fund(who: str, ether: int, coins: int, rpc: str | None, json_out: bool) -> None:
    """Give ether and coins to an account: 10 ether and 1,000 coins unless you say how much. Local chains only."""
    from keifu.keys import checksum
    from keifu.local import address_of

    address = address_of(who)
    if not ether and not coins:
        ether, coins = 10, 1_000
    client, folder = _connect(rpc)
    from keifu.local import suite

    suite.fund(client, folder, address, ether=ether, coins=coins)
    given = " and ".join(f"{amount:,} {what}" for amount, what in ((ether, "ether"), (coins, "coins")) if amount)
    document = {"address": checksum(address), "ether": ether, "coins": coins}
    emit(document, f"{given} given to {checksum(address)}", json_out)


@cli.verb("grant", example="keifu chain grant 0x… --coins 400")
@click.argument("who", metavar="ADDRESS|ROLE")
@click.option("--coins", type=click.IntRange(1, 10**9), default=400, show_default=True, help="Coins of the grant.")
@rpc_option
@json_option
def grant(who: str, coins: int, rpc: str | None, json_out: bool) -> None:
    """Make out a vesting grant: a quarter is vested at once, the rest within three years. Local chains only."""
    from keifu.keys import checksum
    from keifu.local import address_of

    address = address_of(who)
    client, folder = _connect(rpc)
    from keifu.local import suite

    number = suite.give_grant(client, folder, address, coins)
    document = {"grant": number, "account": checksum(address), "coins": coins}
    emit(document, f"grant {number}: {coins:,} coins for {checksum(address)}", json_out)


@cli.verb("warp", example='keifu chain warp "2 days"')
@click.argument("period", metavar="DURATION", type=DURATION)
@click.option(
    "--blocks", type=click.IntRange(1, MAX_BLOCKS), default=1, show_default=True, help="Blocks to mine in that time."
)
@rpc_option
@json_option
def warp(period: int, blocks: int, rpc: str | None, json_out: bool) -> None:
    """Let time pass on a local chain at once: its clock goes on from there."""
    client, _ = _connect(rpc)
    from keifu.local import suite

    suite.warp(client, period, blocks)
    now, block = client.now, client.rpc.block_number()
    emit({"now": now, "block": block}, f"{duration(period)} later: {day(now)}, block {block:,}", json_out)


@cli.verb("save", example="keifu chain save --out kit")
@click.option("--out", "folder", type=FOLDER, required=True, help="Folder for the kit; one that is there is replaced.")
@rpc_option
@json_option
def save(folder: Path, rpc: str | None, json_out: bool) -> None:
    """Write a local chain as it is now into a folder, from which tests of a dApp start: a test kit.

    It has the state that anvil loads, the deployment record, the accounts with their keys, and the list of grants.
    """
    from keifu.local import running
    from keifu.local.kit import save_kit
    from keifu.local.suite import record_of

    client, known = _connect(rpc)
    record = record_of(client, known)
    grants = next((note.grants for note in running() if note.url == client.rpc.url and note.grants), "")
    kit = save_kit(client, record, Path(grants) if grants else None, folder)
    document = {"folder": str(folder), "chain_id": kit.chain_id, "time": kit.time, "grants": kit.grants}
    emit(document, f"chain {kit.chain_id} as of {day(kit.time)} is in {folder}", json_out)


@cli.verb("stop", example="keifu chain stop")
@which_option
@json_option
def stop(chain_id: int | None, json_out: bool) -> None:
    """End a local chain and remove its record."""
    from keifu.local import stop as end
    from keifu.local import the_chain

    note = the_chain(chain_id or 0)
    end(note)
    emit({"chain_id": note.chain_id, "url": note.url}, f"chain {note.chain_id} on {note.url} has ended", json_out)


def _connect(rpc: str | None) -> tuple[ChainClient, Path | None]:
    """The local chain at `rpc`, or the one that runs, and the folder of its record if it is known."""
    from keifu.local import running, the_chain
    from keifu.local.suite import local_client

    url = rpc or the_chain().url
    folders = {note.url: Path(note.record).parent for note in running()}
    client = local_client(url)
    click.get_current_context().call_on_close(client.rpc.close)
    return client, folders.get(url)


def _accounts(client: ChainClient, folder: Path | None) -> list[dict[str, Any]]:
    from keifu.keys import checksum
    from keifu.local import ROLES
    from keifu.local.suite import balances

    keys = {role.name: role.account for role in ROLES.values()}
    have = balances(client, folder, [account.address for account in keys.values()])
    return [
        {
            "name": name,
            "address": checksum(account.address),
            "ether": str(have[account.address][0]),
            "coins": str(have[account.address][1]),
            "key": "0x" + account.secret().hex(),
            "purpose": ROLES[name].purpose,
        }
        for name, account in keys.items()
    ]


def _show(note: Note, json_out: bool, last: str) -> None:
    """All that somebody needs who has just started the chain."""
    from keifu.chain.deployments import open_record
    from keifu.keys import checksum
    from keifu.local.sample import SAMPLE, address_of_sample

    client, folder = _connect(note.url)
    found = _accounts(client, folder)
    record = open_record(note.chain_id, note.genesis, Path(note.record).parent)
    addresses = dict(record.contracts)
    if note.grants:
        addresses[SAMPLE] = address_of_sample(client, record.factory)
    if json_out:
        document = {"url": note.url, "chain_id": note.chain_id, "genesis": note.genesis, "record": note.record}
        click.echo(json.dumps({**document, "addresses": addresses, "accounts": found, "env": note.exports}))
        return
    table(("contract", "address"), [(name, checksum(address)) for name, address in addresses.items()])
    click.echo("")
    _table(found)
    click.echo(f"\n{_exports(note)}\n\nchain: {note.chain_id} on {note.url}; {last}")


def _table(found: list[dict[str, Any]]) -> None:
    rows = [
        # Rounded: what somebody paid for gas is no news.
        (
            row["name"],
            row["address"],
            *(f"{round(int(row[what]) / COIN):,}" for what in ("ether", "coins")),
            row["purpose"],
        )
        for row in found
    ]
    table(("account", "address", "ether", "coins", "what it does"), rows)


def _exports(note: Note) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in note.exports.items())


def _block(note: Note) -> int | None:
    from keifu.chain import Rpc

    try:
        with Rpc(note.url, attempts=1) as rpc:
            return rpc.block_number()
    except KeifuError:
        return None
