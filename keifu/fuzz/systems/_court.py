"""AlignmentCourt with a full docket: the set-up of court, hub and jurors, and one case in every phase.

The docket is filled through the contract and through the model at once, so that a sequence starts where an appeal, a
reveal or a verdict is one call away.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

from keifu.evm import LocalEvm, artifacts
from keifu.fuzz.models.court import Ballot, CourtModel, CourtTerms, Jury
from keifu.fuzz.models.staking import HubModel, Service, Terms
from keifu.fuzz.systems._constructors import Deployment, variations
from keifu.fuzz.systems._sides import HubWords
from keifu.fuzz.values import ZERO_ADDRESS
from keifu.keys import keccak256

COIN = 10**18
DAY = 86_400
EPOCH = DAY
VOTE, REVEAL, APPEAL = 2 * EPOCH, 5 * DAY, 4 * DAY
UNBONDING = 40 * DAY
BOND = 101 * COIN + 3  # so that fees and shares of a pot leave a rest
FUNDS = 10**25
AT_STAKE = 10_000 * COIN
SEATS = {"juror": 100, "second juror": 60, "small juror": 8, "large juror": 400, "hostile juror": 50, "respondent": 40}
JURORS = tuple(SEATS)
CLAIMANTS = ("claimant", "other claimant")
EVIDENCE = tuple(bytes([number]) * 32 for number in range(1, 17))
CASE_WORDS, TURN_WORDS, BALLOT_WORDS = 9, 7, 3
Votes = dict[str, bool]


class Courtroom(HubWords):
    """A court, its hub, jurors of several sizes and a respondent whom anyone accuses."""

    contracts = ("AlignmentCourt",)
    actors = (*CLAIMANTS, *JURORS, "service", "taxed service")
    wait_weight = 9
    model: CourtModel

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("timelock")
        self.owner = owner.address
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", token, owner, evm.account("insurance"), UNBONDING, EPOCH, sender=owner)
        box = evm.deploy("SeedBox", sender=owner)
        court = evm.deploy("AlignmentCourt", token, hub, box, BOND, REVEAL, APPEAL, sender=owner)
        fees = evm.deploy("FeeToken", sender=owner)
        taxed = evm.deploy("AlignmentCourt", fees, hub, box, BOND, REVEAL, APPEAL, sender=owner)
        self.bind(court=court, hub=hub, token=token, box=box, taxed=taxed)
        for who in self.roles.values():
            token.transfer(who, FUNDS, sender=owner)
            token.approve(hub, 2**256 - 1, sender=who)
            token.approve(court, 2**256 - 1, sender=who)
            fees.mint(who, FUNDS, sender=owner)
            fees.approve(taxed, 2**256 - 1, sender=who)
        books = HubModel(Terms(UNBONDING, EPOCH, evm.now))
        self.model = CourtModel(CourtTerms(court.address, BOND, REVEAL, APPEAL), books)
        self._list(self["court"], Service(DAY, 0, 5_000))
        self._list(self["service"], Service(court.longest_case(), 5_000, 3_000, self["court"]))
        self._list(self["taxed service"], Service(DAY, 0, 0, taxed.address))
        self.operators = [self[role] for role in JURORS]
        for role, seats in SEATS.items():
            self._join(self[role], seats * self.model.terms.seat)
        for service, amount in ((self["service"], AT_STAKE), (self["taxed service"], COIN)):
            hub.commit(service, amount, sender=self["respondent"])
            books.commit(self["respondent"], service, amount)
        self.jurors = [self[role] for role in JURORS]
        self._readers()
        self.votes: dict[tuple[int, int, str], tuple[bool, bytes]] = {}
        self._later(3 * EPOCH)
        self.fill_docket()
        self.opening, self.votes_cast = pickle.dumps(self.model), dict(self.votes)

    def _list(self, name: str, service: Service) -> None:
        terms = (service.horizon, service.victim, service.prover, service.arbiter or ZERO_ADDRESS)
        self.contract("hub").list_service(name, *terms, sender=self.owner)
        self.model.hub.list_service(name, service)

    def _join(self, who: str, weight: int) -> None:
        hub, books, bond = self.contract("hub"), self.model.hub, weight + weight // 4 + AT_STAKE
        hub.register_operator(0, "", sender=who)
        books.register_operator(who, 0)
        hub.bond(bond, sender=who)
        books.bond(who, bond)
        hub.commit(self["court"], weight, sender=who)
        books.commit(who, self["court"], weight)

    def _readers(self) -> None:
        self.read_hub()
        self.credit_word, self.count = self.read("court.credits"), self.read("court.case_count")
        self.taken_word, self.case_of = self.read("court.taken_for"), self.read("court.case_of")
        self.case_words = [self.read("court.juries.cases", offset=at) for at in range(CASE_WORDS)]
        self.turn_words = [self.read("court.juries.turns", offset=at) for at in range(TURN_WORDS)]
        self.ballot_words = [self.read("court.juries.ballots", offset=at) for at in range(BALLOT_WORDS)]

    def start(self) -> None:
        self.model = self.revived(self.opening)
        self.votes = dict(self.votes_cast)
        self.donated = self.gifts = self.touched = 0

    @property
    def hub(self) -> HubModel:
        return self.model.hub

    # the docket -------------------------------------------------------------------------------------------------------

    def fill_docket(self) -> None:
        """Eight cases: the third jury reveals in the first; the second has acquitted; the second jury reveals in
        the third; the fourth may be appealed; nobody revealed in the fifth; the sixth reveals; the seventh takes votes;
        the eighth has no seed yet."""
        guilty, innocent = {"juror": True, "second juror": True}, {"juror": False, "second juror": False}
        thrice = self._accuse(4_000 * COIN, 0, guilty)
        done = self._accuse(1_000 * COIN, 0, innocent | {"large juror": True})
        self._later(VOTE)
        self._reveal(thrice)
        self._reveal(done)
        self._later(REVEAL)
        self._appeal(thrice, "respondent", innocent)
        twice, thin = self._accuse(1_500 * COIN, 1, guilty), self._accuse(COIN, 6, guilty)
        self._later(VOTE)
        self._reveal(thrice)
        self._reveal(twice)
        self._reveal(thin)
        found = self._accuse(1_000 * COIN, 2, guilty)
        self._accuse(COIN, 3, {"large juror": True})
        self._later(REVEAL)
        self.settle(self["claimant"], "execute", lambda model: model.execute(done), done)
        self._reveal(found)
        self._appeal(thrice, "claimant", guilty)
        self._appeal(twice, "respondent", innocent)
        self._appeal(thin, "respondent", {"juror": False})
        self._accuse(3_000 * COIN, 2, guilty | {"large juror": True})
        self._later(VOTE)
        self._accuse(2_000 * COIN, 4, {"hostile juror": True})
        self._later(EPOCH // 2)
        self._accuse(500 * COIN, 5, {}, seeded=False)

    def _later(self, seconds: int) -> None:
        self.evm.warp(seconds)
        self.model.now = self.evm.now

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

    @staticmethod
    def seed(epoch: int, number: int) -> bytes:
        return keccak256(epoch.to_bytes(32, "big") + bytes([number]))

    @staticmethod
    def salt(juror: str) -> bytes:
        return keccak256(juror.encode())

    # where cases stand ------------------------------------------------------------------------------------------------

    def phase(self, case: int, late: int = 0) -> str:
        """What a case waits for now, or `late` seconds from now."""
        model, now = self.model, self.now + late
        item = model.cases[case]
        jury = item.juries[-1]
        if item.verdict:
            return "closed"
        if now < model.commit_end(jury):
            return "vote"
        if now < model.reveal_end(jury):
            return "reveal"
        return "appeal" if now < model.reveal_end(jury) + APPEAL else "due"

    def near(self, case: int, *phases: str) -> bool:
        """Whether a case is in one of the phases, give or take a second."""
        return any(self.phase(case, late) in phases for late in (-1, 0, 1))

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

    def jury(self, case: int) -> Jury | None:
        return self.model.cases[case].juries[-1] if case in self.model.cases else None

    def turn(self, case: int) -> int:
        return self.model.cases[case].turn if case in self.model.cases else 0

    def deadlines(self) -> list[int]:
        """The next three: a jury that was called has to be met in each of its phases."""
        model, found = self.model, []
        for item in model.cases.values():
            if not item.verdict:
                end = model.reveal_end(item.juries[-1])
                found += [model.commit_end(item.juries[-1]), end, end + APPEAL]
        found += [item.removed + item.horizon for item in model.hub.services.values() if item.removed]
        return sorted({time for time in found if time >= self.now})[:3]

    def fault_key(self, service: str, operator: str, evidence: bytes) -> bytes:
        return keccak256(_word(service) + _word(operator) + evidence)

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


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


def _commitment(case: int, who: str, seats: list[int], sealed: bytes) -> Callable[[CourtModel], None]:
    return lambda model: model.commit_vote(case, who, seats, sealed)


def _opening(case: int, who: str, guilty: bool, salt: bytes) -> Callable[[CourtModel], None]:
    return lambda model: model.reveal_vote(case, who, guilty, salt)
