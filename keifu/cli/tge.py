"""`keifu tge`: the token generation event, from a CSV to the last claim. The work is done in keifu/tge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, report_checks, table
from keifu.cli._types import ADDRESS, COINS, FOLDER, GRANTS, IN_FILE, MOMENT, OUT_PATH
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.chain import Deployment
    from keifu.chain.protocol import Distribution
    from keifu.cli.session import Session

__all__ = ["cli"]

OUT = Path("out/tge")  # to publish, so nothing else goes there

cli = Noun("tge", help="Publish, deploy, claim and verify a list of grants.", example="keifu tge status")


def grants_option(kind: click.ParamType) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--grants; `kind` says whether the folder must be there."""
    return click.option(
        "--grants", "folder", type=kind, envvar="KEIFU_GRANTS", show_envvar=True, default=OUT, show_default=True,
        help="Folder that `keifu tge build` wrote.",
    )  # fmt: skip


csv_option = click.option("--csv", "csv_path", type=IN_FILE, required=True, help="Lines account,total in coins.")


def _recorded(session: Session) -> tuple[Deployment, Distribution]:
    """The distribution of this chain. Raises EnvironmentFault when there is none."""
    from keifu.tge import chain as tge

    deployment, distribution = tge.deployed(session.record)
    for name in (tge.DISTRIBUTOR, tge.TOKEN):
        session.require_code(deployment[name], name)
    return deployment, distribution


@cli.verb("build", example="keifu tge build --csv grants.csv --total 9144000")
@csv_option
@click.option("--out", "folder", type=FOLDER, default=OUT, show_default=True, help="Folder to write.")
@click.option("--total", "expected", type=COINS, default=None, help="Coins that the grants must add up to.")
@click.option("--step", type=click.IntRange(1), default=None, help="Seconds of a step.  [default: a month]")
@click.option("--steps", type=click.IntRange(1), default=None, help="Number of steps.  [default: 36]")
@json_option
def build(
    csv_path: Path, folder: Path, expected: int | None, step: int | None, steps: int | None, json_out: bool
) -> None:
    """Check a CSV and write the Merkle tree, every proof and the summary to publish."""
    from keifu.chain.bounds import require_steps
    from keifu.spec.vesting import MONTH_SECONDS, MONTHS
    from keifu.tge import read_csv, write_files

    step, steps = step or MONTH_SECONDS, steps or MONTHS
    require_steps(step, steps)
    grants = read_csv(csv_path, expected=expected)
    with _progress(len(grants), json_out) as advance:
        summary = write_files(grants, folder, csv_path=csv_path, step=step, steps=steps, on_progress=advance)
    data = {"root": summary.root, "grants": summary.grants, "allocation": summary.allocation, "folder": str(folder)}
    lines = (f"{len(grants):,} grants, {coins(grants.allocation)} coins", summary.root, f"written to {folder}")
    emit(data, "\n".join(lines), json_out)


