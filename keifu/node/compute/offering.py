"""The node's offer at the market: made once, prolonged in time, changed with notice, ended when its owner says so.

What stands on the chain is compared with the settings at each look, and one step towards them is sent. So a restart
repeats nothing, and what another machine did is not done again. A service that was ended early, or that a report took,
begins again only by its owner's word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.abi import Contract
from keifu.chain.sender import Sender
from keifu.chain.suite import HEARTBEATS
from keifu.compute.client.checks import Prices
from keifu.compute.market.refusals import explained
from keifu.compute.market.services import Announced, Served, ServiceState, offers_of, read_service, served_of
from keifu.compute.promises import Offer
from keifu.compute.receipt import Receipts
from keifu.errors import Revert
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.compute.naming import Naming
from keifu.node.sections import MarketWork
from keifu.units import day

__all__ = ["AGAIN_FILE", "LEAVING_FILE", "Offering", "Wanted"]

# In the node's folder: the owner's word that services end, and that those which have ended begin anew.
LEAVING_FILE, AGAIN_FILE = "leaving", "again"
PREFIX = "market "  # of the intents
MARGIN = 10  # a service is prolonged by a tenth of its term at least
NOWHERE = bytes(32)


@dataclass(frozen=True)
class Wanted:
    """A service as the settings have it."""

    environment: bytes
    offer: Offer


@dataclass(frozen=True)
class _Stands:
    """A service as the chain has it."""

    service: ServiceState
    offers: list[Announced]
    served: Served | None

    @property
    def is_stopped(self) -> bool:
        """By its operator's word, by a report, or settled."""
        if self.served is None:
            return False
        return not self.service.reserve or self.service.last < self.served.last


class Offering:
    """Of the thread of the rounds. `reprice` gets the most that an environment's answers cost now."""

    def __init__(
        self,
        chain: NodeChain,
        market: Contract,
        sender: Sender,
        settings: MarketWork,
        receipt: Account,
        services: list[Wanted],
        folder: Path,
        reprice: Callable[[bytes, Prices], None],
    ) -> None:
        self._chain, self._market, self._sender, self._settings = chain, market, sender, settings
        self._receipt, self._folder, self._reprice = receipt, folder, reprice
        self._services = services if settings.endpoint else []
        self._account = sender.account.address.lower()
        self.operator = settings.operator or self._account
        domain = Receipts(chain.id, market.address).domain
        self._naming = Naming(chain, market, domain, sender, receipt, self.operator, settings.cap, PREFIX)
        self._known: dict[bytes, tuple[tuple[Any, ...], _Stands]] = {}
        self._said: dict[bytes, str] = {}
        self.trouble = ""
        self.awaited = ""  # the service that nobody finds at the market yet, in words

    @property
    def named_since(self) -> int:
        """From when the receipt key speaks for the operator, unix seconds; 0 while it does not."""
        return self._naming.since

    @property
    def is_leaving(self) -> bool:
        return (self._folder / LEAVING_FILE).exists()

    @property
    def blind(self) -> str:
        """Why no receipt can be signed that counts for the operator; "" when it can."""
        return self._naming.blind

    def facts(self) -> dict[str, Any]:
        return {environment.hex(): words for environment, words in dict(self._said).items()}

    def step(self, now: int) -> None:
        """Send the next step that is due. `now` is the newest block's time. Raises RpcError and CheckFailed."""
        self.trouble = self._naming.look()
        found = {wanted: self._stands(wanted.environment) for wanted in self._services}
        for wanted, stands in found.items():
            self._price(wanted.environment, stands, now)
            self._said[wanted.environment] = _words(stands, now)
        self.awaited = (
            "" if self.is_leaving else next(filter(None, (_awaited(*item, now) for item in found.items())), "")
        )
        if self.operator != self._account or self.trouble or self._naming.is_sending():
            return
        try:
            with explained():
                _ = self._naming.step() or any(self._do(*item, now) for item in found.items())
        except Revert as refusal:
            self.trouble = f"the market refuses: {refusal}"

    # looking -------------------------------------------------------------------------------------------------------

    def _stands(self, environment: bytes) -> _Stands:
        """Events are read once for each change."""
        service = read_service(self._market, self.operator, environment)
        state = (service, *self._market.offer(self.operator, environment)[1:])
        known = self._known.get(environment)
        if known is None or known[0] != state:
            where = (self._chain.client, self._market, self.operator, environment, self._chain.record.first_block)
            known = self._known[environment] = state, _Stands(service, offers_of(*where), served_of(*where))
        return known[1]

    def _price(self, environment: bytes, stands: _Stands, now: int) -> None:
        """Another offer counts after its notice: until then nobody is charged more than the one before."""
        if current := [item.offer for item in stands.offers if item.since <= now]:
            offer = current[-1]
            self._reprice(environment, Prices(offer.request, offer.input_units, offer.output_units))

    def _last(self, environment: bytes, now: int) -> int:
        """The last second that can be promised."""
        last = now + self._settings.term
        if environment == NOWHERE:
            return last
        heartbeats = self._chain.suite.at(self._chain.client, HEARTBEATS)
        _, bound, _, reserve = heartbeats.binding(self.operator, environment)
        return min(last, bound) if reserve else 0

    # sending -------------------------------------------------------------------------------------------------------

    def _do(self, wanted: Wanted, stands: _Stands, now: int) -> bool:
        """Whether a step was sent for a service. Raises Revert where the market would refuse it."""
        environment, service = wanted.environment, stands.service
        runs = service.runs(now) and service.last > now
        if self.is_leaving:
            return runs and self._send("end", "end", self.operator, environment)
        if not stands.is_stopped:
            (self._folder / AGAIN_FILE).unlink(missing_ok=True)
        elif not (self._folder / AGAIN_FILE).exists():
            self.trouble = "the service was ended, or a report took it: keifu node compute offer begins it anew"
            return False
        last = self._last(environment, now)
        if last <= now:
            self.trouble = "heartbeats do not bind the operator to the environment: nothing is offered"
            return False
        offer = self._offer(wanted, stands, now)
        if runs and not self._is_due(stands, offer, last, now):
            return False
        args = environment, offer.args, self._settings.endpoint, max(last, service.last)
        return self._send("serve", "serve", *args)

    @staticmethod
    def _offer(wanted: Wanted, stands: _Stands, now: int) -> Offer:
        """What is announced: while one is under notice, that one again."""
        newest = stands.offers[-1] if stands.offers else None
        return newest.offer if newest is not None and newest.since > now else wanted.offer

    def _is_due(self, stands: _Stands, offer: Offer, last: int, now: int) -> bool:
        term, service = self._settings.term, stands.service
        is_short = service.last - now < term // 2 and last - service.last > term // MARGIN
        is_elsewhere = stands.served is not None and stands.served.endpoint != self._settings.endpoint
        return is_short or is_elsewhere or offer != stands.offers[-1].offer

    def _send(self, what: str, function: str, *args: Any) -> bool:
        return self._naming.send(what, function, *args)


def _awaited(wanted: Wanted, stands: _Stands, now: int) -> str:
    """What a client does not find, though it was never ended; "" when it is found."""
    if stands.is_stopped or stands.service.runs(now):
        return ""
    return f"environment {wanted.environment.hex()} is not offered at the market yet"


def _words(stands: _Stands, now: int) -> str:
    if stands.service.runs(now):
        return f"served until {day(stands.service.last)}"
    return "ended" if stands.served is not None else "not offered yet"
