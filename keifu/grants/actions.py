"""What people do about grant programmes. Amounts in wei, times in seconds. Every refusal says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from keifu.chain import Deployer, Deployment
from keifu.chain.logs import said_in
from keifu.chain.suite import GRANT_ESCROW, GRANTS, REGISTRY, TIMELOCK, TOKEN
from keifu.chain.timelock import advance, operation
from keifu.errors import CheckFailed, UsageError
from keifu.grants import evidence, witness
from keifu.grants.document import Draft, programme_of, read_draft, read_learners
from keifu.grants.reading import Reader
from keifu.grants.refusals import explained, place_of, send, would_send
from keifu.grants.state import Milestone, Proposal, State

__all__ = ["check_evidence", "claw_back", "collect", "fund", "lapse", "list_token", "name_committee",
           "object_with_stake", "open_programme", "pay_learner", "propose", "read_proposal", "recuse", "release",
           "take_back", "vote"]  # fmt: skip


# the timelock --------------------------------------------------------------------------------------------------------


def list_token(chain: Deployer, suite: Deployment, token: str = "", escrow: str = "") -> int:
    """Have the timelock list a token, or queue that: unix seconds from which it is executed, 0 when it was. Without
    names it is the suite's coin with the suite's escrow. The sender proposes and executes there. Raises Revert."""
    place = place_of(suite)
    named = (token or suite[TOKEN], escrow or suite[GRANT_ESCROW], True)
    if chain.call(place, GRANTS, "listed", named[0]):
        return 0
    with explained():
        payload = chain.interface(GRANTS).function("list_token", len(named)).encode(named)
        return advance(chain, suite[TIMELOCK], operation(place, payload))


def name_committee(chain: Deployer, suite: Deployment, programme: int, members: Sequence[str], needed: int) -> int:
    """Have the timelock name a programme's next committee, or queue that, as `list_token`. It counts a week later."""
    place = place_of(suite)
    named = (programme, list(members), needed)
    with explained():
        payload = chain.interface(GRANTS).function("announce_committee", len(named)).encode(named)
        return advance(chain, suite[TIMELOCK], operation(place, payload))


# funders -------------------------------------------------------------------------------------------------------------


def open_programme(
    chain: Deployer,
    suite: Deployment,
    token: str,
    members: Sequence[str],
    needed: int,
    *,
    objection_bps: int,
    notice: int,
    last: int,
) -> int:
    """Open a programme whose funder is the sender; its number. Raises Revert."""
    receipt = send(chain, suite, "open", token, (list(members), needed, objection_bps, notice, last))
    return int(said_in(receipt, "ProgramOpened")["program"])


def fund(chain: Deployer, suite: Deployment, programme: int, amount: int) -> None:
    """Pay in, with an approval before it where one is missing. Raises CheckFailed when the sender has not enough."""
    place = place_of(suite)
    token = chain.call(place, GRANTS, "program", programme)[1]
    if int(token, 16) == 0:
        raise UsageError(f"there is no programme {programme}", remedy="`keifu grants status` lists what there is")
    balance = chain.call(token, TOKEN, "balanceOf", chain.sender)
    if balance < amount:
        raise CheckFailed(f"{chain.sender} has {balance} of {amount} in {token}", remedy="pay in what is there")
    if chain.call(token, TOKEN, "allowance", chain.sender, place) < amount:
        chain.call(token, TOKEN, "approve", place, amount)
    send(chain, suite, "fund", programme, amount)


def take_back(chain: Deployer, suite: Deployment, programme: int) -> int:
    """Send the funder what is free, after the last day, whoever asks; wei. Raises Revert."""
    return int(said_in(send(chain, suite, "take_back", programme), "TakenBack")["amount"])


# proposals -----------------------------------------------------------------------------------------------------------


def read_proposal(reader: Reader, path: Path) -> Draft:
    """A proposal's file, whose amounts are in the programme's token. Raises InputError naming the field that is wrong,
    and UsageError for a programme that was never opened."""
    return read_draft(path, reader.programme(programme_of(path)).decimals)


def propose(chain: Deployer, suite: Deployment, draft: Draft, now: int) -> int:
    """Make a proposal; its number. Raises Revert."""
    milestones = [item.args(now) for item in draft.milestones]
    receipt = send(chain, suite, "propose", draft.programme, draft.grantee, milestones, draft.statement, draft.uri)
    return int(said_in(receipt, "Proposed")["proposal"])