class _progress:  # noqa: N801 - used as a function
    """A bar on standard error while proofs are written."""

    def __init__(self, total: int, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self.bar = Progress(console=console, disable=quiet or not console.is_terminal, transient=True)
        self.task = self.bar.add_task("proofs", total=total)

    def __enter__(self) -> Callable[[int], None]:
        self.bar.start()
        return lambda done: self.bar.update(self.task, completed=done)

    def __exit__(self, *_: object) -> None:
        self.bar.stop()


@cli.verb("deploy", example="keifu tge deploy --grants out/tge --role deployer --chain-id 31337", access=Access.SEND)
@grants_option(GRANTS)
@click.option("--start", type=MOMENT, help="Time of the event.  [default: now]")
@click.option("--plan", "plan_path", type=IN_FILE, help="TOML file with the suite's parameters.")
@click.option("--treasury", type=ADDRESS, help="Who receives the supply, and pays the allocation in.")
@click.option("--proposer", "proposers", type=ADDRESS, multiple=True, help="Who may queue in the timelock; repeatable.")
@click.option("--executor", "executors", type=ADDRESS, multiple=True, help="Who may execute in it; repeatable.")
@click.option("--delay", "timelock_delay", metavar="DURATION", help="Delay of the timelock.  [default: 2 days]")
@click.option(
    "--insurance",
    type=ADDRESS,
    help="Who receives slashed coins that pay no victim.  [default: an Insurance of the suite]",
)
@click.option("--daily-blocks", type=click.IntRange(2), help="Blocks that the chain makes in a day: the court's clock.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@json_option
def deploy(
    session: Session,
    folder: Path,
    start: int | None,
    plan_path: Path | None,
    yes: bool,
    json_out: bool,
    **options: Any,
) -> None:
    """Deploy what is missing of the suite and the distributor, and pay the allocation in, once."""
    from keifu.chain.plan import Plan, is_local
    from keifu.tge import chain as tge
    from keifu.tge import read_summary

    summary, plan = read_summary(folder), Plan.read(plan_path, **options)
    record, chain, now = session.record, session.deployer, session.client.now
    distribution = tge.decide(record, summary, start, now)
    plan = plan.paying(distribution).resolve(record, chain.sender, now)
    if not json_out:
        table(("", "", ""), plan.describe(), title="What is going to be deployed")
    if not is_local(record.chain_id) and not yes:
        click.confirm("Send these transactions?", abort=True, err=json_out)
    deployment = tge.deploy(
        chain,
        record,
        distribution,
        params=plan.params,
        save=session.save,
        on_step=lambda name, address: None if json_out else click.echo(f"{name:18} {address}"),
    )
    data = {"contracts": deployment.addresses, "start": distribution.start, "paid_in_now": False}
    data["services"] = [{**asdict(service), "listed": service.listed} for service in deployment.services]
    if not json_out:
        for line in _service_lines(deployment):
            click.echo(line)
    amount = f"{coins(distribution.allocation)} coins"
    if plan.params.treasury != chain.sender:
        data["to_pay_in"] = str(distribution.allocation)
        where = f"the distributor {deployment[tge.DISTRIBUTOR]}"
        message = f"the treasury is to send {amount} to {where}: `keifu tge fund` with the treasury's key does"
        emit(data, message, json_out)
        return
    paid = tge.fund(chain, deployment, distribution, record.chain_id, session.sign)
    message = f"{amount} {'paid in' if paid else 'had been paid in before'}; the event is at {day(distribution.start)}"
    emit(data | {"paid_in_now": paid}, message, json_out)


def _service_lines(deployment: Deployment) -> Iterator[str]:
    """Where each service stands in the timelock."""
    for service in deployment.services:
        where = "listed" if service.listed else f"queued in the timelock; run this again from {day(service.ready)} on"
        yield f"service {service.service} {where}"
    if not deployment.services:
        yield "no service is listed: the timelock's proposers do it with `keifu staking list-service`"


@cli.verb("fund", example="keifu tge fund --role holder", access=Access.SEND)
@json_option
def fund(session: Session, json_out: bool) -> None:
    """Pay the allocation in, once, as the treasury: for a deployment whose treasury is another account."""
    from keifu.tge import chain as tge
    from keifu.tge.status import read_status

    deployment, distribution = _recorded(session)
    params = session.record.params
    treasury = params.treasury if params else "not recorded"
    if session.sender != treasury:
        raise UsageError(f"the treasury is {treasury}, not {session.sender}", remedy="sign with the treasury's key")
    first_block = session.record.creations[tge.DISTRIBUTOR].block
    found = read_status(session.client, deployment, distribution, first_block=first_block)
    paid = found.balance + found.paid < distribution.allocation and tge.fund(
        session.deployer, deployment, distribution, session.client.chain_id, session.sign
    )
    message = f"{coins(distribution.allocation)} coins {'paid in' if paid else 'had been paid in before'}"
    emit({"allocation": str(distribution.allocation), "paid_in_now": paid}, message, json_out)


@cli.verb("claim", example="keifu tge claim --for 0x… --role claimer", access=Access.SEND)
@grants_option(GRANTS)
@click.option("--for", "holder", type=ADDRESS, help="Whose grant.  [default: the sender's]")
@json_option
def claim(session: Session, folder: Path, holder: str | None, json_out: bool) -> None:
    """Claim what is due of a grant. Anyone may send it, the holder is paid."""
    from keifu.keys import checksum
    from keifu.tge import chain as tge
    from keifu.tge import find_proof

    proof = find_proof(folder, holder or session.sender)
    deployment, _ = _recorded(session)
    due = tge.claim(session.deployer, deployment[tge.DISTRIBUTOR], proof)
    message = f"{coins(due)} coins paid to {checksum(proof.account)}" if due else "nothing is due now"
    emit({"account": proof.account, "index": proof.index, "paid": str(due)}, message, json_out)


@cli.verb("verify", example="keifu tge verify --csv grants.csv", access=Access.READ)
@csv_option
@grants_option(FOLDER)
@json_option
def verify(session: Session, csv_path: Path, folder: Path, json_out: bool) -> None:
    """Recompute everything from the CSV, read everything from the chain, and say whether they agree."""
    from keifu.tge import read_csv
    from keifu.tge.check import verify as run_checks

    grants = read_csv(csv_path)
    _recorded(session)
    published = folder if folder.exists() else None
    checks = run_checks(session.client, session.record, grants, folder=published, csv_path=csv_path)
    report_checks(checks, json_out)


@cli.verb("status", example="keifu tge status --chart out/vesting.svg", access=Access.READ)
@click.option("--chart", type=OUT_PATH, help="Draw what became of every coin, too: .svg or .png.")
@json_option
def status(session: Session, chart: Path | None, json_out: bool) -> None:
    """Say where the distribution stands, as a table, and as a picture when you name one."""
    from keifu.tge.chain import DISTRIBUTOR
    from keifu.tge.status import draw, read_status

    deployment, distribution = _recorded(session)
    first_block = session.record.creations[DISTRIBUTOR].block
    found = read_status(session.client, deployment, distribution, first_block=first_block)
    drawn = {} if chart is None else {"chart": str(draw(found, chart))}
    if json_out:
        emit({**found.data(), **drawn}, "", json_out)
        return
    table(("", ""), found.rows(), title=f"Chain {session.client.chain_id} at {day(found.now)}")
    if drawn:
        click.echo(f"chart: {drawn['chart']}")
