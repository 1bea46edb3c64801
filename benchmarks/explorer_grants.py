"""A grant programme for the explorer's small world: two proposals, one of which ends well and badly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keifu.chain.suite import GRANTS, TOKEN
from keifu.units import COIN, DAY

if TYPE_CHECKING:
    from benchmarks.explorer_world import Scribe

__all__ = ["grant"]

NO_WORD = "0x" + "00" * 32


def grant(scribe: Scribe, team: str, evidence: str, members: list[str], *, said: str) -> None:
    """Two of three members carry the first proposal, one has an interest; the second waits. `said` is a stranger's
    text."""
    funder, token = members[0], scribe.addresses[TOKEN]
    terms = {"members": members, "needed": 2, "objection_bps": 1_000, "notice": DAY, "last": scribe.time + 300 * DAY}
    scribe.log(GRANTS, "ProgramOpened", program=1, funder=funder, token=token, terms=terms)
    scribe.log(
        GRANTS, "CommitteeAnnounced",
        program=1, version=1, members=members, needed=2, effective_from=scribe.time,
    )  # fmt: skip
    scribe.log(GRANTS, "Funded", program=1, payer=funder, amount=500 * COIN)
    for number in (1, 2):
        scribe.log(
            GRANTS, "Proposed",
            proposal=number, program=1, grantee=team, proposer=team, version=1, statement=NO_WORD, uri=said,
            milestones=[_milestone(scribe, members, place) for place in range(2)],
        )  # fmt: skip
    for member, approves in ((members[0], True), (members[1], False), (members[1], True)):
        scribe.log(GRANTS, "Voted", proposal=1, member=member, approves=approves)
    scribe.log(GRANTS, "Recused", proposal=1, member=members[2], reason=said)
    scribe.log(GRANTS, "Carried", proposal=1, reserved=200 * COIN, objections_until=scribe.time)
    scribe.log(
        GRANTS, "Objected",
        proposal=1, owner=members[2], operator=members[2], weight=COIN, objections=COIN,
    )  # fmt: skip
    scribe.next_block()
    scribe.log(GRANTS, "Released", proposal=1, milestone=0, evidence=evidence, amount=100 * COIN, grant=1)
    scribe.log(GRANTS, "Lapsed", proposal=1, milestone=1, amount=100 * COIN)
    scribe.log(GRANTS, "ClawedBack", proposal=1, milestone=0, evidence=evidence, amount=90 * COIN)


def _milestone(scribe: Scribe, attesters: list[str], place: int) -> dict[str, Any]:
    return {
        "amount": 100 * COIN, "deadline": scribe.time + 30 * DAY, "kind": 7, "sound": place == 0, "schema": NO_WORD,
        "needed": 1, "attesters": attesters[:2], "step": 0, "steps": 0, "cliff": 0, "learners": NO_WORD,
    }  # fmt: skip
