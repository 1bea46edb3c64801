"""Milestones of GrantProgram at their edges: one second or one wei more, and lists at their longest.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from typing import Any

from audit.systems._grant_edges import FAR, NOTICE, GrantEdgeSystem
from audit.systems._grant_program import (
    CLAIM_TIME,
    PAID,
    SCHEMAS,
)
from audit.systems._hub_edges import way
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi import encode_args
from keifu.keys import keccak256
from keifu.provenance import Kind, Link, Record, Relation, Status
from keifu.units import COIN, DAY

__all__ = ["GrantReleaseEdges"]

CALLS = ("release", "take_back", "fund", "pay_learner", "claw_back", "lapse", "vote", "object", "propose", "list_token")


def leaf_of(index: int, learner: str, amount: int) -> bytes:
    return keccak256(keccak256(encode_args(["uint256", "address", "uint256"], [index, learner, amount])))


class GrantReleaseEdges(GrantEdgeSystem):
    """Short ways from a programme with three members of whom two are needed."""

    @way()
    def eight_milestones(self, who: str) -> Steps:
        """The longest proposal there is: each milestone has four attesters, all needed, and is released by itself."""
        crowd = tuple(self.evm.account(f"attester {number}").address for number in range(4))
        items = [
            self.item(amount=PAID // 8 + at, attesters=crowd, needed=4, kind=1 + at, schema=bytes([at]) * 32,
                      sound=at % 2 == 1, step=DAY if at < 6 else 0, steps=7 if at < 6 else 0, cliff=2 if at < 6 else 0)
            for at in range(8)
        ]  # fmt: skip
        number = yield from self.due(*items)
        before = self.money()
        for at in reversed(range(8)):
            record = yield from self.evidence(items[at])
            for wrong in range(8):
                reason = "another kind of record" if wrong < at else "milestone is not pending"
                if wrong != at:
                    yield self.releases(number, wrong, record, reason)
            grant = yield self.releases(number, at, record)
            assert int.from_bytes(grant, "big") == (6 - at if at < 6 else 0), "GRT-3: another grant"
            if at < 6:
                plan = self.contract("escrow").plan(6 - at)
                wanted = (self["team"], self["grants"], items[at].amount, self.now, DAY, 7, 2, 0)
                assert tuple(plan) == wanted, "GRT-3: another plan"
        reserved = sum(item.amount for item in items)
        assert self.money() == (before[0], before[1] - reserved), "GRT-6"
        for at in (8, 255, 256, 2**248, 2**256 - 1):
            yield self.releases(number, at, self.data, "no such milestone")
            yield self.sends("lapse", number, at, fails="no such milestone")
            yield self.sends("claw_back", number, at, self.data, fails="no such milestone")

    # releases and returns ---------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def released_to_the_second(self, who: str, late: int) -> Steps:
        """After the notice, until the deadline, by attestations that have not expired."""
        item = self.item(deadline=self.now + NOTICE + 1)
        number = yield from self.carried(item, self.item(), self.item())
        record = yield from self.evidence(item)
        brief = yield from self.evidence(item, expiry=self.now + NOTICE + 2)
        self.evm.warp(NOTICE)
        yield self.releases(number, 0, record, "notice is not over")
        yield self.sends("lapse", number, 0, fails="notice is not over")
        self.evm.warp(1 + late)
        yield self.sends("lapse", number, 0, fails=None if late else "deadline has not passed")
        yield self.releases(number, 0, record, "milestone is not pending" if late else None)
        yield self.releases(number, 1, brief, "not enough attestations" if late else None)
        for at in (3, 7):
            yield self.releases(number, at, record, "milestone is not pending")
        yield self.releases(number, 2, record, None if late else "record was shown before")

    @way()
    def what_has_vested_to_the_second(self, who: str) -> Steps:
        """A second before a step, and at it; when all has vested nothing is taken."""
        amount = PAID + 1  # does not divide
        item = self.item(amount=amount, step=DAY, steps=7, cliff=2)
        number = yield from self.due(item)
        record = yield from self.evidence(item)
        free, _ = self.money()
        yield self.releases(number, 0, record)
        yield self.tx("registry.revoke_attestation", SCHEMAS[0], record, sender=self["attester"])
        for seconds, steps in ((2 * DAY - 1, 0), (2 * DAY, 2), (7 * DAY - 1, 6), (7 * DAY, 7)):
            with self.evm.anchor():
                self.evm.warp(seconds)
                if steps == 7:
                    yield self.tx("grants.claw_back", number, 0, record, sender=who, fails="escrow: nothing to revoke")
                    continue
                back = yield self.sends("claw_back", number, 0, record)
                rest = amount - amount * steps // 7
                assert int.from_bytes(back, "big") == rest, "GRT-8"
                assert self.money() == (free + rest, 0), "GRT-8"
                assert tuple(self.view("milestone", number, 0)) == (4, 0, item.deadline, 1), "GRT-8"

    @way(Choice(("record", "ancestor", "word", "old", "hidden")), Choice((True, False)))
    def what_a_release_rests_on(self, who: str, how: str, sound: bool) -> Steps:
        item = self.item(sound=sound, step=DAY, steps=7)
        parent = yield from self.publishing(self["stranger"], int(Kind.MODEL), self.data)
        number = yield from self.due(item)
        record = yield from self.evidence(item, parent=parent, expiry=self.now + DAY)
        yield self.releases(number, 0, record)
        assert self.view("stands", number, 0, record), "GRT-8"
        self.evm.warp(DAY)
        if how == "word":
            yield self.tx("registry.revoke_attestation", SCHEMAS[0], record, sender=self["other attester"])
        if how in ("old", "hidden"):
            yield self.tx("registry.set_status", record, int(Status.DEPRECATED), "old", sender=self["team"])
        if how in ("ancestor", "hidden"):
            yield self.tx("registry.set_status", self.data, int(Status.REVOKED), "wrong", sender=self["stranger"])
        if how == "record":
            yield self.tx("registry.set_status", record, int(Status.REVOKED), "wrong", sender=self["team"])
        is_lost = how in ("record", "word") or (how == "ancestor" and sound)
        assert self.view("stands", number, 0, record) != is_lost, "GRT-8"
        with self.evm.anchor():
            yield self.sends("claw_back", number, 0, record, fails=None if is_lost else "evidence stands")
        path = [self.records[known].content.args for known in (record, parent)]
        yield self.tx("witness.trace", record, path[1:], sender=who, fails="witness: not what it was made from")
        yield self.tx("witness.trace", record, path, sender=who)
        is_lost = is_lost or (how == "hidden" and sound)
        assert self.view("stands", number, 0, record) != is_lost, "GRT-8"
        yield self.sends("claw_back", number, 0, record, fails=None if is_lost else "evidence stands")

    @way(Choice((0, 1, 2)))
    def traced_links(self, who: str, lost: int) -> Steps:
        """WIT-2: of two parents, and of one that it takes the place of, only a parent that was withdrawn counts."""
        parents = []
        for relation in (Relation.SUPERSEDES, Relation.EVALUATED_ON, Relation.DERIVED_FROM):
            parents.append(Link(relation, (yield from self.publishing(self["stranger"], int(Kind.MODEL), self.data))))
        record = Record(self["team"], Kind.MODEL, b"\x09" * 32, links=tuple(parents))
        known, witness = self.domain.record_id(record), self.contract("witness")
        yield self.tx("registry.register", record.args, sender=self["team"])
        gone = parents[lost].parent
        yield self.tx("registry.set_status", gone, int(Status.REVOKED), "wrong", sender=self["stranger"])
        middle = self.records[parents[1].parent].content
        for path in ([], [record.args, middle.args]):
            yield self.tx("witness.trace", known, path, sender=who)
            self.emitted("witness.Traced", count=3 if path else 0)
            made_from = [bool(witness.made_from(known, one.parent)) for one in parents]
            assert made_from == ([False, True, True] if path else [False] * 3), "WIT-2"
            assert witness.made_from(known, self.data) == bool(path), "WIT-2"
            assert witness.is_withdrawn(known) == bool(path and lost), "WIT-2"

    @way(Choice((0, 1)))
    def learners_to_the_second(self, who: str, late: int) -> Steps:
        """A list is paid until 180 days after its deadline, and longer while nobody says that it lapsed."""
        item = self.item(learners=self.list.tree.root)
        number = yield from self.due(item)
        yield self.releases(number, 0, (yield from self.evidence(item)))
        row = self.list.accounts[1], self.list.totals[1], self.list.tree.proof(1)
        self.evm.warp_to(item.deadline + CLAIM_TIME + late)
        yield self.sends("pay_learner", number + FAR, 0, 1, *row, fails="no such proposal")
        yield self.sends("pay_learner", number, 0, 1, *row)
        yield self.sends("pay_learner", number, 0, 1, *row, fails="learner was paid")
        yield self.sends("lapse", number, 0, fails=None if late else "deadline has not passed")
        again = "no list is being paid" if late else "learner was paid"
        yield self.sends("pay_learner", number, 0, 1, *row, fails=again)

    @way()
    def learners_of_the_longest_list(self, who: str) -> Steps:
        """Proofs of 32 hashes, any index, the last wei, and nothing beyond it."""
        rows = [(0, 1), (255, 2), (256, PAID - 3), (2**256 - 1, 1), (257, 0)]
        learner = self["learner"]
        siblings = [bytes([level]) * 32 for level in range(1, 33)]

        def root_of(index: int, amount: int) -> bytes:
            node = leaf_of(index, learner, amount)
            for sibling in siblings:
                node = keccak256(min(node, sibling) + max(node, sibling))
            return node

        for index, amount in rows:
            with self.evm.anchor():
                item = self.item(learners=root_of(index, amount))
                number = yield from self.due(item)
                yield self.releases(number, 0, (yield from self.evidence(item)))
                row = learner, amount, siblings
                yield self.sends("pay_learner", number, 0, index ^ 1, *row, fails="not on the list")
                yield self.sends(
                    "pay_learner", number, 0, index, learner, amount, siblings[:31], fails="not on the list"
                )
                if amount == 0:
                    yield self.sends("pay_learner", number, 0, index, *row, fails="list asks for too much")
                    continue
                yield self.sends("pay_learner", number, 0, index, *row)
                yield self.sends("pay_learner", number, 0, index, *row, fails="learner was paid")
                assert self.view("milestone", number, 0)[1] == PAID - amount, "GRT-4"

    @way()
    def learners_of_one_word(self, who: str) -> Steps:
        """Each of its 256 has a bit of its own, and the last wei is paid like the first."""
        amounts = {0: PAID - 2, 254: 1, 255: 1}
        leaves = {index: leaf_of(index, self["learner"], amount) for index, amount in amounts.items()}
        pair = keccak256(min(leaves[254], leaves[255]) + max(leaves[254], leaves[255]))
        proofs = {0: [pair], 254: [leaves[255], leaves[0]], 255: [leaves[254], leaves[0]]}
        item = self.item(learners=keccak256(min(leaves[0], pair) + max(leaves[0], pair)))
        number = yield from self.due(item)
        yield self.releases(number, 0, (yield from self.evidence(item)))
        for index, amount in amounts.items():
            yield self.sends("pay_learner", number, 0, index, self["learner"], amount, proofs[index])
        assert self.view("milestone", number, 0)[1] == 0, "GRT-4"

    @way()
    def whose_evidence_it_is(self, who: str) -> Steps:
        """A record that is old by now shows nothing, and nobody but its grantee shows a new one."""
        item = self.item(step=1, steps=1)
        number = yield from self.due(item)
        old = yield from self.evidence(item)
        yield self.tx("registry.set_status", old, int(Status.DEPRECATED), "old", sender=self["team"])
        yield self.releases(number, 0, old, "record is not active")
        record = yield from self.evidence(item)
        for other in ("stranger", "funder", "member", "owner"):
            yield self.sends("release", number, 0, record, by=other, fails="caller is not the grantee")
        yield self.releases(number, 0, record)
        assert self.contract("escrow").plan(1)[4:7] == (1, 1, 0), "GRT-3: another plan"

    @way(Choice((0, 1)))
    def the_last_wei_of_a_list(self, who: str, less: int) -> Steps:
        item = self.item(amount=600 * COIN - less, learners=self.list.tree.root)
        number = yield from self.due(item)
        record = yield from self.evidence(item)
        yield self.releases(number, 0, record)
        for index in range(3):
            row = self.list.accounts[index], self.list.totals[index], self.list.tree.proof(index)
            fails = "list asks for too much" if less and index == 2 else None
            yield self.sends("pay_learner", number, 0, index, *row, fails=fails)
        yield self.tx("registry.set_status", record, int(Status.REVOKED), "wrong", sender=self["team"])
        yield self.sends("claw_back", number, 0, record, fails=None if less else "paid at once")
        self.evm.warp_to(item.deadline + CLAIM_TIME + 1)
        yield self.sends("lapse", number, 0, fails="nothing to lapse")

    @way(Choice(CALLS))
    def comes_back_in_the_middle(self, who: str, function: str) -> Steps:
        """Whatever is called in the middle of a payment is refused: the receiver may be a contract of the grantee's."""
        yield self.opens(coin="other")
        yield self.sends("fund", 3, 3 * PAID, by="funder")
        item, has_list = self.item(deadline=self.now + DAY), self.item(learners=self.list.tree.root)
        number = yield from self.due(self.item(), item, has_list, programme=3)
        yield self.releases(number, 2, (yield from self.evidence(has_list)))
        row = 0, self.list.accounts[0], self.list.totals[0], self.list.tree.proof(0)
        args: dict[str, tuple[Any, ...]] = {
            "release": (number, 0, self.data), "take_back": (3,), "fund": (3, 1), "pay_learner": (number, 2, *row),
            "claw_back": (number, 0, self.data), "lapse": (number, 1), "vote": (number, True),
            "object": (number, self["operator"], 0), "propose": (3, self["team"], [item.args], bytes(32), ""),
            "list_token": (self["token"], self["escrow"], True),
        }  # fmt: skip
        payload = getattr(self.contract("grants"), function).encode(*args[function])
        yield self.tx("other.arm", self["grants"], payload, sender=who)
        record = yield from self.evidence(self.item())
        yield self.releases(number, 0, record)
        assert self.ask("other.calls") == 1, "GRT-4"
        assert not self.ask("other.got_through"), "GRT-4: came back"
        assert self.money(3) == (0, 2 * PAID), "GRT-6"
