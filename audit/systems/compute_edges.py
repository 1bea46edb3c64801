"""ComputeMarket at its edges: one second, one wei, one block or one form of a signature more.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace

from audit.systems._compute import (
    ANSWER_WINDOW,
    BOND,
    CAP,
    CLAIMED,
    DIGESTS,
    ENDPOINT,
    LOCK,
    LONGEST,
    NOWHERE,
    REWARD,
    SERVICE_DAMAGES,
    SERVICE_RESERVE,
    TERM,
    WINDOW,
    covers_damages,
)
from audit.systems._compute_edges import LITTLE, RESPONSE, RESTITUTION, TAKEN, ComputeEdgeSystem
from audit.systems._compute_orders import REQUESTS
from audit.systems._hub_edges import way
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.compute.promises import commitment
from keifu.keys import keccak256
from keifu.units import COIN, DAY, HOUR

__all__ = ["ComputeEdges"]


class ComputeEdges(ComputeEdgeSystem):
    """Short ways from an operator that serves an environment and has a receipt key and a transaction key."""

    contracts = ("ComputeMarket",)

    # services ---------------------------------------------------------------------------------------------------------

    @way()
    def the_last_second_of_a_service(self, who: str) -> Steps:
        """As long as heartbeats bind, 180 days at most, no day less than before; an endpoint of one letter."""
        place, last = self.places[0], self.opened_at + TERM
        yield self.serving(place, last - self.now - 1, fails="compute: last day is earlier")
        yield self.serving(place, last - self.now)
        yield self.serving(NOWHERE, LONGEST + 1, fails="compute: bad last day")
        yield self.serving(NOWHERE, 0, fails="compute: bad last day")
        yield self.serving(NOWHERE, LONGEST)
        yield self.serving(place, self.opened_at + LONGEST - self.now + 1, fails="compute: not bound by heartbeats")
        yield self.serving(place, self.opened_at + LONGEST - self.now)
        yield self.sends("serve", NOWHERE, self.first_offer.args, "", self.now + LONGEST, fails="compute: no endpoint")
        yield self.sends("serve", NOWHERE, self.first_offer.args, "e", self.now + LONGEST)

    @way()
    def heartbeats_that_were_freed(self, who: str) -> Steps:
        """A binding that holds nothing is none, whatever its last day is."""
        place = self.places[0]
        yield self.tx("heartbeats.release", self["operator"], place, sender=self["author"])
        yield self.serving(place, LONGEST - DAY, fails="compute: not bound by heartbeats")

    @way(Choice((0, 1)))
    def a_lock_to_the_wei(self, who: str, less: int) -> Steps:
        yield self.sends("unlock", LOCK - 2 * SERVICE_RESERVE + less, [], [])
        yield self.serving(NOWHERE, DAY, fails="compute: lock too small" if less else None)

    @way()
    def the_end_of_a_service(self, who: str) -> Steps:
        """To the second, of its window, too."""
        place, last = self.places[0], self.opened_at + TERM
        self.evm.warp_to(last - 1)
        with self.evm.anchor():
            yield self.sends("end", self["operator"], place)
            yield self.sends("end", self["operator"], place, fails="compute: service has ended")
        self.evm.warp_to(last)
        yield self.sends("end", self["operator"], place, fails="compute: service has ended")
        self.evm.warp_to(last + WINDOW)
        yield self.settles([place], [], fails="compute: still open to claims")
        said = self.lie(time=last)
        yield from self.committed_by(said)
        with self.evm.anchor():
            yield self.shows(said)
        self.evm.warp_to(last + WINDOW + 1)
        yield self.shows(said, fails=TAKEN)
        yield self.settles([place], [])
        yield self.settles([place], [], fails="compute: no service")

    @way()
    def offers_to_the_second(self, who: str) -> Steps:
        place, other = self.places[0], replace(self.first_offer, request=7)
        last = self.opened_at + TERM
        args = (place, other.args, ENDPOINT, last)
        yield self.sends("serve", *args)
        counts = self.now + DAY
        for now, offer in ((counts - 1, self.first_offer), (counts, other)):
            self.evm.warp_to(now)
            found = self.answer_of("market.offer", self["operator"], place)
            assert (bytes(found[0]), bytes(found[1]), found[2]) == (offer.hash, other.hash, counts), (
                "which offer counts"
            )
            with self.evm.anchor():
                third = (place, replace(other, request=8).args, ENDPOINT, last)
                yield self.sends("serve", *third, fails="compute: offer is under notice" if now < counts else None)

    # reports ----------------------------------------------------------------------------------------------------------

    @way(Choice((-1, 0, 1)), Choice((0, 1)))
    def seconds_of_a_service(self, who: str, off: int, at_end: int) -> Steps:
        first, last = self.opened_at + 1, self.opened_at + TERM
        self.evm.warp_to(last + HOUR)
        said = self.lie(time=(last if at_end else first) + off)
        yield from self.committed_by(said)
        yield self.shows(said, fails=TAKEN if off == (1 if at_end else -1) else None)

    @way()
    def nothing_shown(self, who: str) -> Steps:
        yield self.sends(
            "commit_proof", keccak256(bytes(32) + bytes(12) + bytes.fromhex(self["watcher"][2:])), by="watcher"
        )
        self.evm.mine()
        yield self.shows(fails="compute: nothing is shown")

    @way()
    def of_two_operators(self, who: str) -> Steps:
        """Whichever is shown first; and of a key that is nobody's any more."""
        other = self.signers[self["other operator"]]
        mine = self.lie()
        theirs = self.say(other, replace(mine.receipt, fee=6))
        for pair in ((mine, theirs), (theirs, mine)):
            yield from self.committed_by(pair[0])
            yield self.shows(*pair, fails="compute: two operators")
        self.evm.warp(HOUR)
        yield self.sends("retire_key", self.key.address)
        retired = self.now
        self.evm.warp(HOUR)
        late, in_time = self.lie(time=retired + 1), self.lie(time=retired)
        for said, reason in ((late, TAKEN), (in_time, None)):
            yield from self.committed_by(said)
            yield self.shows(said, fails=reason)

    @way()
    def one_block(self, who: str) -> Steps:
        said = self.lie()
        yield from self.committing(said.receipt, self["watcher"])
        yield self.shows(said, fails="compute: not committed")
        self.evm.mine()
        yield self.shows(replace(said, shown=self.say(self.key, said.receipt, beside=5).shown))

    @way()
    def what_is_paid(self, who: str) -> Steps:
        """A service and a cover together, to the wei."""
        yield self.covering()
        self.evm.warp(HOUR)
        one = self.lie(channel_id=self.pool[0].name)
        two = self.say(self.key, replace(one.receipt, output_units=31))
        yield from self.committed_by(one)
        yield self.shows(one, two)
        damages = SERVICE_DAMAGES + covers_damages(RESTITUTION)
        assert self.credit("payer") == RESTITUTION
        assert self.credit("watcher") == damages * 4 // 5 - RESTITUTION
        assert self.credit("watcher") - REWARD - RESTITUTION // 10 in (0, 1)
        assert self.ask("market.reserved", self["operator"]) == 0
        assert self.locks() == LOCK - damages - REWARD - RESTITUTION // 10

    def locks(self) -> int:
        return self.ask("hub.lock_of", self["market"], self["operator"])

    @way()
    def a_hub_that_pays_less(self, who: str) -> Steps:
        """What does not arrive is nobody's credit: the market never owes more than it has."""
        poor = "poor"
        yield self.sends("set_cap", self["operator"], CAP, to=poor)
        yield self.covering(to=poor)
        self.evm.warp(HOUR)
        one = self.receipt(time=self.now)
        domain = self.domain_of(poor)
        pair = [self.receipts_of(domain, receipt) for receipt in (one, replace(one, fee=6))]
        yield self.sends("commit_proof", commitment(one.struct_hash, self["watcher"]), by="watcher", to=poor)
        self.evm.mine()
        record = self.records[DIGESTS[0]].args
        yield self.sends("report", pair, record, by="watcher", to=poor)
        assert (self.credit("payer", poor), self.credit("watcher", poor)) == (LITTLE, 0), "CMP-11"

    @way()
    def a_removed_market(self, who: str) -> Steps:
        """Reports go on until the horizon, to the second."""
        yield self.covering()
        self.evm.warp(HOUR)
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        said = self.lie(channel_id=self.pool[0].name)
        yield from self.committed_by(said)
        self.evm.warp_to(self.opened_at + TERM)
        yield self.shows(said)
        assert self.stored(self["market"]) == self.credit("payer") + self.credit("watcher")

    # demands ----------------------------------------------------------------------------------------------------------

    @way()
    def a_fee_to_the_wei(self, who: str) -> Steps:
        yield self.covering()
        yield self.asks(CLAIMED + 1, fails="compute: fee was not paid")
        yield self.asks(0, fails="compute: no fee")
        yield self.asks(CLAIMED)
        yield self.asks(1, fails="compute: demand is open")
        yield self.replies()
        self.emitted(
            "market.Answered", channel=self.pool[0].name, operator=self["operator"], number=1, response=RESPONSE
        )
        yield self.asks(1, fails="compute: fee was not paid")
        yield self.tx("market.pay", self["operator"], sender=who)
        self.emitted("market.Paid", account=self["operator"], receiver=self["operator"], amount=BOND)

    @way()
    def an_answer_to_the_second(self, who: str) -> Steps:
        yield self.covering()
        yield self.asks(1)
        deadline = self.now + ANSWER_WINDOW
        self.evm.warp_to(deadline)
        yield self.closes(fails="compute: no answer is overdue")
        with self.evm.anchor():
            yield self.replies()
        self.evm.warp_to(deadline + 1)
        yield self.replies(fails="compute: no answer is due")
        before = self.locks()
        yield self.closes()
        assert (self.credit("payer"), before - self.locks()) == (BOND + 1, 2 + RESTITUTION // 10), "CMP-6"
        yield self.closes(fails="compute: no answer is overdue")
        yield self.sends("withdraw", self["stranger"], by="payer")
        self.emitted("market.Paid", account=self["payer"], receiver=self["stranger"], amount=BOND + 1)

    @way()
    def one_wei_is_paid(self, who: str) -> Steps:
        """The authorizer has its bond, the payer a fee of one wei."""
        yield self.covering()
        yield self.asks(1, by="key holder")
        self.evm.warp(ANSWER_WINDOW + 1)
        yield self.closes()
        before = self.stored(self["payer"])
        yield self.tx("market.pay", self["payer"], sender=who)
        assert (self.stored(self["payer"]) - before, self.credit("key holder")) == (1, BOND), "CMP-11"

    @way()
    def freed_while_an_answer_is_due(self, who: str) -> Steps:
        """Nothing is covered anew before that is over, and closing takes nothing."""
        name, operator = self.pool[0].name, self["operator"]
        yield self.covering()
        yield self.asks(1)
        yield self.sends("release", name, operator, by="key holder", fails="compute: not the payer")
        yield self.sends("release", name, operator, by="payer")
        yield self.sends("release", name, operator, by="payer", fails="compute: no cover")
        self.evm.warp(1)
        yield self.covering(fails="compute: demand is open")
        self.evm.warp(ANSWER_WINDOW)
        yield self.closes()
        assert (self.credit("payer"), self.locks()) == (BOND, LOCK), "CMP-5"
        yield self.covering()

    @way()
    def a_token_that_takes_a_fee(self, who: str) -> Steps:
        yield self.sends("set_cap", self["operator"], CAP, to="cheat")
        yield self.covering(to="cheat", price=COIN, fails="transfer: token takes a fee")
        yield self.covering(to="cheat")
        args = (self.pool[0].values, self["operator"], 1, REQUESTS[0])
        yield self.sends("demand", *args, by="payer", to="cheat", fails="transfer: token takes a fee")
        order = (self["operator"], NOWHERE, self.requests.root, 1, 1_000, self.now + DAY)
        yield self.sends("place", *order, by="payer", to="book", fails="transfer: token takes a fee")

    @way()
    def the_longest(self, who: str) -> Steps:
        """Texts and lists that are as long as they may be, and of one more."""
        yield self.covering()
        request, response = b"\xff" * 2_048, b"\xff" * 4_096
        args = (self.pool[0].values, self["operator"], 1)
        yield self.sends("demand", *args, request, by="payer")
        said = self.receipt(request_hash=keccak256(request), response_hash=keccak256(response))
        yield self.sends("answer", self.say(self.key, said, beside=999).shown, response)
        yield self.settles([NOWHERE] * 16, [], fails="compute: no service")
        yield self.settles([], [NOWHERE] * 16, fails="compute: no cover")
