"""Staking: `ape run staking status | register | delegate | exit`.

Thin: what is done stands in keifu/staking.
"""

from __future__ import annotations

import json
from typing import Any

import click
from ape.cli import ConnectedProviderCommand, account_option, network_option
from rich.console import Console
from rich.table import Table

from keifu.chain import Deployment
from keifu.errors import EnvironmentFault, UsageError
from keifu.keys import checksum
from keifu.staking import actions, find_operators, read_operators
from keifu.tge import coins, parse_amount
from keifu.tge.status import day
from scripts._ape_session import Session, connect, guarded

console = Console()

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
chain_option = click.option("--chain-id", type=int, default=0, help="Refuse to send to any other chain.")
operator_option = click.option("--operator", required=True, help="The operator's address.")


@click.group()
def cli() -> None:
    """Bond, delegate and leave."""


def _suite(session: Session) -> Deployment:
    contracts = session.record.contracts
    if actions.HUB not in contracts:
        raise EnvironmentFault(
            f"no staking hub is recorded for chain {session.record.chain_id}",
            remedy="deploy the suite on this network first (ape run tge deploy)",
        )
    return Deployment(dict(contracts))


def _say(as_json: bool, data: dict[str, Any], line: str) -> None:
    if as_json:
        click.echo(json.dumps(data))
    else:
        console.print(line, highlight=False, soft_wrap=True)


def _amount(text: str) -> int:
    try:
        return parse_amount(text.replace(",", ""))
    except ValueError as error:
        raise UsageError(f"{text!r} is no amount of coins: {error}") from error


@cli.command(cls=ConnectedProviderCommand, epilog="Example: ape run staking status --network ethereum:local:foundry")
@network_option()
@json_option
@guarded
def status(as_json: bool) -> None:
    """What every operator has at stake."""
    session = connect(quiet=as_json)
    hub = _suite(session).at(session.client, actions.HUB)
    found = read_operators(hub, find_operators(session.client, hub))
    if as_json:
        click.echo(json.dumps({"operators": [operator.data() for operator in found]}))
        return
    table = Table("operator", "bond", "delegated", "leaving", "committed", "commission", "share price", "jailed")
    for row in found:
        table.add_row(
            checksum(row.operator),
            coins(row.bond),
            coins(row.delegated),
            coins(row.unbonding + row.bond_leaving),
            coins(row.committed),
            f"{row.commission_bps / 100:.2f} %",
            f"{row.price:.6f}",
            "yes" if row.jailed else "",
        )
    console.print(table)


@cli.command(
    cls=ConnectedProviderCommand,
    epilog="Example: ape run staking register --network ethereum:local:foundry --account TEST::0 --bond 1000",
)
@network_option()
@account_option()
@click.option("--commission", "commission_bps", type=click.IntRange(0, 10_000), default=500, help="Basis points.")
@click.option("--metadata", default="", help="URI of a description.")
@click.option("--bond", "bond_text", default="0", help="Coins to add to the own bond.")
@chain_option
@json_option
@guarded
def register(account: Any, commission_bps: int, metadata: str, bond_text: str, chain_id: int, as_json: bool) -> None:
    """Become an operator or change one's terms, and add to the own bond."""
    bond = _amount(bond_text)
    session = connect(chain_id, quiet=as_json)
    actions.register(session.deployer(account), _suite(session), commission_bps, metadata, bond)
    data = {"operator": account.address, "commission_bps": commission_bps, "bond_added": str(bond)}
    _say(as_json, data, f"{account.address} is an operator; {coins(bond)} coins were added to its bond")


@cli.command(
    cls=ConnectedProviderCommand,
    epilog="Example: ape run staking delegate --network ethereum:local:foundry --account TEST::1 "
    "--operator 0xf39F…2266 --amount 100",
)
@network_option()
@account_option()
@operator_option
@click.option("--amount", "amount_text", required=True, help="Coins.")
@chain_option
@json_option
@guarded
def delegate(account: Any, operator: str, amount_text: str, chain_id: int, as_json: bool) -> None:
    """Stake coins with an operator."""
    amount = _amount(amount_text)
    session = connect(chain_id, quiet=as_json)
    shares = actions.delegate(session.deployer(account), _suite(session), checksum(operator), amount)
    data = {"operator": operator, "amount": str(amount), "shares": str(shares)}
    _say(as_json, data, f"{coins(amount)} coins staked with {operator}; {coins(shares)} shares held there now")


@cli.command(
    "exit",
    cls=ConnectedProviderCommand,
    epilog="Example: ape run staking exit --network ethereum:local:foundry --account TEST::1 --operator 0xf39F…2266",
)
@network_option()
@account_option()
@operator_option
@chain_option
@json_option
@guarded
def leave(account: Any, operator: str, chain_id: int, as_json: bool) -> None:
    """Ask for everything at an operator and withdraw what has matured; run it again later for the rest."""
    session = connect(chain_id, quiet=as_json)
    done = actions.leave(session.deployer(account), _suite(session), checksum(operator), session.client.now)
    waiting = [{"ticket": str(ticket), "amount": str(amount), "at": at} for ticket, amount, at in done.waiting]
    data = {"asked": str(done.asked), "paid": str(done.paid), "waiting": waiting}
    told = [f"{coins(done.asked)} coins asked for, {coins(done.paid)} paid out"]
    told += [f"{coins(amount)} coins can be withdrawn from {day(at)} on" for _, amount, at in done.waiting]
    _say(as_json, data, "\n".join(told))
