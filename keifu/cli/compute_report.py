"""`keifu compute report`: receipts that break their provider's word, shown to the market. The work is done in
keifu/compute/client/claiming.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._market import provenance_of, receipts_of, suite_of
from keifu.cli._print import emit
from keifu.cli._types import IN_FILE
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed
from keifu.units import coins

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.compute.receipt import SignedReceipt

__all__ = ["report"]


@verb("report", example="keifu compute report first.txt second.txt --role client", access=Access.SEND)
@click.argument("receipts", type=IN_FILE, nargs=-1)
@client_folder
@json_option
def report(session: Session, receipts: tuple[Path, ...], folder: Path | None, json_out: bool) -> None:
    """Show the market receipts of another artefact than was promoted, and two of one number. RECEIPTS are files with
    their texts; without files, what the client in --folder has kept is looked through. You commit in one block and show
    in a later one. The payer of a covered channel gets its restitution, you the rest."""
    from keifu.compute.client.claiming import report_breaches

    shown = [item for path in receipts for item in receipts_of(path)] if receipts else _kept(folder)
    found = report_breaches(session.deployer, shown, session.client, suite_of(session), provenance_of(session))
    if not found:
        raise CheckFailed(
            f"none of {len(shown)} receipts costs its operator anything",
            remedy="they are as promoted, no two have one number, or no promise answers for their time",
        )
    facts = [{"operator": item.operator, "what": item.words, "credited": str(wei)} for item, wei in found]
    lines = [f"{item.words}: reported, {coins(wei)} coins are credited to you" for item, wei in found]
    emit(facts, "\n".join([*lines, "keifu compute withdraw pays them out"]), json_out)


def _kept(folder: Path | None) -> list[SignedReceipt]:
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), writes=False) as store:
        return [*store.receipts(), *store.receipts(refused=True)]
