"""Bugs of ReExecution, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("compute/lib/panels.vy", "ReExecution")
SERVICE, AGREEMENTS, POOL = "compute/ReExecution.vy", "compute/lib/agreements.vy", "compute/lib/executors.vy"

BUGS = [
    # who opens a demand, about what
    _bug("anybody opens", "    promise: IReExecution.Promise = agreements._of_caller(_promise)\n    agreements._check_idle", "    promise: IReExecution.Promise = agreements._of(_promise)\n    agreements._check_idle", SERVICE),
    _bug("a receipt of another kind", '    assert _receipt.evidence == REEXECUTED_KIND, "reexecution: not of that kind"\n', "", SERVICE),
    _bug("a receipt before its terms", "    assert promise.since <= time and time", "    assert time", SERVICE),
    _bug("a receipt of any key", "        and staticcall Market(market).operator_of(key, hotkeys.RECEIPT, time) == promise.operator\n", "        and key != empty(address)\n", SERVICE),
    _bug("a receipt again and again", "    panels.judged[_promise][receipt_number] = True\n", "", SERVICE),
    _bug("other bytes", "return _root != empty(bytes32) if len(_bytes) == 0 else keccak256(_bytes) == _hash", "return True", SERVICE),
    _bug("no fees are brought", "    token_transfers._pull(payouts.token, promise.terms.panel * promise.terms.fee)\n", "", SERVICE),
    # the panel
    _bug("whoever joins sits at once", "((_word >> SINCE_AT) & U36) + MATURITY <= _opened", "((_word >> SINCE_AT) & U36) <= _opened + MATURITY", POOL),
    _bug("whoever left is drawn", " and (left == 0 or left > _opened))", ")", POOL),
    _bug("one member sits twice", "        moved[other] = moved[place] if moved[place] > 0 else place + 1\n", "", POOL),
    _bug("a seat holds no stake", "and self._seats(word) == 0\n", "\n", POOL),
    _bug("a copied seal opens", "_salt, msg.sender)), ", "_salt, seat.executor)) or seat.seal != empty(bytes32), "),
    _bug("a word is shown as often as one likes", '    assert seat.word == 0, "reexecution: has revealed"\n', ""),
    _bug("shown while others seal", "assert since < block.timestamp and block.timestamp <= since", "assert block.timestamp <= since"),
    _bug("a difference pays more", "self._demands[_demand].differs = demand.differs + 1\n", "self._demands[_demand].differs = demand.differs + 1\n        payouts.credits[msg.sender] += 1\n"),
    # ends
    _bug("a minority accuses", "        and _state.differs >= _least\n", "        and _state.differs > 0\n"),
    _bug("accused for ever", "        and block.timestamp <= clauses._until(DEMANDS_AT + _demand, _state.accuse_until)\n", ""),
    _bug("closed before it is accused", "agreements._promises[demand.promise].terms.needed\n    ), ", "8\n    ), "),
    _bug("a silent panel is free", "promise.client if demand.drawn == 0 else staticcall clauses.hub.insurance()", "promise.client"),
    _bug("what nobody judged is judged", "if _outcome == VOID or demand.answered < promise.terms.needed:", "if _outcome == VOID:"),
    _bug("what was opened late is lost", "    if until > clauses._until(_promise, self._promises[_promise].until) and (\n        _is_void or not self._promises[_promise].prolonged\n    ):", "    if until > clauses._until(_promise, self._promises[_promise].until) and _is_void:", AGREEMENTS),
    _bug("prolonged for ever", "            self._promises[_promise].prolonged = True\n", "            self._promises[_promise].prolonged = False\n", AGREEMENTS),
    _bug("any pool is enough", "    assert mature >= max(_least, promise.terms.panel), \"reexecution: pool too small\"\n", "", AGREEMENTS),
    _bug("one pool for every fee", "abi_encode(terms.digest, terms.tolerance, terms.fee)", "abi_encode(terms.digest, terms.tolerance, max(terms.fee, 10 * 10**18))", AGREEMENTS),
    _bug("a full slot is passed over", " and (left == 0 or left > _opened))", " and (left == 0 or left > _opened) and self._seats(_word) < 2)", POOL),
    _bug("a fined slot is passed over", " and (left == 0 or left > _opened))", " and (left == 0 or left > _opened) and self._fines(_word) == 0)", POOL),
    _bug("fees stay", "    payouts.credits[rest_to] += rest\n", ""),
    _bug("a verdict is pulled twice", "    self._demands[_demand].stage = OVER\n", ""),
    _bug("an acquittal pays", "    if verdict == panels.CONVICTED:\n", "    if verdict != panels.VOID:\n", SERVICE),
    _bug("costs stay with the client", "terms.panel * terms.fee + costs, ", "terms.panel * terms.fee, ", SERVICE),
    _bug("a seat is settled twice", "    self._seats[_demand][_seat].is_settled = True\n", ""),
    _bug("absence is free", "ABSENT_UNITS if seat.seal == empty(bytes32)", "0 if seat.seal == empty(bytes32)"),
    _bug("hiding a word is cheap", "        units = ABSENT_UNITS if seat.seal == empty(bytes32) else WRONG_UNITS\n", "        units = ABSENT_UNITS\n"),
    _bug("the right word is fined", "                return AGREES\n", "                return DIFFERS\n"),
    _bug("a concession fines", "            return DIFFERS if _verdict == ACQUITTED and votes.innocent > votes.guilty else 0\n    return 0\n", "            return DIFFERS if _verdict == ACQUITTED and votes.innocent > votes.guilty else 0\n    return AGREES\n"),
    _bug("fined without a quorum", "        if votes.innocent + votes.guilty >= quorum:\n", "        if votes.innocent + votes.guilty > 0:\n"),
    _bug("found for nothing", "        payouts.credits[seat.executor] += demand.reward\n", "        units = 0\n"),
    _bug("fines beyond the stake", "min(_units, STAKE_UNITS - self._fines(word))", "_units", POOL),
    _bug("exit right after the fraud", '    assert promise.demand == 0, "reexecution: demand is open"\n', "", AGREEMENTS),
    _bug("a reserve that is too small", "_terms.restitution + 2 * _terms.panel * _terms.fee + costs", "_terms.restitution + costs", AGREEMENTS),
    _bug("a reserve that stays", "    promises._reserves[promise.operator] -= promise.reserve\n", "", AGREEMENTS),
]  # fmt: skip
