"""`keifu sample`: the sample service of a local chain. The work is done in keifu/local/sample.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._evidence import read_evidence
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, IN_FILE
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import InputError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["cli"]

SAMPLE = "SampleService"
SUITE = ("StakingHub", "AlignmentCourt", "KeifuToken")
MAX_DUE = 16  # promises settled by an unlock

cli = Noun(
    "sample",
    help="Make promises at the sample service of a local chain, and claim them.",
    example="keifu sample status",
)
promise_argument = click.argument("promise", type=click.IntRange(0))


def _address(session: Session) -> str:
    from keifu.local.sample import address_of_sample

    return address_of_sample(session.client, session.record.factory)


@cli.verb("status", example="keifu sample status --json", access=Access.READ)
@json_option
def status(session: Session, json_out: bool) -> None:
    """Show every promise and its state."""
    from keifu.keys import checksum
    from keifu.local.sample import read_promises

    address = _address(session)
    found = read_promises(session.client.at(address, SAMPLE))
    if json_out:
        emit({"service": address, "promises": [promise.data() for promise in found]}, "", json_out)
        return
    rows = [
        (
            str(row.number),
            checksum(row.operator),
            checksum(row.client),
            coins(row.restitution),
            coins(row.reserve),
            day(row.last),
            row.state,
        )
        for row in found
    ]
    columns = ("promise", "operator", "client", "restitution", "reserved", "until", "state")
    table(columns, rows, empty="no promise has been offered")


@cli.verb(
    "offer",
    example='keifu sample offer --client 0x… --restitution 400 --price 10 --for "30 days" --role operator',
    access=Access.SEND,
)
@click.option("--client", type=ADDRESS, required=True, help="To whom the promise is made.")
@click.option("--restitution", type=COINS, required=True, help="Coins that the client gets if it is broken.")
@click.option("--price", type=COINS, default="0", help="Coins that the client pays when it accepts.")
@click.option("--for", "length", type=DURATION, required=True, help="How long the promise lasts.")
@json_option
def offer(session: Session, client: str, restitution: int, price: int, length: int, json_out: bool) -> None:
    """Promise a client to keep a secret; the client has to accept."""
    from keifu.keys import keccak256
    from keifu.local import sample

    last = session.client.now + length
    secret = keccak256(f"{session.sender} {client} {last}".encode())
    number = sample.offer(session.deployer, _address(session), client, restitution, price, last, secret)
    document = {"promise": number, "client": client, "last": last, "secret": "0x" + secret.hex()}
    emit(document, f"promise {number} is offered to {client}, until {day(last)}", json_out)


@cli.verb("accept", example="keifu sample accept 1 --role accuser", access=Access.SEND)
@promise_argument
@json_option
def accept(session: Session, promise: int, json_out: bool) -> None:
    """Accept an offer as its client, and pay its price; then the promise holds."""
    from keifu.local import sample

    address = _address(session)
    sample.accept(session.deployer, session.suite(*SUITE), address, promise)
    found = sample.read_promise(session.client.at(address, SAMPLE), promise)
    message = f"promise {promise} holds; {coins(found.reserve)} coins of the operator are reserved for it"
    emit(found.data(), message, json_out)


@cli.verb("accuse", example="keifu sample accuse 0 --evidence answer.txt --role accuser", access=Access.SEND)
@promise_argument
@click.option(
    "--evidence", type=IN_FILE, required=True, help="What shows the fault, at most 2,048 bytes; it is public."
)
@json_option
def accuse(session: Session, promise: int, evidence: Path, json_out: bool) -> None:
    """Ask the court whether a promise to you was broken; you pay the court's bond."""
    from keifu.local import sample

    said = read_evidence(evidence)
    case = sample.accuse(session.deployer, session.suite(*SUITE), _address(session), promise, said)
    emit({"promise": promise, "case": case}, f"case {case} is open", json_out)


@cli.verb("concede", example="keifu sample concede 0 --role operator", access=Access.SEND)
@promise_argument
@json_option
def concede(session: Session, promise: int, json_out: bool) -> None:
    """Admit the fault as the accused operator: the case ends without a jury."""
    session.deployer.call(_address(session), SAMPLE, "concede", promise)
    emit({"promise": promise}, f"the fault of promise {promise} is conceded", json_out)


@cli.verb("pull", example="keifu sample pull 0 --role accuser", access=Access.SEND)
@promise_argument
@json_option
def pull(session: Session, promise: int, json_out: bool) -> None:
    """Let the service take the court's verdict: it slashes and pays, or the promise goes on."""
    from keifu.local.sample import read_promise

    address = _address(session)
    session.deployer.call(address, SAMPLE, "pull", promise)
    found = read_promise(session.client.at(address, SAMPLE), promise)
    emit(found.data(), f"promise {promise}: {found.state}", json_out)


@cli.verb("withdraw", example="keifu sample withdraw --role accuser", access=Access.SEND)
@json_option
def withdraw(session: Session, json_out: bool) -> None:
    """Withdraw what the service has credited to you: restitution, costs, a prover's reward."""
    from keifu.local import sample

    paid = sample.withdraw(session.deployer, _address(session))
    emit({"paid": str(paid)}, f"{coins(paid)} coins paid" if paid else "nothing is due now", json_out)


@cli.verb("unlock", example="keifu sample unlock --amount 100 --due 0 --role operator", access=Access.SEND)
@click.option("--amount", type=COINS, required=True, help="Coins of your lock to free.")
@click.option("--due", type=click.IntRange(0), multiple=True, help="Promise whose time is over; repeatable.")
@json_option
def unlock(session: Session, amount: int, due: tuple[int, ...], json_out: bool) -> None:
    """Free coins that no promise needs; `keifu staking collect` pays them."""
    if len(due) > MAX_DUE:
        raise InputError(f"{len(due)} promises at once", remedy=f"at most {MAX_DUE} in one call")
    session.deployer.call(_address(session), SAMPLE, "unlock", amount, list(due))
    emit({"amount": str(amount)}, f"{coins(amount)} coins are free; keifu staking collect pays them", json_out)
