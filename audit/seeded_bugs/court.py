"""Bugs of AlignmentCourt and of the modules it is made of: first the attacks on its first edition, put back."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["ATTACKS", "BUGS"]

COURT, CASES = "staking/AlignmentCourt.vy", "staking/lib/cases.vy"
JURIES, JURORS, PROCEEDINGS = "staking/lib/juries.vy", "staking/lib/jurors.vy", "staking/lib/proceedings.vy"


_bug = partial(Bug, contracts=("AlignmentCourt",))

# The numbers of the attacks begin the names.
ATTACKS = [
    _bug(
        "staking-1: coins that came a second ago weigh",
        JURORS,
        "    weight.pending += added\n",
        "    weight.mature += added\n",
    ),
    _bug(
        "staking-1: a later call rewrites what weighed at the accusation",
        JURORS,
        "    from_case: uint256 = cases.case_count + 1\n"
        "    if last.from_case != from_case:\n"
        "        account.checkpoints += 1\n",
        "    from_case: uint256 = max(last.from_case, 1)\n"
        "    if account.checkpoints == 0:\n"
        "        account.checkpoints += 1\n",
    ),
    _bug("staking-2: anybody accuses, and says who is paid", COURT, "    self._check_listed(msg.sender)\n", ""),
    _bug(
        "staking-2: who accuses first at another service spends the fault",
        COURT,
        "    key: bytes32 = keccak256(abi_encode(msg.sender, _fault))\n",
        "    key: bytes32 = keccak256(abi_encode(_fault))\n",
    ),
    _bug(
        "staking-6: a verdict may come when its service slashes no more",
        COURT,
        '        assert block.timestamp + cases.LONGEST_CASE <= last, "court: the service can slash no more"\n',
        "",
    ),
    Bug(
        "staking-6: a reserve ends while its case is open",
        "testing/SampleService.vy",
        'clauses._until(_promise, promise.until), "sample: still open to claims"\n'
        '    assert promise.case_id == 0, "sample: case is open"\n',
        'clauses._until(_promise, promise.until), "sample: still open to claims"\n',
    ),
    _bug(
        "staking-7: only a conviction is paid",
        CASES,
        "    coherent: uint256 = votes.innocent\n",
        "    coherent: uint256 = 0\n",
    ),
    _bug(
        "staking-7: a wrong vote costs nothing",
        JURIES,
        "                lost += seats * self._loss(_case, head, hearing, status)\n",
        "                pass\n",
    ),
    _bug(
        "staking-11: of an account's seats 32 count",
        JURIES,
        "    return (weight * expected + draw) // total\n",
        "    return min((weight * expected + draw) // total, 32)\n",
    ),
    _bug(
        "staking-11: a part of a seat counts as one",
        JURIES,
        "    return (weight * expected + draw) // total\n",
        "    return (weight * expected + max(draw, total - 1)) // total\n",
    ),
    _bug(
        "staking-23: absence costs nothing",
        JURIES,
        "jurors._penalise(_case, _juror, seats * deposit)",
        "jurors._penalise(_case, _juror, deposit - deposit)",
    ),
    _bug(
        "staking-23: whoever comes to the re-hearing decides",
        PROCEEDINGS,
        "if revealed >= cases.SECOND_QUORUM:",
        "if revealed > 0:",
    ),
]

BUGS = [
    *ATTACKS,
    # verdicts
    _bug(
        "a first jury of four convicts",
        PROCEEDINGS,
        "revealed >= cases.FIRST_QUORUM and 3 * votes.guilty",
        "3 * votes.guilty",
    ),
    _bug("a simple majority of the first jury convicts", PROCEEDINGS, "3 * votes.guilty >= 2", "2 * votes.guilty >= 1"),
    _bug(
        "a tie convicts in the re-hearing",
        PROCEEDINGS,
        "votes.guilty > votes.innocent",
        "votes.guilty >= votes.innocent",
    ),
    _bug(
        "a large conviction is not re-heard",
        PROCEEDINGS,
        "if verdict == cases.CONVICTED and cases._amount(_case) > cases.SMALL * cases._unit_of(_case):",
        "if False:",
    ),
    _bug("a chain that stands still ends periods", CASES, " and block.number >= since_block + blocks", ""),
    _bug(
        "a conviction leaves its fault unspent",
        COURT,
        '& 3) != cases.CONVICTED, "court: fault was',
        '& 3) != 0, "court: fault was',
    ),
    _bug(
        "an acquitted fault costs what it cost",
        COURT,
        "    if repeated:\n        head |= 1 << cases.REPEATED_AT\n",
        "",
    ),
    _bug("anybody concedes", COURT, "assert convert(msg.sender, uint256) == head & cases.MASK_160", "assert head > 0"),
    # money
    _bug("a re-hearing costs the same whatever is asked", CASES, "max(_amount, SMALL * _unit)", "SMALL * _unit"),
    _bug(
        "the winner pays the re-hearing",
        PROCEEDINGS,
        "        if self._caller_pays(_case, head):\n",
        "        if True:\n",
    ),
    _bug(
        "who lost the re-hearing has its bond back",
        PROCEEDINGS,
        "        if self._caller_pays(_case, head):\n",
        "        if False:\n",
    ),
    _bug("the accused gets all that the accuser lost", PROCEEDINGS, "lost * 4 // 5", "lost"),
    _bug(
        "a close case costs a whole deposit",
        JURIES,
        "deposit * (max(agreed, revealed) - revealed) // max(revealed, 1)",
        "deposit",
    ),
    _bug("a vote that nobody outvoted is never settled", JURIES, "// max(revealed, 1)", "// revealed"),
    _bug("a juror is paid twice", JURIES, "juror] = word & cases.MASK_32 | SETTLED << 32\n", "juror] = word\n"),
    _bug("an absent seat pays twice", JURIES, "_juror] = seats | PENALISED << 32\n", "_juror] = _word\n"),
    _bug("a tip of a half", JURIES, "taken // TIP_DIVISOR", "taken // 2"),
    # weights and draws
    _bug(
        "coins weigh a day early",
        JURORS,
        "weight.counts_from = cases._epoch() + MATURITY",
        "weight.counts_from = cases._epoch() + MATURITY - 1",
    ),
    _bug(
        "what is asked back still weighs",
        JURORS,
        "    weight = self._cut(weight, lock - account.leaving)\n    self._put",
        "    self._put",
    ),
    _bug(
        "the oldest coins leave first",
        JURORS,
        "min(excess, weight.pending)",
        "min(excess - min(excess, weight.mature), weight.pending)",
    ),
    _bug(
        "coins leave before earlier cases are over",
        JURORS,
        '    assert self.first_open > account.last_case, "court: an earlier case is open"\n',
        "",
    ),
    _bug(
        "coins leave before ballots are settled",
        JURORS,
        '    assert account.ballots == 0, "court: ballots to settle"\n',
        "",
    ),
    _bug("the past changes", JURORS, "    if last.from_case != from_case:\n", "    if account.checkpoints == 0:\n"),
    _bug("a re-hearing of eleven", JURIES, "expected = cases.SECOND_SEATS", "expected = cases.FIRST_SEATS"),
    _bug("any vote opens a seal", JURIES, "_word >> 64 == convert(seal, uint256) >> 64", "seal != empty(bytes32)"),
    _bug("amounts are scaled at once", COURT, "block.timestamp + cases.SCALE_NOTICE", "block.timestamp"),
]
