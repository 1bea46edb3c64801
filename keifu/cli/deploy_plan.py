"""`keifu deploy plan`, `rehearse` and `schema`: nothing is sent to the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, IN_FILE, OUT_PATH
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, InputError, UsageError

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["plan", "plan_argument", "rehearse", "schema"]

plan_argument = click.argument("plan_path", metavar="PLAN", type=IN_FILE)


@verb("plan", example="keifu deploy plan --out plan.json --role deployer", access=Access.MAY_SIGN)
@click.option("--out", type=OUT_PATH, required=True, help="File to write, with a .md to read beside it.")
@click.option("--parameters", type=IN_FILE, help="TOML file that chooses parameters; the deployers' guide names them.")
@click.option("--set", "chosen", multiple=True, metavar="NAME=VALUE", help="One parameter; counts more than the file.")
@click.option("--from", "deployer", type=ADDRESS, help="Account that deploys.  [default: the one that signs]")
@json_option
def plan(
    session: Session, out: Path, parameters: Path | None, chosen: tuple[str, ...], deployer: str | None, json_out: bool
) -> None:
    """Look at the chain, rehearse the deployment on an empty copy of it, and write a plan to review and sign off."""
    from keifu.chain.plan import Plan
    from keifu.deploy.planning import make_plan
    from keifu.keys import checksum

    signer = getattr(session, "signer", None)
    if deployer is None and signer is None:
        raise UsageError("nobody says which account deploys", remedy="--from ADDRESS, --key-file FILE or --role NAME")
    choice = Plan.read(parameters, **dict(_choice(text) for text in chosen))
    made = make_plan(session.client, deployer or signer.address, session.record, choice)  # type: ignore[union-attr]
    page = made.write(out)
    due, cost, most = len(made.due), made.cost, made.most
    from keifu.deploy.document import ether

    text = [
        f"{due} contracts to make and {len(made.services)} services, {made.gas:,} gas: {ether(cost)}",
        f"the deployer {checksum(made.deployer)} needs {ether(most)} and has {ether(made.balance)}",
        *made.chain.notes(),
        f"plan: {out}, to read: {page}",
        f"digest to sign off: {made.digest}",
    ]
    document = {"plan": str(out), "page": str(page), "digest": made.digest, "gas": made.gas, "contracts": due}
    emit(document | {"cost": str(cost), "needed": str(most)}, "\n".join(text), json_out)


def _choice(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"{text!r} is no choice", remedy="--set NAME=VALUE; addresses of a list with commas between")
    many = name in ("proposers", "executors")
    return name, tuple(value.split(",")) if many else value


@verb("rehearse", example="keifu deploy rehearse plan.json --fork", access=Access.READ)
@plan_argument
@click.option("--fork", is_flag=True, help="On a fork of the chain with all its history, instead of an empty chain.")
@json_option
def rehearse(session: Session, plan_path: Path, fork: bool, json_out: bool) -> None:
    """Carry a plan out to its end on a node of this machine: deploy, let the timelock's delay pass, list, verify."""
    from keifu.deploy.document import Document
    from keifu.deploy.rehearsal import rehearse as run

    made, client = Document.read(plan_path), session.client
    url = client.rpc.endpoints[0].url if fork else ""
    nonce = client.rpc.quantity("eth_getTransactionCount", made.deployer, "latest")
    found = run(
        made.chain, made.deployer, made.params, record=session.record, nonce=nonce, fork=url, now=client.now
    )  # fmt: skip
    wrong = [step.contract for step in made.steps if found.record.contracts.get(step.contract) != step.address]
    rows = [(name, f"{gas:,}") for name, gas in found.gas.items()]
    if not json_out:
        table(("contract", "gas"), [*rows, ("services", f"{found.listing_gas:,}")])
    failed = [check.what for check in found.checks if not check.holds] + [f"address of {name}" for name in wrong]
    where = "a fork of the chain" if fork else "an empty chain"
    document = {"fork": fork, "gas": found.gas, "listing_gas": found.listing_gas, "failed": failed}
    if failed:
        emit(document, "\n".join(failed), json_out)
        raise CheckFailed(f"the rehearsal on {where} differs from the plan: {failed[0]}")
    emit(document, f"rehearsed on {where}: {len(found.record.creations)} contracts as planned, verified", json_out)


@verb("schema", example="keifu deploy schema")
def schema() -> None:
    """Print the JSON schema of `deployments/<chain id>.json`."""
    from keifu.chain.deployments import record_schema

    click.echo(json.dumps(record_schema(), indent=2))
