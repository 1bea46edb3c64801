"""The token generation event: `ape run tge build | deploy | claim | verify | status`.

Thin: what is done stands in keifu/tge.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand, account_option, network_option
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from keifu.chain import Deployment
from keifu.chain.protocol import Distribution
from keifu.errors import CheckFailed, EnvironmentFault, UsageError
from keifu.keys import checksum
from keifu.spec.vesting import MONTH_SECONDS, MONTHS
from keifu.tge import chain as tge
from keifu.tge import coins, find_proof, parse_amount, read_csv, read_summary, write_files
from keifu.tge.check import verify as run_checks
from keifu.tge.status import day, draw, read_status
from scripts._ape_session import Session, connect, guarded

FOLDER = Path("out/tge")
console = Console()

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
folder_option = click.option(
    "--grants", "folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="What build wrote."
)
csv_option = click.option(
    "--csv", "csv_path", type=click.Path(path_type=Path), required=True, help="Lines account,total in coins."
)
chain_option = click.option("--chain-id", type=int, default=0, help="Refuse to send to any other chain.")


@click.group()
def cli() -> None:
    """Pay a list of grants: a third at the event, the rest in equal steps."""


def _say(as_json: bool, data: dict[str, Any], *lines: str) -> None:
    if as_json:
        click.echo(json.dumps(data))
        return
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _deployed(session: Session) -> tuple[Deployment, Distribution]:
    distribution = tge.recorded(session.record)
    contracts = session.record.contracts
    if distribution is None or tge.DISTRIBUTOR not in contracts:
        raise EnvironmentFault(
            f"no distribution is recorded for chain {session.record.chain_id}",
            remedy="run `ape run tge deploy` on this network first",
        )
    return Deployment(dict(contracts)), distribution


@cli.command(epilog="Example: ape run tge build --csv grants.csv --total 9144000")
@csv_option
@click.option("--out", "folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--total", "total_text", default="", help="Coins that the grants must add up to.")
@click.option("--step", type=click.IntRange(1), default=MONTH_SECONDS, show_default=True, help="Seconds of a step.")
@click.option("--steps", type=click.IntRange(1), default=MONTHS, show_default=True)
@json_option
@guarded
def build(csv_path: Path, folder: Path, total_text: str, step: int, steps: int, as_json: bool) -> None:
    """Check a CSV and write the Merkle tree, every proof and the summary to publish."""
    try:
        expected = parse_amount(total_text.replace(",", "")) if total_text else None
    except ValueError as error:
        raise UsageError(f"--total: {error}") from error
    grants = read_csv(csv_path, expected=expected)
    with Progress(console=console, disable=as_json, transient=True) as bar:
        task = bar.add_task("proofs", total=len(grants))
        summary = write_files(
            grants,
            folder,
            csv_path=csv_path,
            step=step,
            steps=steps,
            on_progress=lambda done: bar.update(task, completed=done),
        )
    data = {"root": summary.root, "grants": summary.grants, "allocation": summary.allocation, "folder": str(folder)}
    _say(
        as_json, data, f"{len(grants):,} grants, {coins(grants.allocation)} coins", summary.root, f"written to {folder}"
    )


@cli.command(
    cls=ConnectedProviderCommand,
    epilog="Example: ape run tge deploy --network ethereum:local:foundry --account TEST::0 --chain-id 31337",
)
@network_option()
@account_option()
@folder_option
@click.option("--start", type=int, default=0, help="Unix seconds of the event; now if left out.")
@chain_option
@json_option
@guarded
def deploy(account: Any, folder: Path, start: int, chain_id: int, as_json: bool) -> None:
    """Deploy what is missing of the suite and the distributor, and pay the allocation in, once."""
    summary = read_summary(folder)
    session = connect(chain_id, quiet=as_json)
    distribution = tge.decide(session.record, summary, start, session.client.now)
    chain = session.deployer(account)
    deployment = tge.deploy(
        chain,
        session.record,
        distribution,
        save=lambda record: record.save(),
        on_step=lambda name, address: _say(as_json, {}, f"{name:16} {checksum(address)}") if not as_json else None,
    )
    paid = tge.fund(
        chain,
        deployment,
        distribution,
        session.record.chain_id,
        lambda digest: account.sign_raw_msghash(digest).encode_rsv(),
    )
    data = {"contracts": deployment.addresses, "start": distribution.start, "paid_in_now": paid}
    what = "paid in" if paid else "had been paid in before"
    _say(as_json, data, f"{coins(distribution.allocation)} coins {what}; the event is at {day(distribution.start)}")


@cli.command(
    cls=ConnectedProviderCommand,
    epilog="Example: ape run tge claim --network ethereum:local:foundry --account TEST::1 --for 0x5290…9EE7",
)
@network_option()
@account_option()
@folder_option
@click.option("--for", "holder", default="", help="Whose grant; the sending account's own if left out.")
@chain_option
@json_option
@guarded
def claim(account: Any, folder: Path, holder: str, chain_id: int, as_json: bool) -> None:
    """Claim what is due of one grant. Anyone may send it; the holder is paid."""
    proof = find_proof(folder, checksum(holder or account.address))
    session = connect(chain_id, quiet=as_json)
    deployment, _ = _deployed(session)
    due = tge.claim(session.deployer(account), deployment[tge.DISTRIBUTOR], proof)
    told = f"{coins(due)} coins paid to {checksum(proof.account)}" if due else "nothing is due now"
    _say(as_json, {"account": proof.account, "index": proof.index, "paid": str(due)}, told)


@cli.command(
    cls=ConnectedProviderCommand,
    epilog="Example: ape run tge verify --network ethereum:local:foundry --csv grants.csv",
)
@network_option()
@csv_option
@folder_option
@json_option
@guarded
def verify(csv_path: Path, folder: Path, as_json: bool) -> None:
    """Recompute everything from the CSV, read everything from the chain, and say whether they agree."""
    grants = read_csv(csv_path)
    summary = read_summary(folder) if folder.exists() else None
    session = connect(quiet=as_json)
    deployment, distribution = _deployed(session)
    checks = run_checks(session.client, deployment, distribution, grants, summary)
    failed = [check.what for check in checks if not check.holds]
    if as_json:
        rows = [{"what": check.what, "holds": check.holds, "detail": check.detail} for check in checks]
        click.echo(json.dumps({"agree": not failed, "checks": rows}))
    else:
        for check in checks:
            mark = "[green]✓[/]" if check.holds else "[red]✗[/]"
            console.print(f"{mark} {check.what} [dim]{check.detail}[/]", highlight=False, soft_wrap=True)
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(checks)} checks failed: {failed[0]}")


@cli.command(
    cls=ConnectedProviderCommand,
    epilog="Example: ape run tge status --network ethereum:local:foundry --chart out/vesting.svg",
)
@network_option()
@click.option("--chart", type=click.Path(path_type=Path), default=FOLDER / "vesting.svg", show_default=True)
@json_option
@guarded
def status(chart: Path, as_json: bool) -> None:
    """Say where the distribution stands, as a table and as a picture (.svg or .png)."""
    session = connect(quiet=as_json)
    deployment, distribution = _deployed(session)
    found = read_status(session.client, deployment, distribution)
    draw(found, chart)
    if as_json:
        click.echo(json.dumps({**found.data(), "chart": str(chart)}))
        return
    table = Table("", "", show_header=False, title=f"Chain {session.record.chain_id} at {day(found.now)}")
    for row in found.rows():
        table.add_row(*row)
    console.print(table)
    console.print(f"chart: {chart}", highlight=False, soft_wrap=True)
