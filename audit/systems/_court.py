"""AlignmentCourt and its model, called together: who acts, what they start from, how both are compared."""

from __future__ import annotations

import copy
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, ClassVar

from audit.systems._constructors import Deployment, variations
from audit.systems._hub import EPOCH, HubSystem, number
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import RAW_OUTCOME, invariant
from keifu.keys import keccak256
from keifu.spec.court import COMMIT, LONGEST_CASE, OVER, Case, CourtModel, Refused, sealed
from keifu.spec.staking import RAISE_NOTICE, StakingModel
from keifu.units import COIN, DAY

__all__ = ["CLIENT_LOCK", "DAILY_BLOCKS", "DUST", "FAULTS", "JURORS", "PROMISED", "SEATS", "WINDOW", "Courtroom"]

DAILY_BLOCKS = 4
JURORS = ("juror", "second juror", "third juror", "late juror")
SEATS = {"juror": 105, "second juror": 105, "third juror": 210, "late juror": 0}
LOCK, CLIENT_LOCK = 60_000 * COIN, 8_000 * COIN  # of the operator behind both services
PROMISED = 400 * COIN
WINDOW = 20 * DAY  # of the sample service
FIRST_ASKED = (400 * COIN, 2_600 * COIN + 1, 3_000 * COIN)
FAULTS = tuple(bytes([number]) * 32 for number in range(1, 5))
DUST = 1_000  # wei that the amounts of one case round off, at most


