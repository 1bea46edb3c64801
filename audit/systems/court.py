"""AlignmentCourt beside its model: accusing, sealed votes, appeals, execution and payment."""

from __future__ import annotations

import pickle

from audit.systems._court import (
    APPEAL,
    BOND,
    CLAIMANTS,
    JURORS,
    REVEAL,
    SOME,
    VOTE,
)
from audit.systems._court_with_cases import EVIDENCE, CourtWithCases
from audit.systems._hub import Coins
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Flag
from keifu.keys import keccak256
from keifu.spec.court import GUILTY, INNOCENT, NO_QUORUM, CourtModel
from keifu.units import COIN

SEAT_LIMITS = (1, 2, 3, 3, 6, 12, artifacts.constant("staking/lib/juries.vy", "MAX_SEATS"))
TRICKS = ("", "", "", "", "", "", "twice", "idle", "beyond", "too many", "none", "unsealed", "copied")
OPENINGS = ("right", "right", "right", "right", "other vote", "other salt")
NO_BALLOT = (0, 0, ZERO_ADDRESS)


class Court(CourtWithCases):
    """Anyone accuses, jurors vote honestly or not, and the hub is used meanwhile."""

    # accusing ---------------------------------------------------------------------------------------------------------

    def at_stake(self, who: str) -> int:
        return self.model.hub.effective(self["service"], self["respondent"])

    @action(
        "", Choice((*("service",) * 9, "court", "taxed service", "claimant")),
        Choice((*("respondent",) * 10, "juror", "claimant")),
        Choice((ZERO_ADDRESS, "other claimant", "claimant")), Amount("at_stake"), Choice((*EVIDENCE, bytes(32))),
        weight=8,
    )  # fmt: skip
    def open_case(self, who: str, service: str, accused: str, victim: str, amount: int, evidence: bytes) -> Steps:
        named = "" if victim == ZERO_ADDRESS else self[victim]
        case = yield from self.judged(
            lambda m: m.open_case(who, self[service], self[accused], named, amount, evidence),
            "open_case", self[service], self[accused], named or ZERO_ADDRESS, amount, evidence,
            sender=who, case=len(self.model.cases) + 1, spends=BOND,
        )  # fmt: skip
        if case is not None:
            seed_epoch = self.model.cases[case].juries[0].seed_epoch
            self.emitted(
                "court.CaseOpened", case_id=case, service=self[service], operator=self[accused], accuser=who,
                amount=amount, evidence=evidence, seed_epoch=seed_epoch,
            )  # fmt: skip

    @action("", Choice(EVIDENCE), weight=1, always_reverts=True)
    def accuse_for_a_fee(self, who: str, evidence: bytes) -> Steps:
        """Where the coin of bonds takes a fee of each transfer, no bond is whole."""
        values = (self["taxed service"], self["respondent"], who, 1, evidence)
        self.model.now = self.now
        there = self.model.hub.effective(values[0], values[1])
        fails = "transfer: token takes a fee" if there else "court: more than is at stake"
        yield self.tx("taxed.open_case", *values, sender=who, fails=fails)

    # voting -----------------------------------------------------------------------------------------------------------

    def seats_for(self, case: int, who: str, most: int, trick: str) -> list[int]:
        drawn = self.model.drawn_seats(case, who) if case in self.model.cases else [0]
        seats = drawn[:most]
        jury = self.jury(case)
        there = self.model.seats(who, jury.weighed_at) if jury else 0
        match trick:
            case "twice":
                return seats[: SEAT_LIMITS[-1] - 1] + seats[-1:]
            case "too many":
                return drawn[: SEAT_LIMITS[-1] + 1]
            case "idle":
                return [*seats[:1], next((seat for seat in range(there) if seat not in drawn), there)]
            case "beyond":
                return [*seats[:1], *self.beyond(case, who, there)]
            case "none":
                return []
        return seats

    def beyond(self, case: int, who: str, there: int) -> list[int]:
        """The first seat that would be drawn, had the juror committed more."""
        seeded = case in self.model.cases and self.model.cases[case].juries[-1].seed_epoch in self.model.seeds
        return [seat for seat in range(there, there + 64) if seeded and self.model.drawn(case, who, seat)][:1]

    @action("", Choice("sitting"), Flag(), Choice(SEAT_LIMITS), Choice(TRICKS), sender=JURORS, weight=14)
    def commit_vote(self, who: str, case: int, guilty: bool, most: int, trick: str) -> Steps:
        if not case:
            return
        seats, salt = self.seats_for(case, who, most, trick), self.salt(who)
        sealed = self.model.seal(case, self.turn(case), who, guilty, salt)
        if trick == "unsealed":
            sealed = bytes(32)
        if trick == "copied" and (jury := self.jury(case)) and jury.ballots:
            other, ballot = next(iter(jury.ballots.items()))
            sealed, (guilty, salt) = ballot.commitment, self.votes[case, self.turn(case), other]
        if len(seats) > SEAT_LIMITS[-1]:
            yield self.tx("court.commit_vote", case, seats, sealed, sender=who, fails="")
        else:
            yield from self.committed_by(who, case, seats, sealed, guilty, salt)

    @action("", Choice("sitting"), Choice(SOME), Choice(SOME), Choice(SEAT_LIMITS), weight=8)
    def jury_commits(self, who: str, case: int, present: int, guilty: int, most: int) -> Steps:
        """Several jurors at once, each of them honestly."""
        if case not in self.model.cases or self.phase(case) != "vote":
            return
        for number, juror in enumerate(self.jurors):
            jury, seats = self.model.cases[case].juries[-1], self.model.drawn_seats(case, juror)[:most]
            if present >> number & 1 and seats and juror not in jury.ballots:
                vote, salt = bool(guilty >> number & 1), self.salt(juror)
                sealed = self.model.seal(case, self.turn(case), juror, vote, salt)
                yield from self.committed_by(juror, case, seats, sealed, vote, salt)

    @action("", Choice("revealing"), Choice(OPENINGS), sender=JURORS, weight=10)
    def reveal_vote(self, who: str, case: int, how: str) -> Steps:
        if not case:
            return
        guilty, salt = self.votes.get((case, self.turn(case), who), (True, self.salt(who)))
        salt = self.salt(self["claimant"]) if how == "other salt" else salt
        yield from self.opened_by(who, case, guilty != (how == "other vote"), salt)

    @action("", Choice("sealed", NO_BALLOT), Choice(OPENINGS), weight=6)
    def report_salt(self, who: str, ballot: tuple[int, int, str], how: str) -> Steps:
        case, _, juror = ballot
        if not case:
            return
        guilty, salt = self.votes.get((case, self.turn(case), juror), (True, self.salt(juror)))
        salt = self.salt(self["claimant"]) if how == "other salt" else salt
        vote = guilty != (how == "other vote")
        taken = yield from self.judged(
            lambda m: m.report_salt(case, juror, vote, salt, who),
            "report_salt", case, juror, vote, salt, sender=who, case=case,
        )  # fmt: skip
        self.punished(taken, who, case, self.turn(case), juror)

    @action("", Choice("silent", NO_BALLOT), weight=6)
    def penalise(self, who: str, ballot: tuple[int, int, str]) -> Steps:
        case, turn, juror = ballot
        if not case:
            return
        taken = yield from self.judged(
            lambda m: m.penalise(case, turn, juror, who), "penalise", case, turn, juror, sender=who, case=case
        )
        self.punished(taken, who, case, turn, juror)

    def punished(self, taken: int | None, prover: str, case: int, turn: int, juror: str) -> None:
        if not taken:
            return
        seats = self.model.cases[case].juries[turn].ballots[juror].seats
        assert taken <= seats * self.model.terms.penalty, "CRT-4: a juror pays for each seat, and no more"
        self.emitted("court.Penalised", case_id=case, juror=juror, amount=taken)
        evidence = keccak256(case.to_bytes(32, "big") + turn.to_bytes(32, "big") + bytes(12) + bytes.fromhex(juror[2:]))
        self.emitted("hub.Slashed", service=self["court"], operator=juror, evidence=evidence, to_victim=0)

    # verdicts ---------------------------------------------------------------------------------------------------------

    @action("", Choice("appealable"), weight=7)
    def appeal(self, who: str, case: int) -> Steps:
        if not case:
            return
        bond = self.model.bond(self.turn(case) + 1)
        done = yield from self.judged(lambda m: m.appeal(case, who), "appeal", case, sender=who, case=case, spends=bond)
        if done is not None:
            jury = self.model.cases[case].juries[-1]
            turn, epoch = self.turn(case), jury.seed_epoch
            self.emitted("court.Appealed", case_id=case, appellant=who, round=turn, seed_epoch=epoch)

    @action("", Choice("voted", NO_BALLOT), sender=(*JURORS, "claimant"), weight=8)
    def claim_juror(self, who: str, ballot: tuple[int, int, str]) -> Steps:
        case, turn, _ = ballot
        if not case:
            return
        yield from self.judged(
            lambda m: m.claim_juror(case, turn, who), "claim_juror", case, turn, sender=who, case=case
        )

    def receivers(self, who: str) -> list[str]:
        return [*self.addresses, self["court"], self["hub"], ZERO_ADDRESS]

    @action("", Choice("receivers"), weight=4)
    def collect(self, who: str, receiver: str) -> Steps:
        if receiver == ZERO_ADDRESS:
            yield self.tx("court.collect", receiver, sender=who, fails="court: no receiver")
            return
        before = self.stored(receiver)
        paid = yield from self.judged(lambda m: m.collect(who), "collect", receiver, sender=who)
        self.gifts += paid if receiver == self["court"] else 0
        self.donated += paid if receiver == self["hub"] else 0
        if paid == 0:
            self.emitted("token.Transfer", count=0)
        assert receiver == self["court"] or self.stored(receiver) == before + paid, "the receiver got something else"

    # what happens at the hub meanwhile --------------------------------------------------------------------------------

    def promised(self, who: str) -> int:
        held = self.model.hub.operators[who].commitments.get(self["court"])
        return held.next if held else COIN

    @action("hub.commit", Choice("services"), Coins(20_000 * COIN), sender=JURORS, weight=4)
    def commit(self, who: str, service: str, amount: int) -> Steps:
        yield from self.both(lambda m: m.hub.commit(who, service, amount))

    @action("hub.uncommit", Choice("services"), Coins("promised"), sender=JURORS, weight=3)
    def uncommit(self, who: str, service: str, amount: int) -> Steps:
        yield from self.both(lambda m: m.hub.uncommit(who, service, amount))

    def services(self, who: str) -> list[str]:
        return [self["court"], self["court"], self["service"]]

    @action("hub.unbond", Coins(lambda self, who: self.model.hub.operators[who].bond.active), sender=JURORS, weight=2)
    def unbond(self, who: str, amount: int) -> Steps:
        yield from self.both(lambda m: m.hub.unbond(who, amount))

    @action("hub.unjail", sender=JURORS, weight=2)
    def unjail(self, who: str) -> Steps:
        yield from self.both(lambda m: m.hub.unjail(who))

    @action("", Coins("at_stake"), sender="service", weight=1)
    def service_slashes(self, who: str, amount: int) -> Steps:
        """A fault that code decided, so that less is there for the court."""
        values = (self["respondent"], amount, ZERO_ADDRESS, self["claimant"], EVIDENCE[0])
        order = self.tx("hub.slash", *values, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.hub.slash(who, values[0], amount, "", self["claimant"])[0], order=order)

    @action("", Choice(("service", "court")), Choice((0, 1, 2, 3, 4, 5, 6, 7)), weight=1)
    def remove_service(self, who: str, service: str, luck: int) -> Steps:
        if luck:
            return None  # what is removed stays removed: seldom, or nothing else happens
        order = self.tx("hub.remove_service", self[service], sender=self.owner, raw_outcome=True)
        yield from self.both(lambda m: m.hub.remove_service(self[service]), order=order)

    @action("", Amount(COIN), sender=CLAIMANTS, weight=1)
    def donate(self, who: str, amount: int) -> Steps:
        if amount <= self.stored(who):
            yield self.tx("token.transfer", self["court"], amount, sender=who)
            self.gifts += amount

    # what holds in the end --------------------------------------------------------------------------------------------

    @invariant("CRT-9", at_end=True)
    def a_seat_votes_once(self) -> bool:
        """What a jury counts are different seats, each of them drawn and its juror's."""
        innocent, guilty = self.turn_words[-1], self.turn_words[-2]
        for case, item in self.model.cases.items():
            for turn, jury in enumerate(item.juries):
                cast = [ballot for ballot in jury.ballots.values() if ballot.vote in (INNOCENT, GUILTY)]
                if sum(len(set(ballot.numbers)) for ballot in cast) != innocent(case, turn) + guilty(case, turn):
                    return False
        return True

    @invariant("CRT-12", at_end=True)
    def views_tell(self) -> bool:
        """Every case is the model's, and the views tell it."""
        if not all(self.written(case) for case in self.model.cases):
            return False
        court, case = self.contract("court"), self.touched or 1
        item, turn = self.model.cases.get(case), self.turn(case)
        if item is None:
            return True
        shown = tuple(court.get_case(case)), tuple(court.get_round(case, turn))
        if shown[0][3:5] != (item.victim or ZERO_ADDRESS, item.amount) or shown[1][3] != item.juries[turn].appellant:
            return False
        for who in self.jurors:
            ballot = item.juries[turn].ballots.get(who)
            wanted = (ballot.commitment, ballot.seats, ballot.vote) if ballot else (bytes(32), 0, 0)
            if tuple(court.ballot(case, turn, who)) != wanted:
                return False
        terms = self.model.terms
        longest = (terms.appeals + 1) * (VOTE + REVEAL) + terms.appeals * APPEAL
        return self.ask("court.longest_case") == longest

    @invariant("CRT-8", at_end=True)
    def stake_that_came_late_has_no_seat(self) -> bool:
        """Seats are drawn from what was committed at the start of the epoch before the jury was called."""
        court, model = self.contract("court"), self.model
        model.now, case = self.now, self.touched if self.touched in self.model.cases else len(self.model.cases)
        return all(
            list(court.drawn_seats(case, who)) == model.drawn_seats(case, who)[: SEAT_LIMITS[-1]] for who in self.jurors
        )

    @invariant("CRT-13", at_end=True)
    def every_case_ends(self) -> bool:
        """In the end every case is executed, jurors are paid or punished, and the court keeps a few wei of rounding."""
        model: CourtModel = self.revived(pickle.dumps(self.model))
        self.evm.warp(self.ask("court.longest_case"))
        model.now = self.now
        for case, item in model.cases.items():
            if not item.verdict and self.do("court.execute", case, sender=self["claimant"]) != model.execute(case):
                return False
            for turn, jury in enumerate(item.juries):
                for who, ballot in jury.ballots.items():
                    if ballot.seats and ballot.vote == item.verdict and item.verdict != NO_QUORUM:
                        paid = self.do("court.claim_juror", case, turn, sender=who)
                        if paid != model.claim_juror(case, turn, who):
                            return False
        for who in self.addresses:
            if self.do("court.collect", who, sender=who) != model.collect(who):
                return False
        left = sum(item.pot_left for item in model.cases.values())
        return self.stored(self["court"]) == left + self.gifts and left <= len(self.votes)
