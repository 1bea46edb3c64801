"""GrantProgram at its edges: one second, one wei, one seat or one number more.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from audit.systems._grant_edges import FAR, PROGRAMME, URI, GrantEdgeSystem
from audit.systems._grant_program import (
    COMMITTEE_NOTICE,
    DELEGATORS,
    LONGEST,
    LONGEST_NOTICE,
    PAID,
    RIVAL,
    STAKED,
    WHOLE,
)
from audit.systems._hub_edges import way
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.provenance import Status
from keifu.units import COIN, DAY

__all__ = ["GrantProgramEdges"]

YEAR = 365 * DAY
LARGEST_AMOUNT, LARGEST_MONEY = 2**112 - 1, 2**128 - 1


class GrantProgramEdges(GrantEdgeSystem):
    """Short ways from a programme with three members of whom two are needed."""

    # programmes -------------------------------------------------------------------------------------------------------

    @way()
    def terms_of_a_programme(self, who: str) -> Steps:
        bounds: list[tuple[dict[str, Any], str | None]] = [
            ({"bps": 0}, "objection out of range"), ({"bps": 1}, None), ({"bps": WHOLE}, None),
            ({"bps": WHOLE + 1}, "objection out of range"), ({"notice": DAY - 1}, "notice out of range"),
            ({"notice": DAY}, None), ({"notice": LONGEST_NOTICE}, None),
            ({"notice": LONGEST_NOTICE + 1}, "notice out of range"),
            ({"last": self.now + DAY - 1}, "last day out of range"),
            ({"last": self.now + DAY}, None), ({"last": self.now + 10 * YEAR}, None),
            ({"last": self.now + 10 * YEAR + 1}, "last day out of range"), ({"needed": 0}, "needed out of range"),
            ({"needed": 3}, None), ({"needed": 4}, "needed out of range"), ({"members": []}, "needed out of range"),
            ({"members": [self["member"], ZERO_ADDRESS]}, "no member"),
            ({"members": [self["member"], self["member"]]}, "member named twice"),
        ]  # fmt: skip
        for changes, reason in bounds:
            yield self.opens(reason, **changes)
        yield self.opens("token is not listed", coin="registry")
        made = sum(reason is None for _, reason in bounds)
        assert self.ask("grants.program_count") == 2 + made, "GRT-6"
        widest = self.view("program", 2 + made - 1)
        yield self.opens(bps=WHOLE, notice=LONGEST_NOTICE, last=self.now + 10 * YEAR)
        found = tuple(self.view("program", 3 + made))
        wanted = (self["funder"], self["token"], 0, 0, 1, WHOLE, LONGEST_NOTICE, self.now + 10 * YEAR)
        assert found == wanted, "GRT-6"
        assert widest[2:5] == (0, 0, 1), "GRT-6"

    @way()
    def sixteen_members(self, who: str) -> Steps:
        """Each has a seat of its own; all are needed, and one with an interest stops it."""
        accounts = [self.evm.account(f"seat {number}").address for number in range(16)]
        yield self.opens(members=accounts, needed=16)
        yield self.sends("fund", 3, 2 * PAID, by="funder")
        for number in (2, 3):
            yield self.proposes(self.item(), programme=3)
            for seat, account in enumerate(accounts):
                assert tuple(self.view("proposal", number)[4:7]) == (2**seat - 1, 0, 0), "GRT-1"
                yield self.sends("vote", number, number != 2 or seat < 16, by=account)
            assert tuple(self.view("proposal", number)[4:7]) == (2**16 - 1, 0, self.now), "GRT-1"
        yield self.proposes(self.item(), programme=3)
        for seat, account in enumerate(accounts):
            assert self.view("committee", 3, 1, account) == (16, self.opened_at + 2 * DAY, seat + 1), "GRT-7"
            yield self.sends("recuse", 4, URI, by=account)
            yield self.sends("vote", 4, True, by=account, fails="member has an interest")
        assert tuple(self.view("proposal", 4)[4:8]) == (0, 2**16 - 1, 0, False), "GRT-2"

    @way(Choice((0, 1)))
    def the_last_second_of_a_programme(self, who: str, late: int) -> Steps:
        last = self.now + DAY
        yield self.opens(last=last, notice=DAY)
        yield self.sends("fund", 3, PAID, by="funder")
        yield self.proposes(self.item(), programme=3)
        yield self.sends("vote", 2, True, by="member")
        self.evm.warp_to(last + late)
        over = "programme has ended" if late else None
        yield self.sends("fund", 3, 1, by="funder", fails=over)
        yield self.sends("take_back", 3, fails=None if late else "programme has not ended")
        yield self.sends("vote", 2, True, by="second member", fails=over)
        yield self.sends("fund", PROGRAMME, 0, by="funder", fails="no amount")
        for number in (0, 4, 2**256 - 1):
            yield self.sends("fund", number, 1, by="funder", fails="no such programme")
            yield self.proposes(self.item(), programme=number, fails="no such programme")
        yield self.sends("take_back", 0, fails="nothing is free")

    @way(Choice((0, 1)))
    def a_committee_to_the_second(self, who: str, late: int) -> Steps:
        """The old one votes until the second before the new one counts."""
        yield self.proposes(self.item())
        members = [self["stranger"], self["learner"]]
        yield self.sends("announce_committee", PROGRAMME, members, 2, by="funder", fails="caller is not the owner")
        for number in (0, 3):
            yield self.sends("announce_committee", number, members, 2, by="owner", fails="no such programme")
        yield self.sends("announce_committee", 1, members, 2, by="owner")
        yield self.sends("announce_committee", PROGRAMME, members, 2, by="owner")
        self.evm.warp(COMMITTEE_NOTICE - 1 + late)
        again = None if late else "a committee is under notice"
        with self.evm.anchor():
            yield self.sends("announce_committee", PROGRAMME, members[:1], 1, by="owner", fails=again)
        yield self.sends("vote", 2, True, by="member", fails="committee has changed" if late else None)
        yield self.proposes(self.item())
        assert self.view("program", PROGRAMME)[4] == self.view("proposal", 3)[3] == 1 + late, "GRT-7"
        yield self.sends("vote", 3, True, by="learner", fails=None if late else "not a member")
        yield self.sends("recuse", 3, "", by="second member", fails="not a member" if late else None)

    # proposals --------------------------------------------------------------------------------------------------------

    @way()
    def terms_of_a_milestone(self, who: str) -> Steps:
        now, four = self.now, tuple(f"0x{number:040x}" for number in range(7, 11))
        bounds: list[tuple[dict[str, Any], str | None]] = [
            ({"amount": 0}, "amount out of range"), ({"amount": 1}, None), ({"amount": LARGEST_AMOUNT}, None),
            ({"amount": LARGEST_AMOUNT + 1}, "amount out of range"), ({"deadline": now}, "deadline out of range"),
            ({"deadline": now + 1}, None), ({"deadline": now + LONGEST}, None),
            ({"deadline": now + LONGEST + 1}, "deadline out of range"), ({"kind": 31}, None),
            ({"kind": 32}, "no such kind"), ({"kind": 0}, None), ({"needed": 0}, "needed out of range"),
            ({"needed": 3}, "needed out of range"), ({"needed": 4, "attesters": four}, None),
            ({"attesters": (ZERO_ADDRESS, four[0])}, "no attester"),
            ({"attesters": (four[0], self["team"])}, "no attester"),
            ({"attesters": (four[0], *four[:3])}, "attester named twice"),
            ({"attesters": (*four[:3], four[2])}, "attester named twice"),
            ({"attesters": (*four[:3], four[0])}, "attester named twice"),
            ({"step": 2**32 - 1, "steps": 2**16 - 1, "cliff": 2**16 - 1}, None),
            ({"step": 2**32, "steps": 1}, "plan out of range"), ({"step": 1, "steps": 2**16}, "plan out of range"),
            *(({name: 1}, "plan out of range") for name in ("step", "steps", "cliff")),
            ({"step": 1, "steps": 1, "cliff": 2}, "plan out of range"), ({"step": 1, "steps": 1, "cliff": 1}, None),
            ({"learners": b"\x01" * 32}, None),
            ({"learners": b"\x01" * 32, "step": 1, "steps": 1}, "a list does not vest"),
        ]  # fmt: skip
        for changes, reason in bounds:
            yield self.proposes(self.item(), self.item(**changes), fails=reason)
        yield self.opens(coin="fee")
        yield self.proposes(self.item(step=1, steps=1), programme=3, fails="token has no escrow")
        yield self.proposes(self.item(), programme=3)
        for grantee in (ZERO_ADDRESS, self["grants"]):
            yield self.sends("propose", PROGRAMME, grantee, [self.item().args], bytes(32), "", fails="no grantee")
        yield self.proposes(fails="no milestones")
        made = 1 + sum(reason is None for _, reason in bounds)
        assert self.ask("grants.proposal_count") == 1 + made, "GRT-1"

    @way()
    def the_last_coin(self, who: str) -> Steps:
        """All that is free is reserved; a wei more is not."""
        free, reserved = self.money()
        assert reserved == 0, "GRT-6"
        yield self.proposes(self.item(amount=free), self.item(amount=1))
        yield self.sends("vote", 2, True, by="member")
        yield self.sends("vote", 2, True, by="second member", fails="not enough in the programme")
        number = yield from self.carried(self.item(amount=free - 1), self.item(amount=1))
        assert self.money() == (0, free), "GRT-6"
        yield self.sends("fund", PROGRAMME, 1, by="owner")
        yield self.sends("vote", 2, True, by="second member", fails="not enough in the programme")
        yield self.tx("witness.count", self["rival"], sender=who)
        for delegator in DELEGATORS:
            yield self.sends("object", number, self["operator"], 0, by=delegator)
        assert self.money() == (free + 1, 0), "GRT-5"
        yield self.sends("vote", 2, True, by="second member")

    @way()
    def more_money_than_a_word_has(self, who: str) -> Steps:
        """Free and reserved stay below 2**128 together, whatever comes in or back."""
        yield self.opens(coin="other", last=self.now + 30 * DAY)
        yield self.sends("fund", 3, LARGEST_MONEY + 1, by="funder", fails="amount out of range")
        yield self.sends("fund", 3, LARGEST_MONEY, by="funder")
        yield self.sends("fund", 3, 1, by="funder", fails="amount out of range")
        item = self.item(amount=LARGEST_AMOUNT, step=DAY, steps=1)
        number = yield from self.due(item, item, programme=3)
        assert self.money(3) == (LARGEST_MONEY - 2 * LARGEST_AMOUNT, 2 * LARGEST_AMOUNT), "GRT-6"
        yield self.sends("fund", 3, 1, by="funder", fails="amount out of range")
        record = yield from self.evidence(item)
        yield self.releases(number, 0, record)
        yield self.sends("fund", 3, LARGEST_AMOUNT, by="funder")
        yield self.tx("registry.set_status", record, int(Status.REVOKED), "wrong", sender=self["team"])
        yield self.sends("claw_back", number, 0, record, fails="amount out of range")
        self.evm.warp(20 * DAY)
        yield self.sends("lapse", number, 1)
        assert self.money(3) == (LARGEST_MONEY, 0), "GRT-6"

    # objections -------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)), Choice((0, 1)))
    def stopped_to_the_wei(self, who: str, more: int, late: int) -> Steps:
        """In the last second of the notice, by exactly the part that the programme says, and not by a wei less."""
        rest = 4_000 * COIN - 2 * STAKED - RIVAL + more
        yield self.tx("hub.stake", self["operator"], rest, 0, 7, sender=self["delegator"])
        yield self.tx("witness.count_many", [self["rival"], self["rival"]], sender=who)
        yield self.opens(bps=2_000, notice=DAY)
        yield self.sends("fund", 3, PAID, by="funder")
        number = yield from self.carried(self.item(), programme=3)
        yield self.sends("object", number + FAR, self["operator"], 0, by="delegator", fails="not carried")
        self.evm.warp(DAY + late)
        if late:
            yield self.sends("object", number, self["operator"], 0, by="delegator", fails="notice is over")
            return
        yield self.sends("object", number, self["operator"], 0, by="delegator")
        self.emitted(
            "grants.Objected", proposal=number, owner=self["delegator"], operator=self["operator"], weight=STAKED,
            objections=STAKED,
        )  # fmt: skip
        self.emitted("grants.Stopped", count=1 - more, **({} if more else {"total": 4_000 * COIN}))
        assert self.view("proposal", number)[7:9] == (not more, STAKED), "GRT-5"
        again = "has objected" if more else "not carried"
        yield self.sends("object", number, self["operator"], 0, by="delegator", fails=again)

    @way(Choice((5_714, 5_715)))
    def who_objects_and_leaves(self, who: str, bps: int) -> Steps:
        """The whole stays as it was: both positions are 57.14 per cent of it, though they left."""
        yield self.tx("witness.count", self["rival"], sender=who)
        yield self.opens(bps=bps, notice=DAY)
        yield self.sends("fund", 3, PAID, by="funder")
        number = yield from self.carried(self.item(), programme=3)
        for owner in DELEGATORS:
            yield self.sends("object", number, self["operator"], 0, by=owner)
            yield self.tx("hub.unstake", self["operator"], STAKED, 0, 0, sender=self[owner])
        assert self.view("proposal", number)[7:9] == (bps == 5_714, 2 * STAKED), "GRT-5"

    @way(Choice((1_669, 1_670)))
    def what_left_before(self, who: str, bps: int) -> Steps:
        """Whoever objects first keeps no pool in the whole that had shrunk: 401 of 2,402 coins, not of 3,201."""
        part = 400 * COIN
        yield self.tx("witness.count", self["rival"], sender=who)
        yield self.tx("hub.unstake", self["rival"], RIVAL, 0, 0, sender=self["quiet funder"])
        for sub, staked in ((7, part), (8, COIN)):
            yield self.tx("hub.stake", self["operator"], staked, 0, sub, sender=self["delegator"])
        yield self.opens(bps=bps, notice=DAY)
        yield self.sends("fund", 3, PAID, by="funder")
        number = yield from self.carried(self.item(), programme=3)
        for sub in (7, 8):
            yield self.sends("object", number, self["operator"], sub, by="delegator")
            yield self.tx("witness.count", self["rival"], sender=who)
        assert self.view("proposal", number)[7:9] == (bps == 1_669, part + COIN), "GRT-5"

    @way()
    def what_a_slash_left(self, who: str) -> Steps:
        """A position objects with what it is worth, not with what was put in; each account of an owner for itself."""
        number = yield from self.carried(self.item())
        service = self.evm.account("service").address
        yield self.tx("hub.stake", self["operator"], COIN, 0, 7, sender=self["delegator"])
        yield self.tx("hub.slash", self["operator"], 0, 80 * COIN, sender=service)
        objections = Fraction(0)
        for sub, staked in ((7, COIN), (0, STAKED)):
            objections += Fraction(staked) * (2 * STAKED + COIN - 320 * COIN) / (2 * STAKED + COIN)
            yield self.sends("object", number, self["operator"], sub, by="delegator")
            assert abs(self.view("proposal", number)[8] - objections) < 2, "GRT-5: another weight"

    @way()
    def the_same_coins(self, who: str) -> Steps:
        """They are not back before the longest notice is over, whenever they left."""
        yield self.opens(bps=WHOLE, notice=LONGEST_NOTICE)
        yield self.sends("fund", 3, PAID, by="funder")
        number = yield from self.carried(self.item(), programme=3)
        end = self.now + LONGEST_NOTICE
        yield self.sends("object", number, self["operator"], 0, by="delegator")
        ticket = yield self.tx("hub.unstake", self["operator"], STAKED, 0, 0, sender=self["delegator"])
        self.evm.warp_to(end)
        yield self.tx(
            "hub.withdraw", int.from_bytes(ticket, "big"), 0, sender=self["delegator"], fails="hub: not matured"
        )
        yield self.sends("object", number, self["operator"], 0, by=DELEGATORS[1])

    # names and tokens -------------------------------------------------------------------------------------------------

    @way()
    def numbers_of_nothing(self, who: str) -> Steps:
        item = self.item(step=DAY, steps=7)
        number = yield from self.due(item)
        record = yield from self.evidence(item)
        yield self.releases(number, 0, record)
        yield self.tx("registry.set_status", record, int(Status.REVOKED), "wrong", sender=self["team"])
        for far in (number + FAR, FAR, 2**256 - 1):
            yield self.sends("claw_back", far, 0, record, fails="no such proposal")
            yield self.sends("lapse", far, 0, fails="no such proposal")
            assert self.refuses("grants.milestone", far, 0), "GRT-4: another number leads to a milestone"
        for none in (0, number + 1):
            yield self.sends("vote", none, True, by="member", fails="no such proposal")
            yield self.sends("recuse", none, "", by="member", fails="no such proposal")
            yield self.sends("object", none, self["operator"], 0, by="delegator", fails="not carried")
            yield self.sends("lapse", none, 0, fails="not carried")
            yield self.sends("claw_back", none, 0, self.data, fails="nothing was released")
            assert not self.view("stands", none, 0, self.data), "GRT-8"

    @way()
    def tokens_of_the_list(self, who: str) -> Steps:
        token, escrow, owner = self["token"], self["escrow"], "owner"
        calls: list[tuple[tuple[Any, ...], str | None]] = [
            ((self["stranger"], ZERO_ADDRESS, True), "token is no contract"),
            ((token, ZERO_ADDRESS, True), "escrow is fixed"), ((token, self["hubbed"], True), "escrow is fixed"),
            ((self["registry"], escrow, True), "escrow of another token"),
            ((token, escrow, False), None), ((token, escrow, True), None), ((self["fee"], ZERO_ADDRESS, False), None),
        ]  # fmt: skip
        for call, reason in calls:
            yield self.sends("list_token", *call, by=owner, fails=reason)
            yield self.sends("list_token", *call, by="funder", fails="caller is not the owner")
        yield self.opens("token is not listed", coin="fee")
        fresh = self.evm.deploy("GrantProgram", self["witness"], self["owner"], sender=self.evm.account("deployer"))
        data = self.contract("grants").list_token.encode(token, self["hubbed"], True)
        assert self.evm.raw.call(self["owner"], fresh.address, data) is None, "GRT-6: an escrow with a hub"
        assert self.evm.revert().reason == "grants: escrow has a hub", "GRT-6"

    @way()
    def tokens_that_cheat(self, who: str) -> Steps:
        """One takes a fee, one refuses to pay."""
        yield self.opens(coin="fee")
        yield self.tx("grants.fund", 3, 1_000, sender=self["funder"], fails="transfer: token takes a fee")
        yield self.opens(coin="other")
        yield self.sends("fund", 4, 2 * PAID, by="funder")
        item = self.item()
        number = yield from self.due(item, programme=4)
        record = yield from self.evidence(item)
        yield self.tx("other.set_refuses", True, sender=self["owner"])
        yield self.tx("grants.release", number, 0, record, sender=self["team"], fails="transfer: refused")
        self.evm.warp(60 * DAY)
        yield self.tx("grants.take_back", 4, sender=who, fails="transfer: refused")
        yield self.tx("other.set_refuses", False, sender=self["owner"])
        yield self.sends("take_back", 4)
        assert self.money(4) == (0, PAID), "GRT-6"

    @way()
    def one_wei(self, who: str) -> Steps:
        """Given, promised, and sent back."""
        yield self.opens(last=self.now + DAY, notice=DAY)
        yield self.sends("fund", 3, 2, by="funder")
        yield from self.carried(self.item(amount=1, deadline=self.now + DAY), programme=3)
        self.evm.warp(DAY + 1)
        yield self.sends("take_back", 3)
        assert self.money(3) == (0, 1), "GRT-6"