class Courtroom(HubSystem):
    """A court with 420 mature seats and three cases: one that nobody came to, one with votes, one with a jury."""

    contracts: ClassVar[tuple[str, ...]] = ("StakingHub", "AlignmentCourt", "SampleService")
    actors: ClassVar[tuple[str, ...]] = ("operator", "accuser", "service", *JURORS, "delegator", "stranger")

    # set-up ----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        box = evm.deploy("MockRandomness", sender=self.owner)
        court = evm.deploy("AlignmentCourt", token, hub, box, DAILY_BLOCKS, sender=self.owner)
        sample = evm.deploy("SampleService", token, hub, court, WINDOW, sender=self.owner)
        self.bind(box=box, court=court, sample=sample)
        self.operators, self.services = [self["operator"]], [self["service"], sample.address, court.address]
        self.jurors = [self[role] for role in JURORS]
        self.cast: dict[tuple[int, int, str], bool] = {}  # (case, hearing, juror) -> what it sealed
        self.model = StakingModel(self.terms)
        self.law = CourtModel(court.address, self.model, DAILY_BLOCKS)
        self.law.insurance = self.insurance
        for who in self.roles.values():
            token.approve(court, 2**256 - 1, sender=who)
            token.approve(sample, 2**256 - 1, sender=who)
        self.open_hub()
        self.open_court()
        self.open_promises()
        self.begin()
        self.credit = partial(self.ask, "hub.credit")
        self.hold = {who: self.stored(who) for who in self.accounts}
        self.book = pickle.dumps((self.model, self.law))

    def both_now(self, target: str, act: Callable[[], Any], *args: Any, sender: str) -> None:
        """A call of the set-up, and the same in the log."""
        self.model.now, self.law.block = self.now, self.evm.block_number
        self.do(target, *args, sender=sender)
        act()

    def open_hub(self) -> None:
        operator, owner, model = self["operator"], self.owner, self.model
        for service, multiple in zip(self.services, (4, 4, 0), strict=True):
            terms = (service, 60 * DAY, multiple)
            self.both_now("hub.list_service", partial(model.list_service, *terms), *terms, sender=owner)
        for who in (operator, *self.jurors):
            self.both_now("hub.register_operator", partial(model.register_operator, who, 0), 0, "", sender=who)
        for service, amount in zip(self.services, (LOCK, CLIENT_LOCK), strict=False):
            self.lock_now(service, operator, amount)
        service = self["service"]
        self.both_now(
            "hub.set_multiple", partial(model.set_multiple, operator, service, 4), service, 4, sender=operator
        )
        self.both_now("hub.bind", partial(model.bind, service, operator, LOCK), operator, LOCK, sender=service)
        for role, seats in SEATS.items():
            self.lock_now(self["court"], self[role], (seats or 3) * 2_000 * COIN)

    def lock_now(self, service: str, operator: str, amount: int) -> None:
        values = (service, operator, amount)
        self.both_now("hub.lock", partial(self.model.lock, *values), *values, sender=operator)

    def open_court(self) -> None:
        for role, seats in SEATS.items():
            if seats:
                self.both_now("court.join", partial(self.law.join, self[role]), sender=self[role])
        self.evm.warp(RAISE_NOTICE + EPOCH)
        model, operator, service = self.model, self["operator"], self["service"]
        self.both_now("hub.poke", partial(model.poke, operator, service), operator, service, sender=operator)
        who, amount = self["delegator"], 20_000 * COIN
        self.both_now("hub.stake", partial(model.stake, who, operator, amount), operator, amount, 0, 0, sender=who)

    def open_promises(self) -> None:
        """Two promises of the sample service to the accuser."""
        client, operator = self["accuser"], self["operator"]
        for index in range(2):
            self.do(
                "sample.offer", client, PROMISED, 0, self.now + 180 * DAY, keccak256(bytes([index])), sender=operator
            )
            self.do("sample.accept", index, sender=client)
        self.do("sample.bind", operator, sender=client)
        self.model.now = self.now
        self.model.bind(self["sample"], operator, self.ask("sample.reserved", operator))

    def begin(self) -> None:
        self.open_now(FAULTS[0], FIRST_ASKED[0])
        self.seat(1)
        self.open_now(FAULTS[1], FIRST_ASKED[1])
        self.move_on(1)
        self.seat(2)
        for juror in self.jurors:
            if self.law.drawn(2, 0, juror):
                self.commit_now(2, juror)
        self.open_now(FAULTS[2], FIRST_ASKED[2])
        self.move_on(1, 2)
        self.seat(3)
        self.commit_now(3, self["third juror"])
        self.open_now(FAULTS[3], PROMISED)

    def seat(self, case: int) -> None:
        """From its answer to the begin of its commit period."""
        self.move_on(case)
        self.put_seed(self.law.cases[case].seed_epoch)
        self.move_on(case)

    def open_now(self, fault: bytes, asked: int, operator: str = "") -> None:
        service, values = self["service"], (operator or self["operator"], fault, asked, self["accuser"], b"evidence")
        self.do("token.transfer", service, 10**22, sender=self["accuser"])
        self.both_now("court.open", partial(self.law.open, service, *values), *values, sender=service)

    def commit_now(self, case: int, juror: str, guilty: bool = True) -> None:
        seal = sealed(case, 0, juror, guilty, self.salt(juror))
        self.both_now("court.commit", partial(self.law.commit, case, juror, seal), case, seal, sender=juror)
        self.cast[case, 0, juror] = guilty

    def move_on(self, *cases: int) -> None:
        for case in cases:
            self.pass_period(case)
            self.both_now("court.advance", partial(self.law.advance, case), case, sender=self.owner)

    def put_seed(self, epoch: int) -> None:
        seed = keccak256(epoch.to_bytes(32, "big"))
        self.do("box.put", epoch, seed, sender=self.owner)
        self.law.seeds[epoch], self.law.next_seed = seed, max(self.law.next_seed, epoch + 1)

    def pass_period(self, case: int) -> None:
        """Wait until the case's period is over, in time and in blocks."""
        item = self.law.cases[case]
        wait = {1: DAY, 2: 0, 3: 2 * DAY, 4: DAY, 5: 2 * DAY, 6: 14 * DAY, OVER: 0}[item.phase]
        blocks = wait * DAILY_BLOCKS // (2 * DAY)
        self.evm.warp_to(max(self.now, item.since + wait))
        self.evm.mine(max(0, item.since_block + blocks - self.evm.block_number))

    @property
    def accounts(self) -> list[str]:
        return [*self.addresses, self["court"], self["sample"], self.insurance]

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["hub"], self["box"], DAILY_BLOCKS)
        yield from variations(
            "AlignmentCourt",
            right,
            (0, self.owner, "court: token is no contract"),
            (1, self.owner, "court: hub is no contract"),
            (2, self.owner, "court: randomness is no contract"),
            (3, 1, "court: too few blocks a day"),
            (3, 2, None),
        )

    def setup(self, evm: LocalEvm) -> None:
        self.addresses = tuple(self.roles.values())
        super().setup(evm)

    def start(self) -> None:
        super().start()
        self.model, self.law = pickle.loads(self.book)  # noqa: S301 - our own
        self.flow: defaultdict[str, Fraction] = defaultdict(Fraction)  # what went in and out by other calls
        self.votes = dict(self.cast)
        self.pulled: set[int] = set()
        self.promise_cases: dict[int, int] = {}  # promise of the sample service -> its open case

    def deadlines(self) -> list[int]:
        cases = [item.since + days * DAY for item in self.law.cases.values() for days in (1, 2) if item.phase != OVER]
        removed = [item.removed + item.horizon - LONGEST_CASE for item in self.model.services.values() if item.removed]
        releases = [item.asked + 14 * DAY for item in self.law.jurors.values() if item.leaving]
        return [*cases, *releases, *removed, *(time + 1 for time in removed)]

    # both at once -----------------------------------------------------------------------------------------------------

    def judged(self, act: Callable[[CourtModel], Any], order: Any = RAW_OUTCOME) -> Any:
        """Make the call, then the same act on the model of the court: (what was returned, what the model says), or
        None when both refuse, for the same reason."""
        returned = yield order
        self.model.now, self.law.block = self.now, self.evm.block_number
        if returned is None:
            wanted = ""
            try:
                act(copy.deepcopy(self.law, {id(self.model): self.model}))  # no act of the court changes the hub
            except Refused as refused:
                wanted = str(refused)
            assert wanted, f"must succeed, was refused: {self.refusal}"
            assert self.refusal == wanted, f"refused for {self.refusal!r}, not {wanted!r}"
            return None
        self.operations += 1
        try:
            return returned, act(self.law)
        except Refused as refused:
            raise AssertionError(f"succeeded, but must be refused: {refused}") from None

    def penalised(self, case: int, juror: str, exact: Fraction, before: int) -> int:
        """The court slashed a juror whose lock held `before`; wei that it took."""
        self.emitted("court.JurorPenalised", case_id=case, juror=juror)
        taken = before - self.ask("hub.lock_of", self["court"], juror)
        assert abs(taken - min(exact, Fraction(before))) <= DUST, (
            "CRT-1: a juror lost something else than the table says"
        )
        self.law.took(juror, taken)
        return taken

    def tipped(self, done: Any, case: int, juror: str, before: int, who: str) -> None:
        """CRT-4: who shows an absent seat, or an early salt, gets a tenth of what was taken."""
        said, exact = done
        taken = self.penalised(case, juror, exact, before)
        assert abs(number(said) - Fraction(taken, 10)) <= 1, "CRT-4: another tip than a tenth"
        self.flow[who] += number(said)
        self.flow[self["court"]] -= number(said)

    def reheard(self, who: str, case: int) -> Any:
        """A call for the re-hearing, and its fees out of the caller's pocket."""
        done = yield from self.judged(lambda law: law.rehear(case, who))
        if done is not None and self.case(case).caller:
            fees = self.case(case).table.fees(1)
            self.flow[who] -= fees
            self.flow[self["court"]] += fees

    def at_court(self) -> CourtModel:
        self.model.now, self.law.block = self.now, self.evm.block_number
        return self.law

    # who may do what --------------------------------------------------------------------------------------------------

    def salt(self, juror: str) -> bytes:
        return keccak256(juror.encode())

    def seal(self, case: int, juror: str, guilty: bool) -> bytes:
        return sealed(case, self.case(case).hearing, juror, guilty, self.salt(juror))

    def case(self, case: int) -> Case:
        return self.law.cases[case]

    def newest(self, who: str) -> list[int]:
        return [*self.law.cases][-6:]

    def alive(self, who: str) -> list[int]:
        return [case for case, item in self.law.cases.items() if item.phase != OVER] or [1]

    def closed(self, who: str) -> list[int]:
        return [case for case, item in self.law.cases.items() if item.phase == OVER] or [1]

    def sitting(self, who: str) -> list[int]:
        found = [case for case, item in self.law.cases.items() if item.phase in (COMMIT, COMMIT + 1)]
        return found or [1]

    # what always holds ------------------------------------------------------------------------------------------------

    @property
    def cents(self) -> int:
        return DUST * (len(self.law.cases) + 1) + self.operations

    @invariant("CRT-1")
    def money_is_where_the_log_says(self) -> bool:
        """Everybody has what the table gives it; the court holds bonds of open cases, fees and nothing else."""
        for who in self.accounts:
            wanted = self.hold[who] + self.flow[who] + self.law.paid[who]
            found = self.stored(who)
            if who == self["court"]:  # what jurors lost is its credit at the hub until somebody fetches it
                wanted += self.model.credits[who] - sum(self.law.paid.values())
                found += self.credit(who)
            more = int(found - wanted)
            assert abs(more) <= self.cents, f"{self.name(who)} has {more} wei more than the log says"
        return True

    def name(self, who: str) -> str:
        return self.names.get(who, who)
