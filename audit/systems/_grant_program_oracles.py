"""What must hold for grant programmes after whatever people did: the log's sentences, and the five oracles."""

from __future__ import annotations

from functools import partial
from itertools import permutations

from audit.systems._grant_program import (
    DELEGATORS,
    QUIET,
    WHOLE,
    GrantLog,
    Programme,
    Promised,
    Proposal,
)
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.harm import Harm
from evmstorm.oracles.neutrality import check_alike, split
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from evmstorm.oracles.promise import Claim, check_payable
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Record
from keifu.units import COIN, DAY

__all__ = ["GrantOracles"]

STATES = {"": 2, "lapsed": 3, "clawed back": 4}


class GrantOracles(GrantLog):
    """Sentences about the whole log."""

    @invariant("GRT-6")
    def coins_are_there(self) -> bool:
        """What was paid in is free, reserved, given or taken back; what is free and reserved is there."""
        held = dict.fromkeys(self.coins, 0)
        for programme in self.programmes:
            free, reserved = self.free(programme), self.reserved(programme)
            if free < 0 or reserved + self.given(programme) > programme.paid_in:
                return False
            held[programme.token] += free + reserved
        return all(self.coins[coin](self["grants"]) == sum_ for coin, sum_ in held.items())

    @invariant("GRT-1", at_end=True)
    def programmes_are_the_log_s(self) -> bool:
        for item in self.programmes:
            version = item.version(self.now)
            wanted = (item.funder, item.token, self.free(item), self.reserved(item), version, item.objection_bps,
                      item.notice, item.last)  # fmt: skip
            if tuple(self.view("program", item.number)) != wanted:
                return False
            for number, known in enumerate(item.committees, start=1):
                for who in {*known.members, *self.addresses}:
                    seat = known.members.index(who) + 1 if who in known.members else 0
                    if tuple(self.view("committee", item.number, number, who)) != (known.needed, known.since, seat):
                        return False
        counts = self.ask("grants.program_count"), self.ask("grants.proposal_count")
        nobody = (ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, 0, 0, 0)
        return counts == (len(self.programmes), len(self.proposals)) and tuple(self.view("program", 0)) == nobody

    @invariant("GRT-2", at_end=True)
    def proposals_are_the_log_s(self) -> bool:
        for item in self.proposals:
            members = item.committee.members
            bits = [sum(1 << members.index(who) for who in people) for people in (item.votes, item.recused)]
            wanted = (item.programme.number, item.grantee, item.proposer, item.version, *bits, item.carried,
                      item.stopped, sum(item.objected.values()), len(item.milestones))  # fmt: skip
            if tuple(self.view("proposal", item.number)) != wanted:
                return False
        nothing = (0, ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, 0, False, 0, 0)
        return tuple(self.view("proposal", len(self.proposals) + 1)) == nothing

    @invariant("GRT-4", at_end=True)
    def milestones_are_the_log_s(self) -> bool:
        """Each stands where the log says; its evidence stands until it is withdrawn."""
        for proposal in self.proposals:
            for at in range(8):
                found = tuple(self.view("milestone", proposal.number, at))
                if at >= len(proposal.milestones):
                    if found != (0, 0, 0, 0):
                        return False
                    continue
                item = proposal.milestones[at]
                state = STATES[item.ended] if item.released or item.ended else 1
                amount = item.amount if item.pending else item.left
                if found != (state, amount, item.deadline, item.grant):
                    return False
                if item.evidence and self.view("stands", proposal.number, at, item.evidence) == self.is_withdrawn(item):
                    return False
        return not self.view("stands", 0, 0, self.data) and not self.view("stands", QUIET, 0, self.data)

    @invariant("WIT-1", at_end=True)
    def stake_is_counted(self) -> bool:
        """Each pool as it was when somebody counted it last, and all of them together."""
        witness = self.contract("witness")
        each = all(witness.counted(self[role]) == self.counted.get(self[role], 0) for role in ("operator", "rival"))
        return each and witness.total_counted() == sum(self.counted.values())

    @invariant("WIT-2", at_end=True)
    def lineage_is_the_log_s(self) -> bool:
        """What was traced, and nothing else; of each record whether something behind it is known to be withdrawn."""
        witness = self.contract("witness")
        names = witness.hub() == self["hub"] and witness.registry() == self["registry"]
        return names and all(
            witness.is_withdrawn(one.id) == self.is_unsound(one)
            and all(witness.made_from(one.id, other) == (other in self.traced[one.id]) for other in self.records)
            for one in self.records.values()
        )

    @invariant("GRT-7", at_end=True)
    def lists_are_the_log_s(self) -> bool:
        names = {"owner": self["owner"], "hub": self["hub"], "registry": self["registry"], "witness": self["witness"]}
        return all(self.view(name) == wanted for name, wanted in names.items()) and all(
            (self.view("listed", token), self.view("escrow_of", token)) == (listed, self.escrows[token])
            for token, listed in self.listed.items()
        )

    @invariant("GRT-8", at_end=True)
    def what_has_vested_stays(self) -> bool:
        """Each grant vests in exact fractions, and keeps what had vested when the rest was taken."""
        for proposal in self.proposals:
            for item in proposal.milestones:
                if item.grant and self.ask("escrow.vested", item.grant, self.now) != item.vested(self.now):
                    return False
        return True

    # the five oracles -------------------------------------------------------------------------------------------------

    @invariant("ORA-1", at_end=True)
    def nobody_gains(self) -> bool:
        """Profit: each has what the log entitles it to, vested coins that wait in the escrow included."""
        for coin, stored in self.coins.items():
            held = {self.names[who]: stored(who) for who in self.addresses}
            owed = {self.names[who]: self.had[coin, who] + self.moved[coin, who] for who in self.addresses}
            for proposal in self.proposals:
                for item in proposal.milestones:
                    if item.grant and proposal.programme.token == coin:
                        grantee = self.names[proposal.grantee]
                        held[grantee] += self.ask("escrow.claimable", item.grant)
                        owed[grantee] += item.vested(self.now)
            check_paid_in_full(held, owed, 0)
            check_profit(held, owed, 0)
        return True

    def promised(self) -> list[tuple[Proposal, int]]:
        """Milestones for which money is reserved."""
        return [
            (proposal, at)
            for proposal in self.proposals
            if proposal.is_carried
            for at, item in enumerate(proposal.milestones)
            if item.pending or item.left
        ]

    def shown_anew(self, proposal: Proposal, at: int) -> bytes:
        """A record of the grantee's that every attester of a milestone speaks for."""
        item, registry = proposal.milestones[at], self.contract("registry")
        digest = keccak256(b"%d of %d" % (at, proposal.number))
        record = Record(proposal.grantee, Kind(item.kind), digest)
        registry.register(record.args, sender=proposal.grantee)
        registry.store_links([record.args], sender=proposal.grantee)
        known = self.domain.record_id(record)
        for who in item.attesters:
            registry.attest(Attestation(item.schema, known).args, sender=who)
        return known

    def honoured(self, proposal: Proposal, at: int) -> int:
        """Wei that a promise gives: to the grantee for evidence, or back to the programme when its time is over."""
        item, programme = proposal.milestones[at], proposal.programme
        if item.pending and self.now <= item.deadline and item.kind <= int(Kind.RECEIPT_BATCH):
            before = self.coins[programme.token](proposal.grantee)
            grant = self.do(
                "grants.release", proposal.number, at, self.shown_anew(proposal, at), sender=proposal.grantee
            )
            if item.is_list:
                return int(self.view("milestone", proposal.number, at)[1])
            return self.contract("escrow").plan(grant)[2] if grant else (
                self.coins[programme.token](proposal.grantee) - before
            )  # fmt: skip
        self.evm.warp_to(max(self.now, item.until + 1))
        free = int(self.view("program", programme.number)[2])
        lapsed = self.do("grants.lapse", proposal.number, at, sender=self["stranger"])
        assert int(self.view("program", programme.number)[2]) == free + lapsed, "promise: what lapsed is not free"
        return lapsed

    @invariant("ORA-2", at_end=True)
    def reserves_are_payable(self) -> bool:
        """Promise: whatever was carried is paid for evidence, or goes back, in full, whichever comes first."""
        places = {f"{proposal.number}.{at}": (proposal, at) for proposal, at in self.promised()}
        claims = []
        for name, (proposal, at) in places.items():
            item = proposal.milestones[at]
            claims.append(Claim(proposal.grantee, item.amount if item.pending else item.left, name))
        with self.evm.anchor():
            self.evm.warp_to(max(self.now, *(proposal.notice_end + 1 for proposal, _ in places.values()), 0))
            check_payable(claims, self.evm.anchor, lambda claim: self.honoured(*places[claim.name]))
        return True

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: a team that waits for its milestone and a funder that waits for the end have all that is theirs."""
        programme, harm = self.programmes[0], Harm()
        with self.evm.anchor():
            item = self.proposals[0].milestones[0]
            held = [self.coins[programme.token](self[role]) for role in ("quiet team", "quiet funder")]
            if self.now <= item.deadline:
                self.do("grants.release", QUIET, 0, self.quiet_record, sender=self["quiet team"])
            else:
                self.do("grants.lapse", QUIET, 0, sender=self["stranger"])
            self.evm.warp_to(max(self.now, programme.last + 1))
            self.do("grants.take_back", QUIET, sender=self["stranger"])
            now = [self.coins[programme.token](self[role]) for role in ("quiet team", "quiet funder")]
            harm.done(0, programme.paid_in - (sum(now) - sum(held)), multiple=0)
        return True

    def last_day(self, programme: Programme) -> int:
        """The second in which the last coin of a programme is paid or free."""
        items: list[tuple[Proposal, Promised]] = [
            (proposal, proposal.milestones[at]) for proposal, at in self.promised() if proposal.programme is programme
        ]
        return max([programme.last, *(max(proposal.notice_end, item.until) for proposal, item in items)])

    def is_out(self, programme: Programme) -> bool:
        """Whether the funder gets all that is not given, by anybody's calls."""
        due, before = self.free(programme) + self.reserved(programme), self.coins[programme.token](programme.funder)
        for proposal, at in self.promised():
            if proposal.programme is programme:
                self.do("grants.lapse", proposal.number, at, sender=self["stranger"])
        if due:
            self.do("grants.take_back", programme.number, sender=self["stranger"])
        return bool(self.coins[programme.token](programme.funder) - before == due)

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: what nobody earned is its funder's a second after the last day, deadline and list."""
        with self.evm.anchor():
            exits = [
                Exit(self.names[item.funder], self.last_day(item), 1, partial(self.is_out, item))
                for item in self.programmes
            ]
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True

    @invariant("ORA-5", at_end=True)
    def order_is_neutral(self) -> bool:
        """Neutrality: objections weigh the same in whatever order and however they are split, and so do payments."""
        whole = {who: self.staked.get((who, 0), 0) for who in (self[role] for role in DELEGATORS)}
        found = [self.objecting(order, 1) for order in permutations(whole)] + [self.objecting(tuple(whole), 2)]
        check_alike("objections", found[0], found[1:2], 0)
        spare = 100 * COIN
        check_alike("split objections", found[0] + spare, found[2:], 0)
        for proposal, at in self.promised():
            item = proposal.milestones[at]
            waiting = [index for index in range(3) if index not in item.paid]
            if item.released and sum(self.list.totals[index] for index in waiting) <= item.left:
                sums = [self.learning(proposal, at, order) for order in (waiting, waiting[::-1])]
                check_alike("learners", sums[0], sums[1:], 0)
        return True

    def objecting(self, people: tuple[str, ...], parts: int) -> int:
        """Objections to a proposal of the quiet team's, of all positions, one of them with more coins in parts."""
        with self.evm.anchor():
            now, token = self.now, self["token"]
            funder, team, member = (self[role] for role in ("quiet funder", "quiet team", "quiet member"))
            self.do("grants.list_token", token, self.escrows[token], True, sender=self["owner"])
            program = self.do("grants.open", token, ([member], 1, WHOLE, DAY, now + 2 * DAY), sender=funder)
            self.do("grants.fund", program, 1, sender=funder)
            item = Promised(1, now + DAY, int(Kind.RUN), False, bytes(32), 1, (self["attester"],))
            proposal = self.do("grants.propose", program, team, [item.args], bytes(32), "", sender=funder)
            self.do("grants.vote", proposal, True, sender=member)
            rows = list(enumerate(split(100 * COIN, parts), start=20)) if parts > 1 else []
            for sub, amount in rows:
                self.do("hub.stake", self["operator"], amount, 0, sub, sender=funder)
            for sub, _ in rows:
                self.do("grants.object", proposal, self["operator"], sub, sender=funder)
            for who in people:
                if self.staked.get((who, 0)):
                    self.do("grants.object", proposal, self["operator"], 0, sender=who)
            return int(self.view("proposal", proposal)[8])

    def learning(self, proposal: Proposal, at: int, order: list[int]) -> int:
        """Wei that learners have, paid in this order within the time for it."""
        with self.evm.anchor():
            for index in order:
                row = self.list.accounts[index], self.list.totals[index], self.list.tree.proof(index)
                self.do("grants.pay_learner", proposal.number, at, index, *row, sender=self["quiet member"])
            coin = self.coins[proposal.programme.token]
            return sum(coin(self[role]) for role in ("learner", "stranger"))
