"""Bugs of GrantProgram, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("vesting/GrantProgram.vy", "GrantProgram")
_money = seeder("vesting/lib/programs.vy", "GrantProgram")
_voted = seeder("vesting/lib/proposals.vy", "GrantProgram")
_shown = seeder("vesting/lib/milestones.vy", "GrantProgram")
_seat = seeder("vesting/lib/committees.vy", "GrantProgram")
_witnessed = seeder("vesting/GrantWitness.vy", "GrantWitness")

BUGS = [
    # money
    _money("what came in is counted twice", "    self._add(_program, _amount)\n", "    self._add(_program, _amount)\n    self._add(_program, _amount)\n"),
    _money("paid in after the last day", "    self._check_runs(_program)\n    self._add", "    self._add"),
    _money("paid in without coins", "    token_transfers._pull(IERC20(token), _amount)\n", ""),
    _money("a token off the list is paid in", '    assert self.listed[token], "grants: token is not listed"\n', ""),
    _money("what is free stays after it was taken back", "    self._money[_program] -= free\n", ""),
    _money("reserved without money", '    assert _amount <= money & U128, "grants: not enough in the programme"\n', ""),
    _money("reserved money stays free", "self._money[_program] = money - _amount + (_amount << RESERVED_AT)", "self._money[_program] = money + (_amount << RESERVED_AT)"),
    _money("freed money stays reserved", "self._money[_program] - (_amount << RESERVED_AT) + _amount", "self._money[_program] + _amount"),
    _money("given money stays reserved", "    self._money[_program] -= _amount << RESERVED_AT\n", "    pass\n"),
    _money("the escrow of a token changes", '    assert before in [empty(address), _escrow], "grants: escrow is fixed"\n', ""),
    _money("an escrow of another token", '        assert staticcall IEscrow(_escrow).token() == _token, "grants: escrow of another token"\n', ""),
    _bug("taken back in the last second", "assert block.timestamp > programs._terms[_program] >> programs.LAST_AT", "assert block.timestamp >= programs._terms[_program] >> programs.LAST_AT"),
    _bug("anybody lists tokens", '    assert msg.sender == owner, "grants: caller is not the owner"\n    programs._list', "    programs._list"),
    _bug("opened in a token off the list", '    assert programs.listed[_token], "grants: token is not listed"\n', ""),
    _bug("a notice longer than coins need to leave", "_chosen.notice <= longest", "_chosen.notice <= 2 * longest"),
    # committees
    _bug("anybody names a committee", '    assert msg.sender == owner, "grants: caller is not the owner"\n    assert _program > 0', "    assert _program > 0"),
    _bug("a committee counts at once", "block.timestamp + committees.NOTICE", "block.timestamp"),
    _seat("a second committee under notice", "    assert version == 1 or self._in_force(_program) == version - 1, \"grants: a committee is under notice\"\n", ""),
    _seat("more votes than members", "assert _needed > 0 and _needed <= len(_members)", "assert _needed > 0"),
    _seat("nobody has to vote", "assert _needed > 0 and _needed <= len(_members)", "assert _needed <= len(_members)"),
    _seat("a member with two seats", '        assert self._seats[_program][version][member] == 0, "grants: member named twice"\n', ""),
    _seat("the newest committee counts before its notice", ">> FROM_AT > block.timestamp:\n        return newest - 1", ">> FROM_AT > block.timestamp:\n        return newest"),
    _seat("strangers share a seat", '    assert seat > 0, "grants: not a member"\n    return 1 << (seat - 1)', "    return 1 << seat"),
    # proposals
    _voted("the grantee votes", '    assert msg.sender != convert(head & U160, address), "grants: member is the grantee"\n', ""),
    _voted("the proposer votes", '        assert msg.sender != self._proposers[_proposal], "grants: member made the proposal"\n', ""),
    _voted("whoever has an interest votes", '    assert (votes >> RECUSED_AT) & seat == 0, "grants: member has an interest"\n    if _approves', "    if _approves"),
    _voted("an interest leaves the vote", "self._votes[_proposal] = (votes & ~seat) | (seat << RECUSED_AT)", "self._votes[_proposal] = votes | (seat << RECUSED_AT)"),
    _voted("a vote that was taken back counts", "        votes ^= seat\n", "        pass\n"),
    _voted("one vote too few", ">= committees._needed(program, version)", "+ 1 >= committees._needed(program, version)"),
    _voted("votes are all bits", "self._count(votes & U16)", "self._count(votes)"),
    _voted("the old committee goes on", '    assert version == committees._in_force(_program), "grants: committee has changed"\n', ""),
    _voted("carried again", '    assert (_votes >> CARRIED_AT) & U40 == 0, "grants: is carried"\n', ""),
    _voted("carried after the last day", "    programs._check_runs(_program)\n", ""),
    _voted("carried without a reserve", "    programs._reserve(_program, votes >> SUM_AT)\n", ""),
    _voted("a reserve for the first milestone alone", "        sum += item.amount\n", "        sum = item.amount if index == 0 else sum\n"),
    # objections
    _voted("an objection before the vote", '    assert self._is_carried(votes), "grants: not carried"\n    assert block.timestamp <= self._notice_end', "    assert block.timestamp <= self._notice_end"),
    _voted("an objection after the notice", '    assert block.timestamp <= self._notice_end(votes, terms), "grants: notice is over"\n', ""),
    _voted("an objection counts twice", "    self._has_objected[_proposal][_operator][owner_key] = True\n", ""),
    _voted("one objection stops anything", "if unsafe_mul(objections, WHOLE) >= total * ((terms >> programs.BPS_AT) & U16):", "if objections > 0:"),
    _voted("a part of a part stops", "if unsafe_mul(objections, WHOLE) >= total", "if unsafe_mul(objections, WHOLE) * 2 >= total"),
    _voted("what was stopped stays reserved", "        programs._free(program, votes >> SUM_AT)\n", ""),
    _voted("what was stopped is paid", " and (_votes >> STOPPED_AT) & 1 == 0", ""),
    # releases
    _voted("released in the notice", '    assert block.timestamp > self._notice_end(votes, programs._terms[program]), "grants: notice is not over"\n', ""),
    _bug("anybody releases", '    assert msg.sender == grantee, "grants: caller is not the grantee"\n', ""),
    _bug("released again", '    assert milestones._state(word) == milestones.PENDING, "grants: milestone is not pending"\n', ""),
    _bug("released after the deadline", '    assert block.timestamp <= (word >> milestones.DEADLINE_AT) & milestones.U40, "grants: deadline has passed"\n', ""),
    _shown("somebody else's record", '    assert author == _grantee, "grants: not the grantee\'s record"\n', ""),
    _shown("another kind of record", '    assert convert(kind, uint256) == (_word >> KIND_AT) & U5, "grants: another kind of record"\n', ""),
    _shown("a record shows everything", "    self._shown[_evidence] = _key\n    assert status", "    self._shown[_evidence] = _key\n    self._shown[_evidence] = 0\n    assert status"),
    _shown("a record that was withdrawn", '    assert status == ACTIVE, "grants: record is not active"\n', ""),
    _shown("without attestations", '    assert self._is_attested(_key, _word, _evidence), "grants: not enough attestations"\n', ""),
    _shown("one attestation is enough", "            if missing == 0:\n                return True\n", "            return True\n"),
    _shown("of unsound ancestry", '        assert status == ACTIVE, "grants: ancestry is not sound"\n', ""),
    _shown("the plan's cliff is forgotten", "self._plans[_key] = _milestone.step | (_milestone.steps << STEPS_AT) | (_milestone.cliff << CLIFF_AT)", "self._plans[_key] = _milestone.step | (_milestone.steps << STEPS_AT)"),
    _bug("the escrow's grant is nobody's to revoke", "            revoker=self,\n", "            revoker=empty(address),\n"),
    # lists
    _bug("a learner is paid again", '    assert bits & bit == 0, "grants: learner was paid"\n', ""),
    _bug("whoever asks is on the list", '    assert merkle._root(leaf, _proof) == milestones._learners[key], "grants: not on the list"\n', ""),
    _bug("the caller is paid for a learner", "token_transfers._push(IERC20(programs._tokens[program]), _account, _amount)", "token_transfers._push(IERC20(programs._tokens[program]), msg.sender, _amount)"),
    _bug("a list takes more than its milestone has", "assert _amount > 0 and _amount <= left", "assert _amount > 0"),
    _bug("what a list has left does not shrink", "milestones.RELEASED, left - _amount, 0)", "milestones.RELEASED, left, 0)"),
    # returns
    _bug("lapsed before the deadline", '    assert block.timestamp > deadline, "grants: deadline has not passed"\n', ""),
    _bug("lapsed in the notice", "    program: uint256 = proposals._due(_proposal)\n    state:", "    program: uint256 = proposals._program(_proposal)\n    state:"),
    _bug("learners have no time", "        deadline += CLAIM_TIME\n", "        pass\n"),
    _bug("lapsed again", "    milestones._set(key, word, milestones.LAPSED, 0, 0)\n", ""),
    _bug("clawed back while evidence stands", '    assert milestones._is_withdrawn(key, word, _evidence), "grants: evidence stands"\n', ""),
    _bug("clawed back by another record", '    assert milestones._shown[_evidence] == key, "grants: not its evidence"\n', ""),
    _bug("clawed back again", "    milestones._set(key, word, milestones.CLAWED_BACK, 0, word >> milestones.GRANT_AT)\n", ""),
    _bug("what came back is nobody's", "        programs._add(program, amount)\n", "        pass\n"),
    _shown("what expired is taken back", "        if edition > 0 and revoked_at == 0:\n", "        if edition > 0 and revoked_at == 0 and (expiry == 0 or convert(expiry, uint256) > block.timestamp):\n"),
    _shown("a record that was withdrawn stays evidence", "    if staticcall registry.status_of(_evidence) == WITHDRAWN:\n        return True\n", ""),
    _shown("an ancestor that was withdrawn is forgotten", "    if (_word >> SOUND_AT) & 1 == 1 and staticcall witness.is_withdrawn(_evidence):\n        return True\n", ""),
    _shown("a milestone of another proposal", '    assert _milestone < MAX_MILESTONES, "grants: no such milestone"\n', ""),
    _shown("a proposal by another number", '    assert _proposal >> 248 == 0, "grants: no such proposal"\n', ""),
    _shown("the grantee attests", "not in [empty(address), _grantee]", "not in [empty(address)]"),
    _shown("a deadline that has passed", "_milestone.deadline > block.timestamp and ", ""),
    _shown("what looks like a plan", "        and (_milestone.steps > 0) == (_milestone.step > 0)\n", ""),
    # as somebody wrote them who had read the pages alone
    _voted("the whole is one position", "extcall milestones.witness.count(_operator)", "weight"),
    _voted("who has objected and leaves makes the whole smaller", "min(max(self._wholes[_proposal], total), unsafe_add(total, objections))", "total"),
    _voted("a whole that was too large stays so", "min(max(self._wholes[_proposal], total), unsafe_add(total, objections))", "max(self._wholes[_proposal], total)"),
    _voted("a notice of eighteen hours at most", "+ (_terms & programs.U32)", "+ (_terms & programs.U16)"),
    _voted("a proposal is the newest committee's", "version: uint256 = committees._in_force(_program)\n    assert version > 0, \"grants: no such programme\"", "version: uint256 = committees._newest[_program]\n    assert version > 0, \"grants: no such programme\""),
    _voted("an interest takes everybody's vote", "self._votes[_proposal] = (votes & ~seat) |", "self._votes[_proposal] = (votes & ~U16) |"),
    _voted("a sub-account objects once for all operators", "owner_key: address = staticcall hub.owner_key(msg.sender, _sub)", "owner_key: address = msg.sender"),
    _bug("learners of two proposals share their bits", "    bits: uint256 = milestones._paid[key][_index // 256]\n", "    bits: uint256 = milestones._paid[key & 255][_index // 256]\n"),
    _money("the last day takes reserved money, too", "    free: uint256 = self._money[_program] & U128\n    assert", "    free: uint256 = (self._money[_program] & U128) + (self._money[_program] >> RESERVED_AT)\n    assert"),
    _bug("a grant begins at the deadline", "            start=block.timestamp,\n", "            start=block.timestamp + 86_400,\n"),
    _bug("evidence stands as long as its record", "    return not milestones._is_withdrawn(key, milestones._words[key], _evidence)\n", "    return True\n"),
    _shown("attesters of the first milestone speak for all", "        if staticcall registry.is_standing(self._attesters[_key][i],", "        if staticcall registry.is_standing(self._attesters[_key & ~convert(7, uint256)][i],"),
    _shown("who never spoke still speaks", "        if edition > 0 and revoked_at == 0:\n", "        if revoked_at == 0:\n"),
    _shown("sound means that the parents are known", "        assert status == ACTIVE, \"grants: ancestry", "        assert status != 0, \"grants: ancestry"),
    _seat("seats of the first committee count for ever", "seat: uint256 = self._seats[_program][_version][_member]", "seat: uint256 = self._seats[_program][1][_member]"),
    _seat("votes of the first committee are enough for ever", "return self._words[_program][_version] & U8", "return self._words[_program][1] & U8"),
    _bug("what a list has left is the team's", "    if plan == 0 and not has_list:\n", "    if plan == 0:\n"),
    # what the witness says
    _witnessed("a grantee that deprecates its record hides what is behind it", "    if self._found[_evidence]:\n        return True\n", ""),
    _witnessed("whatever was traced is withdrawn", "            if status == WITHDRAWN:\n                self._found", "            if status > 0:\n                self._found"),
    _witnessed("what was deprecated is withdrawn", "            if status == WITHDRAWN:\n                self._found", "            if status > 1:\n                self._found"),
    _witnessed("any record was made from any", '        assert id == _evidence or self.made_from[_evidence][id], "witness: not what it was made from"\n', ""),
    _witnessed("what it takes the place of is what it was made from", "            if link.relation == SUPERSEDES:\n                continue\n", ""),
    _witnessed("a trace goes on from the first record alone", "id == _evidence or self.made_from[_evidence][id]", "id == _evidence"),
    _witnessed("a pool counts twice", " - self.counted[_operator] + state.delegated", " + state.delegated"),
    _witnessed("the last pool is the whole", "self.total_counted - self.counted[_operator] + state.delegated", "state.delegated"),
    _witnessed("own coins count", "state.delegated\n    self.total_counted", "state.delegated + state.bound\n    self.total_counted"),
    _witnessed("what a pool had is forgotten", "    self.counted[_operator] = state.delegated\n", ""),
    _bug("a list lapses although it was paid", "is_list and milestones._state(_word) == milestones.RELEASED and _word & milestones.U128 > 0", "is_list and milestones._state(_word) == milestones.RELEASED"),
]  # fmt: skip
