"""RecordProof at its edges: headers and nodes of every length, every form of a signature, the last wei of a lock.

The second in which a binding begins, ends and is over decides, too. Views and log have to say so. Each action goes a
short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._hub import EPOCH, number
from audit.systems._hub_edges import way
from audit.systems._record_proof import (
    BOUND,
    CHAIN,
    FULL,
    HORIZON,
    IDS,
    LOCK,
    LONGEST,
    NODE,
    RESERVE,
    REWARD,
    WINDOW,
)
from audit.systems._record_proof_edges import (
    AGE,
)
from audit.systems._record_proof_oracles import hidden, secret_of
from audit.systems._record_proof_tries import RecordProofTries
from audit.systems._wallet_signatures import forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import BLOCK_HEADER, HOT_KEY
from keifu.staking import KeyKind
from keifu.units import DAY

__all__ = ["RecordProofEdges"]

NO_BINDING, BAD_SIGNATURE = "record proof: no binding answers", "record proof: bad signature"
UNTRUSTED = "record proof: attestor is not trusted"
NO_KEY, NOT_LISTED = "keys: no such key", "record proof: service not listed"
MARKET = 16  # attestors that one question names at most


class RecordProofEdges(RecordProofTries):
    """Short ways to places where one byte, one second or one wei decides."""

    # keys -------------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, 2, 3, 4)), Choice(("operator", NODE)))
    def keys_of_every_kind(self, who: str, kind: int, by: str) -> Steps:
        """KEY-1, KEY-2: from the second in which a key is named to the one after it is retired."""
        key, operator = self.node.address, self["operator"]
        consent = self.node.sign(self.domain.digest(HOT_KEY, operator, key, kind))
        yield self.send("retire_key", key, fails="keys: not the operator")
        yield self.tx("proofs.retire_key", key, sender=key, fails=NO_KEY)
        fails = None if kind in [*KeyKind] else "keys: no such kind"
        yield self.send("register_key", key, kind, consent, fails=fails)
        if fails:
            self.speaks(None, 0, 0)
            return
        since = self.now
        self.emitted("proofs.KeyRegistered", operator=operator, key=key, kind=kind)
        self.counts_now(self.says(key=NODE), "" if kind == KeyKind.HEARTBEAT else UNTRUSTED)
        self.evm.warp(DAY)
        yield self.send("retire_key", key, by="stranger", fails="keys: not the operator")
        yield self.tx("proofs.retire_key", key, sender=key if by == NODE else operator)
        self.emitted("proofs.KeyRetired", operator=operator, key=key)
        self.evm.warp(DAY)
        yield self.send("retire_key", key, fails=NO_KEY)
        self.speaks(kind, since, since + DAY)
        yield self.send("register_key", key, kind, consent, fails="keys: key is taken")

    @way(Choice((1, 2, 3)))
    def consent_in_every_form(self, who: str, kind: int) -> Steps:
        key, stranger = self.node, self.evm.account("stranger")
        for signature, counts in forms(self.domain, key, stranger, HOT_KEY, self["operator"], key.address, kind):
            if len(signature) > 65:  # longer than what the function takes
                continue
            with self.evm.anchor():
                args = key.address, kind, signature
                yield self.send("register_key", *args, fails=None if counts else "keys: key did not agree")

    @way(Choice(("operator", "other operator", "third operator")))
    def headers_signed_in_every_form(self, who: str, role: str) -> Steps:
        """RPF-2: as wallets send them, by this key and about this block alone."""
        key, stranger, header = self.evm.account(role), self.evm.account("stranger"), self.says(key=role)
        for signature, counts in forms(self.domain, key, stranger, BLOCK_HEADER, *header.args):
            if len(signature) > 65:
                continue
            question = self.asked([(key.address, header.time, signature)])
            if counts:
                assert self.seen("attested_record", *question)[4] == header.number, "another block was shown"
            else:
                self.refused(BAD_SIGNATURE, "attested_record", *question)
        yield from ()

    # questions --------------------------------------------------------------------------------------------------------

    @way(Choice((1, 2, 3)))
    def quorum_to_the_last_one(self, who: str, quorum: int) -> Steps:
        """RPF-2: exactly the least, one fewer, one twice, and one whom the caller does not name."""
        order = sorted(self.operators, key=lambda address: int(address, 16))
        said = [replace(self.says(), key=key) for key in order]
        signed = [(item.key, item.time, self.signs(item)) for item in said]
        assert self.seen("attested_record", *self.asked(signed[:quorum], quorum))[4] == self.blocks[0].number
        self.refused("record proof: too few signatures", "attested_record", *self.asked(signed[:quorum], quorum + 1))
        self.refused("record proof: too few signatures", "attested_record", *self.asked(signed, 0))
        twice = [signed[0], signed[0], *signed[1:quorum]]
        self.refused("record proof: attestors are not in order", "attested_record", *self.asked(twice, quorum))
        turned = self.asked(signed[::-1], quorum)
        self.refused("record proof: attestors are not in order", "attested_record", *turned)
        others = self.asked(signed[:quorum], quorum, attestors=order[1:])
        self.refused(UNTRUSTED, "attested_record", *others)
        for changed in ({"chain": CHAIN + 1}, {"chain": 0}):
            self.refused(BAD_SIGNATURE, "attested_record", *self.asked(signed[:quorum], quorum, **changed))
        crowd = self.asked(signed[:quorum], quorum, attestors=[*order, *[self["stranger"]] * (MARKET - len(order))])
        assert self.seen("attested_record", *crowd)[4] == self.blocks[0].number, "sixteen are too many"
        yield from ()

    @way(Choice((0, DAY, AGE)), Choice((-1, 0, 1)))
    def age_to_the_second(self, who: str, age: int, later: int) -> Steps:
        self.evm.warp_to(max(self.now, self.blocks[0].time + min(age, BOUND // 2) + later))
        over = self.now - self.blocks[0].time
        signed = [(self["operator"], self.now, self.signs(self.says()))]
        self.refused("record proof: block too old", "attested_record", *self.asked(signed, age=over - 1))
        assert self.seen("attested_record", *self.asked(signed, age=over))[5] == self.blocks[0].time
        yield from ()

    @way(Choice((-1, 0, 1)))
    def seconds_of_a_binding(self, who: str, later: int) -> Steps:
        """RPF-2, RPF-3: the first second, the last one, and the last one of the window."""
        period = self.periods[0]
        for time, counts in ((period.since + later, later >= 0), (self.now + later, later <= 0)):
            self.counts_now(self.says(time=time), "" if counts else NO_BINDING)
        with self.evm.anchor():
            self.evm.warp_to(period.last + later)
            self.counts_now(self.says(), "" if later <= 0 else NO_BINDING)
        self.evm.warp_to(period.until + later)
        self.counts_now(self.says(time=period.last), "" if later <= 0 else NO_BINDING)
        yield self.send("unlock", LOCK - RESERVE + 1, fails=None if later > 0 else "hub: more than the lock")
        self.promised(period.since, period.last, 0 if later > 0 else RESERVE)

    # promises ---------------------------------------------------------------------------------------------------------

    @way(Choice((-1, 0, 1, LONGEST, LONGEST + 1)))
    def longest_and_shortest(self, who: str, seconds: int) -> Steps:
        """RPF-3: by somebody who has no binding yet, with a lock that is just enough."""
        yield self.tx("hub.register_operator", 0, "", sender=self["stranger"])
        yield self.tx("hub.lock", self["proofs"], self["stranger"], RESERVE - 1, sender=self["stranger"])
        last, fine = self.now + seconds, 0 < seconds <= LONGEST
        refusal = "record proof: lock too small" if fine else "record proof: bad last day"
        yield self.send("bind", last, by="stranger", fails=refusal)
        self.promised(0, 0, 0, "stranger")
        yield self.tx("hub.lock", self["proofs"], self["stranger"], 1, sender=self["stranger"])
        yield self.send("bind", last, by="stranger", fails=None if fine else refusal)
        if fine:
            self.emitted("proofs.Bound", attestor=self["stranger"], since=self.now + 1, last=last)
            self.promised(self.now + 1, last, RESERVE, "stranger")
            yield self.send("unlock", 1, by="stranger", fails="hub: more than the lock")

    @way(Choice((-1, 0, 1)))
    def prolonged(self, who: str, later: int) -> Steps:
        """Never shortened; it began when it was made. Behind its window it is another one."""
        period = self.periods[0]
        last = period.last + later
        refusal = "record proof: last day is earlier" if later < 0 else None
        yield self.send("bind", last, fails=refusal)
        self.promised(period.since, max(last, period.last), RESERVE)
        until = max(last, period.last) + WINDOW
        self.evm.warp_to(until + later)
        yield self.send("bind", self.now + DAY)
        self.promised(period.since if later <= 0 else self.now + 1, self.now + DAY, RESERVE)

    @way()
    def what_views_say(self, who: str) -> Steps:
        assert tuple(self.seen("terms")) == (WINDOW, 0, ZERO_ADDRESS, 0, 0), "terms of the service"
        assert (self.seen("LONGEST"), self.seen("EVIDENCE_WINDOW"), self.seen("REWARD")) == (LONGEST, WINDOW, REWARD)
        assert self.seen("hub") == self["hub"], "where the coins are"
        assert self.seen("token") == self["token"], "which coin"
        assert tuple(self.seen("eip712Domain"))[1:5] == ("Keifu RecordProof", "1", self.evm.chain_id, self["proofs"])
        self.promised(0, 0, 0, "stranger")
        yield from ()

    # contradictions ---------------------------------------------------------------------------------------------------

    @way(Choice(("watcher", "operator")), Choice(("watcher", "other watcher")))
    def a_contradiction(self, who: str, prover: str, receiver: str) -> Steps:
        """RPF-4, RPF-5: paid once, to whoever committed a block before, and to where that one says."""
        pair = self.pair()
        yield self.send("report", *pair, by=prover, fails="record proof: not committed")
        evidence = self.seen("evidence_of", pair[0], pair[2])
        assert secret_of(pair[0], pair[2], self[prover]) == hidden(evidence, self[prover]), "another evidence"
        yield self.send("commit_proof", hidden(evidence, self[prover]), by=prover)
        yield self.send("report", *pair, by=prover, fails="record proof: not committed")
        self.evm.mine()
        yield self.send("report", *pair, by="other watcher", fails="record proof: not committed")
        yield self.send("report", *pair, by=prover)
        first, second = self.blocks
        self.emitted(
            "proofs.Contradicted", attestor=self["operator"], prover=self[prover], chain_id=CHAIN, number=first.number,
            first=first.hash, second=second.hash, reward=REWARD,
        )  # fmt: skip
        period = self.periods[0]
        self.promised(period.since, period.last, 0, bound=RESERVE)
        self.counts_now(self.says(), NO_BINDING)
        yield self.send("report", *pair, by=prover, fails=NO_BINDING)
        credited = {role for role in self.actors if self.ask("proofs.credits", self[role])}
        assert credited == {prover}, "somebody else is credited"
        for nobody in (ZERO_ADDRESS, self["proofs"]):
            yield self.send("withdraw", nobody, by=prover, fails="payouts: no receiver")
        before = self.stored(self[receiver])
        paid = yield self.send("withdraw", self[receiver], by=prover)
        assert (number(paid), self.stored(self[receiver]) - before) == (REWARD, REWARD), "another sum was paid"
        self.emitted("proofs.Paid", account=self[prover], receiver=self[receiver], amount=REWARD)
        yield self.send("pay", self[prover], by="stranger", fails="payouts: nothing to pay")
        # The same second is the old binding's; the next one is the new one's.
        yield self.send("bind", self.now + DAY)
        self.promised(self.now + 1, self.now + DAY, RESERVE)

    @way(Choice(("chain_id", "number", "block_hash")))
    def no_contradiction(self, who: str, same: str) -> Steps:
        """RPF-4: of one chain, of one number, and not the same."""
        one, other = self.says(0), self.says(1)
        changes: dict[str, Any] = {"chain_id": CHAIN + 1, "number": one.number + 1, "block_hash": one.block_hash}
        other = replace(other, **{same: changes[same]})
        for first, second in ((one, other), (other, one)):
            pair = first.args, self.signs(first), second.args, self.signs(second)
            yield from self.committed_by(pair)
            yield self.send("report", *pair, by="watcher", fails="record proof: no contradiction")

    @way(Choice(("first", "second", "key")))
    def forged_or_of_two(self, who: str, what: str) -> Steps:
        one, other = self.says(0), self.says(1)
        if what == "key":
            other = self.says(1, key="other operator")
        forger = self.evm.account("stranger")
        pair = (
            one.args, self.signs(one, forger if what == "first" else None),
            other.args, self.signs(other, forger if what == "second" else None),
        )  # fmt: skip
        yield from self.committed_by(pair)
        yield self.send(
            "report", *pair, by="watcher", fails="record proof: not one attestor" if what == "key" else BAD_SIGNATURE
        )

    @way(Choice((-1, 0, 1)), Choice((True, False)))
    def reported_in_time(self, who: str, later: int, before: bool) -> Steps:
        """RPF-4: until the window's last second; the second header may be of whatever time."""
        period = self.periods[0]
        pair = self.pair(period.last, 1 if before else period.until + 10**6)
        yield from self.committed_by(pair)
        self.evm.warp_to(period.until + later)
        yield self.send("report", *pair, by="watcher", fails=NO_BINDING if later > 0 else None)

    @way(Choice((-1, 0)), Choice((0, EPOCH)))
    def after_the_service_is_removed(self, who: str, later: int, waited: int) -> Steps:
        """Nothing counts and nobody binds; who has contradicted itself loses its reserve until the horizon is over."""
        yield self.tx("hub.remove_service", self["proofs"], sender=self.owner)
        self.counts_now(self.says(), NOT_LISTED)
        yield self.send("bind", self.periods[0].last + DAY, fails=NOT_LISTED)
        pair = self.pair(self.periods[0].since)
        yield from self.committed_by(pair)
        self.evm.warp_to(self.now + HORIZON - EPOCH + waited + later - 2)
        before = self.ask("hub.lock_of", self["proofs"], self["operator"])
        yield self.send("report", *pair, by="watcher")
        assert before - self.ask("hub.lock_of", self["proofs"], self["operator"]) == RESERVE, "another sum was taken"
        block = self.blocks[0]
        assert self.seen("record_at", block.hash, FULL, IDS[0], block.proof(FULL, IDS[0]))[2], "needs only its code"

    @way()
    def slashed_between_signature_and_use(self, who: str) -> Steps:
        """RPF-2: what was signed while coins answered counts no more once they are gone, and not again by new ones."""
        header = self.says()
        self.counts_now(header)
        pair = self.pair()
        yield from self.committed_by(pair)
        yield self.send("report", *pair, by="watcher")
        self.counts_now(header, NO_BINDING)
        yield self.send("bind", self.now + BOUND)
        self.counts_now(header, NO_BINDING)
        self.counts_now(self.says(), NO_BINDING)
        self.evm.warp(1)
        self.counts_now(self.says())
