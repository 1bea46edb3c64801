"""`keifu dispute list`, `lock`, `unlock` and `withdraw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keifu.cli._disputes import outcome_words, reading_of, suite_of
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, BYTES32, COINS
from keifu.cli.verbs import Access, json_option, verb
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.inference.disputes.reading import Opened, Reading

__all__ = ["list_", "lock", "unlock", "withdraw"]


@verb("list", example="keifu dispute list --operator 0x…", access=Access.READ)
@click.option("--operator", type=ADDRESS, help="Against this operator alone.")
@click.option("--challenger", type=ADDRESS, help="Of this challenger alone.")
@click.option("--channel", type=BYTES32, help="About this channel alone.")
@json_option
def list_(
    session: Session, operator: str | None, challenger: str | None, channel: bytes | None, json_out: bool
) -> None:  # fmt: skip
    """List disputes, oldest first: which receipt, whose turn it is and until when, or how it ended."""
    reading = reading_of(session)
    opened = reading.opened(operator=operator or "", challenger=challenger or "", channel=channel or b"")
    rows = [(item.receipt.hex(), item.operator, item.challenger, _words(reading, item)) for item in opened]
    names = ("receipt", "operator", "challenger", "state")
    if json_out:
        emit([dict(zip(names, row, strict=True)) for row in rows], "", json_out)
        return
    table(names, rows, empty="nothing was disputed")


def _words(reading: Reading, opened: Opened) -> str:
    from keifu.inference.disputes import Stage
    from keifu.inference.disputes.moves import ANSWERS

    standing = reading.standing(opened)
    if standing is None:
        outcome = reading.outcome(opened)
        return outcome_words(outcome) if outcome else "over"
    turn = standing.turn
    if turn.stage == Stage.PROVED:
        return "proved: anybody closes it"
    who = "operator" if turn.stage in ANSWERS else "challenger"
    return f"the {who}'s turn, until {day(turn.deadline)}"


@verb("lock", example="keifu dispute lock 500 --role operator", access=Access.SEND)
@click.argument("amount", type=COINS)
@json_option
def lock(session: Session, amount: int, json_out: bool) -> None:
    """Put coins of yours behind your tokens. Register as an operator first: keifu staking register."""
    from keifu.chain.suite import DISPUTES
    from keifu.compute.market import services

    whole = services.lock_coins(session.deployer, suite_of(session), amount, DISPUTES)
    document = {"operator": session.sender, "locked": str(whole)}
    emit(document, f"{coins(whole)} coins of {session.sender} are locked for disputes", json_out)


@verb("unlock", example="keifu dispute unlock 500 --role operator", access=Access.SEND)
@click.argument("amount", type=COINS)
@click.option("--channel", "channels", type=BYTES32, multiple=True, help="Channel whose cover is over; repeatable.")
@json_option
def unlock(session: Session, amount: int, channels: tuple[bytes, ...], json_out: bool) -> None:
    """Take coins back from your lock for disputes that no promise needs, after settling covers of the channels that you
    name."""
    from keifu.chain.suite import DISPUTES, HUB
    from keifu.compute.market import services

    suite = suite_of(session)
    services.unlock(session.deployer, suite, amount, channels=channels, contract=DISPUTES)
    left = suite.at(session.client, HUB).lock_of(suite[DISPUTES], session.sender)
    emit({"operator": session.sender, "locked": str(left)}, f"{coins(left)} coins stay locked", json_out)


@verb("withdraw", example="keifu dispute withdraw --role client", access=Access.SEND)
@click.option("--to", "receiver", type=ADDRESS, help="Who is paid.  [default: you]")
@json_option
def withdraw(session: Session, receiver: str | None, json_out: bool) -> None:
    """Withdraw what disputes have credited to you: restitutions, rewards and bonds."""
    from keifu.chain.suite import DISPUTES
    from keifu.compute.market import services

    whose = receiver or session.sender
    paid = services.withdraw(session.deployer, suite_of(session), whose, DISPUTES)
    said = f"{coins(paid)} coins were paid to {whose}" if paid else "nothing was credited"
    emit({"paid": str(paid), "receiver": whose}, said, json_out)
