"""AlignmentCourt, the hub and two services under the oracles: accusing, voting, re-hearing, paying and leaving."""

from __future__ import annotations

from audit.systems._court import DAILY_BLOCKS, DUST, FAULTS, JURORS
from audit.systems._court_oracles import CourtOracles
from audit.systems._court_services import CourtServices
from audit.systems._hub import Coins, number
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Flag
from evmstorm.oracles.neutrality import check_alike
from keifu.spec.court import ANSWER, COMMIT, LONGEST_CASE, LONGEST_WAIT, OVER, QUEUE, REVEAL, SEED, Table
from keifu.units import COIN, DAY

OPENINGS = ("right", "right", "right", "right", "other vote", "other salt")
SOME = range(16)
HELD = (1, 1, 50, 1_000, 1_001)  # thousandths


class Court(CourtServices, CourtOracles):
    """Anyone accuses through a service, jurors vote honestly or not, stay away, join and leave meanwhile."""

    # time and seeds ---------------------------------------------------------------------------------------------------

    @action("court.advance", Choice("alive"), weight=6)
    def advance(self, who: str, case: int) -> Steps:
        done = yield from self.judged(lambda law: law.advance(case))
        if done is not None:
            assert number(done[0]) == done[1], "another phase"

    @action("", Choice("alive"), weight=14)
    def pass_time(self, who: str, case: int) -> Steps:
        """What waits for time, for blocks or for a seed gets it."""
        item = self.case(case)
        if item.phase == SEED and item.seed_epoch not in self.law.seeds:
            self.put_seed(item.seed_epoch)
        yield from self.advancing(who, case)

    @action("", Choice("alive"), weight=3)
    def starve(self, who: str, case: int) -> Steps:
        """No seed comes, or no turn, for fourteen days."""
        if self.case(case).phase == ANSWER:
            yield from self.advancing(who, case)
        item = self.case(case)
        if item.phase in (SEED, QUEUE):
            self.evm.warp_to(max(self.now, item.since + LONGEST_WAIT))
            self.evm.mine(7 * DAILY_BLOCKS)
            yield from self.advancing(who, case)

    def advancing(self, who: str, case: int) -> Steps:
        self.pass_period(case)
        order = self.tx("court.advance", case, sender=who, raw_outcome=True)
        yield from self.judged(lambda law: law.advance(case), order)

    @action("", Choice((1, 2, 4, 60)), weight=2)
    def blocks(self, who: str, count: int) -> Steps:
        self.evm.mine(count)
        return
        yield

    @action("", Choice((-1, 0, 2, 3)), weight=2)
    def seed(self, who: str, ahead: int) -> Steps:
        """A seed comes, or is passed over."""
        epoch = max(0, self.law.next_seed + ahead)
        if epoch not in self.law.seeds:
            self.put_seed(epoch)
        return
        yield

    # voting -----------------------------------------------------------------------------------------------------------

    def committing(self, who: str, case: int, guilty: bool, seal: bytes) -> Steps:
        order = self.tx("court.commit", case, seal, sender=who, raw_outcome=True)
        done = yield from self.judged(lambda law: law.commit(case, who, seal), order)
        if done is not None:
            hearing = self.case(case).hearing
            assert number(done[0]) == done[1], "CRT-9: another number of seats"
            self.votes[case, hearing, who] = guilty
            kept = seal[:24] + bytes(8)
            self.emitted("court.VoteCommitted", case_id=case, juror=who, hearing=hearing, seats=done[1], seal=kept)

    @action("", Choice("sitting"), Flag(), sender=(*JURORS, "stranger"), weight=5)
    def commit(self, who: str, case: int, guilty: bool) -> Steps:
        yield from self.committing(who, case, guilty, self.seal(case, who, guilty))

    @action("", Choice("sitting"), sender=JURORS, weight=2)
    def copy_seal(self, who: str, case: int) -> Steps:
        """A copied seal commits and cannot be revealed."""
        votes = [vote for name, vote in self.case(case).hearings[-1].votes.items() if name != who and vote.seal]
        if votes:
            yield from self.committing(who, case, True, votes[0].seal + bytes(8))

    @action("", Choice("sitting"), Choice(SOME), Choice(SOME), weight=12)
    def jury_commits(self, who: str, case: int, present: int, guilty: int) -> Steps:
        """Several jurors at once."""
        for index, juror in enumerate(self.jurors):
            item = self.case(case)
            ready = item.phase == COMMIT and juror not in item.hearings[-1].votes
            if ready and present >> index & 1 and self.law.drawn(case, item.hearing, juror):
                self.evm.mine()
                if self.law.ended(item, 2 * DAY):
                    return
                vote = bool(guilty >> index & 1)
                yield from self.committing(juror, case, vote, self.seal(case, juror, vote))

    def revealing(self, who: str, case: int, how: str) -> Steps:
        guilty = self.votes.get((case, self.case(case).hearing, who), True) != (how == "other vote")
        salt = bytes(32) if how == "other salt" else self.salt(who)
        order = self.tx("court.reveal", case, guilty, salt, sender=who, raw_outcome=True)
        done = yield from self.judged(lambda law: law.reveal(case, who, guilty, salt), order)
        if done is not None:
            hearing = self.case(case).hearing
            self.emitted("court.VoteRevealed", case_id=case, juror=who, hearing=hearing, seats=done[1], guilty=guilty)

    @action("", Choice("sitting"), Choice(OPENINGS), sender=JURORS, weight=6)
    def reveal(self, who: str, case: int, how: str) -> Steps:
        yield from self.revealing(who, case, how)

    @action("", Choice("sitting"), Choice(SOME), weight=12)
    def jury_reveals(self, who: str, case: int, silent: int) -> Steps:
        """The commit period ends, and all but some reveal."""
        if self.case(case).phase == COMMIT:
            self.pass_period(case)
        for index, juror in enumerate(self.jurors):
            vote = self.case(case).hearings[-1].votes.get(juror)
            if vote and not vote.status and not silent >> index & 1 and self.case(case).phase in (COMMIT, REVEAL):
                yield from self.revealing(juror, case, "right")

    @action("", Choice("sitting"), Choice(JURORS), Choice(OPENINGS), weight=4)
    def report_salt(self, who: str, case: int, role: str, how: str) -> Steps:
        juror = self[role]
        guilty = self.votes.get((case, self.case(case).hearing, juror), True) != (how == "other vote")
        salt, before = bytes(32) if how == "other salt" else self.salt(juror), self.behind_court(juror)
        order = self.tx("court.report_salt", case, juror, guilty, salt, sender=who, raw_outcome=True)
        done = yield from self.judged(lambda law: law.report_salt(case, juror, guilty, salt), order)
        if done is not None:
            self.tipped(done, case, juror, before, who)

    @action("", Choice("newest"), Choice((0, 0, 1, 7)), Choice(JURORS), weight=8)
    def show_absent(self, who: str, case: int, hearing: int, role: str) -> Steps:
        juror, before = self[role], self.behind_court(self[role])
        order = self.tx("court.show_absent", case, hearing, juror, sender=who, raw_outcome=True)
        done = yield from self.judged(lambda law: law.show_absent(case, hearing, juror), order)
        if done is not None:
            self.tipped(done, case, juror, before, who)

    @action("", Choice("newest"), Choice(JURORS), weight=10)
    def claim(self, who: str, case: int, role: str) -> Steps:
        juror = self[role]
        order = self.tx("court.claim", case, [juror], sender=who, raw_outcome=True)
        yield from self.claiming(case, juror, order)

    def claiming(self, case: int, juror: str, order: object) -> Steps:
        before = self.behind_court(juror)
        done = yield from self.judged(lambda law: law.claim(case, juror), order)
        if done is not None:
            paid, lost = done[1]
            self.emitted("court.JurorPaid", count=int(paid > 0), **({"case_id": case, "juror": juror} if paid else {}))
            if lost:
                self.penalised(case, juror, lost, before)

    @action("", Choice("alive"), Choice(SOME), Choice(SOME), weight=12)
    def hear(self, who: str, case: int, guilty: int, silent: int) -> Steps:
        """A whole hearing: its seed comes, jurors commit, all but some reveal, and it is closed."""
        for _ in range(3):
            if self.case(case).phase in (ANSWER, SEED, QUEUE):
                yield from self.pass_time(who, case)
        if self.case(case).phase in (COMMIT, REVEAL):
            yield from self.jury_commits(who, case, 15, guilty)
            yield from self.jury_reveals(who, case, silent)
            yield from self.pass_time(who, case)

    # jurors -----------------------------------------------------------------------------------------------------------

    @action("court.join", sender=(*JURORS, "stranger"), weight=4)
    def join_court(self, who: str) -> Steps:
        done = yield from self.judged(lambda law: law.join(who))
        if done is not None:
            assert number(done[0]) == done[1], "another sum was added"

    @action("", Choice(HELD), sender=JURORS, weight=5)
    def leave(self, who: str, part: int) -> Steps:
        amount = self.behind_court(who) * part // 1_000
        order = self.tx("court.leave", amount, sender=who, raw_outcome=True)
        yield from self.judged(lambda law: law.leave(who, amount), order)

    @action("court.release", sender=JURORS, weight=5)
    def release(self, who: str) -> Steps:
        done = yield from self.judged(lambda law: law.release(who))
        if done is not None:
            assert number(done[0]) == done[1], "another sum came back"

    @action("", Choice(JURORS), weight=3)
    def poke_juror(self, who: str, role: str) -> Steps:
        juror = self[role]
        order = self.tx("court.poke", juror, sender=who, raw_outcome=True)
        yield from self.judged(lambda law: law.poke(juror), order)

    @action("", Coins(10_000 * COIN), sender=JURORS, weight=4)
    def lock_more(self, who: str, amount: int) -> Steps:
        order = self.tx("hub.lock", self["court"], who, amount, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.lock(self["court"], who, amount), order, who=who, spends=amount)
        if done is not None:
            self.flow[who] -= amount

    @action("court.pay_insurance", weight=2)
    def pay_penalties(self, who: str) -> Steps:
        done = yield from self.judged(lambda law: None)
        if done is not None:
            self.flow[self.insurance] += number(done[0])
            self.flow[self["court"]] -= number(done[0])

    # the owner --------------------------------------------------------------------------------------------------------

    @action("", Choice((COIN, COIN // 2, 2 * COIN, 0, 10**23)), sender="stranger", weight=1)
    def rescale(self, who: str, unit: int) -> Steps:
        order = self.tx("court.rescale", unit, sender=self.owner, raw_outcome=True)
        yield from self.judged(lambda law: law.rescale(unit), order)

    @action("court.rescale", Choice((COIN,)), weight=1, always_reverts=True)
    def rescale_for_oneself(self, who: str, unit: int) -> Steps:
        return "court: not the owner"
        yield

    @action("", Choice("services"), Choice(range(6)), sender="stranger", weight=1)
    def remove_service(self, who: str, service: str, luck: int) -> Steps:
        if luck == 0:
            order = self.tx("hub.remove_service", service, sender=self.owner, raw_outcome=True)
            yield from self.both(lambda m: m.remove_service(service), order)

    # what holds in the end --------------------------------------------------------------------------------------------

    @invariant("CRT-8", at_end=True)
    def weights_are_the_log_s(self) -> bool:
        """What weighed at an accusation weighs in its case for ever; weights sum up to the total."""
        law, court = self.at_court(), self.contract("court")
        now = sum(law.weights().values())
        for case, item in list(law.cases.items())[-3:]:
            weights = {who: self.ask("court.weight_in", case, who) for who in self.addresses}
            if {who: wei for who, wei in weights.items() if wei} != item.weights:
                return False
            if court.get_case(case)[6] != sum(weights.values()):
                return False
        for who in self.jurors:
            juror, found = law.jurors[who], court.get_juror(who)
            counts = (juror.mature, juror.young, juror.counts_from if juror.young else 0, juror.leaving)
            if tuple(found)[:4] != counts or found[5] != juror.ballots:
                return False
        return self.ask("court.total_weight") == now

    @invariant("CRT-9", at_end=True)
    def seats_are_drawn_by_weight(self) -> bool:
        """A juror's seats are its weight's share, and the remainder is a draw: within one seat, in however many
        accounts the coins are."""
        law, court = self.law, self.contract("court")
        for case, item in list(law.cases.items())[-3:]:
            for hearing in range(len(item.hearings)):
                for who in self.jurors:
                    seats = court.drawn(case, hearing, who)
                    assert seats == law.drawn(case, hearing, who), "another draw"
                    assert not seats or abs(seats - item.expected(hearing, who)) < 1, "more seats than its weight"
        return True

    @invariant("CRT-13", at_end=True)
    def views_tell(self) -> bool:
        """Every case is the model's, and the views tell it."""
        court = self.contract("court")
        for case, item in list(self.law.cases.items())[-3:]:
            stored = court.get_case(case)
            wanted = (item.hearing, item.phase, item.since, item.since_block, item.seed_epoch, item.first, item.verdict)
            assert tuple(stored)[8:15] == wanted, f"{stored}, not {wanted}"
            for hearing, jury in enumerate(item.hearings):
                votes = (jury.committed, jury.seats(1), jury.seats(2))
                assert tuple(court.tally(case, hearing)) == votes, "another tally"
                for who, vote in jury.votes.items():
                    assert tuple(court.ballot(case, hearing, who))[1:] == (vote.seats, vote.status), "another ballot"
            verdict, amount, costs = court.verdict(case)
            convicted = item.verdict == 2
            assert (verdict, amount) == (item.verdict, item.asked if convicted else 0), "another verdict"
            assert abs(costs - (item.costs if convicted else 0)) <= DUST, "other costs"
            assert court.over(case) == (item.phase == OVER), "over"
            table = Table(item.asked, self.law.unit)
            most = self.ask("court.most_costs", item.asked)
            check_alike("costs", most, [int(table.fees(0)), int(table.fees(1))], DUST)
        return self.ask("court.longest_case") == LONGEST_CASE and self.ask("court.case_count") == len(self.law.cases)

    @invariant("CRT-2", at_end=True)
    def faults_are_spent_by_conviction(self) -> bool:
        """A fault is accused again only when it was not found, for three times the bond when it was acquitted."""
        for fault in FAULTS:
            last = self.law.last_about(self["service"], fault)
            if last and (last.phase != OVER or last.verdict == 2):
                if not self.refuses("court.bond_for", self["service"], fault, 400 * COIN):
                    return False
                continue
            repeated = bool(last and (last.verdict == 1 or last.repeated))
            wanted = Table(400 * COIN, self.at_court().unit).bond(repeated)
            if abs(self.ask("court.bond_for", self["service"], fault, 400 * COIN) - wanted) > DUST:
                return False
        return True
