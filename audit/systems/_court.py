"""AlignmentCourt and its model: the set-up of court, hub and jurors, calls made on both, and what always holds."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, ClassVar

from audit.court_terms import court_terms
from audit.systems._differential import HubWords
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.court import GUILTY, CourtModel, Jury
from keifu.spec.staking import HubModel, Service, Terms
from keifu.units import COIN, DAY

EPOCH = DAY
VOTE, REVEAL, APPEAL = 2 * EPOCH, 5 * DAY, 4 * DAY
UNBONDING = 40 * DAY
BOND = 101 * COIN + 3  # so that fees and shares of a pot leave a rest
FUNDS = 10**25
AT_STAKE = 10_000 * COIN
SEATS = {"juror": 100, "second juror": 60, "small juror": 8, "large juror": 400, "hostile juror": 50, "respondent": 40}
JURORS = tuple(SEATS)
CLAIMANTS = ("claimant", "other claimant")
CASE_WORDS, TURN_WORDS, BALLOT_WORDS = 9, 7, 3
SOME = tuple(range(1 << len(JURORS)))  # which jurors act together: a bit each
Votes = dict[str, bool]


class Courtroom(HubWords):
    """A court, its hub, jurors of several sizes and a respondent whom anyone accuses."""

    contracts: ClassVar[tuple[str, ...]] = ("AlignmentCourt",)
    actors: ClassVar[tuple[str, ...]] = (*CLAIMANTS, *JURORS, "service")
    wait_weight = 9
    model: CourtModel

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("timelock")
        self.owner = owner.address
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", token, owner, evm.account("insurance"), UNBONDING, EPOCH, sender=owner)
        box = evm.deploy("MockRandomness", sender=owner)
        court = evm.deploy("AlignmentCourt", token, hub, box, BOND, REVEAL, APPEAL, sender=owner)
        self.bind(court=court, hub=hub, token=token, box=box)
        for who in self.roles.values():
            token.transfer(who, FUNDS, sender=owner)
            token.approve(hub, 2**256 - 1, sender=who)
            token.approve(court, 2**256 - 1, sender=who)
        books = HubModel(Terms(UNBONDING, EPOCH, evm.now))
        self.model = CourtModel(court_terms(court.address, BOND, REVEAL, APPEAL), books)
        self.list_service(self["court"], Service(DAY, 0, 5_000))
        self.list_service(self["service"], Service(court.longest_case(), 5_000, 3_000, self["court"]))
        self.operators = [self[role] for role in JURORS]
        for role, seats in SEATS.items():
            weight = seats * self.model.terms.seat
            self.enrol(self[role], weight + weight // 4 + AT_STAKE)
            self.promise(self[role], self["court"], weight)
        self.jurors = [self[role] for role in JURORS]
        self._readers()
        self.votes: dict[tuple[int, int, str], tuple[bool, bytes]] = {}
        self.later(3 * EPOCH)
        self.begin()
        self.opening, self.votes_cast = pickle.dumps(self.model), dict(self.votes)

    def list_service(self, name: str, service: Service) -> None:
        terms = (service.horizon, service.victim, service.prover, service.arbiter or ZERO_ADDRESS)
        self.contract("hub").list_service(name, *terms, sender=self.owner)
        self.model.hub.list_service(name, service)

    def enrol(self, who: str, bond: int) -> None:
        hub, books = self.contract("hub"), self.model.hub
        hub.register_operator(0, "", sender=who)
        books.register_operator(who, 0)
        hub.bond(bond, sender=who)
        books.bond(who, bond)

    def promise(self, who: str, service: str, amount: int) -> None:
        self.contract("hub").commit(service, amount, sender=who)
        self.model.hub.commit(who, service, amount)

    def _readers(self) -> None:
        self.read_hub()
        self.credit_word, self.count = self.read("court.credits"), self.read("court.case_count")
        self.taken_word, self.case_of = self.read("court.taken_for"), self.read("court.case_of")
        self.case_words = [self.read("court.juries.cases", offset=at) for at in range(CASE_WORDS)]
        self.turn_words = [self.read("court.juries.rounds", offset=at) for at in range(TURN_WORDS)]
        self.ballot_words = [self.read("court.juries.ballots", offset=at) for at in range(BALLOT_WORDS)]

    def begin(self) -> None:
        """What happens before any sequence starts, on the chain and in the model."""

    def start(self) -> None:
        self.model = self.revived(self.opening)
        self.votes = dict(self.votes_cast)
        self.donated = self.gifts = self.touched = 0

    @property
    def hub(self) -> HubModel:
        return self.model.hub

    def later(self, seconds: int) -> None:
        self.evm.warp(seconds)
        self.model.now = self.evm.now

    def settle(self, sender: str, function: str, run: Callable[[CourtModel], Any], *args: Any) -> Any:
        getattr(self.contract("court"), function)(*args, sender=sender)
        return run(self.model)

    def charge(self, accused: str, amount: int, evidence: bytes, votes: Votes | None) -> int:
        """Open a case; `votes` of its first jury, or None when its seed is not to come yet."""
        values = (self["service"], self[accused], self["other claimant"], amount, evidence)
        case = self.settle(self["claimant"], "open_case", lambda m: m.open_case(self["claimant"], *values), *values)
        if votes is not None:
            self.seat(case, votes)
        return int(case)

    def call_again(self, case: int, by: str, votes: Votes) -> None:
        """Appeal, and `votes` of the next jury."""
        self.settle(self[by], "appeal", lambda model: model.appeal(case, self[by]), case)
        self.seat(case, votes)

    def seat(self, case: int, votes: Votes) -> None:
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

    def open_votes(self, case: int) -> None:
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

    # chain and model --------------------------------------------------------------------------------------------------

    def judged(self, run: Any, target: str, *args: Any, sender: str, case: int = 0, spends: int = 0) -> Any:
        """One call of the court and of the model, whose words of `case` are compared afterwards."""
        order = self.tx(f"court.{target}", *args, sender=sender, raw_outcome=True)
        answer = yield from self.both(run, sender, spends, order, atomic=True)
        self.touched = case
        return answer

    def committed_by(self, who: str, case: int, seats: list[int], sealed: bytes, guilty: bool, salt: bytes) -> Any:
        done = yield from self.judged(
            lambda m: m.commit_vote(case, who, seats, sealed), "commit_vote", case, seats, sealed, sender=who, case=case
        )
        if done is not None:
            self.votes[case, self.turn(case), who] = guilty, salt
            if self.sometimes():
                self.emitted("court.VoteCommitted", case_id=case, juror=who, round=self.turn(case), seats=len(seats))

    def opened_by(self, who: str, case: int, guilty: bool, salt: bytes) -> Any:
        done = yield from self.judged(
            lambda m: m.reveal_vote(case, who, guilty, salt), "reveal_vote", case, guilty, salt, sender=who, case=case
        )
        if done is not None and self.sometimes():
            turn = self.turn(case)
            seats = self.model.cases[case].juries[turn].ballots[who].seats
            self.emitted("court.VoteRevealed", case_id=case, juror=who, round=turn, guilty=guilty, seats=seats)

    @action("", Choice(range(4)), weight=5)
    def seed_comes(self, who: str, number: int) -> Steps:
        """The seed of the oldest jury that waits for one."""
        model = self.model
        waiting = [case.juries[-1].seed_epoch for case in model.cases.values() if not case.verdict]
        epoch = min((epoch for epoch in waiting if epoch not in model.seeds), default=model.next_seed)
        seed = self.seed(epoch, number)
        yield self.tx("box.put", epoch, seed, sender=who)
        model.put_seed(epoch, seed)

    @action("", Choice("revealing"), Choice(SOME), weight=14)
    def jury_reveals(self, who: str, case: int, present: int) -> Steps:
        if case not in self.model.cases or self.phase(case) != "reveal":
            return
        for number, juror in enumerate(self.jurors):
            ballot = self.model.cases[case].juries[-1].ballots.get(juror)
            if present >> number & 1 and ballot and not ballot.vote:
                yield from self.opened_by(juror, case, *self.votes[case, self.turn(case), juror])

    @action("", Choice("ended"), weight=9)
    def execute(self, who: str, case: int) -> Steps:
        if not case:
            return
        item = self.model.cases.get(case)
        taken = yield from self.judged(lambda m: m.execute(case), "execute", case, sender=who, case=case)
        if taken is None or item is None:
            return
        self.emitted("court.Executed", case_id=case, verdict=item.verdict, taken=taken)
        assert taken == 0 or item.verdict == GUILTY, "CRT-1: only a guilty verdict slashes"
        service, operator, evidence = item.fault
        asked = [other.amount for other in self.model.cases.values() if other.fault == item.fault and other.taken]
        total = sum(other.taken for other in self.model.cases.values() if other.fault == item.fault)
        assert total <= max(asked, default=0), "CRT-2: cases for one fault slash the largest guilty amount, not the sum"
        if taken:
            self.emitted("hub.Slashed", service=service, operator=operator, evidence=evidence)

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

    def revealing(self, who: str) -> list[int]:
        """Cases whose votes `who` may open."""
        return [case for case in self.model.cases if self.near(case, "reveal")]

    def ended(self, who: str) -> list[int]:
        """Cases whose verdict `who` may carry out."""
        return [case for case in self.model.cases if self.near(case, "appeal", "due")]

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

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("CRT-10")
    def court_holds_what_it_owes(self) -> bool:
        """The court's coins are bonds of open cases, credits and pots, donations aside."""
        return self.stored(self["court"]) == self.model.owed() + self.gifts

    @invariant("CRT-1")
    def credits_follow(self) -> bool:
        """Bonds and fees went to whom they belong, to the wei."""
        return all(self.credit_word(who) == self.model.credits.get(who, 0) for who in self.addresses)

    @invariant("CRT-2")
    def faults_follow(self) -> bool:
        """Cases are counted, and what was taken for a fault is what its verdicts took."""
        model, item = self.model, self.model.cases.get(self.touched)
        if self.count() != len(model.cases):
            return False
        return item is None or self.taken_word(self.fault_key(*item.fault)) == model.taken_for[item.fault]

    @invariant("CRT-12")
    def case_follows(self) -> bool:
        """The case of the last call, its juries and their ballots are the model's."""
        return self.touched not in self.model.cases or self.written(self.touched)

    def written(self, case: int) -> bool:
        item = self.model.cases[case]
        service, operator, evidence = item.fault
        words = (
            int(service, 16), int(operator, 16), int(item.accuser, 16), int(item.victim or "0", 16), item.amount,
            int.from_bytes(evidence, "big"), item.turn, item.verdict, item.pot,
        )  # fmt: skip
        if tuple(word(case) for word in self.case_words) != words:
            return False
        for turn, jury in enumerate(item.juries):
            counts = (jury.committed, jury.guilty, jury.innocent)
            known = (jury.opened, jury.weighed_at, jury.seed_epoch, int(jury.appellant, 16), *counts)
            if tuple(word(case, turn) for word in self.turn_words) != known:
                return False
            for who, ballot in jury.ballots.items():
                sealed = (int.from_bytes(ballot.commitment, "big"), ballot.seats, ballot.vote)
                if tuple(word(case, turn, who) for word in self.ballot_words) != sealed:
                    return False
        return True


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


def _commitment(case: int, who: str, seats: list[int], sealed: bytes) -> Callable[[CourtModel], None]:
    return lambda model: model.commit_vote(case, who, seats, sealed)


def _opening(case: int, who: str, guilty: bool, salt: bytes) -> Callable[[CourtModel], None]:
    return lambda model: model.reveal_vote(case, who, guilty, salt)
