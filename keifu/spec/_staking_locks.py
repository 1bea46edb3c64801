"""Own coins behind services, and the multiples to which delegators answer for them: what the log says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from keifu.spec._multiples import Multiple
from keifu.spec.histories import History
from keifu.spec.refusals import check
from keifu.units import COIN, DAY

__all__ = ["MAX_HORIZON", "MAX_MULTIPLE", "RAISE_NOTICE", "Lock", "Locks", "Service", "Terms"]

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
    min_stake: int = COIN
    commission_notice: int = 14  # epochs


@dataclass
class Service:
    """How a service was listed, and when it was removed (0: it was not)."""

    horizon: int
    max_multiple: int
    removed: int = 0


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
        self.touches: defaultdict[str, list[int]] = defaultdict(list)  # operator -> epochs in which somebody called
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
        check(0 < horizon <= MAX_HORIZON, "hub: bad horizon")
        check(max_multiple <= MAX_MULTIPLE, "hub: multiple too high")
        self.services[service] = Service(horizon, max_multiple)

    def remove_service(self, service: str) -> None:
        check(self.is_listed(service), "hub: service not listed")
        self.services[service].removed = self.now

    def is_listed(self, service: str) -> bool:
        return service in self.services and self.services[service].removed == 0

    def may_slash(self, service: str) -> bool:
        """Until its horizon has passed since its removal: what happened before it can still be proved."""
        known = self.services.get(service)
        return known is not None and (known.removed == 0 or self.now < known.removed + known.horizon)

    # operators -------------------------------------------------------------------------------------------------------

    def register_operator(self, operator: str, commission: int) -> None:
        check(operator not in self.commissions, "hub: operator known")
        check(commission <= BPS, "hub: commission too high")
        self.touched(operator)
        self.commissions[operator] = [(0, commission)]

    def set_terms(self, operator: str, commission: int) -> None:
        """The notice is the same for everybody; a second announcement ends one that does not count yet."""
        check(commission <= BPS, "hub: commission too high")
        check(operator in self.commissions, "hub: unknown operator")
        self.touched(operator)
        counting = [item for item in self.commissions[operator] if item[0] <= self.epoch]
        self.commissions[operator] = [*counting, (self.epoch + self.terms.commission_notice, commission)]

    def commission(self, operator: str, epoch: int) -> int:
        """Basis points of what `epoch` earned: an announced one counts from the first epoch, at its date or later, in
        which somebody calls for the operator, which anybody may do."""
        touched = max((item for item in self.touches[operator] if item <= epoch), default=0)
        return self.announced(operator, touched)

    def announced(self, operator: str, epoch: int) -> int:
        return next(bps for since, bps in reversed(self.commissions[operator]) if since <= epoch)

    def touched(self, operator: str) -> None:
        """Somebody called for the operator."""
        if self.epoch not in self.touches[operator][-1:]:
            self.touches[operator].append(self.epoch)

    def set_multiple(self, operator: str, service: str, value: int) -> None:
        check(self.is_listed(service), "hub: service not listed")
        multiple, known = self.locks[service, operator].multiple, self.services[service]
        multiple.pass_to(self.now)
        if value > multiple.wanted:
            check(value <= known.max_multiple, "hub: multiple too high")
        check(operator in self.commissions, "hub: unknown operator")
        raised_from, lowered_from = (self.next_start(self.now + notice) for notice in (RAISE_NOTICE, known.horizon))
        multiple.announce(self.now, value, raised_from, lowered_from)
        multiple.poke(self.now)
        self._note(operator)

    def multiple(self, service: str, operator: str) -> int:
        """What a slash goes by now."""
        return self.locks[service, operator].multiple.at(self.now) if self.is_listed(service) else 0

    # locks -----------------------------------------------------------------------------------------------------------

    def lock(self, service: str, operator: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        check(self.is_listed(service), "hub: service not listed")
        check(operator in self.commissions, "hub: unknown operator")
        lock = self.locks[service, operator]
        check(lock.amount + amount <= MAX_AMOUNT, "hub: amount too large")
        lock.amount += amount

    def bind(self, service: str, operator: str, amount: int) -> int:
        """How much is bound now: never more than is locked, and nothing at a service that is not listed."""
        lock = self.locks[service, operator]
        lock.bound = min(amount, lock.amount) if self.is_listed(service) else 0
        self._note(operator)
        return lock.bound

    def unlock(self, service: str, operator: str, amount: int, bound: int) -> None:
        """Own coins go back to the operator; what is bound only falls."""
        lock = self.locks[service, operator]
        check(amount + bound <= lock.amount, "hub: more than the lock")
        check(amount > 0, "hub: zero amount")
        lock.amount -= amount
        if bound < lock.bound:
            lock.bound = bound
            self._note(operator)

    def take_back(self, service: str, operator: str) -> int:
        """An operator's own way out of a service that was removed and can slash no more."""
        check(service in self.services, "hub: unknown service")
        check(not self.may_slash(service), "hub: service may still slash")
        lock = self.locks[service, operator]
        check(lock.amount > 0, "hub: zero amount")
        amount, lock.amount, lock.bound = lock.amount, 0, 0
        self._note(operator)
        return amount

    def poke(self, operator: str, service: str) -> None:
        """Anybody tells the hub what changed by the passing of time: a raise that counts, a service that is gone."""
        check(operator in self.commissions, "hub: unknown operator")
        lock = self.locks[service, operator]
        lock.multiple.poke(self.now)
        if not self.is_listed(service):
            lock.bound = 0
        self._note(operator)

    def _note(self, operator: str) -> None:
        self.touched(operator)
        mine = [lock for (_, name), lock in self.locks.items() if name == operator]
        self.bound[operator].set(self.now, sum(lock.bound for lock in mine))
        self.exposure[operator].set(self.now, sum(lock.bound * lock.multiple.earning for lock in mine))