def vote(chain: Deployer, suite: Deployment, reader: Reader, proposal: int, *, approves: bool = True) -> None:
    """Vote for a proposal, or take the vote back. The last one that is needed carries it: before that, delegated stake
    is counted, so that a few coins cannot stop it. Raises Revert."""
    would_send(chain, suite, "vote", proposal, approves)
    if approves and reader.lacks_one_vote(proposal):
        witness.count_stake(chain, suite, reader)
    send(chain, suite, "vote", proposal, approves)


def recuse(chain: Deployer, suite: Deployment, proposal: int, reason: str) -> None:
    """Say that one has an interest: then one has no vote on it. Raises Revert."""
    send(chain, suite, "recuse", proposal, reason)


def object_with_stake(
    chain: Deployer, suite: Deployment, reader: Reader, proposal: int, operator: str, sub: int = 0
) -> None:
    """Object with what the sender has delegated to an operator, once all delegated stake is counted. Raises Revert."""
    would_send(chain, suite, "object", proposal, operator, sub)
    witness.count_stake(chain, suite, reader)
    send(chain, suite, "object", proposal, operator, sub)


# evidence and money --------------------------------------------------------------------------------------------------


def check_evidence(
    reader: Reader, suite: Deployment, proposal: Proposal, milestone: Milestone, record: bytes
) -> list[evidence.Condition]:
    """Each condition of a release, and whether it holds in the newest block."""
    registry = suite.at(reader.client, REGISTRY)
    shown = reader.was_shown(record)
    return evidence.conditions(registry, proposal, milestone, record, reader.client.now, was_shown=shown)


def release(chain: Deployer, suite: Deployment, reader: Reader, proposal: int, index: int, record: bytes) -> Milestone:
    """Show a record, as the grantee, and be paid; the milestone then. Raises CheckFailed where a condition does not
    hold, and Revert."""
    said, milestone = reader.milestone(proposal, index)
    evidence.require(check_evidence(reader, suite, said, milestone, record))
    send(chain, suite, "release", proposal, index, record)
    return reader.milestone(proposal, index)[1]


def lapse(chain: Deployer, suite: Deployment, proposal: int, index: int) -> None:
    """Give back to the programme what a milestone did not earn in time, whoever asks. Raises Revert."""
    send(chain, suite, "lapse", proposal, index)


def claw_back(chain: Deployer, suite: Deployment, reader: Reader, proposal: int, index: int) -> int:
    """Take back what has not vested of a milestone whose evidence was withdrawn; wei. What was withdrawn behind
    deprecated records is shown to the witness first. Raises CheckFailed where nothing was released, and Revert."""
    milestone = reader.milestone(proposal, index)[1]
    if milestone.state is not State.RELEASED:
        raise CheckFailed(f"milestone {index} is {milestone.word(reader.client.now)}", remedy="a release comes first")
    if milestone.sound:
        witness.trace(chain, suite, reader, milestone.evidence)
    receipt = send(chain, suite, "claw_back", proposal, index, milestone.evidence)
    return int(said_in(receipt, "ClawedBack")["amount"])


def collect(chain: Deployer, reader: Reader, proposal: int, index: int) -> int:
    """Have the grantee paid what has vested of a milestone, whoever asks; wei. Raises CheckFailed without a grant, and
    Revert."""
    said, milestone = reader.milestone(proposal, index)
    if not milestone.grant:
        raise CheckFailed(f"milestone {index} has no grant", remedy="only one that vests has, once it is released")
    escrow = reader.contract.escrow_of(said.programme.token)
    with explained():
        receipt = chain.transact(escrow, GRANT_ESCROW, "claim", milestone.grant)
    return int(said_in(receipt, "Claimed")["amount"])


def pay_learner(
    chain: Deployer, suite: Deployment, proposal: Proposal, milestone: Milestone, listed: Path, account: str
) -> int:
    """Have a learner of a milestone's list paid, whoever asks; wei. Raises CheckFailed for another list or somebody who
    is not on it, and Revert."""
    found = read_learners(listed, proposal.programme.decimals)
    if found.tree.root != milestone.learners:
        raise CheckFailed(f"{listed} is not the list of milestone {milestone.index}", remedy="use the proposal's own")
    number = found.numbers.get(account.lower())
    if number is None:
        raise CheckFailed(f"{account} is not on the list", remedy="name a learner of the list")
    amount = found.totals[number]
    proof = found.tree.proof(number)
    send(chain, suite, "pay_learner", proposal.number, milestone.index, number, account, amount, proof)
    return amount
