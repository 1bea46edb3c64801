"""`keifu grants`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "status": ("keifu.cli.grants_read:status", "List programmes with their money, and proposals."),
    "show": ("keifu.cli.grants_read:show", "Show a proposal: committee, votes, milestones and their evidence."),
    "evidence": ("keifu.cli.grants_read:evidence", "Say whether a record is what a milestone asks for."),
    "open": ("keifu.cli.grants_decide:open_", "Open a programme, as its funder."),
    "fund": ("keifu.cli.grants_decide:fund", "Pay into a programme."),
    "take-back": ("keifu.cli.grants_decide:take_back", "Send the funder what is free, after the last day."),
    "list-token": ("keifu.cli.grants_decide:list_token", "Have the timelock list a token for programmes."),
    "committee": ("keifu.cli.grants_decide:committee", "Have the timelock name a programme's next committee."),
    "propose": ("keifu.cli.grants_decide:propose", "Propose to pay a grantee for milestones."),
    "vote": ("keifu.cli.grants_decide:vote", "Vote for a proposal, or take the vote back."),
    "recuse": ("keifu.cli.grants_decide:recuse", "Say that you have an interest, and give up your vote."),
    "object": ("keifu.cli.grants_decide:object_", "Object to a proposal with your stake."),
    "count": ("keifu.cli.grants_decide:count", "Count what is delegated: objections are a share of it."),
    "release": ("keifu.cli.grants_pay:release", "Show a milestone's evidence, and be paid."),
    "collect": ("keifu.cli.grants_pay:collect", "Have paid what has vested of a milestone."),
    "pay": ("keifu.cli.grants_pay:pay", "Have a learner of a list paid."),
    "lapse": ("keifu.cli.grants_pay:lapse", "Free the money of a milestone that is overdue."),
    "clawback": ("keifu.cli.grants_pay:clawback", "Take back what has not vested, when evidence was withdrawn."),
}

cli = LazyNoun(
    "grants",
    VERBS,
    help="Fund, propose, decide and pay grants, whose milestones are shown by records of the registry.",
    example="keifu grants status",
)
