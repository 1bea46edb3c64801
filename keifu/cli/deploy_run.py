"""`keifu deploy all` and `status`: a plan that was signed off, carried out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit, table
from keifu.cli.deploy_plan import plan_argument
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.units import day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["all_", "status"]

SHORT = 10  # digits by which people tell operations apart


@verb("all", example="keifu deploy all plan.json --role deployer", access=Access.SEND)
@plan_argument
@click.option("--digest", metavar="HEX", help="What was signed off; a plan with another digest is refused.")
@click.option("--replace-stuck", is_flag=True, help="Replace own transactions that no block takes, at a bounded fee.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@json_option
def all_(session: Session, plan_path: Path, digest: str | None, replace_stuck: bool, yes: bool, json_out: bool) -> None:
    """Deploy what is missing of PLAN, queue its services in the timelock, and list them by a later run. A run that was
    cut off, at whatever point, is gone on with by the same command."""
    from keifu.chain.plan import is_local
    from keifu.deploy.document import Document, ether
    from keifu.deploy.running import carry_out, said_of

    made = Document.read(plan_path)
    if digest is not None and digest.lower().removeprefix("0x") != made.digest:
        raise UsageError(f"{plan_path} has the digest {made.digest}", remedy="another plan was signed off")
    if not is_local(made.chain.chain_id) and not yes:
        cost = f"{made.gas:,} gas, up to {ether(made.most)}, to chain {made.chain.chain_id}"
        click.confirm(f"Send the plan with the digest {made.digest}, {cost}?", abort=True)
    if replace_stuck:
        _replace(session, json_out=json_out)
    outcome = carry_out(
        session.deployer,
        session.record,
        made,
        save=session.save,
        on_step=lambda name, address: None if json_out else click.echo(f"{name:24} {address}"),
    )
    lines = said_of(outcome)
    document = {"contracts": outcome.deployment.addresses, "waiting_for": list(outcome.waiting_for)}
    listed = [{"service": item.service, "listed": item.listed, "ready": item.ready} for item in outcome.services]
    if outcome.waiting_for:
        from keifu.deploy.changes import listing_batch, safe_files

        batch = listing_batch(session.client, session.record, made.horizons)
        if batch.calls:
            files = safe_files(session.client, batch, plan_path.with_name("services.json"))
            lines += [f"for a Safe's transaction builder: {file}" for file in files]
            document["files"] = [str(file) for file in files]
    emit({**document, "services": listed}, "\n".join(lines), json_out)


def _replace(session: Session, *, json_out: bool) -> None:
    from keifu.deploy.pool import replace_stuck

    for nonce in replace_stuck(session.client, session.account):
        if not json_out:
            click.echo(f"nonce {nonce} was stuck, and is replaced by a transfer of nothing")


@verb("status", example="keifu deploy status", access=Access.READ)
@json_option
def status(session: Session, json_out: bool) -> None:
    """Say what of the suite is there, where its services stand, who holds the timelock, and what comes next."""
    from keifu.deploy.status import read_status

    found = read_status(session.client, session.record)
    if not json_out:
        rows = [("contracts", f"{found.contracts} recorded, {len(found.missing)} not there")]
        rows += [("pending", found.pending)] if found.pending else []
        rows += [(f"service {name}", state) for name, state in found.services.items()]
        rows += [(name, ", ".join(who)) for name, who in found.holders.items()]
        rows += [
            (f"waits {item.number[:SHORT]}", f"ready from {day(item.ready)} on: {'; '.join(item.calls)}")
            for item in found.waiting
        ]
        table(("", ""), [*rows, ("next", found.next or "nothing")])
        return
    emit(found.data(), "", json_out)
