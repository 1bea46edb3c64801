"""`keifu court`: parties and jurors. The work is done in keifu/staking/court.py."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu._files import read_bounded
from keifu.cli._evidence import read_evidence
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, IN_FILE, OUT_PATH
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import InputError, KeifuError, Revert, UsageError
from keifu.units import coins, counted, day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["cli"]

SUITE = ("AlignmentCourt", "KeifuToken", "StakingHub")
COURT, TOKEN, HUB = SUITE
SALT_BYTES = 32
LARGEST_SECRET = 1 << 16  # bytes
NEVER_AGAIN = "a secret is never overwritten; choose another file"
NEXT = {
    "answer": "the operator answers; then a seed draws the first jury",
    "seed": "waits for the seed: keifu court draw",
    "commit": "drawn jurors seal their votes",
    "reveal": "jurors reveal their votes",
    "call": "anybody may call the re-hearing",
    "queue": "the re-hearing waits for its turn",
    "over": "the service can take the verdict, and anybody can settle the jurors",
}

cli = Noun("court", help="Judge cases that services open.", example="keifu court status")
case_argument = click.argument("case", type=click.IntRange(1))


@cli.verb("status", example="keifu court status --json", access=Access.READ)
@json_option
def status(session: Session, json_out: bool) -> None:
    """Show every case, its phase and its votes."""
    from keifu.keys import checksum
    from keifu.staking.court import read_case

    court = session.suite(COURT).at(session.client, COURT)
    found = [read_case(court, number) for number in range(1, court.case_count() + 1)]
    if json_out:
        emit({"cases": [case.data() for case in found]}, "", json_out)
        return
    rows = [
        (
            str(case.id),
            checksum(case.operator),
            coins(case.amount),
            case.verdict,
            f"{case.hearing}: {case.phase}",
            day(case.until) if case.until else "",
        )
        for case in found
    ]
    table(("case", "operator", "amount", "verdict", "phase", "not before"), rows, empty="no case has been opened")


@cli.verb("case", example="keifu court case 1", access=Access.READ)
@case_argument
@json_option
def show(session: Session, case: int, json_out: bool) -> None:
    """Show one case: who, how much, what the parties say, how the juries voted."""
    from keifu.staking.court import read_case, read_statements

    court = session.suite(COURT).at(session.client, COURT)
    found = read_case(court, case)
    said = read_statements(session.client, court, case, session.record.first_block)
    votes = {"first jury": found.first_jury, "re-hearing": found.rehearing}
    fields = {
        "service": found.service,
        "operator": found.operator,
        "accuser": found.accuser,
        "amount": f"{coins(found.amount)} coins",
        "phase": f"{found.phase} of the {found.hearing}: {NEXT[found.phase]}",
        "not before": day(found.until) if found.until else "-",
        "verdict": found.verdict,
        **{
            name: f"{seats.committed} seats sealed, {seats.guilty} guilty, {seats.innocent} innocent"
            for name, seats in votes.items()
        },
    }
    lines = [f"{name:<10} {value}" for name, value in fields.items()]
    lines += [f"{statement.kind:<10} by {statement.party}: {statement.text.rstrip()}" for statement in said]
    emit({**found.data(), "statements": [each.data() for each in said]}, "\n".join(lines), json_out)


@cli.verb("answer", example="keifu court answer 1 --file answer.txt --role operator", access=Access.SEND)
@case_argument
@click.option("--file", "path", type=IN_FILE, required=True, help="What is said, at most 2,048 bytes; it is public.")
@json_option
def answer(session: Session, case: int, path: Path, json_out: bool) -> None:
    """Answer an accusation or a re-hearing, as a party, in its first day."""
    said = read_evidence(path)
    suite = session.suite(COURT)
    session.deployer.call(suite[COURT], COURT, "answer", case, said)
    emit({"case": case, "bytes": len(said)}, f"answered with {len(said):,} bytes", json_out)


@cli.verb("draw", example="keifu court draw 1 --role juror", access=Access.SEND)
@case_argument
@json_option
def draw(session: Session, case: int, json_out: bool) -> None:
    """Bring the block whose seed draws the jury. Anyone may do it, and somebody must."""
    from keifu.staking import court

    block = court.draw(session.client, session.deployer, session.suite(COURT, "Randomness"), case)
    message = f"block {block} has drawn the jury" if block else "the jury is drawn already"
    emit({"case": case, "block": block}, message, json_out)


@cli.verb("advance", example="keifu court advance 1 --role juror", access=Access.SEND)
@case_argument
@json_option
def advance(session: Session, case: int, json_out: bool) -> None:
    """Take every step of a case that is due. Anyone may do it."""
    from keifu.staking import court

    phase = court.advance(session.deployer, session.suite(COURT), case)
    emit({"case": case, "phase": phase}, f"case {case}: {phase}; {NEXT[phase]}", json_out)


@cli.verb("commit", example="keifu court commit 1 --vote guilty --secret vote.json --role juror", access=Access.SEND)
@case_argument
@click.option("--vote", type=click.Choice(["guilty", "innocent"]), required=True, help="Your verdict.")
@click.option("--secret", type=OUT_PATH, required=True, help="New file for vote and salt, which `reveal` needs.")
@json_option
def commit(session: Session, case: int, vote: str, secret: Path, json_out: bool) -> None:
    """Take the seats that were drawn for you and commit a sealed vote."""
    from keifu.staking import court

    if secret.exists():
        raise UsageError(f"{secret} is there already", remedy=NEVER_AGAIN)
    chain, suite, salt = session.deployer, session.suite(COURT), secrets.token_bytes(SALT_BYTES)
    _keep(secret, case, vote, salt)
    try:
        seats = court.commit(chain, suite, case, vote == "guilty", salt)
    except (Revert, UsageError):
        secret.unlink()
        raise
    except KeifuError as error:  # what was sent may be mined later
        error.remedy = f"keep {secret} until the case shows whether the vote is sealed: it alone opens it"
        raise
    emit(
        {"case": case, "seats": seats, "secret": str(secret)},
        f"sealed vote of {counted(seats, 'seat')} sent; keep {secret}, it opens the vote",
        json_out,
    )


def _keep(path: Path, case: int, vote: str, salt: bytes) -> None:
    """Before anything is sent: a sealed vote without its salt cannot be opened, and costs the juror its deposits."""
    from keifu.keys.private_file import write_private

    content = json.dumps({"case": case, "vote": vote, "salt": salt.hex()}).encode()
    write_private(path, content, remedy=NEVER_AGAIN)


@cli.verb("reveal", example="keifu court reveal 1 --secret vote.json --role juror", access=Access.SEND)
@case_argument
@click.option("--secret", type=IN_FILE, required=True, help="File that `commit` wrote.")
@json_option
def reveal(session: Session, case: int, secret: Path, json_out: bool) -> None:
    """Reveal your vote."""
    try:
        document = json.loads(read_bounded(secret, LARGEST_SECRET, "the secret of a vote"))
        vote, salt = document["vote"], bytes.fromhex(document["salt"])
        if document["case"] != case:
            raise InputError(f"{secret} is of case {document['case']}, not {case}", remedy="give the other file")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{secret} is no secret of a vote", remedy="give the file that `commit` wrote") from error
    suite = session.suite(COURT)
    session.deployer.call(suite[COURT], COURT, "reveal", case, vote == "guilty", salt)
    emit({"case": case, "vote": vote}, f"voted {vote}", json_out)


@cli.verb("rehear", example="keifu court rehear 1 --role operator", access=Access.SEND)
@case_argument
@json_option
def rehear(session: Session, case: int, json_out: bool) -> None:
    """Ask for the re-hearing and pay its bond. Anyone may do it, after the first jury."""
    from keifu.staking import court

    court.rehear(session.deployer, session.suite(COURT, TOKEN), case)
    emit({"case": case}, f"the re-hearing of case {case} is called", json_out)


@cli.verb("settle", example="keifu court settle 1 --role juror", access=Access.SEND)
@case_argument
@json_option
def settle(session: Session, case: int, json_out: bool) -> None:
    """Pay or charge every juror of a case that is over. Anyone may do it."""
    from keifu.staking import court

    suite = session.suite(COURT)
    jurors = court.settle(session.client, session.deployer, suite, case, session.record.first_block)
    emit({"case": case, "jurors": jurors}, f"case {case}: {counted(len(jurors), 'juror')} paid or charged", json_out)


@cli.verb("juror", example="keifu court juror --of 0x…", access=Access.READ)
@click.option("--of", "juror", type=ADDRESS, required=True, help="Whose seats.")
@json_option
def juror(session: Session, juror: str, json_out: bool) -> None:
    """Show the coins that a juror has locked behind the court, and since when they count."""
    from keifu.staking.court import read_juror

    suite = session.suite(COURT, HUB)
    found = read_juror(suite.at(session.client, HUB), suite.at(session.client, COURT), juror)
    lines = [f"{coins(found.locked)} coins locked, {coins(found.mature)} of them count"]
    if found.pending:
        lines.append(f"{coins(found.pending)} coins count from {day(found.counts_from)} on")
    if found.leaving:
        lines.append(
            f"{coins(found.leaving)} coins are leaving; `keifu court release` pays them from {day(found.release_at)} on"
        )
    if found.ballots:
        lines.append(f"{found.ballots} ballots are not settled")
    emit(found.data(), "\n".join(lines), json_out)


@cli.verb("join", example="keifu court join --role juror", access=Access.SEND)
@json_option
def join(session: Session, json_out: bool) -> None:
    """Become a juror: the coins that you have locked behind the court count seven epochs from now."""
    from keifu.staking.court import read_juror

    suite = session.suite(COURT, HUB)
    session.deployer.call(suite[COURT], COURT, "join")
    found = read_juror(suite.at(session.client, HUB), suite.at(session.client, COURT), session.sender)
    message = f"{coins(found.pending)} coins count from {day(found.counts_from)} on"
    emit(found.data(), message, json_out)


@cli.verb("leave", example="keifu court leave --amount 4000 --role juror", access=Access.SEND)
@click.option("--amount", type=COINS, required=True, help="Coins to ask back.")
@json_option
def leave(session: Session, amount: int, json_out: bool) -> None:
    """Ask for coins back: they stop counting at once, and stay until earlier cases are over."""
    from keifu.staking.court import read_juror

    suite = session.suite(COURT, HUB)
    session.deployer.call(suite[COURT], COURT, "leave", amount)
    found = read_juror(suite.at(session.client, HUB), suite.at(session.client, COURT), session.sender)
    message = (
        f"{coins(found.leaving)} coins are leaving; `keifu court release` pays them from {day(found.release_at)} on"
    )
    emit(found.data(), message, json_out)


@cli.verb("release", example="keifu court release --role juror", access=Access.SEND)
@json_option
def release(session: Session, json_out: bool) -> None:
    """Take out the coins that you have asked back."""
    from keifu.staking import court

    paid = court.release(session.deployer, session.suite(COURT, HUB))
    emit({"paid": str(paid)}, f"{coins(paid)} coins paid", json_out)


@cli.verb("absent", example="keifu court absent 1 --juror 0x… --hearing 0 --role node", access=Access.SEND)
@case_argument
@click.option("--juror", type=ADDRESS, required=True, help="Who was drawn and did not vote.")
@click.option(
    "--hearing", type=click.IntRange(0, 1), default=0, show_default=True, help="Which one: 0 first jury, 1 re-hearing."
)
@json_option
def absent(session: Session, case: int, juror: str, hearing: int, json_out: bool) -> None:
    """Show that a drawn juror did not vote: it loses its deposits, and you get a tenth of them."""
    suite = session.suite(COURT)
    tip = session.deployer.simulate(suite[COURT], COURT, "show_absent", case, hearing, juror)
    session.deployer.call(suite[COURT], COURT, "show_absent", case, hearing, juror)
    emit({"case": case, "juror": juror, "tip": str(tip)}, f"{coins(tip)} coins are the caller's tip", json_out)
