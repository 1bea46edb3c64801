"""HeartbeatService at its edges: the second in which a binding begins, ends and is over, one wei of a lock or of a
credit, every form of a key's consent, and what views and log say of each of them.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._heartbeat_edges import PARTS, SMALL, TERM, HeartbeatEdgeSystem, damages_of
from audit.systems._heartbeat_service import (
    DAMAGES,
    DIGESTS,
    LOCK,
    LONGEST,
    RESERVE,
    RESTITUTION,
    WINDOW,
    evidence_of,
)
from audit.systems._hub import EPOCH
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import HOT_KEY
from keifu.staking import KeyKind
from keifu.units import DAY

__all__ = ["HeartbeatEdges"]

NO_BINDING, NOT_COMMITTED = "heartbeats: no binding", "heartbeats: not committed"
EARLIER, TOO_SMALL = "heartbeats: last day is earlier", "heartbeats: lock too small"
OUTSIDE, OVER = "heartbeats: time is outside the binding", "heartbeats: evidence window is over"
STILL_OPEN, NOT_FALSE = "heartbeats: still open to reports", "heartbeats: heartbeat is not false"
ALIKE, UNSIGNED = "heartbeats: no contradiction", "heartbeats: bad signature"
MORE_THAN_THE_LOCK, NO_KEY = "hub: more than the lock", "keys: no such key"
NOTHING = (0, 0, 0, 0)


class HeartbeatEdges(HeartbeatEdgeSystem):
    """Short ways to places where one second, one wei or one form of a signature decides."""

    def constructors(self) -> Iterator[Deployment]:
        nobody = self["stranger"]
        right = self["token"], self["hub"], self["environments"], RESTITUTION, WINDOW
        yield from variations(
            "HeartbeatService", right, (1, nobody, "heartbeats: no contract"), (2, nobody, "heartbeats: no contract"),
            (3, 10, None), (3, 9, "heartbeats: bad restitution"), (3, 0, "heartbeats: bad restitution"), (4, 0, None),
        )  # fmt: skip

    # keys -------------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, 2, 3, 4)), Choice(("operator", "key")))
    def kinds_of_keys(self, who: str, kind: int, by: str) -> Steps:
        """A key of each kind, from the second in which it is named to the one after it is retired."""
        key, operator = self.node.address, self["operator"]
        consent = self.node.sign(self.domain.digest(HOT_KEY, operator, key, kind))
        fails = None if kind in [*KeyKind] else "keys: no such kind"
        yield self.send("register_key", key, kind, consent, fails=fails)
        if fails is not None:
            self.speaks(key, None, 0, 0)
            return
        since = self.now
        self.emitted("heartbeats.KeyRegistered", operator=operator, key=key, kind=kind)
        self.speaks(key, kind, since, 0)
        yield self.send("register_key", key, kind, consent, fails="keys: key is taken")
        self.evm.warp(DAY)
        yield self.send("retire_key", key, by="stranger", fails="keys: not the operator")
        self.speaks(key, kind, since, 0)
        yield self.tx("heartbeats.retire_key", key, sender=key if by == "key" else operator)
        self.emitted("heartbeats.KeyRetired", operator=operator, key=key)
        self.speaks(key, kind, since, since + DAY)
        self.evm.warp(DAY)
        yield self.send("retire_key", key, fails=NO_KEY)
        self.speaks(key, kind, since, since + DAY)

    @way()
    def keys_that_nobody_named(self, who: str) -> Steps:
        key = self.node.address
        yield self.tx("heartbeats.retire_key", key, sender=key, fails=NO_KEY)
        yield self.send("retire_key", key, fails="keys: not the operator")
        self.speaks(key, None, 0, 0)
        yield self.send("register_key", ZERO_ADDRESS, 1, bytes(65), fails="keys: key did not agree")
        yield self.binds()

    @way(Choice((1, 2, 3)), Choice(("node", "spare", "third")))
    def consent_in_every_form(self, who: str, kind: int, role: str) -> Steps:
        """As wallets send it, for this operator, key and kind alone."""
        key, stranger = self.evm.account(role), self.evm.account("stranger")
        for signature, counts in forms(self.domain, key, stranger, HOT_KEY, self["operator"], key.address, kind):
            if len(signature) > 65:  # longer than what the function takes
                continue
            with self.evm.anchor():
                args = key.address, kind, signature
                yield self.send("register_key", *args, fails=None if counts else "keys: key did not agree")
                if counts:
                    self.speaks(key.address, kind, self.now, 0)
            for other in (("other operator", kind), ("operator", kind % 3 + 1)):
                args = key.address, other[1], signature
                yield self.send("register_key", *args, by=other[0], fails="keys: key did not agree")

    # bindings ---------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, LONGEST, LONGEST + 1)))
    def longest_and_shortest(self, who: str, seconds: int) -> Steps:
        last = self.now + seconds
        fails = None if 0 < seconds <= LONGEST else "heartbeats: bad last day"
        yield self.binds(last=last, fails=fails)
        if fails is not None:
            self.promised(0, *NOTHING)
            return
        since = self.now + 1
        self.emitted("heartbeats.Bound", operator=self["operator"], environment=self.places[0], since=since, last=last)
        self.promised(1, since, last, last + WINDOW, RESERVE)
        assert tuple(self.seen("binding", self["operator"], self.places[1])) == NOTHING
        assert tuple(self.seen("binding", self["other operator"], self.places[0])) == NOTHING

    @way(Choice((-1, 0, 1)))
    def prolonged(self, who: str, later: int) -> Steps:
        """Never shortened; it began when it was made and reserves what it did."""
        since, last = self.now + 1, self.now + TERM
        yield self.binds(last=last)
        self.evm.warp(DAY)
        yield self.binds(last=last + later, fails=EARLIER if later < 0 else None)
        if later >= 0:
            self.emitted(
                "heartbeats.Bound", operator=self["operator"], environment=self.places[0], since=since,
                last=last + later,
            )  # fmt: skip
        last += max(0, later)
        self.promised(1, since, last, last + WINDOW, RESERVE)

    @way()
    def where_none_can_be(self, who: str) -> Steps:
        yield self.send("bind", b"\x55" * 32, self.now + DAY, fails="heartbeats: no such environment")
        for function in ("end", "settle"):
            yield self.send(function, self["operator"], self.places[0], fails=NO_BINDING)
        yield self.send("release", self["operator"], self.places[0], by="client", fails=NO_BINDING)
        yield self.send("unlock", 1, [self.places[0]], fails=NO_BINDING)
        yield self.binds()

    @way(Choice((-1, 0, 1)))
    def a_lock_to_the_wei(self, who: str, more: int) -> Steps:
        """Two reserves, and the second binding: one wei less is too little."""
        yield self.send("unlock", LOCK - 2 * RESERVE - more, [])
        yield self.binds()
        yield self.binds(place=1, fails=TOO_SMALL if more < 0 else None)
        assert self.seen("reserved", self["operator"]) == (1 if more < 0 else 2) * RESERVE

    @way(Choice((0, 1)))
    def ended_early(self, who: str, at_last: int) -> Steps:
        """By its operator, before its last second; the window begins then."""
        since, last, operator, place = self.now + 1, self.now + TERM, self["operator"], self.places[0]
        yield self.binds(last=last)
        self.evm.warp(TERM - 1 + at_last)
        yield self.send("end", operator, place, by="stranger", fails="heartbeats: not the operator")
        yield self.send("end", operator, place, fails="heartbeats: binding has ended" if at_last else None)
        if not at_last:
            last = self.now
            self.emitted("heartbeats.Ended", operator=operator, environment=place, until=last + WINDOW)
        self.promised(1, since, last, last + WINDOW, RESERVE)
        self.evm.warp_to(last + WINDOW)
        yield self.send("settle", operator, place, by="stranger", fails=STILL_OPEN)
        self.evm.warp(1)
        yield self.send("settle", operator, place, by="stranger")
        self.emitted("heartbeats.Settled", operator=operator, environment=place)
        self.promised(0, since, last, last + WINDOW, 0)
        yield self.binds()
        self.promised(1, self.now + 1, self.now + TERM, self.now + TERM + WINDOW, RESERVE)

    @way()
    def service_removed(self, who: str) -> Steps:
        """Nobody binds any more, and anybody ends."""
        yield self.binds()
        yield self.tx("hub.remove_service", self["heartbeats"], sender=self.owner)
        yield self.binds(place=1, fails="heartbeats: service not listed")
        self.evm.warp(1)
        yield self.send("end", self["operator"], self.places[0], by="stranger")
        self.promised(1, self.now, self.now, self.now + WINDOW, RESERVE)

    @way()
    def released(self, who: str) -> Steps:
        since, last, operator, place = self.now + 1, self.now + TERM, self["operator"], self.places[0]
        yield self.binds()
        yield self.send("release", operator, place, fails="heartbeats: not the one to be paid")
        yield self.send("release", operator, place, by="client")
        self.emitted("heartbeats.Settled", operator=operator, environment=place)
        self.promised(0, since, last, last + WINDOW, 0)

    @way(Choice((0, 1, 2)), Choice((0, 1)))
    def unlocked_after_settling(self, who: str, settled: int, more: int) -> Steps:
        """What the named bindings reserved is free in the same call, and not a wei of the others'."""
        operator = self["operator"]
        for place in (0, 1):
            yield self.binds(place=place, last=self.now + 1)
        self.evm.warp(WINDOW + 2)
        free = LOCK - (2 - settled) * RESERVE
        due = self.places[:settled]
        yield self.send("unlock", free + more, due, fails=MORE_THAN_THE_LOCK if more else None)
        if due and not more:
            self.emitted("heartbeats.Settled", count=settled, operator=operator, environment=due[-1])
        kept = 2 if more else 2 - settled
        assert self.seen("reserved", operator) == kept * RESERVE
        assert self.ask("hub.lock_of", self["heartbeats"], operator) == (LOCK if more else LOCK - free)

    @way()
    def hub_hears_once_an_epoch(self, who: str) -> Steps:
        """At the first binding of an epoch, and from anybody."""
        yield self.binds()
        self.hub_knows(1)
        yield self.binds(place=1)
        self.hub_knows(1)
        returned = yield self.send("tell_hub", self["operator"], by="stranger")
        assert int.from_bytes(returned, "big") == 2 * RESERVE
        self.hub_knows(2)
        yield self.send("release", self["operator"], self.places[0], by="client")
        self.hub_knows(2)
        yield self.binds(place=1)
        self.hub_knows(2)
        self.evm.warp(EPOCH)
        yield self.binds(place=1, last=self.now + TERM)
        self.hub_knows(1)

    # reports ----------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)), Choice((False, True)))
    def committed_a_block_before(self, who: str, blocks: int, first_block: bool) -> Steps:
        """And by the one who shows it; the first block of a chain counts, too. An earlier commitment stays."""
        yield self.binds()
        self.evm.warp(1)
        if first_block:
            self.evm.mine(1 - self.evm.block_number)
        lie = self.lie()
        yield self.shown(lie, fails=NOT_COMMITTED)
        evidence = self.seen("evidence_of", *lie, self["watcher"])
        assert bytes(evidence) == evidence_of(lie, self["watcher"])
        yield self.send("commit", evidence, by="stranger")
        self.evm.mine(blocks)
        yield self.send("commit", evidence, by="watcher")
        yield self.shown(lie, by="other watcher", fails=NOT_COMMITTED)
        yield self.shown(lie, fails=None if blocks else NOT_COMMITTED)

    @way(Choice((False, True)))
    def paid_for_a_fault(self, who: str, contradiction: bool) -> Steps:
        """What is credited and what the log says, to the wei, and that it is paid once."""
        since, last, operator = self.now + 1, self.now + TERM, self["operator"]
        yield self.binds()
        self.evm.warp(DAY)
        lie, truth = self.lie(), self.lie(digest=DIGESTS[0])
        yield from self.committed_by(lie)
        yield self.shown_with(lie, truth) if contradiction else self.shown(lie)
        reward = DAMAGES * 4 // 5 - RESTITUTION
        self.emitted(
            "heartbeats.Reported", operator=operator, environment=self.places[0], prover=self["watcher"],
            node=operator, promotion_seq=1, digest=DIGESTS[2], restitution=RESTITUTION, reward=reward,
        )  # fmt: skip
        self.promised(0, since, last, last + WINDOW, 0)
        self.credited({"client": RESTITUTION, "watcher": reward})
        assert self.ask("hub.lock_of", self["heartbeats"], operator) == LOCK - RESERVE
        yield self.shown(lie, fails=NO_BINDING)
        yield from self.paid("client", "client", RESTITUTION)
        self.credited({"watcher": reward})
        yield from self.paid("watcher", "stranger", reward)
        self.credited({})

    @way(Choice(("early", "first", "last", "late", "to come", "window", "over")))
    def seconds_of_a_heartbeat(self, who: str, when: str) -> Steps:
        since, last = self.now + 1, self.now + TERM
        yield self.binds()
        now, time, fails = {
            "early": (since, since - 1, OUTSIDE), "first": (since, since, None), "last": (last, last, None),
            "late": (last + 1, last + 1, OUTSIDE), "to come": (since, since + 1, OUTSIDE),
            "window": (last + WINDOW, last, None), "over": (last + WINDOW + 1, last, OVER),
        }[when]  # fmt: skip
        self.evm.warp_to(now)
        lie = self.lie(time)
        yield from self.committed_by(lie)
        yield self.shown(lie, fails=fails)

    @way(Choice(("digest", "record", "signature", "seq")))
    def no_fault(self, who: str, what: str) -> Steps:
        """A true heartbeat, another record, a stranger's signature, a number that was never given."""
        yield self.binds()
        self.evm.warp(1)
        changes: dict[str, dict[str, Any]] = {"digest": {"digest": DIGESTS[0]}, "seq": {"seq": 3}}
        beat, signature = self.lie(**changes.get(what, {}))
        lie = (beat, self.signed_by("stranger", beat)) if what == "signature" else (beat, signature)
        yield from self.committed_by(lie)
        yield self.shown(lie, record=1 if what == "record" else 0, fails=NOT_FALSE)

    @way(Choice(("digest", "seq", "place", "node", "first signature", "second signature")))
    def no_contradiction(self, who: str, what: str) -> Steps:
        yield self.binds()
        yield self.binds(place=1)
        yield self.binds(by="other operator")
        self.evm.warp(1)
        first, second = self.lie(), self.lie(digest=DIGESTS[1])
        if what == "first signature":
            first = first[0], self.signed_by("stranger", first[0])
        elif what == "second signature":
            second = second[0], self.signed_by("stranger", second[0])
        else:
            changes: dict[str, dict[str, Any]] = {
                "digest": {"digest": DIGESTS[2]}, "seq": {"seq": 2}, "place": {"place": 1},
                "node": {"node": "other operator"},
            }  # fmt: skip
            second = self.lie(**{"digest": DIGESTS[1], **changes[what]})
        yield from self.committed_by(first)
        yield self.shown_with(first, second, fails=UNSIGNED if "signature" in what else ALIKE)

    @way(Choice(PARTS))
    def a_slash_that_pays_less(self, who: str, taken: int) -> Steps:
        """Four fifths are there: the environment's address comes first, and the prover gets what is left."""
        service = f"paid {taken}"
        yield self.binds(service=service)
        self.evm.warp(1)
        lie = self.lie()
        yield from self.committed_by(lie, service=service)
        yield self.shown(lie, service=service)
        there = taken * 4 // 5
        self.credited({"client": min(RESTITUTION, there), "watcher": max(0, there - RESTITUTION)}, service)

    # money ------------------------------------------------------------------------------------------------------------

    @way(Choice(SMALL))
    def sums_of_every_remainder(self, who: str, wei: int) -> Steps:
        """Damages are the least of which four fifths are restitution and reward."""
        service = f"of {wei}"
        for name, wanted in (("restitution", wei), ("damages", damages_of(wei)), ("penalty", wei // 10)):
            assert self.seen(name, service=service) == wanted, name
        assert tuple(self.seen("terms", service=service)) == (WINDOW, 0, ZERO_ADDRESS, wei, wei)
        assert self.seen("evidence_window", service=service) == WINDOW
        yield self.binds(service=service, by="other operator", fails=TOO_SMALL)
        yield self.binds()

    @way()
    def one_wei_is_paid(self, who: str) -> Steps:
        """A reward of one wei, and whoever is owed nothing."""
        service = f"of {SMALL[0]}"
        yield self.binds(service=service)
        self.evm.warp(1)
        lie = self.lie()
        yield from self.committed_by(lie, service=service)
        yield self.shown(lie, service=service)
        self.credited({"client": SMALL[0], "watcher": 1}, service)
        yield self.send("pay", self["stranger"], service=service, fails="heartbeats: nothing to pay")
        yield from self.paid("watcher", "stranger", 1, service)

    @way(Choice((-1, 0, 1)))
    def coins_that_are_here(self, who: str, more: int) -> Steps:
        """The hub is asked only when there are too few."""
        yield self.binds()
        self.evm.warp(1)
        lie = self.lie()
        yield from self.committed_by(lie)
        yield self.shown(lie)
        credit = self.ask("hub.credit", self["heartbeats"])
        yield self.tx("token.transfer", self["heartbeats"], RESTITUTION + more, sender=self["stranger"])
        yield from self.paid("client", "client", RESTITUTION)
        assert self.ask("hub.credit", self["heartbeats"]) == (0 if more < 0 else credit), "collected without need"

    @way()
    def nobody_to_pay(self, who: str) -> Steps:
        yield self.binds()
        self.evm.warp(1)
        lie = self.lie()
        yield from self.committed_by(lie)
        yield self.shown(lie)
        for receiver in (ZERO_ADDRESS, self["heartbeats"]):
            yield self.send("withdraw", receiver, by="watcher", fails="heartbeats: no receiver")
        yield from self.paid("watcher", "watcher", DAMAGES * 4 // 5 - RESTITUTION)
        yield self.send("withdraw", self["watcher"], by="watcher", fails="heartbeats: nothing to pay")
