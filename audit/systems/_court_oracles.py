"""The court, and what stands on it, under the oracles: whoever drives it, nobody gains beyond the log, jurors get out
in time, and it does not matter in which order anybody is paid."""

from __future__ import annotations

from functools import partial

from audit.oracles.harm import Harm
from audit.systems._court import DAILY_BLOCKS, DUST, Courtroom
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from keifu.spec.court import LONGEST_CASE, SEED
from keifu.units import DAY

__all__ = ["CourtOracles"]


class CourtOracles(Courtroom):
    """Four of the five; the promises are those of the services that accuse."""

    def start(self) -> None:
        super().start()
        self.harm = Harm()

    def behind_court(self, juror: str) -> int:
        return self.ask("hub.lock_of", self["court"], juror)

    @invariant("ORA-1", at_end=True)
    def nobody_is_richer_than_the_log_says(self) -> bool:
        """Profit: no coalition has more than the log entitles it to, coins, credits and locks together."""
        model = self.model
        held, entitled = {}, {}
        for who in self.addresses:
            locks = sum(self.ask("hub.lock_of", service, who) for service in self.services)
            held[self.name(who)] = self.stored(who) + self.ask("hub.credit", who) + locks
            owed = self.hold[who] + self.flow[who] + self.law.paid[who]
            entitled[self.name(who)] = owed + model.credits[who] - self.received[who] + model.locked(who)
        check_profit(held, entitled, self.cents)
        check_paid_in_full(held, entitled, self.cents)
        return True

    @invariant("ORA-4", at_end=True)
    def jurors_get_out_in_time(self) -> bool:
        """Delay: whoever asks its coins back has them when the cases before it are over and 14 days have passed."""
        law = self.at_court()
        longest = 5 * LONGEST_CASE + 14 * DAY
        exits = []
        for who in self.jurors:
            if (left := self.behind_court(who) - law.jurors[who].leaving) > 0 and self.ask("hub.listed", self["court"]):
                self.do("court.leave", left, sender=who)
            exits.append(Exit(self.name(who), self.now, longest, partial(self.is_out, who)))
        if not self.ask("hub.listed", self["court"]):
            return True
        check_exits(exits, lambda: self.evm.now, self.wait_with_cases)
        return True

    def wait_with_cases(self, until: int) -> None:
        """Seeds come, cases go on and are settled."""
        for _ in range(60):
            open_cases = [case for case in self.law.cases if not self.contract("court").over(case)]
            if not open_cases:
                break
            for case in open_cases:
                stored = self.contract("court").get_case(case)
                if stored[9] == SEED:
                    self.do("box.put", stored[12], b"\1" * 32, sender=self.owner)
                self.do("court.advance", case, sender=self.owner)
            self.evm.warp(DAY)
            self.evm.mine(DAILY_BLOCKS)
        self.evm.warp_to(max(self.now, until))
        for case in self.law.cases:
            self.do("court.claim", case, self.jurors, sender=self.owner)

    def is_out(self, juror: str) -> bool:
        if self.behind_court(juror):
            try:
                self.do("court.release", sender=juror)
            except AssertionError:
                return False
        return self.behind_court(juror) == 0

    @invariant("ORA-5", at_end=True)
    def pay_knows_no_order(self) -> bool:
        """Neutrality: settled in one call or one by one, first to last or last to first, every juror has the same."""
        over = [case for case in self.law.cases if self.contract("court").over(case)]
        if not over:
            return True
        together = self.settled([(case, self.jurors) for case in over])
        apart = [(case, [who]) for case in over for who in self.jurors]
        for order in (apart, apart[::-1]):
            for who, whole, part in zip(self.jurors, together, self.settled(order), strict=True):
                check_alike(f"pay of {self.name(who)}", whole, [part], DUST)
        return True

    def settled(self, calls: list[tuple[int, list[str]]]) -> list[int]:
        """What each juror has after these claims, lock, credit and coins together. From a court that the hub does not
        slash for any more, jurors take their locks back first."""
        is_over = not self.at_court().hub.may_slash(self["court"])
        with self.evm.anchor():
            for who in filter(self.behind_court, self.jurors if is_over else ()):
                self.do("hub.take_back", self["court"], sender=who)
            for case, jurors in calls:
                self.do("court.claim", case, jurors, sender=self.owner)
            return [self.stored(who) + self.behind_court(who) + self.ask("hub.credit", who) for who in self.jurors]
