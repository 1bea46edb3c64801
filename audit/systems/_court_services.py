"""Services before the court: an account that opens cases and pulls verdicts, and SampleService with its reserves."""

from __future__ import annotations

from audit.oracles.harm import Harm
from audit.oracles.profit import check_self_slash
from audit.oracles.promise import reserve_of
from audit.systems._court import FAULTS, PROMISED, Courtroom
from audit.systems._hub import number
from ethwire.abi import encode_args
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.court import CONVICTED, VOID
from keifu.units import COIN, DAY

__all__ = ["CourtServices"]

ASKED = (400 * COIN, 400 * COIN, 401 * COIN + 3, 2_500 * COIN, 2_500 * COIN + 1, 9_000 * COIN + 7, 40_000 * COIN)
WRONG = (400 * COIN - 1, 40_000 * COIN + 1, 0)


class CourtServices(Courtroom):
    """Cases are opened, answered, conceded and pulled."""

    harm: Harm

    # cases of an account ----------------------------------------------------------------------------------------------

    @action(
        "", Choice(FAULTS), Choice((*ASKED, *WRONG)), Choice((b"e", b"e", b"e", b"e", b"")),
        sender=("service", "service", "service", "stranger"), weight=7,
    )  # fmt: skip
    def open_case(self, who: str, fault: bytes, asked: int, evidence: bytes) -> Steps:
        operator, accuser = self["operator"], self["accuser"]
        if len(self.law.cases) >= 9:
            return
        self.do("token.transfer", self["service"], 10**22 * 4, sender=accuser)
        self.flow[accuser] -= 10**22 * 4
        self.flow[self["service"]] += 10**22 * 4
        order = self.tx("court.open", operator, fault, asked, accuser, evidence, sender=who, raw_outcome=True)
        done = yield from self.judged(lambda law: law.open(who, operator, fault, asked, accuser, evidence), order)
        if done is not None:
            assert number(done[0]) == done[1], "another case"
            self.brought(who, done[1])
            self.emitted(
                "court.CaseOpened", case_id=done[1], service=who, operator=operator, fault=fault, accuser=accuser,
                amount=asked, evidence=evidence,
            )  # fmt: skip

    def brought(self, who: str, case: int) -> None:
        item = self.case(case)
        bond = item.table.bond(item.repeated)
        self.flow[who] -= bond
        self.flow[self["court"]] += bond

    @action("court.answer", Choice("alive"), Choice((b"answer", b"answer", b"")), weight=3)
    def answer(self, who: str, case: int, evidence: bytes) -> Steps:
        done = yield from self.judged(lambda law: law.answer(case, who, evidence))
        if done is not None:
            self.emitted("court.Answered", case_id=case, party=who, evidence=evidence)

    @action("court.concede", Choice("alive"), sender=("service", "service", "operator", "stranger"), weight=2)
    def concede(self, who: str, case: int) -> Steps:
        yield from self.judged(lambda law: law.concede(case, who))

    @action("court.rehear", Choice("alive"), sender=("accuser", "operator", "stranger"), weight=8)
    def rehear(self, who: str, case: int) -> Steps:
        yield from self.reheard(who, case)

    @action("", Choice("closed"), sender="stranger", weight=8)
    def pull(self, who: str, case: int) -> Steps:
        """The account pulls a conviction once, and pays victim and costs from what arrives."""
        item, service = self.case(case), self["service"]
        if case in self.pulled or item.verdict != CONVICTED or item.service != service:
            return
        self.pulled.add(case)
        _, amount, costs = self.contract("court").verdict(case)
        before = self.coalition()
        damages, penalty = reserve_of(amount + costs), amount // 10
        order = self.tx("hub.slash", item.operator, damages, penalty, sender=service, raw_outcome=True)
        done = yield from self.both(lambda m: m.slash(service, item.operator, damages, penalty), order)
        if done is None:
            return
        slash = done[1]
        assert (number(done[0]), number(done[0], 1)) == (slash.damages, slash.penalty), "another slash"
        self.harm.slash(4, slash.penalty, number(done[0], 2), self.dust)
        check_self_slash(before, self.coalition(), slash.damages)

    def coalition(self) -> int:
        """The operator and the service that slashes it."""
        service = self["service"]
        return self.ask("hub.credit", service) + self.ask("hub.lock_of", service, self["operator"])

    @action("", sender="stranger", weight=1)
    def pay_victim(self, who: str) -> Steps:
        """What arrived at the service goes to the accuser, its victim."""
        service, accuser = self["service"], self["accuser"]
        paid = yield self.tx("hub.collect", accuser, 0, sender=service)
        self.flow[accuser] += number(paid)
        self.received[service] += number(paid)

    # promises of the sample service -----------------------------------------------------------------------------------

    def fault_of(self, promise: int) -> bytes:
        return keccak256(encode_args(["uint256"] * 3, (promise, 0, 0)))

    @action("", Choice((0, 1)), sender=("accuser", "stranger"), weight=5)
    def accuse(self, who: str, promise: int) -> Steps:
        state = self.contract("sample").promise(promise)
        order = self.tx("sample.accuse", promise, b"e", sender=who, raw_outcome=True)
        if who != self["accuser"] or state[7] == 0 or promise in self.promise_cases or self.now > state[6]:
            returned = yield order
            assert returned is None, "promise: accused by somebody else, twice or too late"
            return
        values = (self["sample"], self["operator"], self.fault_of(promise), PROMISED, who, b"e")
        done = yield from self.judged(lambda law: law.open(*values), order)
        if done is not None:
            self.promise_cases[promise] = done[1]
            self.brought(who, done[1])

    @action("", Choice((0, 1)), sender=("operator", "operator", "stranger"), weight=2)
    def concede_promise(self, who: str, promise: int) -> Steps:
        case = self.promise_cases.get(promise)
        order = self.tx("sample.concede", promise, sender=who, raw_outcome=True)
        if case is None or who != self["operator"]:
            returned = yield order
            assert returned is None, "promise: conceded by a stranger, or without a case"
            return
        yield from self.judged(lambda law: law.concede(case, self["sample"]), order)

    @action("", Choice((0, 1)), sender=("operator", "accuser"), weight=3)
    def end_promise(self, who: str, promise: int) -> Steps:
        """Early: its evidence window begins."""
        yield self.tx("sample.end", promise, sender=who, raw_outcome=True)

    @action("", Choice((0, 1)), sender="operator", weight=4)
    def settle_promise(self, who: str, promise: int) -> Steps:
        """The window is over: its reserve ends, unless a case is open, and the operator takes what is free."""
        state = self.contract("sample").promise(promise)
        if 0 < state[6] < self.now + 30 * DAY:
            self.evm.warp_to(max(self.now, state[6] + 1))
        settled = yield self.tx("sample.settle", promise, sender=who, raw_outcome=True)
        assert settled is None or promise not in self.promise_cases, "promise: a reserve ended while its case is open"
        free = self.ask("hub.lock_of", *self.sampled) - self.ask("sample.reserved", who)
        if settled is not None and free:
            order = self.tx("sample.unlock", free, [], sender=who, raw_outcome=True)
            done = yield from self.both(
                lambda m: m.unlock(self["sample"], who, free, self.ask("sample.reserved", who)), order
            )
            assert done is not None, "promise: what is free was not unlocked"

    @action("", Choice((0, 1)), weight=8)
    def pull_promise(self, who: str, promise: int) -> Steps:
        case = self.promise_cases.get(promise)
        order = self.tx("sample.pull", promise, sender=who, raw_outcome=True)
        before, lock = self.ask("sample.credits", self["accuser"]), self.ask("hub.lock_of", *self.sampled)
        done = yield order
        if case is None or not self.case(case).verdict:
            assert done is None, "promise: pulled without a verdict"
            return
        assert done is not None, f"promise: a verdict was not pulled: {self.refusal}"
        del self.promise_cases[promise]
        item = self.case(case)
        if item.verdict != CONVICTED:
            assert self.ask("sample.credits", self["accuser"]) == before, "promise: paid without a conviction"
            return
        taken = lock - self.ask("hub.lock_of", *self.sampled)
        damages = reserve_of(PROMISED + self.contract("court").verdict(case)[2])
        slash = self.model.slash(self["sample"], self["operator"], damages, PROMISED // 10)
        assert taken == slash.damages + slash.penalty, "promise: another sum was taken than the log says"
        paid = self.ask("sample.credits", self["accuser"]) - before
        assert paid >= PROMISED + item.costs - 1_000, f"promise: a claim of {PROMISED} wei got {paid}"
        self.received[self["sample"]] += slash.paid
        self.flow[self["sample"]] += slash.paid

    @property
    def sampled(self) -> tuple[str, str]:
        return self["sample"], self["operator"]

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: what the sample service has reserved is there, and every conviction pays in full, costs included."""
        reserved, there = self.ask("sample.reserved", self["operator"]), self.ask("hub.lock_of", *self.sampled)
        assert reserved <= there, f"promise: {reserved} wei are reserved, {there} are locked"
        for promise, case in self.promise_cases.items():
            item = self.case(case)
            if item.verdict in (CONVICTED, VOID) and self.ask("hub.listed", self["sample"]):
                before = self.ask("sample.credits", self["accuser"])
                self.do("sample.pull", promise, sender=self.owner)
                paid = self.ask("sample.credits", self["accuser"]) - before
                assert item.verdict == VOID or paid >= PROMISED + item.costs - 1_000, f"promise: {paid} wei arrived"
        return True
