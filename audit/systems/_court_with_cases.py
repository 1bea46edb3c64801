"""A court with a case in every phase, and helpers that pick a case ready for an action.

The cases are opened through the contract and through the model at once, so that a sequence starts where an appeal, a
reveal or a verdict is one call away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._court import (
    APPEAL,
    AT_STAKE,
    BOND,
    EPOCH,
    FUNDS,
    REVEAL,
    VOTE,
    Courtroom,
)
from evmstorm.evm import artifacts
from keifu.spec.court import Ballot
from keifu.spec.staking import Service
from keifu.units import COIN, DAY

EVIDENCE = tuple(bytes([number]) * 32 for number in range(1, 17))


class CourtWithCases(Courtroom):
    """Cases against a respondent that is a juror itself."""

    actors = (*Courtroom.actors, "taxed service")

    def begin(self) -> None:
        """A second court, whose coin takes a fee of each transfer; what the respondent has at stake; nine cases."""
        hub, box, owner = self.contract("hub"), self.contract("box"), self.evm.account("timelock")
        fees = self.evm.deploy("FeeToken", sender=owner)
        taxed = self.evm.deploy("AlignmentCourt", fees, hub, box, BOND, REVEAL, APPEAL, sender=owner)
        self.bind(taxed=taxed)
        for who in self.roles.values():
            fees.mint(who, FUNDS, sender=owner)
            fees.approve(taxed, 2**256 - 1, sender=who)
        self.list_service(self["taxed service"], Service(DAY, 0, 0, taxed.address))
        self.promise(self["respondent"], self["service"], AT_STAKE)
        self.promise(self["respondent"], self["taxed service"], COIN)
        self.open_cases()

    # cases -------------------------------------------------------------------------------------------------------

    def open_cases(self) -> None:
        """Nine cases: the third jury reveals in the first; the second has acquitted; the second jury reveals in the
        third, and in the fourth, where it is too small; the fifth may be appealed; nobody revealed in the sixth; the
        seventh reveals; the eighth takes votes; the ninth has no seed yet."""
        guilty, innocent = {"juror": True, "second juror": True}, {"juror": False, "second juror": False}
        thrice = self.charge("respondent", 4_000 * COIN, EVIDENCE[0], guilty)
        done = self.charge("respondent", 1_000 * COIN, EVIDENCE[0], innocent | {"large juror": True})
        self.later(VOTE)
        self.open_votes(thrice)
        self.open_votes(done)
        self.later(REVEAL)
        self.call_again(thrice, "respondent", innocent)
        twice = self.charge("respondent", 1_500 * COIN, EVIDENCE[1], guilty)
        thin = self.charge("respondent", COIN, EVIDENCE[6], guilty)
        self.later(VOTE)
        self.open_votes(thrice)
        self.open_votes(twice)
        self.open_votes(thin)
        found = self.charge("respondent", 1_000 * COIN, EVIDENCE[2], guilty)
        self.charge("respondent", COIN, EVIDENCE[3], {"large juror": True})
        self.later(REVEAL)
        self.settle(self["claimant"], "execute", lambda model: model.execute(done), done)
        self.open_votes(found)
        self.call_again(thrice, "claimant", guilty)
        self.call_again(twice, "respondent", innocent)
        self.call_again(thin, "respondent", {"juror": False})
        self.charge("respondent", 3_000 * COIN, EVIDENCE[2], guilty | {"large juror": True})
        self.later(VOTE)
        self.charge("respondent", 2_000 * COIN, EVIDENCE[4], {"hostile juror": True})
        self.later(EPOCH // 2)
        self.charge("respondent", 500 * COIN, EVIDENCE[5], None)

    def sensible(self, who: str, likely: list[Any], others: list[Any]) -> list[Any]:
        """What to act on: likely items eight times as often as others; without any, only the hostile juror tries."""
        return likely * 8 + others if likely or who == self["hostile juror"] else []

    def cases(self, who: str, likely: Callable[[int], bool]) -> list[int]:
        """The same of cases, one that nobody opened among the others."""
        known = list(self.model.cases)
        return self.sensible(who, [case for case in known if likely(case)], [*known, len(known) + 1])

    def sitting(self, who: str) -> list[int]:
        return self.cases(who, lambda case: self.near(case, "vote") and self.may_vote(case, who))

    def may_vote(self, case: int, who: str) -> bool:
        jury = self.model.cases[case].juries[-1]
        return jury.seed_epoch in self.model.seeds and who not in jury.ballots

    def revealing(self, who: str) -> list[int]:
        return self.cases(who, lambda case: self.near(case, "reveal") and self.may_reveal(case, who))

    def may_reveal(self, case: int, who: str) -> bool:
        ballot = self.model.cases[case].juries[-1].ballots.get(who)
        return who not in self.jurors or (ballot is not None and not ballot.vote)

    def appealable(self, who: str) -> list[int]:
        return self.cases(who, lambda case: self.near(case, "appeal"))

    def ended(self, who: str) -> list[int]:
        return self.cases(who, lambda case: self.near(case, "appeal", "due"))

    def sealed(self, who: str) -> list[tuple[int, int, str]]:
        """(case, turn, juror) of votes: those that a salt may void, and others."""
        return self.ballots(
            who, lambda case, turn, ballot: not ballot.vote and turn == self.turn(case) and self.near(case, "vote")
        )

    def silent(self, who: str) -> list[tuple[int, int, str]]:
        """The same: those that nobody can reveal any more, and others."""
        return self.ballots(
            who,
            lambda case, turn, ballot: (
                not ballot.vote and (turn < self.turn(case) or self.near(case, "appeal", "due", "closed"))
            ),
        )

    def voted(self, who: str) -> list[tuple[int, int, str]]:
        """The same: the caller's own that won, and others."""
        return self.ballots(
            who,
            lambda case, turn, ballot: (
                ballot.vote == self.model.cases[case].verdict
                and self.model.cases[case].juries[turn].ballots.get(who) is ballot
            ),
        )

    def ballots(self, who: str, wanted: Callable[[int, int, Ballot], bool]) -> list[tuple[int, int, str]]:
        likely: list[tuple[int, int, str]] = []
        others: list[tuple[int, int, str]] = []
        for case, item in self.model.cases.items():
            for turn, jury in enumerate(item.juries):
                for juror, ballot in jury.ballots.items():
                    chosen = likely if ballot.seats and wanted(case, turn, ballot) else others
                    chosen.append((case, turn, juror))
        return self.sensible(who, likely, others)

    def constructors(self) -> Iterator[Deployment]:
        nobody, least = self["claimant"], artifacts.constant("staking/AlignmentCourt.vy", "FEE_DIVISOR")
        yield from variations(
            "AlignmentCourt",
            (self["token"], self["hub"], self["box"], least, 1, 1),
            (0, nobody, "court: token is no contract"),
            (1, nobody, "court: hub is no contract"),
            (2, nobody, "court: randomness is no contract"),
            (3, least - 1, "court: no bond"),
            (4, 0, "court: no time"),
            (5, 0, "court: no time"),
        )
