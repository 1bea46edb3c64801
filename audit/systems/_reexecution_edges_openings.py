"""Openings at their edges: whose receipts, of which second, under which signatures, with which bytes."""

from __future__ import annotations

from typing import Any

from audit.reexecuted import FEE, REST
from audit.systems._hub_edges import way
from audit.systems._reexecution_edges import NOTHING
from audit.systems._reexecution_edges_promises import OVER, PromiseEdges
from audit.systems._wallet_signatures import forms
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.compute.promises import shown
from keifu.compute.receipt import Evidence
from keifu.keys import keccak256

__all__ = ["ROOT", "OpeningEdges"]

ROOT, OTHER_ROOT = b"\x01" * 32, b"\x02" * 32
NOT_ITS_KEY, OUTSIDE, OTHER_BYTES = (
    f"reexecution: {reason}" for reason in ("not the operator's", "outside the promise", "other bytes")
)


class OpeningEdges(PromiseEdges):
    """Short ways to what an opening refuses, and to what it keeps of what it takes."""

    @way()
    def all_of_an_opening(self, who: str) -> Steps:
        """REX-2: what is kept, what stands in the log, and what is paid."""
        receipt, before = self.receipt(number=7), self.coins("client")
        answer = yield self.opens(receipt=receipt)
        self.emitted("service.Opened", demand=1, promise=1, receipt=receipt.struct_hash, seed_epoch=0,
                     request=b"a question", response=b"an answer", stored=(NOTHING, NOTHING))  # fmt: skip
        assert int.from_bytes(answer, "big") == 1 == self.ask("service.demand_count"), "REX-2: its number"
        assert before - self.coins("client") == 5 * FEE == self.coins("service"), "REX-12: its fees"
        kept = (1, 7, receipt.struct_hash, self.now, 0, 9, 1, 0, 0, 0, 0, False, 0, 0, 0, 0)
        assert tuple(self.view("demand", 1)) == kept, "REX-2: another demand"
        assert (self.view("promise", 1)[7], self.ask("service.judged", 1, 7)) == (1, 1)
        yield self.opens(receipt=self.receipt(number=8), fails="reexecution: demand is open")
        yield from self.promises()
        self.evm.warp(1)
        yield self.seeds_are(1)
        yield self.opens(promise=2, receipt=self.receipt(number=7))
        assert self.view("demand", 2)[4] == 1, "REX-4: another seed"

    @way(Choice((False, True)))
    def receipts_to_the_second(self, who: str, is_late: bool) -> Steps:
        """REX-2: from the first second of the promise to its last one, and none of tomorrow."""
        state = self.view("promise", 1)
        since, last = state[4], state[3][7]
        for time, fails in (
            (since - 1, OUTSIDE), (last + 1, OUTSIDE), (self.now + 1, NOT_ITS_KEY), (last, NOT_ITS_KEY)
        ):  # fmt: skip
            yield self.opens(receipt=self.receipt(time=time), fails=fails)
        if not is_late:
            with self.evm.anchor():
                yield self.opens(receipt=self.receipt(time=self.now))
            yield self.opens(receipt=self.receipt(time=since))
            return
        self.evm.warp_to(last + REST)
        yield self.opens(receipt=self.receipt(time=last + 1), fails=OUTSIDE)
        with self.evm.anchor():
            yield self.opens(receipt=self.receipt(time=last))
        self.evm.warp(1)
        yield self.opens(receipt=self.receipt(time=last), fails=OVER)

    @way()
    def whose_receipts(self, who: str) -> Steps:
        """REX-2: of the operator's key, this market, this channel, this model and this kind."""
        world = self.world
        yield self.opens(by="operator", fails="reexecution: not the client")
        yield self.opens(promise=2, fails="reexecution: not the client")
        for kind in (Evidence.UNVERIFIED, Evidence.ATTESTED, Evidence.PROVED):
            yield self.opens(receipt=self.receipt(evidence=kind), fails="reexecution: not of that kind")
        for changes in ({"channel_id": ROOT}, {"digest": ROOT}):
            yield self.opens(receipt=self.receipt(**changes), fails="reexecution: another channel or model")
        batch = [self.receipt(number=number) for number in (1, 3)]
        signed = world.receipts.sign(world.operator, batch)
        strange = world.receipts.sign(world.other, batch)
        for one, other, fails in ((signed[0], signed[1], NOT_ITS_KEY), (strange[1], strange[1], NOT_ITS_KEY),
                                  (signed[0], signed[0], None), (signed[1], signed[1], None)):  # fmt: skip
            values, _, signature = shown(one)
            rest = (b"a question", b"an answer", (NOTHING, NOTHING))
            with self.evm.anchor():
                yield self.sends("open", 1, values, shown(other)[1], signature, *rest, by="client", fails=fails)
                if not fails:
                    assert self.view("demand", 1)[1:3] == (one.receipt.number, one.receipt.struct_hash)

    @way(Choice((False, True)))
    def signed_in_every_form(self, who: str, is_odd: bool) -> Steps:
        """REX-2: receipts count under the signatures that the market takes, and no others."""
        receipt = next(
            one for number in range(1, 99) if self.plain(one := self.receipt(number=number))[64] == 27 + is_odd
        )
        domain, key, other = self.world.receipts.domain, self.world.operator, self.world.other
        plain = self.plain(receipt)
        for signature, counts in forms(domain, key, other, RECEIPT_BATCH, receipt.leaf):
            if len(signature) <= 65:
                with self.evm.anchor():
                    given = list(self.world.opening(receipt=receipt))
                    given[3] = signature
                    fails = None if counts and signature[:32] == plain[:32] else NOT_ITS_KEY
                    yield self.sends("open", *given, by="client", fails=fails)

    def plain(self, receipt: Any) -> bytes:
        return bytes(self.world.operator.sign(self.world.receipts.domain.digest(RECEIPT_BATCH, receipt.leaf)))

    @way()
    def bytes_or_a_deal(self, who: str) -> Steps:
        """REX-2: the receipt's bytes, or a root where there are none."""
        given: dict[str, Any]
        for given in ({"request": b"other"}, {"response": b"other"}, {"request": b""}, {"response": b""},
                      {"request": b"", "response": b"", "stored": (ROOT, NOTHING)},
                      {"request": b"", "response": b"", "stored": (NOTHING, ROOT)},
                      {"request": b"", "stored": (NOTHING, ROOT)}, {"response": b"", "stored": (ROOT, NOTHING)},
                      {"request": b"other", "stored": (ROOT, OTHER_ROOT)}):  # fmt: skip
            yield self.opens(fails=OTHER_BYTES, **given)
        for given, is_stored in (({"request": b"", "stored": (ROOT, NOTHING)}, True),
                                 ({"response": b"", "stored": (NOTHING, ROOT)}, True),
                                 ({"request": b"", "response": b"", "stored": (ROOT, OTHER_ROOT)}, True),
                                 ({"stored": (ROOT, OTHER_ROOT)}, False)):  # fmt: skip
            with self.evm.anchor():
                yield self.opens(**given)
                self.emitted("service.Opened", stored=given["stored"])
                assert self.view("demand", 1)[11] == is_stored, "REX-5: what may be unreadable"
        longest = bytes(2_048)
        hashes = {"request_hash": keccak256(longest), "response_hash": keccak256(longest)}
        yield self.opens(receipt=self.receipt(**hashes), request=longest, response=longest)
