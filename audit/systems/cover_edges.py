"""Covers and keys of ComputeMarket at their edges: one second, one wei or one form of a signature more.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._compute import (
    CAP,
    LARGEST,
    LONGEST,
    SERVICE_RESERVE,
    SMALLEST,
    UNKNOWN,
    WINDOW,
)
from audit.systems._compute_edges import RESTITUTION, TAKEN, TERM_OF_COVER, ComputeEdgeSystem
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import COVER, HOT_KEY
from keifu.compute.promises import Cover, needed_for
from keifu.staking import KeyKind
from keifu.units import COIN, DAY, HOUR

__all__ = ["CoverEdges"]


class CoverEdges(ComputeEdgeSystem):
    """Short ways from an operator whose receipt key may hold some covers."""

    contracts = ("ComputeMarket",)

    # covers -----------------------------------------------------------------------------------------------------------

    @way()
    def a_cover_prolonged(self, who: str) -> Steps:
        """Of the same restitution, no day less, once a signature; the cap counts it once."""
        last = self.now + TERM_OF_COVER
        yield self.sends("set_cap", self.key.address, needed_for(RESTITUTION) - 1)
        yield self.covering(fails="caps: over the key's cap")
        yield self.sends("set_cap", self.key.address, needed_for(RESTITUTION))
        yield self.covering()
        since = self.now + 1
        yield self.covering(fails="compute: signature was used")
        self.evm.warp(HOUR)
        yield self.covering(last=last - 1, fails="compute: last day is earlier")
        yield self.covering(last=last, restitution=RESTITUTION + 1, fails="compute: another restitution")
        yield self.covering(last=last)
        yield self.covering(last=last + 1, price=1)
        self.emitted("hub.Rewarded", operator=self["operator"], payer=self["market"], amount=1)
        found = self.answer_of("market.cover_of", self.pool[0].name, self["operator"])
        payer, key = self.pool[0].payer, self.key.address
        assert tuple(found) == (
            payer, key, RESTITUTION, since, last + 1, last + 1 + WINDOW, needed_for(RESTITUTION)
        ), "CMP-3"  # fmt: skip
        assert tuple(self.answer_of("market.cap", self["operator"], key)) == (needed_for(RESTITUTION),) * 2
        yield self.covering(row=1, fails="caps: over the key's cap")

    @way()
    def restitutions(self, who: str) -> Steps:
        """Between one coin and 40,000."""
        yield self.sends("lock", self["market"], self["operator"], 10**6 * COIN, to="hub")
        yield self.sends("set_cap", self.key.address, 10**6 * COIN)
        for wei, is_good in ((SMALLEST - 1, False), (SMALLEST, True), (LARGEST, True), (LARGEST + 1, False)):
            with self.evm.anchor():
                yield self.covering(restitution=wei, fails=None if is_good else "compute: bad restitution")
                if is_good:
                    assert self.ask("market.reserved", self["operator"]) == SERVICE_RESERVE + needed_for(wei)

    @way()
    def times_of_a_cover(self, who: str) -> Steps:
        yield self.covering(deadline=self.now - 1, fails="compute: signature has expired")
        for seconds in (0, LONGEST + 1):
            yield self.covering(last=self.now + seconds, fails="compute: bad last day")
        for seconds in (1, LONGEST):
            with self.evm.anchor():
                yield self.covering(last=self.now + seconds)
        name, operator = self.pool[0].name, self["operator"]
        yield self.covering()
        until = self.now + TERM_OF_COVER + WINDOW
        self.evm.warp_to(until)
        yield self.settles([], [name], fails="compute: still open to claims")
        with self.evm.anchor():
            yield self.asks(1)
            self.evm.warp(1)
            yield self.settles([], [name], fails="compute: demand is open")
        self.evm.warp(1)
        yield self.asks(1, fails="compute: no cover")
        yield self.settles([], [name])
        assert tuple(self.answer_of("market.cap", operator, self.key.address)) == (CAP, 0)
        yield self.settles([], [name], fails="compute: no cover")

    @way(Choice((0, 1)))
    def seconds_of_a_cover(self, who: str, at_end: int) -> Steps:
        yield self.covering()
        edge = self.now + (TERM_OF_COVER if at_end else 1)
        self.evm.warp_to(self.now + TERM_OF_COVER + HOUR)
        out, within = (edge + 1, edge) if at_end else (edge - 1, edge)
        for time, reason in ((out, TAKEN), (within, None)):
            said = self.lie(channel_id=self.pool[0].name, environment=self.places[0], time=time)
            pair = (self.say(self.key, replace(said.receipt, environment=UNKNOWN, fee=fee)) for fee in (1, 2))
            one, two = pair
            yield from self.committed_by(one)
            yield self.shows(one, two, fails=reason)

    @way()
    def covered_in_every_form(self, who: str) -> Steps:
        """By the key alone, under the market's domain, as wallets send it."""
        row, said = self.pool[0], Cover(self.pool[0].name, RESTITUTION, 0, self.now + DAY, self.now)
        salted = self.key.sign(self.receipts.domain.salted_digest(COVER, *said.args))
        yield from self.tried(salted, row, said, counts=False)
        for signature, counts in forms(self.receipts.domain, self.key, self.signers[self["author"]], COVER, *said.args):
            plain = self.key.sign(self.receipts.domain.digest(COVER, *said.args))
            if len(signature) <= 65:
                yield from self.tried(signature, row, said, counts=counts and signature[:32] == plain[:32])

    def tried(self, signature: bytes, row: Any, said: Cover, *, counts: bool) -> Any:
        with self.evm.anchor():
            args = (row.values, said.args, self["operator"], signature)
            yield self.sends("cover", *args, by="payer", fails=None if counts else "compute: not the operator's key")

    # keys -------------------------------------------------------------------------------------------------------------

    @way(Choice((1, 2, 3)))
    def consent_in_every_form(self, who: str, kind: int) -> Steps:
        key, stranger, operator = self.keys[self.key_names[1]], self.signers[self["author"]], self["operator"]
        for signature, counts in forms(self.receipts.domain, key, stranger, HOT_KEY, operator, key.address, kind):
            if len(signature) <= 65:
                with self.evm.anchor():
                    args = (key.address, kind, signature)
                    yield self.sends("register_key", *args, fails=None if counts else "keys: key did not agree")
                    if counts:
                        self.emitted("market.KeyRegistered", operator=operator, key=key.address, kind=kind)
                        found = tuple(self.answer_of("market.key", key.address))
                        assert found == (operator, kind, self.now, 0), "KEY-1"

    @way()
    def a_key_retires(self, who: str) -> Steps:
        """By its operator or by itself, once; one that nobody named, never."""
        hot, operator, since = self["hot key"], self["operator"], self.opened_at
        yield self.sends("retire_key", self["stranger"], by="stranger", fails="keys: no such key")
        yield self.sends("retire_key", hot, by="hot key")
        self.emitted("market.KeyRetired", operator=operator, key=hot)
        assert tuple(self.answer_of("market.key", hot)) == (operator, 3, since, self.now), "KEY-1"
        yield self.sends("retire_key", hot, fails="keys: no such key")
        for kind in (1, 2, 3):
            for time, speaks in (
                (since - 1, hot),
                (since, operator),
                (self.now, operator),
                (self.now + 1, ZERO_ADDRESS),
            ):
                wanted = ZERO_ADDRESS if kind != KeyKind.TRANSACTION and time >= since else speaks
                found = self.answer_of("market.operator_of", hot, kind, time)
                assert found == wanted, "KEY-1"
