"""What the description of GrantProgram does with evidence: records, attestations, releases, and what comes back."""

from __future__ import annotations

from typing import Any

from audit.systems._grant_program import ATTESTERS, SCHEMAS, TEAMS, Evidence, Promised, Proposal
from audit.systems._grant_program_stake import GrantStake
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.provenance import Kind, Status
from keifu.units import DAY

__all__ = ["GrantEvidence"]

Place = tuple[Proposal, int]  # a milestone
ROWS = ("", "", "", "", "", "index", "account", "amount", "proof", "empty proof")
RECORD_LIMIT = 40
FAR = 2**248  # a number that is so much higher must not lead to the same proposal


class GrantEvidence(GrantStake):
    """Records, releases and returns."""

    # records ----------------------------------------------------------------------------------------------------------

    @action("", Choice((int(Kind.EVALUATION), int(Kind.EVALUATION), int(Kind.RUN))), Choice((True, False)),
            Choice((0, 1)), sender=(*TEAMS, *TEAMS, "stranger"), weight=3)  # fmt: skip
    def publish(self, who: str, kind: int, derived: bool, schema: int) -> Steps:
        """A record of which both attesters say that it shows a milestone."""
        parent = self.newest_parent(who) if derived else b""
        if len(self.records) < RECORD_LIMIT and (not parent or self.records[parent].status != Status.REVOKED):
            known = yield from self.publishing(who, kind, parent)
            for attester in ATTESTERS:
                yield from self.saying(self[attester], SCHEMAS[schema], known)

    def newest_parent(self, who: str) -> bytes:
        mine = [item for item in self.records.values() if item.author == who and item.parent]
        return mine[-1].id if mine and self.made % 3 == 0 else self.data

    def recent(self, who: str) -> list[Evidence]:
        return list(self.records.values())[-5:]

    @action("", Choice("recent"), Choice((0, 0, 1)), Choice((0, 0, DAY, 5 * DAY)), sender=ATTESTERS, weight=4)
    def attest(self, who: str, record: Evidence, schema: int, lifetime: int) -> Steps:
        if record.status != Status.REVOKED:
            yield from self.saying(who, SCHEMAS[schema], record.id, self.now + lifetime if lifetime else 0)

    @action("", Choice("recent"), Choice((0, 0, 1)), sender=ATTESTERS, weight=4)
    def take_word_back(self, who: str, record: Evidence, schema: int) -> Steps:
        word = record.said.get((who, SCHEMAS[schema]), [0, 1])
        if not word[1]:
            yield self.tx("registry.revoke_attestation", SCHEMAS[schema], record.id, sender=who)
            word[1] = 1

    def own_or_data(self, who: str) -> list[Evidence]:
        return [*(item for item in self.recent(who)), self.records[self.data]]

    @action(
        "", Choice("own_or_data"), Choice((int(Status.DEPRECATED), int(Status.REVOKED))), sender="stranger", weight=3
    )
    def set_status(self, who: str, record: Evidence, status: int) -> Steps:
        """By its author."""
        if status > record.status and (record.id != self.data or self.made > 8):
            yield self.tx("registry.set_status", record.id, status, "wrong", sender=record.author)
            record.status = status

    # releases ---------------------------------------------------------------------------------------------------------

    def places(self, who: str) -> list[Place]:
        """Milestones, mostly pending ones of proposals that were carried."""
        known = [(item, at) for item in self.proposals[1:][-5:] for at in range(len(item.milestones[:3]))]
        fits = [
            place
            for place in known
            if place[0].is_carried and self.now <= (item := place[0].milestones[place[1]]).deadline and item.pending
        ]
        return [*fits * 5, *known]

    def not_due(self, proposal: Proposal) -> list[tuple[object, str]]:
        return [
            (not proposal.is_carried, "not carried"),
            (proposal.is_carried and self.now <= proposal.notice_end, "notice is not over"),
        ]

    def releasing(self, who: str, proposal: Proposal, at: int, record: Evidence) -> Any:
        """GRT-3 and GRT-4"""
        item, programme = proposal.milestones[at], proposal.programme
        is_sound = self.soundness(record) == Status.ACTIVE
        done = yield from self.judged(
            "GRT-3", self.call("release", proposal.number, at, record.id, sender=who),
            *self.not_due(proposal),
            (who != proposal.grantee, "caller is not the grantee"),
            (not item.pending, "milestone is not pending"),
            (self.now > item.deadline, "deadline has passed"),
            (record.author != proposal.grantee, "not the grantee's record"),
            (record.kind != item.kind, "another kind of record"),
            (record.id in self.shown, "record was shown before"),
            (record.status != Status.ACTIVE, "record is not active"),
            (not self.counts(item, record, still=False), "not enough attestations"),
            (item.sound and not is_sound, "ancestry is not sound"),
        )  # fmt: skip
        if done is None:
            return
        item.released, item.evidence = self.now, record.id
        self.shown[record.id] = proposal.number, at
        if item.step:
            self.grants_made += 1
            item.grant = self.grants_made
        elif not item.is_list:
            self.moves(programme.token, who, item.amount)
        assert int.from_bytes(done, "big") == item.grant, "GRT-3: another grant"
        self.emitted(
            "grants.Released", proposal=proposal.number, milestone=at, evidence=record.id, amount=item.amount,
            grant=item.grant,
        )  # fmt: skip

    @action(
        "", Choice("places"), Choice("recent"), Choice((True, True, True, False)), sender=("team", "stranger"), weight=8
    )
    def release(self, who: str, place: Any, record: Evidence, own: bool) -> Steps:
        """With whatever record there is."""
        if place:
            proposal, at = place
            yield from self.releasing(proposal.grantee if own else who, proposal, at, record)

    @action("", Choice("places"), Choice((2, 2, 2, 1, 3, 4, 5)), Choice((True, False)), Choice((1, 1, 1, 0, -1)),
            sender="stranger", weight=18)  # fmt: skip
    def show(self, who: str, place: Any, words: int, derived: bool, late: int) -> Steps:
        """The grantee makes a record, attesters say their word, and it is shown, mostly when the notice is over;
        now and then its author has called it old by then."""
        if not place or len(self.records) >= RECORD_LIMIT:
            return
        proposal, at = place
        item = proposal.milestones[at]
        if item.kind > int(Kind.RECEIPT_BATCH) or (derived and self.records[self.data].status == Status.REVOKED):
            return
        if proposal.is_carried and late >= 0 and self.now < proposal.notice_end + late:
            self.evm.warp_to(proposal.notice_end + late)
        parent = b""
        if derived:
            parent = yield from self.publishing(self["stranger"], int(Kind.MODEL), self.data)
        kind = int(Kind.WEIGHTS) if words == 3 else item.kind
        known = yield from self.publishing(proposal.grantee, kind, parent)
        if derived and words == 4:
            yield self.tx("registry.set_status", parent, int(Status.DEPRECATED), "old", sender=self["stranger"])
            self.records[parent].status = int(Status.DEPRECATED)
        for attester in item.attesters[:words]:
            yield from self.saying(attester, item.schema, known)
        if words == 5:
            yield self.tx("registry.set_status", known, int(Status.DEPRECATED), "old", sender=proposal.grantee)
            self.records[known].status = int(Status.DEPRECATED)
        yield from self.releasing(proposal.grantee, proposal, at, self.records[known])

    # lists ------------------------------------------------------------------------------------------------------------

    def lists(self, who: str) -> list[Place]:
        known = [(item, at) for item in self.proposals[1:] for at in range(len(item.milestones))]
        paying = [place for place in known if place[0].milestones[place[1]].left]
        return [*paying * 8, *known[-4:]]

    @action("", Choice("lists"), Choice((0, 1, 2)), Choice(ROWS), weight=14)
    def pay_learner(self, who: str, place: Any, index: int, spoilt: str) -> Steps:
        """GRT-4"""
        if not place:
            return
        proposal, at = place
        item = proposal.milestones[at]
        account, amount, proof = self.list.accounts[index], self.list.totals[index], self.list.tree.proof(index)
        account = self["funder"] if spoilt == "account" else account
        proof = {"proof": self.list.tree.proof((index + 1) % 3), "empty proof": []}.get(spoilt, proof)
        row = index + 3 * (spoilt == "index"), account, amount + (spoilt == "amount"), proof
        done = yield from self.judged(
            "GRT-4", self.call("pay_learner", proposal.number, at, *row, sender=who),
            (not item.left, "no list is being paid"),
            (spoilt, "not on the list"),
            (index in item.paid, "learner was paid"),
            (amount > item.left, "list asks for too much"),
        )  # fmt: skip
        if done is not None:
            item.paid[index] = amount
            self.moves(proposal.programme.token, self.actor(account), amount)
            self.emitted("grants.ListPaid", proposal=proposal.number, milestone=at, account=account, amount=amount)

    def actor(self, account: str) -> str:
        """As the log spells it."""
        return next(who for who in self.addresses if who.lower() == account.lower())

    # what comes back --------------------------------------------------------------------------------------------------

    def old_places(self, who: str) -> list[Place]:
        known = [(item, at) for item in self.proposals[1:] for at in range(min(3, len(item.milestones)))]
        late = [place for place in known if self.now > place[0].milestones[place[1]].until and place[0].carried]
        return [*late[-4:] * 4, *known[-6:]]

    @action("", Choice("old_places"), Choice((0, 0, 0, 0, 0, 0, 0, FAR)), Choice((0, 0, 0, 0, 0, 0, 0, 256)), weight=10)
    def lapse(self, who: str, place: Any, beyond: int, outside: int) -> Steps:
        if not place:
            return
        proposal, at = place
        item = proposal.milestones[at]
        amount = item.amount if item.pending else item.left
        done = yield from self.judged(
            "GRT-6", self.call("lapse", proposal.number + beyond, at + outside, sender=who),
            (beyond, "no such proposal"),
            (outside, "no such milestone"),
            *self.not_due(proposal),
            (not item.pending and not item.left, "nothing to lapse"),
            (self.now <= item.until, "deadline has not passed"),
        )  # fmt: skip
        if done is not None:
            assert int.from_bytes(done, "big") == amount, "GRT-6: another sum lapsed"
            item.ended, item.at, item.back = "lapsed", self.now, amount
            self.emitted("grants.Lapsed", proposal=proposal.number, milestone=at, amount=amount)

    def released_places(self, who: str) -> list[Place]:
        known = [(item, at) for item in self.proposals[1:] for at in range(min(3, len(item.milestones)))]
        fits = [place for place in known if (item := place[0].milestones[place[1]]).grant or item.left]
        return [*fits * 6, *known[-4:]]

    def clawing(self, who: str, place: Place, record: bytes, beyond: int = 0) -> Any:
        """GRT-8"""
        proposal, at = place
        item, programme = proposal.milestones[at], proposal.programme
        is_its = item.evidence == record
        rest = item.left or (item.amount - item.vested(self.now) if item.grant else 0)
        over = self.free(programme) + self.reserved(programme) + rest >= 2**128
        call = self.call("claw_back", proposal.number + beyond, at, record, sender=who)
        reasons: list[tuple[object, str]] = [
            (beyond, "no such proposal"),
            (not item.released or item.ended, "nothing was released"),
            (not is_its, "not its evidence"),
            (is_its and not self.is_withdrawn(item), "evidence stands"),
            (not item.grant and not item.left, "paid at once"),
            (over, "amount out of range"),
        ]
        if item.grant and rest == 0 and not any(holds for holds, _ in reasons):
            returned = yield call
            assert returned is None, "GRT-8: coins that had vested were taken"
            assert self.refusal == "escrow: nothing to revoke", f"GRT-8: refused for {self.refusal!r}"
            return
        done = yield from self.judged("GRT-8", call, *reasons)
        if done is not None:
            assert int.from_bytes(done, "big") == rest, "GRT-8: another sum came back"
            item.ended, item.at, item.back = "clawed back", self.now, rest
            self.emitted("grants.ClawedBack", proposal=proposal.number, milestone=at, evidence=record, amount=rest)

    @action("", Choice("released_places"), Choice((0, 0, 0, 1)), Choice((0, 0, 0, 0, 0, FAR)), weight=8)
    def claw_back(self, who: str, place: Any, other: int, beyond: int) -> Steps:
        if place:
            item = place[0].milestones[place[1]]
            record = list(self.records)[-1] if other or not item.evidence else item.evidence
            yield from self.clawing(who, place, record, beyond)

    def shown_or_recent(self, who: str) -> list[Evidence]:
        return [*(self.records[known] for known in list(self.shown)[-3:]), *self.recent(who)]

    @action("", Choice("shown_or_recent"), Choice((0, 0, 0, 1)), Choice((9, 9, 1)), Choice("recent"), weight=5)
    def trace(self, who: str, record: Any, first: int, most: int, other: Any) -> Steps:
        """WIT-2: a record and what it was made from, from its beginning or later; mostly of the record itself."""
        path = self.lineage(record)[first:][:most]
        yield from self.tracing(who, record, path if most > 1 else [other, *path])

    def tracing(self, who: str, record: Evidence, path: list[Evidence]) -> Any:
        known, is_lost = {record.id, *self.traced[record.id]}, record.id in self.found
        fails = None
        for item in path:
            if item.id not in known:
                fails = "witness: not what it was made from"
                break
            if item.parent:
                known.add(item.parent)
                is_lost |= self.records[item.parent].status == Status.REVOKED
        yield self.tx("witness.trace", record.id, [item.content.args for item in path], sender=who, fails=fails)
        if fails is None:
            self.traced[record.id] = known - {record.id}
            self.found |= {record.id} if is_lost else set()
            self.emitted("witness.Traced", count=sum(1 for item in path if item.parent))

    @action(
        "", Choice("released_places"), Choice(("record", "word", "word", "data", "hidden")), sender="stranger", weight=6
    )
    def betray(self, who: str, place: Any, how: str) -> Steps:
        """What a release rested on is withdrawn, and everybody wants the coins back."""
        if not place or not (evidence := place[0].milestones[place[1]].evidence):
            return
        item, record = place[0].milestones[place[1]], self.records[evidence]
        source = self.lineage(record)[-1] if how in ("data", "hidden") else record
        if how == "word":
            for attester in item.attesters[:1]:
                if not record.said.get((attester, item.schema), [0, 1])[1]:
                    yield self.tx("registry.revoke_attestation", item.schema, record.id, sender=attester)
                    record.said[attester, item.schema][1] = 1
        elif source.status != Status.REVOKED and (source.id != self.data or self.made > 8):
            yield self.tx("registry.set_status", source.id, int(Status.REVOKED), "wrong", sender=source.author)
            source.status = int(Status.REVOKED)
        if how == "hidden":
            yield from self.hiding(who, record)
        yield from self.clawing(who, place, evidence)

    def hiding(self, who: str, record: Evidence) -> Any:
        """The grantee and its friends deprecate all that stands before what was withdrawn, and somebody traces it."""
        path = self.lineage(record)[:-1]
        for item in path:
            if item.status == Status.ACTIVE:
                yield self.tx("registry.set_status", item.id, int(Status.DEPRECATED), "old", sender=item.author)
                item.status = int(Status.DEPRECATED)
        yield from self.tracing(who, record, path)

    @action("", Choice("released_places"), weight=4)
    def claim(self, who: str, place: Any) -> Steps:
        """Of the escrow; anybody may call."""
        item: Promised | None = place[0].milestones[place[1]] if place else None
        if item and item.grant:
            yield self.tx("escrow.claim", item.grant, sender=who, raw_outcome=True)
