"""`keifu deploy publish`: the sources, for an explorer to compile and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._types import ENDPOINT
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["publish"]

KINDS = ("etherscan", "sourcify", "blockscout")


@verb("publish", example="keifu deploy publish --to sourcify --url https://sourcify.dev/server", access=Access.READ)
@click.option("--to", "kind", type=click.Choice(KINDS), required=True, help="How the explorer wants to be asked.")
@click.option("--url", type=ENDPOINT, required=True, help="Address of the explorer.")
@click.option("--contract", "contracts", multiple=True, help="One of the suite's; repeatable.  [default: all]")
@click.option("--explorer-key", envvar="KEIFU_EXPLORER_KEY", show_envvar=True, help="Etherscan's; from the variable.")
@json_option
def publish(
    session: Session, kind: str, url: str, contracts: tuple[str, ...], explorer_key: str | None, json_out: bool
) -> None:
    """Send the sources of recorded contracts to an explorer. They are compiled here first, and compared."""
    from keifu.deploy.publishing import Explorer
    from keifu.deploy.publishing import publish as send
    from keifu.deploy.running import require_recorded

    record = require_recorded(session.record)
    if unknown := [name for name in contracts if name not in record.contracts]:
        raise UsageError(f"{unknown[0]} is not recorded", remedy=f"there are: {', '.join(record.contracts)}")
    found = list(send(Explorer(kind, url, explorer_key or ""), record, list(contracts) or list(record.contracts)))
    failed = [item for item in found if not item.holds]
    lines = [f"{item.contract:24} {item.said}" for item in found]
    emit({"contracts": {item.contract: item.said for item in found}}, "\n".join(lines), json_out)
    if failed:
        raise CheckFailed(f"{url} does not agree to {failed[0].contract}: {failed[0].said}")
