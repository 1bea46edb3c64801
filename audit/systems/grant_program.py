"""GrantProgram: programmes that are opened, funded and taken back, proposals that are voted on and stopped, milestones
that are released, paid, lapsed and clawed back, beside a log of what people did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._grant_program import (
    COMMITTEE_NOTICE,
    LONGEST,
    LONGEST_NOTICE,
    MEMBERS,
    PAID,
    PART,
    SCHEMAS,
    TEAMS,
    WHOLE,
    Committee,
    Programme,
    Promised,
    Proposal,
)
from audit.systems._grant_program_evidence import GrantEvidence
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.provenance import Kind
from keifu.units import COIN, DAY

__all__ = ["MEMBERS", "PAID", "SCHEMAS", "GrantPrograms", "Promised", "Proposal"]

FUNDERS = ("funder", "other funder")
COMMITTEES = ("usual", "usual", "usual", "other", "one", "crowd", "team", "none", "zero", "twice", "twice", "pair")
AMOUNTS = (600 * COIN, 600 * COIN, 500 * COIN, 1_000 * COIN, 7, 1, 0, 2**112 - 1, 2**112)
PLANS = ((0, 0, 0),) * 4 + ((DAY, 7, 2),) * 4 + ((2 * DAY, 3, 3), (1, 1, 0), (0, 2, 0), (0, 0, 1), (DAY, 0, 0),
         (DAY, 2, 3), (2**32, 1, 0), (1, 2**16, 0))  # fmt: skip
TIMES = (20 * DAY,) * 5 + (DAY, DAY, 60 * DAY, 1, 0, -1, LONGEST, LONGEST + 1)
GOOD_PLANS = ((0, 0, 0), (DAY, 7, 2), (DAY, 7, 2), (2 * DAY, 3, 3))
NEEDED = ((1, 2), (1, 2), (2, 2), (0, 2), (3, 2), (1, 0), (4, 4))  # attestations, attesters


class GrantPrograms(GrantEvidence):
    """Everything that anybody may do with programmes."""

    def constructors(self) -> Iterator[Deployment]:
        yield from variations(
            "GrantProgram",
            (self["witness"], self["owner"]),
            (0, self["owner"], "grants: witness is no contract"),
            (1, ZERO_ADDRESS, "grants: no owner"),
        )
        yield from variations(
            "GrantWitness",
            (self["hub"], self["registry"]),
            (0, self["owner"], "witness: hub is no contract"),
            (1, self["owner"], "witness: registry is no contract"),
        )

    # the timelock -----------------------------------------------------------------------------------------------------

    @action("", Choice(("token", "other", "registry", "stranger")),
            Choice(("its own", "its own", "its own", "none", "foreign")), Choice((True, True, False)),
            sender=("owner", "owner", "stranger"), weight=2)  # fmt: skip
    def list_token(self, who: str, name: str, how: str, listed: bool) -> Steps:
        token, escrow = self[name], self["escrow"]
        own = self.escrows.get(token, ZERO_ADDRESS)
        escrow = {"its own": own, "none": ZERO_ADDRESS, "foreign": self["escrow"]}[how]
        if name == "registry":
            escrow = ZERO_ADDRESS
        done = yield from self.judged(
            "GRT-6", self.call("list_token", token, escrow, listed, sender=who),
            (who != self["owner"], "caller is not the owner"),
            (name == "stranger", "token is no contract"),
            (own not in (ZERO_ADDRESS, escrow), "escrow is fixed"),
            (escrow not in (own, ZERO_ADDRESS) and name != "token", "escrow of another token"),
        )  # fmt: skip
        if done is not None:
            self.listed[token] = listed
            self.escrows[token] = escrow
            self.emitted("grants.TokenListed", token=token, escrow=escrow, listed=listed)

    def members_of(self, form: str) -> list[str]:
        usual = [self[role] for role in MEMBERS]
        forms = {
            "usual": usual,
            "other": [*usual[1:], self["stranger"]], "one": usual[:1], "team": [self["team"], *usual[:2]],
            "crowd": [*usual, *(f"0x{number:040x}" for number in range(100, 113))], "none": [],
            "zero": [*usual, ZERO_ADDRESS], "twice": [*usual, usual[0]], "pair": usual[:2],
        }  # fmt: skip
        return forms[form]

    def wrong_members(self, form: str, needed: int) -> list[tuple[object, str]]:
        count = len(self.members_of(form))
        return [
            (not 0 < needed <= count, "needed out of range"),
            (form == "zero", "no member"),
            (form == "twice", "member named twice"),
        ]

    def known_programmes(self, who: str) -> list[int]:
        return [item.number for item in self.programmes[1:] for _ in range(4)] + [0, len(self.programmes) + 1]

    def programme(self, number: int) -> Programme | None:
        return self.programmes[number - 1] if 0 < number <= len(self.programmes) else None

    @action("", Choice("known_programmes"), Choice(COMMITTEES), Choice((2, 2, 1, 3, 0, 16)),
            sender=("owner", "owner", "stranger"), weight=2)  # fmt: skip
    def announce(self, who: str, number: int, form: str, needed: int) -> Steps:
        """GRT-7"""
        programme, members = self.programme(number), self.members_of(form)
        done = yield from self.judged(
            "GRT-7", self.call("announce_committee", number, members, needed, sender=who),
            (who != self["owner"], "caller is not the owner"),
            (programme is None, "no such programme"),
            (programme and programme.committees[-1].since > self.now, "a committee is under notice"),
            *self.wrong_members(form, needed),
        )  # fmt: skip
        if done is not None and programme:
            programme.committees.append(Committee(tuple(members), needed, self.now + COMMITTEE_NOTICE))
            self.emitted(
                "grants.CommitteeAnnounced", program=number, version=len(programme.committees), members=tuple(members),
                needed=needed, effective_from=self.now + COMMITTEE_NOTICE,
            )  # fmt: skip

    # funders ----------------------------------------------------------------------------------------------------------

    @action("", Choice(("token", "token", "other", "stranger")), Choice(COMMITTEES), Choice((2, 2, 2, 1, 3, 0, 16)),
            Choice((*[PART] * 6, 1, 5_000, WHOLE, WHOLE + 1, 0)),
            Choice((*[3 * DAY] * 6, DAY, LONGEST_NOTICE, DAY - 1, LONGEST_NOTICE + 1)),
            Choice((*[60 * DAY] * 6, DAY, 3_650 * DAY, DAY - 1, 3_650 * DAY + 1)),
            sender=FUNDERS, weight=3)  # fmt: skip
    def open_programme(self, who: str, name: str, form: str, needed: int, bps: int, notice: int, life: int) -> Steps:
        if len(self.programmes) > 6:
            return
        members, last = self.members_of(form), self.now + life
        done = yield from self.judged(
            "GRT-6", self.call("open", self[name], (members, needed, bps, notice, last), sender=who),
            (not self.listed.get(self[name]), "token is not listed"),
            (not 0 < bps <= WHOLE, "objection out of range"),
            (not DAY <= notice <= LONGEST_NOTICE, "notice out of range"),
            (not DAY <= life <= 3_650 * DAY, "last day out of range"),
            *self.wrong_members(form, needed),
        )  # fmt: skip
        if done is None:
            return
        number = len(self.programmes) + 1
        assert int.from_bytes(done, "big") == number, "GRT-6: another number"
        first = Committee(tuple(members), needed, self.now)
        self.programmes.append(Programme(number, who, self[name], bps, notice, last, [first]))
        self.emitted(
            "grants.CommitteeAnnounced", program=number, version=1, members=tuple(members), needed=needed,
            effective_from=self.now,
        )  # fmt: skip
        self.emitted(
            "grants.ProgramOpened", program=number, funder=who, token=self[name],
            terms=(tuple(members), needed, bps, notice, last),
        )  # fmt: skip

    @action("", Choice("known_programmes"), Amount(3_000 * COIN, most=2**130), sender=(*FUNDERS, "stranger"), weight=7)
    def fund(self, who: str, number: int, amount: int) -> Steps:
        programme = self.programme(number)
        token = programme.token if programme else self["token"]
        has = self.coins[token](who)
        if has < amount < 2**128:
            amount = has
        held = self.free(programme) + self.reserved(programme) if programme else 0
        done = yield from self.judged(
            "GRT-6", self.call("fund", number, amount, sender=who),
            (programme is None, "no such programme"),
            (not self.listed.get(token), "token is not listed"),
            (amount == 0, "no amount"),
            (programme and self.now > programme.last, "programme has ended"),
            (held + amount >= 2**128, "amount out of range"),
        )  # fmt: skip
        if done is not None and programme:
            programme.paid_in += amount
            self.moves(token, who, -amount)
            self.emitted("grants.Funded", program=number, payer=who, amount=amount)

    @action("", Choice("known_programmes"), weight=6)
    def take_back(self, who: str, number: int) -> Steps:
        programme = self.programme(number)
        free = self.free(programme) if programme else 0
        done = yield from self.judged(
            "GRT-6", self.call("take_back", number, sender=who),
            (programme and self.now <= programme.last, "programme has not ended"),
            (free == 0, "nothing is free"),
        )  # fmt: skip
        if done is not None and programme:
            assert int.from_bytes(done, "big") == free, "GRT-6: another sum was taken back"
            programme.taken += free
            self.moves(programme.token, programme.funder, free)
            self.emitted("grants.TakenBack", program=number, funder=programme.funder, amount=free)

    # proposals --------------------------------------------------------------------------------------------------------

    def milestone(self, amount: int, seconds: int, plan: tuple[int, int, int], form: int) -> Promised:
        """`form` chooses evidence, attesters and list."""
        needed, count = NEEDED[form % len(NEEDED)]
        crowd = (self["attester"], self["other attester"], self["stranger"], self["learner"])
        crowd = crowd[::-1] if form % 8 == 5 else crowd
        kind = 31 if form % 13 == 12 else int((Kind.EVALUATION, Kind.RUN)[form % 2])
        has_list = form % 3 == 0
        plan = (0, 0, 0) if has_list and form % 4 else plan
        return Promised(
            amount, self.now + seconds, kind, form % 4 == 1, SCHEMAS[form % 5 == 0], needed, crowd[:count], *plan,
            self.list.tree.root if has_list else bytes(32),
        )  # fmt: skip

    @action("", Choice("known_programmes"), Choice((*TEAMS, *TEAMS, "member", "attester", "grants", "nobody")),
            Choice(AMOUNTS), Choice(TIMES), Choice(PLANS), Choice(range(40)), Choice((1, 1, 1, 2, 2, 8, 0)),
            sender=("stranger", "stranger", "team", "member", "second member"), weight=12)  # fmt: skip
    def propose(
        self,
        who: str,
        number: int,
        to: str,
        amount: int,
        seconds: int,
        plan: tuple[int, int, int],
        form: int,
        count: int,
    ) -> Steps:
        if len(self.proposals) > 12:
            return
        items = [self.milestone(amount, seconds, plan, form + 3 * place) for place in range(count)]
        yield from self.proposing(who, number, to, items)

    def proposing(self, who: str, number: int, to: str, items: list[Promised]) -> Any:
        programme, grantee = self.programme(number), ZERO_ADDRESS if to == "nobody" else self[to]
        token = programme.token if programme else ZERO_ADDRESS
        wrongs = [wrong for item in items for wrong in self.wrong_milestone(item, grantee, token)]
        done = yield from self.judged(
            "GRT-1",
            self.call("propose", number, grantee, [item.args for item in items], SCHEMAS[0], "ipfs://", sender=who),
            (to in ("nobody", "grants"), "no grantee"),
            (not items, "no milestones"),
            (programme is None, "no such programme"),
            *wrongs,
        )
        if done is None or programme is None:
            return
        proposal = Proposal(len(self.proposals) + 1, programme, grantee, who, programme.version(self.now), items)
        assert int.from_bytes(done, "big") == proposal.number, "GRT-1: another number"
        self.proposals.append(proposal)
        if self.sometimes():
            self.emitted(
                "grants.Proposed", proposal=proposal.number, program=number, grantee=grantee, proposer=who,
                version=proposal.version, milestones=tuple(item.args for item in items), statement=SCHEMAS[0], uri="ipfs://",
            )  # fmt: skip

    def wrong_milestone(self, item: Promised, grantee: str, token: str) -> list[tuple[object, str]]:
        is_plan = 0 < item.step < 2**32 and 0 < item.steps < 2**16 and item.cliff <= item.steps
        return [
            (not 0 < item.amount < 2**112, "amount out of range"),
            (not 0 < item.deadline - self.now <= LONGEST, "deadline out of range"),
            (not 0 < item.needed <= len(item.attesters), "needed out of range"),
            (grantee in item.attesters, "no attester"),
            (not is_plan and (item.step, item.steps, item.cliff) != (0, 0, 0), "plan out of range"),
            (item.step and item.is_list, "a list does not vest"),
            (item.step and self.escrows.get(token, ZERO_ADDRESS) == ZERO_ADDRESS, "token has no escrow"),
        ]

    def open_ones(self, who: str) -> list[Proposal]:
        """Mostly those that can still be voted on."""
        fits = [
            item
            for item in self.known(who)
            if not item.carried and item.version == item.programme.version(self.now)
            and item.sum <= self.free(item.programme)
        ]  # fmt: skip
        return [*fits * 4, *self.known(who)]

    def not_voting(self, proposal: Proposal, who: str) -> list[tuple[object, str]]:
        """Why somebody has no part in a vote now."""
        return [
            (proposal.carried, "is carried"),
            (proposal.version != proposal.programme.version(self.now), "committee has changed"),
            (who not in proposal.committee.members, "not a member"),
            (who in proposal.recused, "member has an interest"),
        ]

    def voting(self, who: str, proposal: Proposal, approves: bool) -> Any:
        """GRT-1 and GRT-2"""
        programme, has = proposal.programme, who in proposal.votes
        after = proposal.votes | {who} if approves else proposal.votes - {who}
        carries = len(after) >= proposal.committee.needed
        done = yield from self.judged(
            "GRT-2", self.call("vote", proposal.number, approves, sender=who),
            *self.not_voting(proposal, who),
            (who == proposal.grantee, "member is the grantee"),
            (approves and who == proposal.proposer, "member made the proposal"),
            (approves and has, "has voted"),
            (not approves and not has, "has not voted"),
            (carries and self.now > programme.last, "programme has ended"),
            (carries and proposal.sum > self.free(programme), "not enough in the programme"),
        )  # fmt: skip
        if done is None:
            return
        proposal.votes = after
        self.emitted("grants.Voted", proposal=proposal.number, member=who, approves=approves)
        if carries:
            proposal.carried = self.now
            self.emitted(
                "grants.Carried", proposal=proposal.number, reserved=proposal.sum, objections_until=proposal.notice_end
            )
        else:
            self.emitted("grants.Carried", count=0)

    @action("", Choice("open_ones"), Choice((True, True, True, False)), sender=(*MEMBERS, *MEMBERS, "team", "stranger"),
            weight=12)  # fmt: skip
    def vote(self, who: str, proposal: Any, approves: bool) -> Steps:
        if proposal:
            yield from self.voting(who, proposal, approves)

    @action("", Choice("open_ones"), sender="stranger", weight=6)
    def carry(self, who: str, proposal: Any) -> Steps:
        """All members vote, one after another."""
        if proposal:
            yield from self.agreeing(proposal)

    @action("", Choice(GOOD_PLANS), Choice(range(24)), Choice((500 * COIN, 600 * COIN, 700 * COIN)),
            sender=("stranger", "member", "second member"), weight=14)  # fmt: skip
    def agree(self, who: str, plan: tuple[int, int, int], form: int, amount: int) -> Steps:
        """A good proposal in the newest programme that has as much is made and carried."""
        able = [item for item in self.programmes[1:] if self.free(item) >= 2 * amount and self.now <= item.last]
        if not able or len(self.proposals) > 12:
            return
        programme = able[form % len(able)]
        plan = plan if self.escrows[programme.token] != ZERO_ADDRESS else (0, 0, 0)
        items = [self.milestone(amount, 20 * DAY, plan, form + 3 * place) for place in (0, 1)]
        items = [item for item in items if item.needed in range(1, len(item.attesters) + 1)]
        before = len(self.proposals)
        yield from self.proposing(who, programme.number, (*TEAMS, *MEMBERS[:2])[form % 4], items)
        if len(self.proposals) > before:
            yield from self.agreeing(self.proposals[-1])

    def agreeing(self, proposal: Proposal) -> Any:
        """The votes of its committee, up to the last one that is needed."""
        for member in proposal.committee.members:
            if member in self.addresses and not proposal.carried:
                yield from self.voting(member, proposal, True)

    @action("", Choice("open_ones"), sender=(*MEMBERS, *MEMBERS, "team", "stranger"), weight=3)
    def recuse(self, who: str, proposal: Any) -> Steps:
        """GRT-2"""
        if not proposal:
            return
        done = yield from self.judged(
            "GRT-2", self.call("recuse", proposal.number, "my own", sender=who), *self.not_voting(proposal, who)
        )
        if done is not None:
            proposal.votes.discard(who)
            proposal.recused.add(who)
            self.emitted("grants.Recused", proposal=proposal.number, member=who, reason="my own")
