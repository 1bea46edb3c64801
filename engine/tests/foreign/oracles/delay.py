"""Delay: what one proposer has scheduled can be done in time, whatever the other one does."""

from ethwire.constants import DAY
from evmstorm.fuzz import System, action, invariant
from evmstorm.oracles import Exit, check_exits

SECONDS = DAY
NOTHING = bytes(32)


class Delay(System):
    contracts = ("Lock",)
    actors = ("user", "rival")
    salts = tuple(number.to_bytes(32, "big") for number in (1, 2))

    def setup(self, evm):
        proposers = list(self.roles.values())
        self.bind(lock=evm.deploy("Lock", SECONDS, proposers, sender=evm.account("owner")))
        self.payee = evm.account("payee").address

    def start(self):
        self.asked = {}

    def deadlines(self):
        return [asked + SECONDS for asked in self.asked.values()]

    @action(weight=2)
    def schedule_first(self, who):
        yield from self.schedule(who, self.salts[0])

    @action(weight=2)
    def schedule_second(self, who):
        yield from self.schedule(who, self.salts[1])

    def schedule(self, who, salt):
        call = self.tx("lock.schedule", self.payee, 0, b"", NOTHING, salt, SECONDS, sender=who, raw_outcome=True)
        if (yield call) is not None:
            self.asked.setdefault(salt, self.now)

    def done(self, salt):
        to, encode = self.resolve("lock.execute", 5)
        return self.evm.raw.call(self["user"], to, encode([self.payee, 0, b"", NOTHING, salt])) is not None

    @invariant("DELAY-1", at_end=True)
    def in_time(self):
        """Each operation can be done when its delay is over."""
        exits = [
            Exit(f"operation {salt[-1]}", asked, SECONDS, lambda salt=salt: self.done(salt))
            for salt, asked in self.asked.items()
        ]
        check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        return True
