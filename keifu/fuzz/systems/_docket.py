"""A docket with a case in every phase, and what of it somebody would act on.

The docket is filled through the contract and through the model at once, so that a sequence starts where an appeal, a
reveal or a verdict is one call away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keifu.evm import artifacts
from keifu.fuzz.models.court import Ballot, CourtModel
from keifu.fuzz.models.staking import Service
from keifu.fuzz.systems._constructors import Deployment, variations
from keifu.fuzz.systems._court import APPEAL, AT_STAKE, BOND, COIN, DAY, EPOCH, FUNDS, REVEAL, VOTE, Courtroom

EVIDENCE = tuple(bytes([number]) * 32 for number in range(1, 17))
Votes = dict[str, bool]


class Docket(Courtroom):
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
        self.fill_docket()

    # the docket -------------------------------------------------------------------------------------------------------

    def fill_docket(self) -> None:
        """Eight cases: the third jury reveals in the first; the second has acquitted; the second jury reveals in
        the third; the fourth may be appealed; nobody revealed in the fifth; the sixth reveals; the seventh takes votes;
        the eighth has no seed yet."""
        guilty, innocent = {"juror": True, "second juror": True}, {"juror": False, "second juror": False}
        thrice = self._accuse(4_000 * COIN, 0, guilty)
        done = self._accuse(1_000 * COIN, 0, innocent | {"large juror": True})
        self.later(VOTE)
        self._reveal(thrice)
        self._reveal(done)
        self.later(REVEAL)
        self._appeal(thrice, "respondent", innocent)
        twice, thin = self._accuse(1_500 * COIN, 1, guilty), self._accuse(COIN, 6, guilty)
        self.later(VOTE)
        self._reveal(thrice)
        self._reveal(twice)
        self._reveal(thin)
        found = self._accuse(1_000 * COIN, 2, guilty)
        self._accuse(COIN, 3, {"large juror": True})
        self.later(REVEAL)
        self.settle(self["claimant"], "execute", lambda model: model.execute(done), done)
        self._reveal(found)
        self._appeal(thrice, "claimant", guilty)
        self._appeal(twice, "respondent", innocent)
        self._appeal(thin, "respondent", {"juror": False})
        self._accuse(3_000 * COIN, 2, guilty | {"large juror": True})
        self.later(VOTE)
        self._accuse(2_000 * COIN, 4, {"hostile juror": True})
        self.later(EPOCH // 2)
        self._accuse(500 * COIN, 5, {}, seeded=False)

    def settle(self, sender: str, function: str, run: Callable[[CourtModel], Any], *args: Any) -> Any:
        getattr(self.contract("court"), function)(*args, sender=sender)
        return run(self.model)

    def _accuse(self, amount: int, evidence: int, votes: Votes, *, seeded: bool = True) -> int:
        values = (self["service"], self["respondent"], self["other claimant"], amount, EVIDENCE[evidence])
        case = self.settle(self["claimant"], "open_case", lambda m: m.open_case(self["claimant"], *values), *values)
        if seeded:
            self._draw(case, votes)
        return int(case)

    def _appeal(self, case: int, by: str, votes: Votes) -> None:
        self.settle(self[by], "appeal", lambda model: model.appeal(case, self[by]), case)
        self._draw(case, votes)

    def _draw(self, case: int, votes: Votes) -> None:
        """The seed comes, and `votes` are committed with as few seats as make a quorum of two jurors."""
        epoch = self.model.cases[case].juries[-1].seed_epoch
        if epoch not in self.model.seeds:
            self.contract("box").put(epoch, self.seed(epoch, 0), sender=self.owner)
            self.model.put_seed(epoch, self.seed(epoch, 0))
        turn = self.model.cases[case].turn
        for role, guilty in votes.items():
            who, salt = self[role], self.salt(self[role])
            seats = self.model.drawn_seats(case, who)[: (self.model.terms.quorum + 1) // 2 << turn]
            sealed = self.model.seal(case, turn, who, guilty, salt)
            self.votes[case, turn, who] = guilty, salt
            self.settle(who, "commit_vote", _commitment(case, who, seats, sealed), case, seats, sealed)

    def _reveal(self, case: int) -> None:
        turn = self.model.cases[case].turn
        for (known, then, who), (guilty, salt) in self.votes.items():
            if (known, then) == (case, turn):
                self.settle(who, "reveal_vote", _opening(case, who, guilty, salt), case, guilty, salt)

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


def _commitment(case: int, who: str, seats: list[int], sealed: bytes) -> Callable[[CourtModel], None]:
    return lambda model: model.commit_vote(case, who, seats, sealed)


def _opening(case: int, who: str, guilty: bool, salt: bytes) -> Callable[[CourtModel], None]:
    return lambda model: model.reveal_vote(case, who, guilty, salt)
