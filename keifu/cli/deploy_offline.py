"""`keifu deploy unsigned`, `sign` and `send`: a key that never sees a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._types import IN_FILE, OUT_PATH
from keifu.cli.deploy_plan import plan_argument
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["send", "sign", "unsigned"]

KEY_HELP = "Encrypted key file; its password comes from KEIFU_PASSWORD_FILE or KEIFU_PASSWORD."


@verb("unsigned", example="keifu deploy unsigned plan.json --out unsigned.json", access=Access.READ)
@plan_argument
@click.option("--out", type=OUT_PATH, required=True, help="File to carry to the machine that signs.")
@json_option
def unsigned(session: Session, plan_path: Path, out: Path, json_out: bool) -> None:
    """Write the transactions of PLAN with nonces, gas limits and highest fees, unsigned."""
    from keifu.deploy.document import Document, ether
    from keifu.deploy.offline import unsigned_of

    made = unsigned_of(session.client, Document.read(plan_path))
    made.write(out)
    most = sum(entry.gas * entry.max_fee for entry in made.entries)
    text = f"{len(made.entries)} transactions of {made.sender}, at most {ether(most)}: {out}"
    emit({"transactions": len(made.entries), "most": str(most), "file": str(out)}, text, json_out)


@verb("sign", example="keifu deploy sign unsigned.json --key key.json --out signed.json")
@click.argument("unsigned_path", metavar="UNSIGNED", type=IN_FILE)
@click.option("--key", "key_file", type=IN_FILE, required=True, help=KEY_HELP)
@click.option("--digest", metavar="HEX", required=True, help="Digest of the plan that was signed off.")
@click.option("--out", type=OUT_PATH, required=True, help="File to carry back.")
@json_option
def sign(unsigned_path: Path, key_file: Path, digest: str, out: Path, json_out: bool) -> None:
    """Sign transactions that `keifu deploy unsigned` wrote. Asks nobody: no chain has to be in reach."""
    from keifu.deploy.offline import Unsigned, sign_all
    from keifu.keys.keystore import password
    from keifu.keys.unlock import unlock

    found = Unsigned.read(unsigned_path)
    if digest != found.digest:
        raise UsageError(f"these are of the plan {found.digest}", remedy="another plan was signed off")
    signed = sign_all(found, unlock(key_file, None, password))
    signed.write(out)
    document = {"transactions": len(signed.entries), "sender": signed.sender, "file": str(out)}
    emit(document, f"{len(signed.entries)} transactions of {signed.sender} signed: {out}", json_out)


@verb("send", example="keifu deploy send plan.json signed.json", access=Access.READ)
@plan_argument
@click.argument("signed_path", metavar="SIGNED", type=IN_FILE)
@json_option
def send(session: Session, plan_path: Path, signed_path: Path, json_out: bool) -> None:
    """Send the signed transactions of PLAN, with all the checks of `keifu deploy all`, and write the record."""
    from keifu.deploy.document import Document
    from keifu.deploy.offline import PresignedDeployer, Unsigned
    from keifu.deploy.running import carry_out, said_of

    plan, signed = Document.read(plan_path), Unsigned.read(signed_path)
    if signed.digest != plan.digest:
        raise UsageError(f"{signed_path} is of the plan {signed.digest}", remedy="sign the transactions of this plan")
    chain = PresignedDeployer(session.client, signed, session.record.factory)
    outcome = carry_out(chain, session.record, plan, save=session.save)
    emit({"contracts": outcome.deployment.addresses}, "\n".join(said_of(outcome)), json_out)
