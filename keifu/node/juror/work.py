"""Rounds of the juror's node: look at the cases of a final block, say which seats were drawn, vote under seal, reveal,
and be paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keifu.chain.follower import Follower, Notice
from keifu.chain.suite import COURT
from keifu.errors import EnvironmentFault
from keifu.keys import Account
from keifu.node.attempts import Attempts
from keifu.node.chain import NodeChain
from keifu.node.final import Final, newest_final
from keifu.node.juror.ballots import Ballot, Ballots
from keifu.node.juror.decisions import HEARINGS, VOTES, Decisions, read_decisions
from keifu.node.juror.evidence import Evidence
from keifu.node.juror.rule import Rule
from keifu.node.open_cases import Case, OpenCases
from keifu.node.settings import JurorSettings, NodeSettings
from keifu.node.work import Body, Check, Work
from keifu.spec.court import COMMIT
from keifu.staking.court import PHASES
from keifu.units import coins, counted, day

__all__ = ["Juror"]

STEPS_A_ROUND = 20  # of the follower
GAS_OF_A_CASE = 600_000  # commit, reveal and claim, with the limits that the sender sets
SOON_SECONDS = 0.25  # while a transaction is awaited
SEALED, SETTLED = 0, 3  # of a ballot: from 3 on nothing can be claimed


class Juror(Work):
    """One account, whose coins are locked behind the court."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        settings: JurorSettings = body.settings
        self._settings, self._me = settings.juror, body.account.address.lower()
        chain, metrics = body.chain, body.metrics
        self._court = chain.suite.at(chain.client, COURT)
        self._open_cases, self._ballots = OpenCases(chain, body.database), Ballots(chain, body.account, body.database)
        self._evidence = Evidence(chain, body.database)
        self._follower = Follower(
            chain.rpc, self._evidence.sources, body.database, self._evidence, on_notice=self._notice, workers=0
        )
        self._rule = Rule(self._settings.rule, body.folder.path, self._settings.patience)
        self._sender = body.sender(self._court.address)
        self._attempts = Attempts(self._sender)
        self._decisions: Decisions = {}
        self._ruled: dict[tuple[int, int], bool] = {}
        self._not_ruled: set[tuple[int, int]] = set()
        self._trouble = "no case has been looked at yet"
        self._seats: dict[str, dict[str, Any]] = {}
        self._drawn = metrics.gauge("drawn_seats", "Seats that wait for a vote or its reveal.")
        self._undecided = metrics.gauge("undecided_seats", "Seats whose vote nobody has decided.")
        self._sent = metrics.counter("votes", "Votes that were sent, by step.", "step")
        self._missed = metrics.counter("missed_seats", "Seats whose vote lapsed.")

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, JurorSettings)
        court = chain.suite.at(chain.client, COURT)
        mature, pending, *_ = court.get_juror(account)
        detail = f"{coins(mature)} coins count, {coins(pending)} will"
        remedy = "" if mature + pending else "keifu staking lock --service COURT --amount 2000, then keifu court join"
        yield Check("seats", mature + pending > 0, detail, remedy)
        balance, needed = chain.client.balance(account), GAS_OF_A_CASE * chain.rpc.quantity("eth_gasPrice")
        words = f"{account.address} has {balance} wei, a case may take {needed}"
        yield Check("gas", balance >= needed, words, "" if balance >= needed else f"pay {account.address}")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Raises EnvironmentFault for a file of decisions that is wrong."""
        self._decisions = read_decisions(self._decisions_file)
        self.step()

    def step(self) -> float:
        self._read_decisions()
        self._follow()
        for key, ruling in self._rule.done().items():
            if ruling.guilty is None:
                self._not_ruled.add(key)
                self.body.log.warning("the rule decides nothing", case=key[0], hearing=key[1], why=ruling.why)
            else:
                self._ruled[key] = ruling.guilty
        self._look()
        step = self._sender.step()
        return SOON_SECONDS if step.open or not step.is_idle else float(self._settings.poll)

    def drain(self) -> bool:
        """What was signed goes on its way; a commitment that is due is sent with the next start as well."""
        return self._sender.step().is_at_rest

    def close(self) -> None:
        self._rule.close()
        self._sender.close()

    @property
    def _decisions_file(self) -> Any:
        return self.body.folder.path / self._settings.decisions

    def _read_decisions(self) -> None:
        """A file that is wrong now changes nothing of what was read before."""
        try:
            self._decisions, self._trouble = read_decisions(self._decisions_file), ""
        except EnvironmentFault as fault:
            self._trouble = fault.message

    def _follow(self) -> None:
        for _ in range(STEPS_A_ROUND):
            step = self._follower.step()
            if not step.more:
                break

    def _notice(self, notice: Notice) -> None:
        self.body.log.warning("the endpoint", kind=notice.kind, fault=notice.message)

    # cases ---------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        final = newest_final(self.body.chain)
        self.body.metrics.head.set(final.number)
        cases = self._open_cases.look(final)
        views = [
            (view, (case.number, hearing, self._me))
            for case in cases
            for hearing in range(case.hearing + 1)
            for view in (self._court.drawn, self._court.ballot)
        ]
        found = iter(final.views(views))
        self._seats = {}
        for case in cases:
            for hearing in range(case.hearing + 1):
                seats, ballot = next(found), next(found)
                if seats or ballot[1]:
                    self._act(case, hearing, seats, ballot)
            if case.is_over:
                self._settle(case, final)
        self._drawn.set(sum(item["seats"] for item in self._seats.values() if item["waits"]))
        self._undecided.set(sum(item["seats"] for item in self._seats.values() if item["vote"] == "undecided"))

    def _act(self, case: Case, hearing: int, seats: int, ballot: Any) -> None:
        """Do what is due for the juror's seats of one hearing. `ballot` is seal, seats and status."""
        sealed, taken, status = ballot
        kept = self._ballots.get(case.number, hearing)
        is_now = hearing == case.hearing and not case.is_over
        if taken and kept is None:
            kept = self._ballots.recover(case.number, hearing, sealed)
        if is_now and not taken and case.takes_votes:
            kept = self._vote(case, seats, kept)
        elif is_now and taken and status == SEALED and case.takes_reveals:
            self._reveal(case, kept)
        elif (not taken and (not is_now or case.phase > COMMIT or case.has_ended)) or (
            taken and status == SEALED and (not is_now or case.phase > COMMIT)
        ):
            self._lapsed(case, hearing, seats)
        if is_now:
            key = f"{case.number} {HEARINGS[hearing]}"
            self._seats[key] = {
                "seats": taken or seats,
                "phase": PHASES[case.phase],
                "vote": VOTES[kept.guilty] if kept else "undecided" if not taken else "unknown",
                "waits": not taken or status == SEALED,
                "until": day(case.ends),
            }

    def _vote(self, case: Case, seats: int, kept: Ballot | None) -> Ballot | None:
        """Commit what was decided."""
        key = (case.number, case.hearing)
        name, until = HEARINGS[case.hearing], day(case.ends)
        self.body.alerts.tell(
            f"drawn {case.number} {case.hearing}",
            f"{counted(seats, 'seat')} of the {name} of case {case.number} drawn: vote before {until}",
            case=case.number, hearing=name, seats=seats, until=case.ends,
        )  # fmt: skip
        if kept is None and key in self._decisions:
            kept = self._ballots.keep(*key, self._decisions[key], "owner")
        if kept is None and key in self._ruled:
            kept = self._ballots.keep(*key, self._ruled[key], "rule")
        if kept is None:
            self._ask(case)
            return None
        data = self._court.commit.encode(case.number, kept.seal(self._me))
        if self._attempts.last(f"commit {case.number} {case.hearing}") is None:
            self.body.log.info("voting", case=case.number, hearing=name, by=kept.source)
            self._sent.labels("commit").inc()
        self._attempts.send(f"commit {case.number} {case.hearing}", self._court.address, data)
        return kept

    def _ask(self, case: Case) -> None:
        """Have the rule decide; tell the owner again when little time is left."""
        key = (case.number, case.hearing)
        if self._rule.is_given and key not in self._not_ruled and self._follower.reached >= case.final.number:
            self._rule.run(key, self._document(case))
        if case.ends - case.final.time <= self._settings.warn:
            self.body.alerts.tell(
                f"undecided {case.number} {case.hearing}",
                f"nobody has decided the vote in case {case.number}: it lapses at {day(case.ends)}",
                case=case.number, hearing=HEARINGS[case.hearing], until=case.ends,
            )  # fmt: skip

    def _document(self, case: Case) -> dict[str, Any]:
        return {
            "case": case.number,
            "hearing": HEARINGS[case.hearing],
            "chain": self.body.chain.id,
            "court": self._court.address,
            "service": case.service,
            "operator": case.operator,
            "accuser": case.accuser,
            "amount": str(case.amount),
            "statements": self._evidence.of(case.number),
        }

    def _reveal(self, case: Case, kept: Ballot | None) -> None:
        if kept is None:
            self._trouble = f"the vote in case {case.number} was sealed elsewhere, with a salt that this node has not"
            return
        what = f"reveal {case.number} {case.hearing}"
        if self._attempts.last(what) is None:
            self.body.log.info("revealing", case=case.number, vote=VOTES[kept.guilty])
            self._sent.labels("reveal").inc()
        self._attempts.send(what, self._court.address, self._court.reveal.encode(case.number, kept.guilty, kept.salt))

    def _lapsed(self, case: Case, hearing: int, seats: int) -> None:
        if self._attempts.is_under_way(f"reveal {case.number} {hearing}"):
            return  # in a block that is not final yet
        key = f"missed {case.number} {hearing}"
        if self.body.alerts.tell(
            key, f"{counted(seats, 'seat')} of the {HEARINGS[hearing]} of case {case.number} lapsed without a vote",
            case=case.number, hearing=HEARINGS[hearing], seats=seats,
        ):  # fmt: skip
            self._missed.inc(seats)

    def _settle(self, case: Case, final: Final) -> None:
        """Be paid, or charged, for a case that is over: until then it is read again in each round."""
        ballots = final.views([(self._court.ballot, (case.number, hearing, self._me)) for hearing in (0, 1)])
        if all(not taken or status >= SETTLED for _, taken, status in ballots):
            self._open_cases.drop(case.number)
            return
        data = self._court.claim.encode(case.number, [self._me])
        self._attempts.send(f"claim {case.number}", self._court.address, data)

    # what is told --------------------------------------------------------------------------------------------------

    def trouble(self) -> str:
        return self._trouble or self._sender.trouble

    def facts(self) -> dict[str, Any]:
        return {"seats": dict(self._seats)}
