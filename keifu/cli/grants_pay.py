"""`keifu grants release`, `collect`, `pay`, `lapse` and `clawback`: how a milestone is paid, and how it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._grants import milestone_arguments, reader_of, suite_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, IN_FILE
from keifu.cli.verbs import Access, json_option, verb

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.grants import Reader

__all__ = ["clawback", "collect", "lapse", "pay", "release"]


@verb("release", example="keifu grants release 1 0 0x… --role team", access=Access.SEND)
@milestone_arguments
@click.argument("record", type=BYTES32)
@json_option
def release(session: Session, proposal: int, milestone: int, record: bytes, json_out: bool) -> None:
    """Show RECORD for a milestone, as its grantee: coins come at once, into an escrow, or to the learners of a list.
    All conditions are checked before anything is sent."""
    from keifu.grants import actions

    reader = reader_of(session)
    found = actions.release(session.deployer, suite_of(session), reader, proposal, milestone, record)
    how = f"grant {found.grant} of the escrow" if found.grant else "a list is paid now" if found.left else "paid"
    said = f"milestone {milestone} is released: {_coins(reader, proposal, found.asked)} coins, {how}"
    emit(found.data(session.client.now), said, json_out)


@verb("collect", example="keifu grants collect 1 0 --role team", access=Access.SEND)
@milestone_arguments
@json_option
def collect(session: Session, proposal: int, milestone: int, json_out: bool) -> None:
    """Have the grantee paid what has vested of a milestone, whoever you are."""
    from keifu.grants import actions

    reader = reader_of(session)
    amount = actions.collect(session.deployer, reader, proposal, milestone)
    emit({"amount": str(amount)}, f"{_coins(reader, proposal, amount)} coins were paid", json_out)


@verb("pay", example="keifu grants pay 1 0 learners.csv --account 0x… --role anybody", access=Access.SEND)
@milestone_arguments
@click.argument("learners", type=IN_FILE)
@click.option("--account", type=ADDRESS, required=True, help="Learner who is paid.")
@json_option
def pay(session: Session, proposal: int, milestone: int, learners: Path, account: str, json_out: bool) -> None:
    """Have a learner of a released list paid, whoever you are. LEARNERS is the very file of the proposal."""
    from keifu.grants import actions

    said, item = reader_of(session).milestone(proposal, milestone)
    amount = actions.pay_learner(session.deployer, suite_of(session), said, item, learners, account)
    emit(
        {"account": account, "amount": str(amount)},
        f"{account} was paid {said.programme.coins(amount)} coins",
        json_out,
    )


@verb("lapse", example="keifu grants lapse 1 1 --role anybody", access=Access.SEND)
@milestone_arguments
@json_option
def lapse(session: Session, proposal: int, milestone: int, json_out: bool) -> None:
    """Free the money of a milestone whose deadline is over, or what is left of a list after its time. Anybody may
    ask."""
    from keifu.grants import actions

    actions.lapse(session.deployer, suite_of(session), proposal, milestone)
    said, item = reader_of(session).milestone(proposal, milestone)
    text = f"milestone {milestone} has lapsed: {said.programme.coins(said.programme.free)} coins are free"
    emit(item.data(session.client.now), text, json_out)


@verb("clawback", example="keifu grants clawback 1 0 --role anybody", access=Access.SEND)
@milestone_arguments
@json_option
def clawback(session: Session, proposal: int, milestone: int, json_out: bool) -> None:
    """Take back what has not vested of a milestone, or is left of its list, when its evidence was withdrawn. Anybody
    may ask. What has vested stays with the grantee. What was withdrawn behind deprecated records is shown to the
    contract first."""
    from keifu.grants import actions

    reader = reader_of(session)
    amount = actions.claw_back(session.deployer, suite_of(session), reader, proposal, milestone)
    emit({"amount": str(amount)}, f"{_coins(reader, proposal, amount)} coins came back to the programme", json_out)


def _coins(reader: Reader, proposal: int, amount: int) -> str:
    return reader.proposal(proposal).programme.coins(amount)
