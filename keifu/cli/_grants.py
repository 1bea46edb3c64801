"""What commands of grant programmes share: where they are, how a proposal is printed, arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from keifu.errors import UsageError
from keifu.units import coins, day, parse_amount

if TYPE_CHECKING:
    from keifu.chain import Deployment
    from keifu.cli.session import Session
    from keifu.grants import Milestone, Programme, Proposal, Reader

__all__ = ["NUMBER", "milestone_arguments", "proposal_argument", "reader_of", "said_of", "smallest_units", "suite_of"]

NUMBER = click.IntRange(0)


def proposal_argument(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("proposal", type=NUMBER)(body)


def milestone_arguments(body: Callable[..., Any]) -> Callable[..., Any]:
    """PROPOSAL and MILESTONE; milestones are counted from 0."""
    return proposal_argument(click.argument("milestone", type=NUMBER)(body))


def suite_of(session: Session) -> Deployment:
    from keifu.chain.suite import GRANTS

    return session.suite(GRANTS, "ProvenanceRegistry", "StakingHub", "KeifuToken")


def reader_of(session: Session) -> Reader:
    from keifu.chain.suite import GRANTS
    from keifu.grants import Reader

    return Reader(session.client, suite_of(session).at(session.client, GRANTS), session.record.first_block)


def said_of(proposal: Proposal, now: int) -> str:
    """A proposal in lines for people."""
    held = proposal.committee
    lines = [
        f"proposal {proposal.number} of programme {proposal.programme.number}: {proposal.state(now)}",
        f"for {proposal.grantee}, made by {proposal.proposer}",
        f"{len(proposal.voted)} of {held.needed} votes: {', '.join(proposal.voted) or 'nobody'}",
    ]
    if proposal.without_vote:
        lines.append(f"without a vote: {', '.join(proposal.without_vote)}")
    if proposal.carried_at:
        lines.append(
            f"objections until {day(proposal.notice_until)}: {coins(proposal.objections)} coins so far, "
            f"{coins(proposal.programme.stopping)} of {coins(proposal.programme.counted)} delegated stop it"
        )
    return "\n".join([*lines, *(_milestone(item, proposal.programme, now) for item in proposal.milestones)])


def smallest_units(amount: str, programme: Programme) -> int:
    """Of an amount in coins of a programme's token. Raises UsageError for one with more decimals than that has."""
    try:
        found = parse_amount(amount, programme.decimals)
    except ValueError as error:
        raise UsageError(str(error), remedy=f"the token has {programme.decimals} decimals") from error
    if not found:
        raise UsageError("--amount is zero", remedy="pay in more than nothing")
    return found


def _milestone(item: Milestone, programme: Programme, now: int) -> str:
    from keifu.provenance import Kind

    how = f"vesting in {item.steps} steps" if item.steps else "a list of learners" if any(item.learners) else "at once"
    ancestry = ", of sound ancestry" if item.sound else ""
    asked = f"{Kind(item.kind).word} attested by {item.needed} of {len(item.attesters)}{ancestry}"
    shown = f", shown by {item.evidence.hex()}" if item.evidence else ""
    return (
        f"milestone {item.index}: {item.word(now)}, {programme.coins(item.asked)} coins {how}, {asked}, until "
        f"{day(item.deadline)}{shown}"
    )
