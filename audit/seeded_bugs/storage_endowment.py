"""Bugs of StorageEndowment, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_endowment = seeder("storage/StorageEndowment.vy")

BUGS: list[Bug] = [
    _endowment("anybody begins an endowment anew", '    assert msg.sender == home, "endowment: only its maker"\n', ""),
    _endowment("an endowment founds others", '    assert self == home, "endowment: not here"\n', ""),
    _endowment("nobody is the heir", 'assert _plan.heir not in [empty(address), self], "endowment: no heir"', 'assert _plan.heir != self, "endowment: no heir"'),
    _endowment("everything falls to nothing", "    assert _plan.fall < BPS", "    assert _plan.fall <= BPS"),
    _endowment("founded with coins that never came", "staticcall token.balanceOf(self))\n\n", "staticcall token.balanceOf(self) + 10**18)\n\n"),
    _endowment("a term before its time", "assert state.until <= staticcall market.epoch() + LEAD", "assert state.until <= staticcall market.epoch() + LEAD + 1"),
    _endowment("a removed market gets coins", '    assert self._is_listed(), "endowment: market is removed"\n', ""),
    _endowment("other data", '    assert self._data(_pieces) == state.data, "endowment: other data"\n', ""),
    _endowment("leaves are not compared", "abi_encode(data, piece.shard, piece.leaves)", "abi_encode(data, piece.shard)"),
    _endowment("the price always falls", "    if self._all_stored(state, _pieces):\n", "    if self._all_stored(state, _pieces) or True:\n"),
    _endowment("the restitution stays", "        self.plan.restitution = self._fallen(self.plan.restitution, self.plan.fall)\n", ""),
    _endowment("whoever stores is not named again", '            assert piece.provider == shard.provider, "endowment: another one stores it"\n', "            pass\n"),
    _endowment("what was refunded was not stored", "shard.state == OVER and shard.end == _state.until", "False"),
    _endowment("refunded before its end is stored, too", "shard.state == OVER and shard.end == _state.until", "shard.state == OVER"),
    _endowment("the reward is not kept back", "deal: bytes32 = self._open(_pieces, held - reward)", "deal: bytes32 = self._open(_pieces, held)"),
    _endowment("no reward", "    token_transfers._push(token, msg.sender, reward)\n", ""),
    _endowment("what comes back stays outside", "        if staticcall Debtor(debtor).credits(self) > 0:\n", "        if staticcall Debtor(debtor).credits(self) > 10**30:\n"),
    _endowment("two stand in for one shard", '    assert self._stood_in[state.deal][_index] < now, "endowment: another one was first"\n', ""),
    _endowment("standing in while it may be accepted", '    assert deal.accept_by < now, "endowment: may still be accepted"\n', ""),
    _endowment("the heir takes coins at any time", '    assert over + rest <= block.timestamp, "endowment: may still go on"\n', ""),
    _endowment("a removed market keeps the heir waiting", "rest: uint256 = REST if self._is_listed() else 0", "rest: uint256 = REST"),
    _endowment("whoever winds up gets it", "    token_transfers._push(token, self.plan.heir, amount)\n", "    token_transfers._push(token, msg.sender, amount)\n"),
    _endowment("a term longer than planned", "epochs: uint256 = min(plan.term, _coins // cost)", "epochs: uint256 = _coins // cost"),
    _endowment("a term too short to accept", "    assert ACCEPT < epochs", "    assert ACCEPT <= epochs"),
    _endowment("a forecast without rewards", "cost: uint256 = plan.reward + price", "cost: uint256 = price"),
]  # fmt: skip
