"""`keifu chain`: a local chain with the suite and named accounts on it, which every other command finds."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.errors import KeifuError

if TYPE_CHECKING:
    from keifu.chain import ChainClient
    from keifu.local import Note

__all__ = ["cli"]

LOCAL_CHAIN = 31_337
COIN = 10**18

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
which_option = click.option(
    "--chain-id", type=click.IntRange(1), default=None, help="Which local chain, when several run."
)
rpc_option = click.option(
    "--rpc", envvar="KEIFU_RPC", help="Node of the chain (KEIFU_RPC); by default the one that runs."
)


@click.group(name="chain", invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 8545 if it is free, else another one.")
@click.option("--chain-id", type=click.IntRange(1), default=LOCAL_CHAIN, show_default=True, help="Number of the chain.")
@click.option(
    "--with-grants", is_flag=True, help="Add a distribution for the named accounts and an operator with stake."
)
@click.option("--detach", is_flag=True, help="Return when it runs and leave it in the background.")
@click.option("--once", is_flag=True, hidden=True, help="Stop at once instead of waiting for Ctrl-C.")
@json_option
@click.pass_context
def cli(
    context: click.Context, port: int | None, chain_id: int, with_grants: bool, detach: bool, once: bool, as_json: bool
) -> None:
    """Start anvil with the whole suite and funded accounts, and keep it until Ctrl-C.

    Where everything is goes into a record that the other commands find from any folder. With --detach the chain stays
    in the background: `eval "$(keifu chain env)"` points a shell at it, `keifu chain stop` ends it.

    \b
    Example: keifu chain --detach
    """
    if context.invoked_subcommand:
        return
    from keifu.cli import _chain_host  # noqa: PLC0415 - what only a started chain needs

    settings = _chain_host.Settings(port, chain_id, with_grants)
    if detach:
        note = _chain_host.start_detached(settings)
        _show(note, as_json, "runs in the background; `keifu chain stop` ends it")
        return
    with _chain_host.running_chain(settings) as (anvil, note):
        _show(note, as_json, "Ctrl-C stops it")
        if not once:
            _chain_host.wait(anvil)


@cli.command()
@which_option
@json_option
def env(chain_id: int | None, as_json: bool) -> None:
    """Print the exports that point a shell at the chain that runs.

    \b
    Example: eval "$(keifu chain env)"
    """
    from keifu.local import the_chain  # noqa: PLC0415

    note = the_chain(chain_id or 0)
    click.echo(json.dumps(note.exports) if as_json else _exports(note))


@cli.command()
@json_option
def status(as_json: bool) -> None:
    """Say which local chains run, where they listen and how far they are.

    \b
    Example: keifu chain status
    """
    from keifu.local import running  # noqa: PLC0415
    from keifu.local.notes import NO_CHAIN, forget_dead  # noqa: PLC0415

    dead, found = forget_dead(), running()
    rows = [
        {"chain_id": note.chain_id, "url": note.url, "record": note.record, "block": _block(note)} for note in found
    ]
    if as_json:
        click.echo(json.dumps({"chains": rows, "removed": [note.chain_id for note in dead]}))
        return
    for note in dead:
        click.echo(f"chain {note.chain_id} on {note.url} was killed; its record has been removed")
    for row in rows:
        click.echo(f"chain {row['chain_id']} on {row['url']}, block {row['block']}, recorded in {row['record']}")
    if not rows:
        click.echo(NO_CHAIN)


@cli.command()
@rpc_option
@click.option("--keys", is_flag=True, help="Print the private keys, for wallets. Anyone can make them.")
@json_option
def accounts(rpc: str | None, keys: bool, as_json: bool) -> None:
    """List the named accounts with their addresses and what they have.

    \b
    Example: keifu chain accounts
    """
    client, folder = _connect(rpc)
    found = _accounts(client, folder)
    if as_json:
        click.echo(json.dumps({"accounts": found}))
        return
    _table(found)
    if keys:
        for row in found:
            click.echo(f"{row['name']:<10} {row['key']}")


@cli.command()
@click.argument("who", metavar="ADDRESS|ROLE")
@click.option("--ether", type=click.IntRange(0, 10**9), default=0, help="Ether to give.")
@click.option("--coins", type=click.IntRange(0, 10**9), default=0, help="Coins to give.")
@rpc_option
@json_option
def fund(who: str, ether: int, coins: int, rpc: str | None, as_json: bool) -> None:
    """Give ether and coins to an account: 10 ether and 1,000 coins unless you say how much. Local chains only.

    \b
    Example: keifu chain fund delegator --coins 500
    """
    from keifu.keys import checksum  # noqa: PLC0415
    from keifu.local import address_of  # noqa: PLC0415

    address = address_of(who)
    if not ether and not coins:
        ether, coins = 10, 1_000
    client, folder = _connect(rpc)
    from keifu.local import suite  # noqa: PLC0415

    suite.fund(client, folder, address, ether=ether, coins=coins)
    if as_json:
        click.echo(json.dumps({"address": checksum(address), "ether": ether, "coins": coins}))
        return
    given = " and ".join(f"{amount:,} {what}" for amount, what in ((ether, "ether"), (coins, "coins")) if amount)
    click.echo(f"{given} given to {checksum(address)}")


@cli.command()
@which_option
@json_option
def stop(chain_id: int | None, as_json: bool) -> None:
    """End a local chain and remove its record.

    \b
    Example: keifu chain stop
    """
    from keifu.local import stop as end  # noqa: PLC0415
    from keifu.local import the_chain  # noqa: PLC0415

    note = the_chain(chain_id or 0)
    end(note)
    said = {"chain_id": note.chain_id, "url": note.url}
    click.echo(json.dumps(said) if as_json else f"chain {note.chain_id} on {note.url} has ended")


def _connect(rpc: str | None) -> tuple[ChainClient, Path]:
    """The local chain at `rpc`, or the one that runs, and the folder of its record."""
    from keifu.chain.deployments import find_folder  # noqa: PLC0415
    from keifu.local import running, the_chain  # noqa: PLC0415
    from keifu.local.suite import local_client  # noqa: PLC0415

    url = rpc or the_chain().url
    noted = {note.url: Path(note.record).parent for note in running()}
    client = local_client(url)
    click.get_current_context().call_on_close(client.rpc.close)
    return client, noted.get(url, find_folder())


def _accounts(client: ChainClient, folder: Path) -> list[dict[str, Any]]:
    from keifu.keys import checksum  # noqa: PLC0415
    from keifu.local import ROLES  # noqa: PLC0415
    from keifu.local.suite import balances  # noqa: PLC0415

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


def _show(note: Note, as_json: bool, last: str) -> None:
    """All that somebody needs who has just started the chain."""
    from keifu.chain.deployments import open_record  # noqa: PLC0415

    client, folder = _connect(note.url)
    found = _accounts(client, folder)
    addresses = open_record(note.chain_id, note.genesis, folder).contracts
    if as_json:
        document = {"url": note.url, "chain_id": note.chain_id, "genesis": note.genesis, "record": note.record}
        click.echo(json.dumps({**document, "addresses": addresses, "accounts": found, "env": note.exports}))
        return
    for name, address in addresses.items():
        click.echo(f"{name:<22} {address}")
    click.echo("")
    _table(found)
    click.echo(f"\n{_exports(note)}\n\nchain: {note.chain_id} on {note.url}; {last}")


def _table(found: list[dict[str, Any]]) -> None:
    click.echo(f"{'account':<10} {'address':<42} {'ether':>7} {'coins':>13}")
    for row in found:
        ether, coins = ((int(row[what]) + COIN // 2) // COIN for what in ("ether", "coins"))  # gas is no news
        click.echo(f"{row['name']:<10} {row['address']} {ether:>7,} {coins:>13,}  {row['purpose']}")


def _exports(note: Note) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in note.exports.items())


def _block(note: Note) -> int | None:
    from keifu.chain import Rpc  # noqa: PLC0415

    try:
        with Rpc(note.url, attempts=1) as rpc:
            return int(rpc.call("eth_blockNumber"), 16)
    except KeifuError:
        return None
