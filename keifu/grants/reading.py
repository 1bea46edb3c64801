"""Programmes and proposals as the chain has them: views for what changes, events for what was said once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_events
from keifu.chain.suite import GRANT_WITNESS, TOKEN
from keifu.errors import Revert, UsageError
from keifu.grants.state import Committee, Milestone, Programme, Proposal, State

__all__ = ["Reader"]

_SHOWN = "`keifu grants status` lists what there is"


class Reader:
    """The contract, and where its log begins."""

    def __init__(self, client: ChainClient, contract: Contract, first_block: int = 0) -> None:
        self.client, self.contract, self.first_block = client, contract, first_block
        self._known: dict[str, int] = {}  # decimals of tokens

    @cached_property
    def witness(self) -> Contract:
        """What counts delegated stake, and traces what records were made from."""
        return self.client.at(self.contract.witness(), GRANT_WITNESS)

    def programmes(self) -> list[Programme]:
        return [self.programme(number) for number in range(1, self.contract.program_count() + 1)]

    def programme(self, number: int) -> Programme:
        """Raises UsageError for one that was never opened."""
        if not 0 < number <= self.contract.program_count():
            raise UsageError(f"there is no programme {number}", remedy=_SHOWN)
        funder, token, free, reserved, version, objection_bps, notice, last = self.contract.program(number)
        return Programme(
            number, funder.lower(), token.lower(), free, reserved, version, objection_bps, notice, last,
            self.decimals_of(token), self.witness.total_counted(),
        )  # fmt: skip

    def committee(self, programme: int, version: int) -> Committee:
        for said in self._logged("CommitteeAnnounced", program=programme):
            if said["version"] == version:
                members = tuple(who.lower() for who in said["members"])
                return Committee(version, members, said["needed"], said["effective_from"])
        raise UsageError(f"the node has no log of committee {version}", remedy="ask another endpoint")

    def proposals(self, programme: int = 0) -> list[Proposal]:
        """All of them, or a programme's, oldest first."""
        where = {"program": programme} if programme else {}
        return [self._proposal(said) for said in self._logged("Proposed", **where)]

    def proposal(self, number: int) -> Proposal:
        """Raises UsageError for one that was never made."""
        found = self._logged("Proposed", proposal=number) if number > 0 else []
        if not found:
            raise UsageError(f"there is no proposal {number}", remedy=_SHOWN)
        return self._proposal(found[0])

    def lacks_one_vote(self, number: int) -> bool:
        """Whether one vote more carries a proposal."""
        program, _, _, version, votes, *_ = self.contract.proposal(number)
        needed, *_ = self.contract.committee(program, version, ZERO_ADDRESS)
        return bool(needed and votes.bit_count() + 1 == needed)

    def milestone(self, proposal: int, index: int) -> tuple[Proposal, Milestone]:
        """Raises UsageError for one that is not there."""
        found = self.proposal(proposal)
        if not 0 <= index < len(found.milestones):
            raise UsageError(f"proposal {proposal} has no milestone {index}", remedy="milestones are counted from 0")
        return found, found.milestones[index]

    def was_shown(self, record: bytes) -> bool:
        """Whether a record has released a milestone, of whatever proposal."""
        return bool(self._logged("Released", evidence=record))

    def _proposal(self, said: Mapping[str, Any]) -> Proposal:
        number = said["proposal"]
        program, grantee, proposer, version, votes, recused, carried, stopped, objections, _ = self.contract.proposal(
            number
        )
        shown = {log["milestone"]: bytes(log["evidence"]) for log in self._logged("Released", proposal=number)}
        milestones = tuple(
            self._milestone(number, index, item, shown.get(index, b"")) for index, item in enumerate(said["milestones"])
        )
        return Proposal(
            number, self.programme(program), self.committee(program, version), grantee.lower(), proposer.lower(),
            votes, recused, carried, stopped, objections, milestones, said["uri"], bytes(said["statement"]),
        )  # fmt: skip

    def _milestone(self, proposal: int, index: int, said: Any, evidence: bytes) -> Milestone:
        amount, deadline, kind, sound, schema, needed, attesters, step, steps, cliff, learners = said
        state, left, _, grant = self.contract.milestone(proposal, index)
        return Milestone(
            index, amount, deadline, kind, sound, bytes(schema), needed, tuple(who.lower() for who in attesters),
            step, steps, cliff, bytes(learners), State(state), left, grant, evidence,
        )  # fmt: skip

    def decimals_of(self, token: str) -> int:
        """Of a token; without an answer amounts are in its smallest unit."""
        if token not in self._known:
            try:
                self._known[token] = int(self.client.at(token, TOKEN).decimals())
            except Revert:
                self._known[token] = 0
        return self._known[token]

    def _logged(self, event: str, **where: Any) -> list[dict[str, Any]]:
        return [log.args for log in find_events(self.client, self.contract, event, self.first_block, **where)]
