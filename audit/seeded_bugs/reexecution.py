"""Bugs of ReExecution, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("compute/lib/panels.vy", "ReExecution")
SERVICE, AGREEMENTS, POOL = "compute/ReExecution.vy", "compute/lib/agreements.vy", "compute/lib/executors.vy"

BUGS = [
    # who opens a demand, about what
    _bug("anybody opens", '    assert msg.sender == promise.client, "reexecution: not the client"\n    assert (\n', "    assert (\n", SERVICE),
    _bug("a receipt of another kind", '    assert _receipt.evidence == REEXECUTED_KIND, "reexecution: not of that kind"\n', "", SERVICE),
    _bug("a receipt before its terms", "    assert promise.since <= time and time", "    assert time", SERVICE),
    _bug("a receipt of any key", "time <= block.timestamp and staticcall Market(market).operator_of(key, hotkeys.RECEIPT, time) == promise.operator", "time <= block.timestamp and key != empty(address)", SERVICE),
    _bug("a receipt again and again", "    panels.judged[_promise][receipt_number] = True\n", "", SERVICE),
    _bug("other bytes", "return _root != empty(bytes32) if len(_bytes) == 0 else keccak256(_bytes) == _hash", "return True", SERVICE),
    _bug("no fees are brought", "    token_transfers._pull(payouts.token, promise.terms.panel * promise.terms.fee)\n", "", SERVICE),
    # the panel
    _bug("whoever joins sits at once", "((_word >> SINCE_AT) & U40) + MATURITY <= _opened", "((_word >> SINCE_AT) & U40) <= _opened + MATURITY", POOL),
    _bug("whoever left is drawn", "        and (left == 0 or left > _opened)\n", "        and left >= 0\n", POOL),
    _bug("one member sits twice", "        moved[other] = moved[place] if moved[place] > 0 else place + 1\n", "", POOL),
    _bug("a seat holds no stake", "and self._seats(word) == 0\n", "\n", POOL),
    _bug("a copied seal opens", "_salt, msg.sender)), ", "_salt, seat.executor)) or seat.seal != empty(bytes32), "),
    _bug("a word is shown as often as one likes", '    assert seat.word == 0, "reexecution: has revealed"\n', ""),
    _bug("shown while others seal", "assert since < block.timestamp and block.timestamp <= since", "assert block.timestamp <= since"),
    _bug("a difference pays more", "self._demands[_demand].differs = demand.differs + 1\n", "self._demands[_demand].differs = demand.differs + 1\n        payouts.credits[msg.sender] += 1\n"),
    # ends
    _bug("a minority accuses", "        and _state.differs >= _least\n", "        and _state.differs > 0\n"),
    _bug("accused for ever", "        and block.timestamp <= clauses._until(DEMANDS_AT + _demand, _state.accuse_until)\n", ""),
    _bug("closed before it is accused", '        assert not self._is_accusable(_demand, demand, promise.terms.needed), "reexecution: still time"\n', ""),
    _bug("another panel for nothing", "            rest_to = promise.operator\n", "            rest_to = promise.client\n"),
    _bug("fees stay", "    payouts.credits[_rest_to] += rest\n", ""),
    _bug("a verdict is pulled twice", "    self._demands[_demand].stage = OVER\n", ""),
    _bug("an acquittal pays", "    elif verdict == panels.CONVICTED:\n", "    else:\n", SERVICE),
    _bug("costs stay with the client", "demand.answered * promise.terms.fee + costs)", "demand.answered * promise.terms.fee)", SERVICE),
    _bug("a seat is settled twice", "    self._seats[_demand][_seat].is_settled = True\n", ""),
    _bug("absence is free", "        units = ABSENT_UNITS\n", "        units = 0\n"),
    _bug("the right word is fined", "(seat.word == AGREES and demand.outcome == CONVICTED)", "(seat.word == AGREES and demand.outcome == ACQUITTED)"),
    _bug("exit right after the fraud", '    assert promise.demand == 0, "reexecution: demand is open"\n', "", AGREEMENTS),
    _bug("a reserve that is too small", "_terms.restitution + _terms.panel * _terms.fee + costs", "_terms.restitution + costs", AGREEMENTS),
    _bug("a reserve that stays", "    promises._reserves[promise.operator] -= promise.reserve\n", "", AGREEMENTS),
]  # fmt: skip
