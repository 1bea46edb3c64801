"""Whether a record is what a milestone asks for: every condition of the contract, asked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.errors import CheckFailed
from keifu.grants.state import Milestone, Proposal, State
from keifu.provenance import Kind, Status

__all__ = ["Condition", "conditions", "require"]


@dataclass(frozen=True)
class Condition:
    """What has to hold, whether it does, and what to do where it does not."""

    name: str
    holds: bool
    said: str
    remedy: str = ""

    def data(self) -> dict[str, Any]:
        return {"condition": self.name, "holds": self.holds, "said": self.said}


def conditions(
    registry: Contract, proposal: Proposal, milestone: Milestone, record: bytes, now: int, *, was_shown: bool
) -> list[Condition]:
    """All of them, in the order in which a release looks at them."""
    return [
        *_of_proposal(proposal, milestone, now),
        *_of_record(registry, proposal, milestone, record, was_shown=was_shown),
    ]


def require(found: list[Condition]) -> None:
    """Raises CheckFailed with the first one that does not hold."""
    for item in found:
        if not item.holds:
            raise CheckFailed(f"{item.name}: {item.said}", remedy=item.remedy)


def _of_proposal(proposal: Proposal, milestone: Milestone, now: int) -> list[Condition]:
    state = proposal.state(now)
    return [
        Condition(
            "carried, and its notice over", bool(proposal.carried_at) and state in ("payable", "over"), state,
            "the committee carries it, then stake may object until the notice is over",
        ),
        Condition(
            "pending", milestone.state is State.PENDING, milestone.word(now), "a milestone is released once",
        ),
        Condition(
            "before its deadline", now <= milestone.deadline, "over" if now > milestone.deadline else "in time",
            "the milestone is lost: keifu grants lapse gives its money back to the programme",
        ),
    ]  # fmt: skip


def _of_record(
    registry: Contract, proposal: Proposal, milestone: Milestone, record: bytes, *, was_shown: bool
) -> list[Condition]:
    author, kind, status, _ = registry.state_of(record)
    names = [who for who in milestone.attesters if registry.is_standing(who, milestone.schema, record, 0)]
    wanted = Kind(milestone.kind).word
    found = [
        Condition(
            "by the grantee", author.lower() == proposal.grantee, f"its author is {author.lower()}",
            "show a record whose author is the grantee",
        ),
        Condition(
            "of the kind that was agreed on", kind == milestone.kind, _word(kind), f"register one of kind {wanted}",
        ),
        Condition(
            "active", status == Status.ACTIVE, _status(status),
            "it was withdrawn or deprecated: register another one, and have it attested",
        ),
        Condition(
            "attested", len(names) >= milestone.needed, f"{len(names)} of {milestone.needed} attestations stand",
            "have the named attesters attest it under the schema that was agreed on",
        ),
        Condition(
            "not shown before", not was_shown, "by the log of releases",
            "a record shows one milestone: register another one",
        ),
    ]  # fmt: skip
    if milestone.sound:
        _, sound = registry.soundness_of(record)
        found.append(
            Condition(
                "of sound ancestry",
                sound == Status.ACTIVE,
                _status(sound),
                "something that it was made from is not active, or its links are not stored: keifu prov store-links",
            )
        )
    return found


def _word(kind: int) -> str:
    return Kind(kind).word if kind in set(Kind) else "of no kind"


def _status(status: int) -> str:
    return Status(status).name.lower() if status in set(Status) else "not registered"
