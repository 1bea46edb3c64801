"""What is due in a demand: who does it, and until when. The contract's windows, as its page says them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from keifu.reexecution.reading import DRAW_PERIOD, OUTCOMES, Demand, Promise, Stage
from keifu.units import day

__all__ = ["Due", "Step", "due"]


class Step(StrEnum):
    """The next call, or what is waited for."""

    SEED = "seed"  # nobody knows it yet
    DRAW = "draw"
    COMMIT = "commit"  # members seal
    REVEAL = "reveal"  # members show
    ACCUSE = "accuse"  # the client, with the court's bond
    CLOSE = "close"
    COURT = "court"  # a case is open
    PULL = "pull"
    OVER = "over"


@dataclass(frozen=True)
class Due:
    """`until` is 0 where no time bounds it."""

    step: Step
    until: int
    words: str

    @property
    def is_for_anybody(self) -> bool:
        return self.step in (Step.DRAW, Step.CLOSE, Step.PULL)


def due(demand: Demand, promise: Promise, now: int, *, has_seed: bool, has_verdict: bool) -> Due:
    """What comes next, as of `now`."""
    if demand.stage == Stage.WAITING:
        return _waiting(demand, now, has_seed)
    if demand.stage == Stage.WORKING:
        return _working(demand, promise, now)
    if demand.stage == Stage.ACCUSED:
        if has_verdict:
            return Due(Step.PULL, 0, f"the court has decided case {demand.case_id}: anybody may pull its verdict")
        words = f"case {demand.case_id} is open: keifu court case {demand.case_id}; the operator may concede it"
        return Due(Step.COURT, 0, words)
    return Due(Step.OVER, 0, f"it is over: {_ended(demand, promise)}")


def _waiting(demand: Demand, now: int, has_seed: bool) -> Due:
    until = demand.opened + DRAW_PERIOD
    if now > until:
        return Due(Step.CLOSE, 0, "no panel was drawn in time: anybody may close it, and its client has the fees back")
    if has_seed:
        return Due(Step.DRAW, until, f"its seed is there: anybody may draw the panel until {day(until)}")
    return Due(Step.SEED, until, f"its panel is drawn by seed {demand.seed_epoch}, until {day(until)}")


def _working(demand: Demand, promise: Promise, now: int) -> Due:
    if now <= demand.commit_until:
        return Due(Step.COMMIT, demand.commit_until, f"the panel seals its words until {day(demand.commit_until)}")
    if now <= demand.reveal_until:
        return Due(Step.REVEAL, demand.reveal_until, f"the panel shows its words until {day(demand.reveal_until)}")
    found = f"{demand.differs} of {promise.terms.panel} members found a difference"
    if demand.differs >= promise.terms.needed and now <= demand.accuse_until:
        return Due(Step.ACCUSE, demand.accuse_until, f"{found}: its client may accuse until {day(demand.accuse_until)}")
    return Due(Step.CLOSE, 0, f"{found}, {promise.terms.needed} are needed to accuse: anybody may close it")


def _ended(demand: Demand, promise: Promise) -> str:
    if demand.outcome:
        return f"the court's case {demand.case_id} ended {OUTCOMES[demand.outcome]}"
    if not demand.drawn:
        return "no panel was drawn"
    if demand.answered < promise.terms.needed:
        return f"{demand.answered} members answered, too few: the receipt may be shown again"
    return f"{demand.differs} of {demand.answered} members that answered found a difference, and nobody was accused"
