"""`keifu court`: accusers, jurors and appellants. Thin: what is done stands in keifu/staking/court.py."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, BYTES32, COINS, IN_FILE, OUT_PATH
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import InputError, KeifuError, UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["cli"]

SUITE = ("AlignmentCourt", "KeifuToken")
COURT = SUITE[0]
SALT_BYTES = 32
OWNER_ONLY = 0o600

cli = Noun("court", help="Accuse, judge, appeal and execute verdicts.", example="keifu court status")
case_argument = click.argument("case", type=click.IntRange(1))


@cli.verb("status", example="keifu court status --json", access=Access.READ)
@json_option
def status(session: Session, json_out: bool) -> None:
    """Show every case, its phase and its votes."""
    from keifu.staking.court import read_case

    court = session.suite(COURT).at(session.client, COURT)
    now = session.client.now
    found = [read_case(court, number, now) for number in range(1, court.case_count() + 1)]
    if json_out:
        emit({"cases": [case.data() for case in found]}, "", json_out)
        return
    rows = [
        (
            str(case.id),
            case.operator,
            coins(case.amount),
            case.verdict,
            case.phase,
            day(case.until) if case.until else "",
        )
        for case in found
    ]
    table(("case", "operator", "amount", "verdict", "phase", "until"), rows, empty="no case has been opened")


@cli.verb("case", example="keifu court case 1", access=Access.READ)
@case_argument
@json_option
def show(session: Session, case: int, json_out: bool) -> None:
    """Show one case."""
    from keifu.staking.court import read_case

    found = read_case(session.suite(COURT).at(session.client, COURT), case, session.client.now)
    fields = {
        **found.data(),
        "amount": f"{coins(found.amount)} coins",
        "until": day(found.until) if found.until else "-",
    }
    emit(found.data(), "\n".join(f"{name:<10} {value}" for name, value in fields.items()), json_out)


@cli.verb(
    "open",
    example="keifu court open --service 0x… --operator 0x… --amount 50 --evidence 0x… --role accuser",
    access=Access.SEND,
)
@click.option("--service", type=ADDRESS, required=True, help="Service that the operator committed stake to.")
@click.option("--operator", type=ADDRESS, required=True, help="Address of the accused operator.")
@click.option("--amount", type=COINS, required=True, help="Coins that the fault is worth.")
@click.option("--evidence", type=BYTES32, required=True, help="Root of what shows the fault.")
@click.option("--victim", type=ADDRESS, default=None, help="Who is paid restitution.")
@json_option
def open_case(
    session: Session, service: str, operator: str, amount: int, evidence: bytes, victim: str | None, json_out: bool
) -> None:
    """Accuse an operator, with the bond that the court asks for."""
    from keifu.staking import court

    if amount <= 0:
        raise UsageError("--amount is zero", remedy="give the coins that the fault is worth")
    case = court.open_case(session.deployer, session.suite(*SUITE), service, operator, victim or "", amount, evidence)
    emit({"case": case}, f"case {case}", json_out)


@cli.verb("draw", example="keifu court draw 1 --role juror", access=Access.SEND)
@case_argument
@json_option
def draw(session: Session, case: int, json_out: bool) -> None:
    """Bring the block whose seed draws the jury: anyone may, and somebody has to."""
    from keifu.staking import court

    block = court.draw(session.client, session.deployer, session.suite(COURT, "Randomness"), case)
    told = f"block {block} has drawn the jury" if block else "the jury is drawn already"
    emit({"case": case, "block": block}, told, json_out)


@cli.verb("commit", example="keifu court commit 1 --vote guilty --secret vote.json --role juror", access=Access.SEND)
@case_argument
@click.option("--vote", type=click.Choice(["guilty", "innocent"]), required=True, help="What the evidence shows.")
@click.option("--secret", type=OUT_PATH, required=True, help="New file for vote and salt, which `reveal` needs.")
@json_option
def commit(session: Session, case: int, vote: str, secret: Path, json_out: bool) -> None:
    """Take one's drawn seats and commit a vote under seal."""
    from keifu.staking import court

    if secret.exists():
        raise UsageError(f"{secret} is there already", remedy="a secret is never overwritten; choose another file")
    chain, suite, salt = session.deployer, session.suite(COURT), secrets.token_bytes(SALT_BYTES)
    _keep(secret, case, vote, salt)
    try:
        seats = court.commit(chain, suite, case, vote == "guilty", salt)
    except KeifuError:
        secret.unlink()
        raise
    emit({"case": case, "seats": seats, "secret": str(secret)}, f"{seats} seats voted; keep {secret}", json_out)


def _keep(path: Path, case: int, vote: str, salt: bytes) -> None:
    """Before anything is sent: a sealed vote without its salt cannot be opened, and costs the juror a penalty."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"case": case, "vote": vote, "salt": salt.hex()}, file)


@cli.verb("reveal", example="keifu court reveal 1 --secret vote.json --role juror", access=Access.SEND)
@case_argument
@click.option("--secret", type=IN_FILE, required=True, help="File that `commit` wrote.")
@json_option
def reveal(session: Session, case: int, secret: Path, json_out: bool) -> None:
    """Open one's vote."""
    try:
        document = json.loads(secret.read_text())
        vote, salt = document["vote"], bytes.fromhex(document["salt"])
        if document["case"] != case:
            raise InputError(f"{secret} is of case {document['case']}, not {case}", remedy="give the other file")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{secret} is no secret of a vote", remedy="give the file that `commit` wrote") from error
    suite = session.suite(COURT)
    session.deployer.call(suite[COURT], COURT, "reveal_vote", case, vote == "guilty", salt)
    emit({"case": case, "vote": vote}, f"voted {vote}", json_out)


@cli.verb("appeal", example="keifu court appeal 1 --role operator", access=Access.SEND)
@case_argument
@json_option
def appeal(session: Session, case: int, json_out: bool) -> None:
    """Call a larger jury against what the last one found, with its bond."""
    from keifu.staking import court

    bond = court.appeal(session.deployer, session.suite(*SUITE), case)
    emit({"case": case, "bond": str(bond)}, f"appealed with a bond of {coins(bond)} coins", json_out)


@cli.verb("execute", example="keifu court execute 1 --role accuser", access=Access.SEND)
@case_argument
@json_option
def execute(session: Session, case: int, json_out: bool) -> None:
    """Carry out a verdict that nobody can appeal any more."""
    from keifu.staking.court import read_case

    suite = session.suite(COURT)
    session.deployer.call(suite[COURT], COURT, "execute", case)
    found = read_case(suite.at(session.client, COURT), case, session.client.now)
    emit(found.data(), f"case {case}: {found.verdict}", json_out)


@cli.verb("collect", example="keifu court collect 1 --role juror", access=Access.SEND)
@case_argument
@json_option
def collect(session: Session, case: int, json_out: bool) -> None:
    """Collect bonds that came back and one's part of a case's pot."""
    from keifu.staking import court

    paid = court.collect(session.deployer, session.suite(COURT), case)
    emit({"paid": str(paid)}, f"{coins(paid)} coins paid" if paid else "nothing is due", json_out)
