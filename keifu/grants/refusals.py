"""What to do about a refusal of GrantProgram. The reason stays the contract's own; the remedy is for whoever asked."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from keifu.abi import Receipt
from keifu.chain import Deployer, Deployment
from keifu.chain.remedies import explained_by
from keifu.chain.suite import GRANTS
from keifu.errors import EnvironmentFault

__all__ = ["REMEDIES", "explained", "place_of", "send", "would_send"]

REMEDIES = {
    # programmes
    "grants: token is not listed": "the timelock lists tokens: choose one that it has listed",
    "grants: token is no contract": "name the address of an ERC-20",
    "grants: escrow has a hub": "list an escrow without a hub: what is revoked has to come back at once",
    "grants: escrow is fixed": "a token keeps the escrow with which it was listed first",
    "grants: escrow of another token": "list the escrow of this token",
    "grants: approval refused": "the token refuses to let its escrow take coins: list none, or another token",
    "grants: caller is not the owner": "the timelock does this: propose it there",
    "grants: objection out of range": "a share of 0.01 % to 100 % stops a proposal",
    "grants: notice out of range": "a notice lasts a day at least, and at most the hub's unbonding time",
    "grants: last day out of range": "the last day is a day to ten years ahead",
    "grants: no such programme": "`keifu grants status` lists programmes; they are counted from 1",
    "grants: no amount": "pay in more than nothing",
    "grants: programme has not ended": "what is free goes back to the funder after the last day",
    "grants: programme has ended": "nothing is carried after the last day; what is free goes back to the funder",
    "grants: nothing is free": "all of it is reserved for carried proposals: what lapses becomes free",
    # committees
    "grants: needed out of range": "a number from one to how many are named",
    "grants: no member": "the zero address is nobody",
    "grants: member named twice": "name each member once",
    "grants: a committee is under notice": "the one that was announced counts first: wait until its notice is over",
    # proposals
    "grants: no grantee": "name the account that is paid",
    "grants: no milestones": "a proposal has one to eight milestones",
    "grants: amount out of range": "a milestone pays more than nothing",
    "grants: deadline out of range": "a deadline is after now, and at most ten years ahead",
    "grants: no such kind": "name a kind of record, for example evaluation",
    "grants: no attester": "attesters are others than the grantee and the zero address",
    "grants: attester named twice": "name each attester once",
    "grants: a list does not vest": "learners are paid at once: leave out the vesting",
    "grants: plan out of range": "steps are 1 to 65,535, and the cliff at most as many",
    "grants: token has no escrow": "the timelock lists a token's escrow; without one a milestone is paid at once",
    "grants: no such proposal": "`keifu grants status` lists proposals; they are counted from 1",
    "grants: is carried": "a vote counts until the proposal is carried, and not after",
    "grants: committee has changed": "make the proposal again: the new committee votes on it then",
    "grants: not a member": "members of the committee in force vote: `keifu grants show` names them",
    "grants: member is the grantee": "others decide about what a member is paid",
    "grants: member made the proposal": "others decide about what a member has proposed",
    "grants: member has an interest": "whoever has said so has no vote on this proposal any more",
    "grants: has voted": "the vote counts already: --take-back takes it back",
    "grants: has not voted": "there is no vote to take back",
    "grants: not enough in the programme": "somebody pays in first: keifu grants fund",
    "grants: not carried": "the committee carries it first, and stake must not have stopped it",
    "grants: notice is over": "objections count in the notice alone",
    "grants: nothing staked there": "name an operator with whom the sender has stake",
    "grants: has objected": "the same stake objects once",
    # milestones
    "grants: no such milestone": "milestones are counted from 0",
    "grants: caller is not the grantee": "the grantee itself shows its record",
    "grants: notice is not over": "stake may object until the notice is over: wait",
    "grants: milestone is not pending": "it was released, has lapsed, or was clawed back",
    "grants: deadline has passed": "the milestone is lost: anybody gives its money back with keifu grants lapse",
    "grants: not the grantee's record": "show a record whose author is the grantee",
    "grants: another kind of record": "`keifu grants show` says which kind of record was agreed on",
    "grants: record was shown before": "a record shows one milestone: register another",
    "grants: record is not active": "it was withdrawn or deprecated: register another, and have it attested",
    "grants: not enough attestations": "have the named attesters attest it under the schema that was agreed on",
    "grants: ancestry is not sound": "something that it was made from is not active, or its links are not stored",
    "grants: nothing to lapse": "only a milestone that is pending, or a list that is being paid, can lapse",
    "grants: deadline has not passed": "wait until the deadline is over; a list is paid for 180 days after it",
    "grants: nothing was released": "only what was released can be clawed back",
    "grants: not its evidence": "name the record that was shown for this milestone",
    "grants: evidence stands": "nothing was withdrawn: what was released stays",
    "grants: paid at once": "what was paid at once is gone: only what vests, or a list, comes back",
    "grants: no list is being paid": "the list's milestone is released first, and its time must not be over",
    "grants: not on the list": "use the very file that the proposal was made with",
    "grants: learner was paid": "each learner of a list is paid once",
    "grants: list asks for too much": "the list is longer than the milestone's amount: the rest is not paid",
    "witness: not what it was made from": "name the record itself first, and then parents of those before",
    "escrow: nothing to claim": "nothing more has vested yet",
}


def explained() -> AbstractContextManager[None]:
    """Refusals in it say what to do."""
    return explained_by(REMEDIES)


def place_of(suite: Deployment) -> str:
    """Where the programmes are. Raises EnvironmentFault for a suite without them."""
    found = suite.addresses.get(GRANTS)
    if found is None:
        raise EnvironmentFault(f"no {GRANTS} is recorded", remedy="name the record of a suite that has one")
    return found


def send(chain: Deployer, suite: Deployment, function: str, *args: Any) -> Receipt:
    """Call GrantProgram. Raises Revert with a remedy."""
    with explained():
        return chain.transact(place_of(suite), GRANTS, function, *args)


def would_send(chain: Deployer, suite: Deployment, function: str, *args: Any) -> None:
    """The same without sending anything, before something else is sent that only makes sense with it."""
    with explained():
        chain.simulate(place_of(suite), GRANTS, function, *args)
