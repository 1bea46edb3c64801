"""What the SDK offers of grant programmes: propose, vote, show evidence, be paid. Amounts are wei."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from keifu.chain.suite import GRANTS
from keifu.errors import UsageError
from keifu.grants import Condition, Milestone, Programme, Proposal, Reader, actions, witness
from keifu.sdk.link import Link
from keifu.sdk.verbs import Area, Later, Now, verb

__all__ = ["Programmes"]

M = TypeVar("M", bound=Now | Later)
HEX_DIGITS = 64


class Programmes(Area[M]):
    """Programmes, their proposals, and milestones that records of the registry show."""

    @verb
    def programme(self, number: int) -> Programme:
        """Money and terms of a programme; amounts in wei."""
        return _reader(self._link).programme(number)

    @verb
    def proposals(self, programme: int = 0) -> list[Proposal]:
        """All proposals, or a programme's, oldest first."""
        return _reader(self._link).proposals(programme)

    @verb
    def proposal(self, number: int) -> Proposal:
        """A proposal with its committee, its votes and its milestones."""
        return _reader(self._link).proposal(number)

    @verb
    def propose(self, draft: str | Path) -> Proposal:
        """Make the proposal of a file, as `keifu grants propose` takes it."""
        link, reader = self._link, _reader(self._link)
        said = actions.read_proposal(reader, Path(draft))
        return reader.proposal(actions.propose(link.deployer, link.suite, said, link.client.now))

    @verb
    def vote(self, proposal: int, *, approves: bool = True) -> Proposal:
        """Vote for a proposal, as a member, or take the vote back."""
        link, reader = self._link, _reader(self._link)
        actions.vote(link.deployer, link.suite, reader, proposal, approves=approves)
        return reader.proposal(proposal)

    @verb
    def recuse(self, proposal: int, reason: str) -> Proposal:
        """Say that the account has an interest: then it has no vote on the proposal."""
        actions.recuse(self._link.deployer, self._link.suite, proposal, reason)
        return _reader(self._link).proposal(proposal)

    @verb
    def object(self, proposal: int, operator: str) -> Proposal:
        """Object with what the account has delegated to an operator."""
        link, reader = self._link, _reader(self._link)
        actions.object_with_stake(link.deployer, link.suite, reader, proposal, operator)
        return reader.proposal(proposal)

    @verb
    def count_stake(self) -> int:
        """Count what is delegated, where it has changed: objections are a share of it. How many pools that were."""
        link = self._link
        return witness.count_stake(link.deployer, link.suite, _reader(link))

    @verb
    def evidence(self, proposal: int, milestone: int, record: str) -> list[Condition]:
        """Each condition of a release, and whether it holds now for a record; nothing is sent."""
        link = self._link
        reader = _reader(link)
        return actions.check_evidence(reader, link.suite, *reader.milestone(proposal, milestone), _record(record))

    @verb
    def release(self, proposal: int, milestone: int, record: str) -> Milestone:
        """Show a record, as the grantee, and be paid. Raises CheckFailed where a condition does not hold."""
        link = self._link
        return actions.release(link.deployer, link.suite, _reader(link), proposal, milestone, _record(record))

    @verb
    def collect(self, proposal: int, milestone: int) -> int:
        """Have the grantee paid what has vested of a milestone; wei."""
        return actions.collect(self._link.deployer, _reader(self._link), proposal, milestone)

    @verb
    def lapse(self, proposal: int, milestone: int) -> Milestone:
        """Free the money of a milestone that is overdue."""
        link = self._link
        actions.lapse(link.deployer, link.suite, proposal, milestone)
        return _reader(link).milestone(proposal, milestone)[1]

    @verb
    def clawback(self, proposal: int, milestone: int) -> int:
        """Take back what has not vested of a milestone whose evidence was withdrawn; wei."""
        link = self._link
        return actions.claw_back(link.deployer, link.suite, _reader(link), proposal, milestone)


def _reader(link: Link) -> Reader:
    return Reader(link.client, link.suite.at(link.client, GRANTS), link.record.first_block)


def _record(text: str) -> bytes:
    plain = text.removeprefix("0x")
    try:
        found = bytes.fromhex(plain)
    except ValueError:
        found = b""
    if len(plain) != HEX_DIGITS or not found:
        raise UsageError(f"{text!r} is no id of a record", remedy="64 hex digits, as `register` gives them")
    return found
