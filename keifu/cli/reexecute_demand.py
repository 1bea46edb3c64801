"""`keifu reexecute open`, `status`, `settle` and what else is done about demands. The work is in keifu/reexecution."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._reexecute import described, reading_of, suite_of
from keifu.cli._types import IN_FILE, Text
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import InputError, UsageError
from keifu.units import coins

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.compute.client.kept import KeptAgain
    from keifu.compute.client.store import Store

__all__ = ["accuse", "concede", "kept", "open_", "settle", "status"]

PAUSE_SECONDS = 2.0
LONGEST_EVIDENCE = 1_024
LONGEST_NAME = 4_096
HASH_DIGITS = 64
number_argument = click.argument("number", type=click.IntRange(1))


@verb("kept", example="keifu reexecute kept")
@client_folder
@json_option
def kept(folder: Path | None, json_out: bool) -> None:
    """List the answers of float models that this client has kept, by their receipts' struct hashes."""
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), beside=True) as store:
        found = list(store.again())
    rows = [
        {"receipt": item.signed.receipt.struct_hash.hex(), "channel": item.signed.receipt.channel_id.hex(),
         "number": item.signed.receipt.number, "digest": item.signed.receipt.digest.hex(),
         "time": item.signed.receipt.time}
        for item in found
    ]  # fmt: skip
    lines = [f"{row['receipt']}: answer {row['number']} of channel {row['channel']}" for row in rows]
    emit(rows, "\n".join(lines) or "no answer that a panel can judge is kept", json_out)


@verb("open", example="keifu reexecute open 0x… --role client", access=Access.SEND)
@click.argument("reply", type=Text(LONGEST_NAME))
@click.option("--request", type=IN_FILE, help="File with the request's body, where REPLY is what `curl -i` printed.")
@click.option("--promise", "number", type=click.IntRange(1), help="Which promise.  [default: one that you accepted]")
@client_folder
@json_option
def open_(
    session: RpcSession, reply: str, request: Path | None, number: int | None, folder: Path | None, json_out: bool
) -> None:
    """Have an answer computed again: REPLY is a kept receipt's struct hash, or a HAR file with one exchange. You pay
    the panel's fees. Called again for the same answer it shows the demand that is open."""
    from keifu.compute.client.store import Store, usual_folder
    from keifu.reexecution.doubting import doubt, promise_about

    reading = reading_of(session)
    with Store(folder or usual_folder(), beside=True) as store:
        item = _reply(store, reply, request)
        promise = promise_about(reading, store.promises() if number is None else [number], item)
    demand = doubt(session.deployer, suite_of(session), reading, promise, item)
    document, words = described(reading, demand, promise)
    emit(document, f"{words}\nnext: keifu reexecute settle {demand.id} --wait", json_out)


@verb("status", example="keifu reexecute status 1", access=Access.READ)
@number_argument
@json_option
def status(session: RpcSession, number: int, json_out: bool) -> None:
    """Show demand NUMBER: its panel, what each member has said, what is due next and until when."""
    reading = reading_of(session)
    demand = reading.demand(number)
    document, words = described(reading, demand, reading.promise(demand.promise))
    emit(document, words, json_out)


@verb("settle", example="keifu reexecute settle 1 --wait --role client", access=Access.SEND)
@number_argument
@click.option("--wait", is_flag=True, help="Go on until you have to do something, or it is over.")
@json_option
def settle(session: RpcSession, number: int, wait: bool, json_out: bool) -> None:
    """Do what anybody may do in demand NUMBER: bring the seed, draw the panel, close it, pull the verdict, let seats
    go; then pay out what you are credited. It goes on where it stopped when it is called again."""
    from keifu.reexecution import actions
    from keifu.reexecution.steps import Step

    reading, suite = reading_of(session), suite_of(session)
    done: list[str] = []
    said = ""
    while True:
        for words in actions.go_on(session.deployer, suite, reading, number):
            done.append(words)
            _say(words, json_out)
        demand = reading.demand(number)
        promise = reading.promise(demand.promise)
        due = actions.standing(reading, demand, promise, session.client.now)
        if not wait or due.step in (Step.ACCUSE, Step.OVER):
            break
        if due.words != said:
            _say(said := due.words, json_out)
        time.sleep(PAUSE_SECONDS)
    paid = actions.withdraw(session.deployer, suite)
    document, words = described(reading, demand, promise)
    more = f"\n{coins(paid)} coins were paid to {session.sender}" if paid else ""
    emit({**document, "done": done, "paid": str(paid)}, words + more, json_out)


@verb("accuse", example="keifu reexecute accuse 1 --role client", access=Access.SEND)
@number_argument
@click.option("--evidence", type=IN_FILE, help="What the jurors read beside what the panel found.")
@json_option
def accuse(session: RpcSession, number: int, evidence: Path | None, json_out: bool) -> None:
    """Bring what enough members of demand NUMBER found before the court, with its bond, as the client. The court gives
    the bond back after a conviction."""
    from keifu.cli._market import bytes_of
    from keifu.reexecution import actions

    said = bytes_of(evidence, "evidence", LONGEST_EVIDENCE) if evidence else b""
    reading, suite = reading_of(session), suite_of(session)
    demand = reading.demand(number)
    promise = reading.promise(demand.promise)
    if demand.case_id:
        raise UsageError(f"it is case {demand.case_id} already", remedy=f"keifu court case {demand.case_id}")
    bond = actions.bond_of(session.deployer, suite, demand, promise)
    case = actions.accuse(session.deployer, suite, demand, promise, said)
    words = f"case {case} is open, with a bond of {coins(bond)} coins: keifu court case {case}"
    emit({"demand": number, "case": case, "bond": str(bond)}, words, json_out)


@verb("concede", example="keifu reexecute concede 1 --role provider", access=Access.SEND)
@number_argument
@json_option
def concede(session: RpcSession, number: int, json_out: bool) -> None:
    """Admit, as the operator, what the case of demand NUMBER accuses you of: it ends without a jury."""
    from keifu.reexecution import actions

    actions.concede(session.deployer, suite_of(session), number)
    emit({"demand": number}, f"conceded; anybody pulls the verdict: keifu reexecute settle {number}", json_out)


def _say(words: str, json_out: bool) -> None:
    if not json_out:
        click.echo(words)


def _reply(store: Store, reply: str, request: Path | None) -> KeptAgain:
    """Raises UsageError for what is neither kept nor a file, InputError and ReplyRefused for a wrong file."""
    from keifu.compute.client.capture import exchange_of, read_curl, read_har
    from keifu.compute.client.kept import KeptAgain

    plain = reply.lower().removeprefix("0x")
    if len(plain) == HASH_DIGITS and all(digit in "0123456789abcdef" for digit in plain):
        if not (found := list(store.again(bytes.fromhex(plain)))):
            raise UsageError("this receipt is not kept, or no panel can judge it", remedy="keifu reexecute kept")
        return found[0]
    path = Path(reply)
    if not path.is_file():
        raise UsageError(f"{reply} is no receipt's hash and no file", remedy="keifu reexecute kept lists hashes")
    captured = [read_curl(path, request)] if request else read_har(path)
    if len(captured) != 1:
        raise InputError(f"{path} has {len(captured)} exchanges with receipts", remedy="one exchange a file")
    exchange = exchange_of(captured[0])
    return KeptAgain(exchange.signed, exchange.request, exchange.response)
