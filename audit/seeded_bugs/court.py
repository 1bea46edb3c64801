"""Bugs of AlignmentCourt and of its juries."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

COURT, JURIES = "staking/AlignmentCourt.vy", "staking/lib/juries.vy"


_bug = partial(Bug, contracts=("AlignmentCourt",))

BUGS = [
    _bug(
        "pot shared with rounding for the juror",
        COURT,
        "case.pot * ballot.seats // coherent",
        "(case.pot * ballot.seats + coherent - 1) // coherent",
    ),
    _bug("juror claims twice", COURT, "    juries.ballots[_case][_round][msg.sender].seats = 0\n", ""),
    _bug(
        "amount beyond what is at stake",
        COURT,
        '    assert _amount <= staticcall juries.hub.effective(_service, _operator), "court: more than is at stake"\n',
        "",
    ),
    _bug(
        "appeal one second late",
        COURT,
        "block.timestamp < juries._reveal_end(jury) + appeal_period",
        "block.timestamp <= juries._reveal_end(jury) + appeal_period",
    ),
    _bug(
        "executed without a chance to appeal",
        COURT,
        "        end += appeal_period\n",
        "        end += appeal_period * round\n",
    ),
    _bug(
        "judge in own case",
        JURIES,
        '    assert msg.sender != self.cases[_case].operator, "court: judge in own case"\n',
        "",
    ),
    _bug(
        "victim and accuser swapped",
        COURT,
        "case.amount - before, case.victim, case.accuser, case.evidence",
        "case.amount - before, case.accuser, case.victim, case.evidence",
    ),
    _bug(
        "stake that came for the case weighs",
        JURIES,
        "staticcall hub.committed_at(self, _juror, _weighed_at)",
        "staticcall hub.committed_at(self, _juror, block.timestamp)",
    ),
    _bug(
        "void vote stays in the count",
        JURIES,
        "    self.rounds[_case][round].committed = jury.committed - ballot.seats\n",
        "",
    ),
    _bug(
        "event tells what was asked for as taken",
        COURT,
        "log IAlignmentCourt.Executed(case_id=_case, verdict=verdict, taken=taken)",
        "log IAlignmentCourt.Executed(case_id=_case, verdict=verdict, taken=case.amount)",
    ),
    _bug("fault pays for every case", COURT, "        self.taken_for[fault] = before + taken\n", ""),
    _bug("a seat votes twice", JURIES, "        next = seat + 1\n", "        next = seat\n"),
    _bug(
        "quorum does not grow with an appeal",
        JURIES,
        "revealed < QUORUM * 2**_round or",
        "revealed < QUORUM or",
    ),
    _bug(
        "majority that is silent is not counted",
        JURIES,
        " or 2 * revealed <= _jury.committed:\n",
        ":\n",
    ),
]
