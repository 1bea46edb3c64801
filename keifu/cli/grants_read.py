"""`keifu grants status`, `show` and `evidence`: what there is, and whether a record would release a milestone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keifu.cli._grants import NUMBER, milestone_arguments, proposal_argument, reader_of, said_of, suite_of
from keifu.cli._print import emit, table
from keifu.cli._types import BYTES32
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed
from keifu.units import day, duration

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["evidence", "show", "status"]


@verb("status", example="keifu grants status", access=Access.READ)
@click.option("--programme", type=NUMBER, default=0, help="Of this programme alone.")
@json_option
def status(session: Session, programme: int, json_out: bool) -> None:
    """List programmes: what is free, what is reserved, who may stop a proposal and how long; then proposals, and where
    each stands."""
    reader, now = reader_of(session), session.client.now
    programmes = [reader.programme(programme)] if programme else reader.programmes()
    proposals = reader.proposals(programme)
    if json_out:
        found = {"programmes": [one.data() for one in programmes], "proposals": [one.data(now) for one in proposals]}
        emit(found, "", json_out)
        return
    rows = [
        (str(one.number), one.coins(one.free), one.coins(one.reserved), f"{one.objection_bps / 100:g} %",
         duration(one.notice), day(one.last), one.funder)
        for one in programmes
    ]  # fmt: skip
    heads = ("programme", "free", "reserved", "stopped by", "notice", "last day", "funder")
    table(heads, rows, empty="no programme was opened")
    click.echo()
    table(
        ("proposal", "programme", "coins", "votes", "state", "grantee"),
        [
            (str(one.number), str(one.programme.number), one.asked,
             f"{len(one.voted)} of {one.committee.needed}", one.state(now), one.grantee)
            for one in proposals
        ],
        empty="nothing was proposed",
    )  # fmt: skip


@verb("show", example="keifu grants show 1", access=Access.READ)
@proposal_argument
@json_option
def show(session: Session, proposal: int, json_out: bool) -> None:
    """Show a proposal: who voted, who has no vote, when its notice ends, and each milestone with what it asks for."""
    found, now = reader_of(session).proposal(proposal), session.client.now
    emit(found.data(now), said_of(found, now), json_out)


@verb("evidence", example="keifu grants evidence 1 0 0x…", access=Access.READ)
@milestone_arguments
@click.argument("record", type=BYTES32)
@json_option
def evidence(session: Session, proposal: int, milestone: int, record: bytes, json_out: bool) -> None:
    """Say of each condition of a release whether it holds now for RECORD; nothing is sent. The exit status is 1 when
    one does not."""
    from keifu.grants import actions

    reader = reader_of(session)
    said, item = reader.milestone(proposal, milestone)
    found = actions.check_evidence(reader, suite_of(session), said, item, record)
    lines = [f"{'holds' if one.holds else 'FAILS'}  {one.name}: {one.said}" for one in found]
    emit([one.data() for one in found], "\n".join(lines), json_out)
    failing = [one for one in found if not one.holds]
    if failing:
        names = ", ".join(one.name for one in failing)
        raise CheckFailed(f"milestone {milestone} is not shown by it: not {names}", remedy=failing[0].remedy)
