"""Own coins behind services, and the multiples to which delegators answer for them: what the log says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from keifu.spec.histories import History
from keifu.spec.refusals import check
from keifu.units import DAY

__all__ = ["MAX_HORIZON", "MAX_MULTIPLE", "RAISE_NOTICE", "Lock", "Locks", "Multiple", "Service", "Terms"]

MAX_HORIZON = 60 * DAY
MAX_MULTIPLE = 4
RAISE_NOTICE = 28 * DAY  # a ticket takes up to 21: who does not agree is gone
MAX_AMOUNT = 2**96 - 1
BPS = 10_000


@dataclass(frozen=True)
class Terms:
    """Constants of the contract and arguments of its constructor."""

    genesis: int
    unbonding: int = 14 * DAY
    epoch_length: int = DAY
    first_emission: int = 1  # epoch
    emission_epochs: int = 1_461
    min_stake: int = 10**18
    commission_notice: int = 14  # epochs


@dataclass
class Service:
    """How a service was listed, and when it was removed (0: it was not)."""

    horizon: int
    max_multiple: int
    removed: int = 0


@dataclass(frozen=True)
class Step:
    """A multiple that somebody announced, and the second from which it counts."""

    value: int
    counts: int


@dataclass
class Multiple:
    """What an operator announced for one service, in order. The latest announcement that counts is the one in force."""

    steps: list[Step] = field(default_factory=list)
    earning: int = 0  # the cautious one: nobody earns for a risk that is not there to its end

    def at(self, time: int) -> int:
        """What a slash at `time` goes by."""
        return next((step.value for step in reversed(self.steps) if step.counts <= time), 0)

    def pending(self, time: int) -> list[Step]:
        return [step for step in self.steps if step.counts > time]

    def announce(self, now: int, value: int, counts: int) -> None:
        """One raise and one lowering may be on their way; a lowering ends a raise that does not count yet."""
        current, lowers = self.at(now), value < self.at(now)

        def stays(step: Step) -> bool:
            return step.counts <= now or (step.value < current and not lowers)

        self.steps = [step for step in self.steps if stays(step)]
        self.steps.append(Step(value, counts))
        self.earning = min(self.earning, value)

    def poke(self, now: int) -> None:
        """Somebody tells the hub that a raise counts now: it earns until something lower is announced."""
        if not any(step.value < self.at(now) for step in self.pending(now)):
            self.earning = self.at(now)


@dataclass
class Lock:
    """Own coins of one operator behind one service."""

    amount: int = 0
    bound: int = 0
    multiple: Multiple = field(default_factory=Multiple)


class Locks:
    """Who is listed, who locked how much, what of it promises need."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.now = terms.genesis
        self.services: dict[str, Service] = {}
        self.commissions: dict[str, list[tuple[int, int]]] = {}  # operator -> (epoch from which, basis points)
        self.locks: defaultdict[tuple[str, str], Lock] = defaultdict(Lock)
        self.bound: defaultdict[str, History] = defaultdict(History)  # operator -> all services together
        self.exposure: defaultdict[str, History] = defaultdict(History)  # operator -> sum of multiple x bound

    # time ------------------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return (self.now - self.terms.genesis) // self.terms.epoch_length + 1

    def start_of(self, epoch: int) -> int:
        return self.terms.genesis + (epoch - 1) * self.terms.epoch_length

    def next_start(self, time: int) -> int:
        """The first start of an epoch at `time` or later."""
        return self.terms.genesis - (self.terms.genesis - time) // self.terms.epoch_length * self.terms.epoch_length

    # services --------------------------------------------------------------------------------------------------------

    def list_service(self, service: str, horizon: int, max_multiple: int) -> None:
        check(service not in self.services, "hub: service known")
        check(horizon > 0, "hub: no horizon")
        check(horizon <= MAX_HORIZON, "hub: horizon too long")
        check(max_multiple <= MAX_MULTIPLE, "hub: multiple too large")
        self.services[service] = Service(horizon, max_multiple)

    def remove_service(self, service: str) -> None:
        check(service in self.services, "hub: unknown service")
        check(self.services[service].removed == 0, "hub: service removed")
        self.services[service].removed = self.now

    def is_listed(self, service: str) -> bool:
        return service in self.services and self.services[service].removed == 0

    def may_slash(self, service: str) -> bool:
        """Until its horizon has passed since its removal: what happened before it can still be proved."""
        known = self.services.get(service)
        return known is not None and (known.removed == 0 or self.now <= known.removed + known.horizon)

    # operators -------------------------------------------------------------------------------------------------------

    def register_operator(self, operator: str, commission: int) -> None:
        check(operator not in self.commissions, "hub: operator known")
        check(commission <= BPS, "hub: commission too high")
        self.commissions[operator] = [(0, commission)]

    def set_terms(self, operator: str, commission: int) -> None:
        """The notice is the same for everybody; a second announcement ends one that does not count yet."""
        check(commission <= BPS, "hub: commission too high")
        check(operator in self.commissions, "hub: unknown operator")
        counting = [item for item in self.commissions[operator] if item[0] <= self.epoch]
        self.commissions[operator] = [*counting, (self.epoch + self.terms.commission_notice, commission)]

    def commission(self, operator: str, epoch: int) -> int:
        """Basis points of what `epoch` earned."""
        return next(bps for since, bps in reversed(self.commissions[operator]) if since <= epoch)

    def set_multiple(self, operator: str, service: str, value: int) -> None:
        check(operator in self.commissions, "hub: unknown operator")
        check(service in self.services, "hub: unknown service")
        multiple, notice = self.locks[service, operator].multiple, self.services[service].horizon
        if value >= multiple.at(self.now):
            check(self.is_listed(service), "hub: service removed")
            check(value <= self.services[service].max_multiple, "hub: multiple too large")
            notice = RAISE_NOTICE
        multiple.poke(self.now)
        multiple.announce(self.now, value, self.next_start(self.now + notice))
        self._note(operator)

    def multiple(self, service: str, operator: str) -> int:
        """What a slash goes by now."""
        return self.locks[service, operator].multiple.at(self.now) if self.is_listed(service) else 0

    # locks -----------------------------------------------------------------------------------------------------------

    def lock(self, service: str, operator: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        check(service in self.services, "hub: unknown service")
        check(self.is_listed(service), "hub: service removed")
        check(operator in self.commissions, "hub: unknown operator")
        lock = self.locks[service, operator]
        check(lock.amount + amount <= MAX_AMOUNT, "hub: amount too large")
        lock.amount += amount

    def bind(self, service: str, operator: str, amount: int) -> int:
        """How much is bound now: never more than is locked, and nothing at a service that was removed."""
        check(service in self.services, "hub: unknown service")
        lock = self.locks[service, operator]
        lock.bound = min(amount, lock.amount) if self.is_listed(service) else 0
        self.touch(service, operator)
        return lock.bound

    def unlock(self, service: str, operator: str, amount: int, bound: int) -> None:
        check(service in self.services, "hub: unknown service")
        lock = self.locks[service, operator]
        check(amount <= lock.amount, "hub: more than the lock")
        check(not self.is_listed(service) or bound <= lock.amount - amount, "hub: below what is bound")
        lock.amount -= amount
        lock.bound = bound if self.is_listed(service) else 0
        self.touch(service, operator)

    def take_back(self, service: str, operator: str) -> int:
        """An operator's own way out of a service that was removed and can slash no more."""
        check(service in self.services, "hub: unknown service")
        check(self.services[service].removed > 0, "hub: service listed")
        check(not self.may_slash(service), "hub: service slashes still")
        lock = self.locks[service, operator]
        check(lock.amount > 0, "hub: nothing locked")
        amount, lock.amount = lock.amount, 0
        self.touch(service, operator)
        return amount

    def touch(self, service: str, operator: str) -> None:
        """Whatever is said about a lock brings it up to date: a raise that counts, a service that was removed."""
        lock = self.locks[service, operator]
        lock.bound = min(lock.bound, lock.amount) if self.is_listed(service) else 0
        lock.multiple.poke(self.now)
        self._note(operator)

    def _note(self, operator: str) -> None:
        mine = [lock for (_, name), lock in self.locks.items() if name == operator]
        self.bound[operator].set(self.now, sum(lock.bound for lock in mine))
        self.exposure[operator].set(self.now, sum(lock.bound * lock.multiple.earning for lock in mine))
