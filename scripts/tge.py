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

from keifu.chain.ape_script import connect, guarded
from keifu.chain.bounds import require_steps
from keifu.chain.plan import Plan, is_local
from keifu.errors import CheckFailed, UsageError
from keifu.keys import checksum
from keifu.tge import chain as tge
from keifu.tge import coins, find_proof, parse_amount, read_csv, read_summary, write_files
from keifu.tge.check import verify as run_checks
from keifu.tge.model import MONTH_SECONDS, MONTHS
from keifu.tge.status import draw, read_status
from keifu.units import day

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


@cli.command(epilog="Example: ape run tge build --csv grants.csv --total 9144000")
@csv_option
@click.option("--out", "folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--total", "total_text", default="", help="Coins that the grants must add up to.")
@click.option("--step", type=int, default=MONTH_SECONDS, show_default=True, help="Seconds of a step.")
@click.option("--steps", type=int, default=MONTHS, show_default=True)
@json_option
@guarded
def build(csv_path: Path, folder: Path, total_text: str, step: int, steps: int, as_json: bool) -> None:
    """Check a CSV and write the Merkle tree, every proof and the summary to publish."""
    try:
        expected = parse_amount(total_text.replace(",", "")) if total_text else None
    except ValueError as error:
        raise UsageError(f"--total: {error}") from error
    require_steps(step, steps)
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
@click.option("--start", type=int, help="Unix seconds of the event; now if left out.")
@click.option("--plan", "plan_path", type=click.Path(path_type=Path), help="TOML file with the suite's parameters.")
@click.option("--treasury", help="Receives the whole supply, and pays the allocation in.")
@click.option("--proposer", "proposers", multiple=True, help="May queue in the timelock; may be given again.")
@click.option("--executor", "executors", multiple=True, help="May execute what is ripe; the zero address: anyone.")
@click.option("--delay", "timelock_delay", help="Of the timelock: seconds, or `2 days`.")
@click.option("--insurance", help="Receives what slashes take beyond restitution and reward; the timelock by default.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@chain_option
@json_option
@guarded
def deploy(
    account: Any,
    folder: Path,
    start: int | None,
    plan_path: Path | None,
    yes: bool,
    chain_id: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Deploy what is missing of the suite and the distributor, and pay the allocation in, once."""
    summary, plan = read_summary(folder), Plan.read(plan_path, **options)
    session = connect(chain_id, quiet=as_json)
    chain, record = session.deployer(account), session.record
    distribution = tge.decide(record, summary, start, session.client.now)
    plan = plan.paying(distribution).resolve(record, chain.sender, session.client.now)
    if not as_json:
        _show(plan)
    if not is_local(record.chain_id) and not yes:
        click.confirm("Send these transactions?", abort=True, err=as_json)
    deployment = tge.deploy(
        chain,
        record,
        distribution,
        params=plan.params,
        save=lambda record: record.save(),
        on_step=lambda name, address: _say(as_json, {}, f"{name:18} {checksum(address)}") if not as_json else None,
    )
    data = {"contracts": deployment.addresses, "start": distribution.start, "paid_in_now": False}
    amount = f"{coins(distribution.allocation)} coins"
    if plan.params.treasury != chain.sender:
        distributor = checksum(deployment[tge.DISTRIBUTOR])
        data["to_pay_in"] = str(distribution.allocation)
        _say(as_json, data, f"the treasury is to send {amount} to the distributor {distributor}")
        return
    paid = tge.fund(
        chain, deployment, distribution, record.chain_id, lambda digest: account.sign_raw_msghash(digest).encode_rsv()
    )
    what = "paid in" if paid else "had been paid in before"
    _say(as_json, data | {"paid_in_now": paid}, f"{amount} {what}; the event is at {day(distribution.start)}")


def _show(plan: Plan) -> None:
    table = Table("", "", "", show_header=False, title="What is going to be deployed")
    for row in plan.describe():
        table.add_row(*row)
    console.print(table)


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
    deployment, _ = tge.deployed(session.record)
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
    session = connect(quiet=as_json)
    published = folder if folder.exists() else None
    checks = run_checks(session.client, session.record, grants, folder=published, csv_path=csv_path)
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
    deployment, distribution = tge.deployed(session.record)
    first_block = session.record.creations[tge.DISTRIBUTOR].block
    found = read_status(session.client, deployment, distribution, first_block=first_block)
    draw(found, chart)
    if as_json:
        click.echo(json.dumps({**found.data(), "chart": str(chart)}))
        return
    table = Table("", "", show_header=False, title=f"Chain {session.record.chain_id} at {day(found.now)}")
    for row in found.rows():
        table.add_row(*row)
    console.print(table)
    console.print(f"chart: {chart}", highlight=False, soft_wrap=True)
