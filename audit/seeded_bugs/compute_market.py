"""Bugs of ComputeMarket and its modules, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

MARKET, COVERS, DEMANDS = "compute/ComputeMarket.vy", "compute/lib/covers.vy", "compute/lib/demands.vy"
SERVICES, PROMISES, OFFERS = "compute/lib/services.vy", "compute/lib/promises.vy", "compute/lib/offers.vy"
RECEIPTS, CAPS = "compute/lib/receipts.vy", "lib/key_caps.vy"

_bug = seeder(MARKET, "ComputeMarket")

BUGS = [
    # reports
    _bug("the truth is a fault", '        assert _record.digest != receipt.digest, "compute: receipt is not false"\n', ""),
    _bug("any record is the promoted one", 'at_block > 0 and staticcall registry.record_id(_record) == artefact, "compute: not the record"', 'at_block > 0, "compute: not the record"'),
    _bug("a number that was never given is a lie", "at_block > 0 and staticcall registry.record_id(_record) == artefact", "at_block == 0 or staticcall registry.record_id(_record) == artefact"),
    _bug("a receipt contradicts itself", "            last != first\n            and _shown", "            _shown"),
    _bug("receipts of two numbers contradict each other", "            and _shown[1].receipt.number == receipt.number\n", ""),
    _bug("receipts of two channels contradict each other", "            and _shown[1].receipt.channelId == receipt.channelId\n", ""),
    _bug("somebody is framed by another's receipt", '        assert signer == operator, "compute: two operators"\n', ""),
    _bug("evidence is copied", '    assert commitments._committed(first) > 0, "compute: not committed"\n', ""),
    _bug("committed in the same block", "self._blocks[proof] < block.number", "self._blocks[proof] <= block.number", "lib/commitments.vy"),
    _bug("nobody has to answer for it", '    assert damages + more_damages > 0, "compute: nothing answers for it"\n', ""),
    _bug("the prover has the payer's restitution", "    payouts.credits[payer] += restitution\n    payouts.credits[msg.sender] += prize\n", "    payouts.credits[msg.sender] += restitution + prize\n"),
    _bug("the payer has the prover's part", "    payouts.credits[payer] += restitution\n    payouts.credits[msg.sender] += prize\n", "    payouts.credits[payer] += arrived\n"),
    _bug("more is credited than arrived", "    prize: uint256 = arrived - restitution\n", "    prize: uint256 = arrived\n"),
    _bug("a service has no penalty", "promises._slash(_operator, damages + more_damages, penalty + more_penalty)", "promises._slash(_operator, damages + more_damages, more_penalty)"),
    _bug("a receipt of tomorrow", '    assert time <= block.timestamp, "compute: time has not come"\n', "", RECEIPTS),
    _bug("whose key it was does not count", "return hotkeys._operator_of(key, hotkeys.RECEIPT, time), struct_hash", "return hotkeys._operator_of(key, hotkeys.RECEIPT, block.timestamp), struct_hash", RECEIPTS),
    _bug("a key of heartbeats signs receipts", "return hotkeys._operator_of(key, hotkeys.RECEIPT, time), struct_hash", "return hotkeys._operator_of(key, hotkeys.HEARTBEAT, time), struct_hash", RECEIPTS),
    _bug("a neighbour's leaf stands for a receipt", "root: bytes32 = merkle._root(keccak256(struct_hash), _shown.proof)", "root: bytes32 = merkle._root(struct_hash, _shown.proof)", RECEIPTS),
    # services
    _bug("a service without a reserve", "        promises._reserve(msg.sender, self._needed())\n", "", SERVICES),
    _bug("the penalty is not reserved", "    return promises._damages(reward) + reward\n\n\n@internal\n@view\ndef _reserved_word", "    return promises._damages(reward)\n\n\n@internal\n@view\ndef _reserved_word", SERVICES),
    _bug("more is reserved than is locked", '    assert reserved <= staticcall hub.lock_of(self, _operator), "compute: lock too small"\n', "", PROMISES),
    _bug("prolonged for ever", " and _last <= block.timestamp + LONGEST", "", PROMISES),
    _bug("promised after the removal", '    assert staticcall hub.listed(self), "compute: market not listed"\n', "", PROMISES),
    _bug("shortened by serving again", '        assert _last >= promises._last(word), "compute: last day is earlier"\n', "        pass\n", SERVICES),
    _bug("serving what heartbeats do not bind", 'assert binding.reserve > 0 and _last <= binding.last, "compute: not bound by heartbeats"', 'assert binding.reserve > 0, "compute: not bound by heartbeats"', SERVICES),
    _bug("served again in the second of the slash", "        since = block.timestamp + 1\n        promises._reserve(msg.sender", "        since = block.timestamp\n        promises._reserve(msg.sender", SERVICES),
    _bug("anybody ends a service", "assert msg.sender == _operator or not staticcall promises.hub.listed(self)", "assert True", SERVICES),
    _bug("ended after its end", '    assert block.timestamp < promises._last(word), "compute: service has ended"\n', "", SERVICES),
    _bug("a slash keeps its service", "    self._free(_operator, _environment)\n    return promises._damages(reward), reward", "    return promises._damages(reward), reward", SERVICES),
    _bug("ending frees at once", "return 0 if _word == 0 else self._last(_word) + evidence_window", "return self._last(_word)", PROMISES),
    _bug("settled in the last second", "assert block.timestamp > self._until(_word)", "assert block.timestamp >= self._until(_word)", PROMISES),
    _bug("reported after the window", "return self._is_reserved(_word) and block.timestamp <= self._until(_word)", "return self._is_reserved(_word)", PROMISES),
    _bug("a lie of before the promise", "self._is_open(_word) and self._since(_word) <= _time and", "self._is_open(_word) and", PROMISES),
    _bug("a lie of after the promise", " and _time <= self._last(_word)", "", PROMISES),
    _bug("the prover's part is not there", "    return (_paid * 5 + 3) // 4", "    return _paid", PROMISES),
    _bug("unlocked from under a promise", "extcall promises.hub.unlock(msg.sender, _amount, promises._reserves[msg.sender])", "extcall promises.hub.unlock(msg.sender, _amount, 0)"),
    _bug("another offer counts at once", "        since += NOTICE\n", "", OFFERS),
    _bug("notices overtake each other", '        assert self._from[_operator][_environment] <= since, "compute: offer is under notice"\n', "", OFFERS),
    _bug("the offer before the last one is lost", "        self._before[_operator][_environment] = before\n", "", OFFERS),
    # covers
    _bug("a cover for every channel", '    assert staticcall channels.getChannelId(_config) == _cover.channelId, "compute: another channel"\n', "", COVERS),
    _bug("an old signature covers", '    assert block.timestamp <= convert(_cover.deadline, uint256), "compute: signature has expired"\n', "", COVERS),
    _bug("a signature opens covers again and again", "    self._used[use] = True\n", "", COVERS),
    _bug("a retired key covers", "assert (hotkeys._operator_of(key, hotkeys.RECEIPT, block.timestamp) == _operator)", "assert (hotkeys._operator_of(key, hotkeys.RECEIPT, block.timestamp) in [_operator, empty(address)])", COVERS),
    _bug("a key without a cap", "    key_caps._hold(_operator, key, needed)\n", "    key_caps._held[_operator][key] += needed\n", COVERS),
    _bug("a prolonged cover counts twice", "        key_caps._let_go(_operator, self._key(terms), needed)\n    else:", "        pass\n    else:", COVERS),
    _bug("a stranger takes the place of a cover", "    return keccak256(abi_encode(_what, _operator))", "    return keccak256(abi_encode(_what, empty(address)))", COVERS),
    _bug("a cover grows without a reserve", '        assert _cover.restitution == terms >> RESTITUTION_AT, "compute: another restitution"\n', "", COVERS),
    _bug("the price is the market's", "        extcall promises.hub.reward(_operator, _cover.price)\n", "", COVERS),
    _bug("anybody frees a cover", '    assert msg.sender == self._payer(self._reserved_word(id)), "compute: not the payer"\n', "    self._reserved_word(id)\n", COVERS),
    _bug("settled while an answer is due", '    assert self._demands[id].deadline == 0, "compute: demand is open"\n    self._free', "    self._free", COVERS),
    _bug("a cover that ended holds its key's cap", "    key_caps._let_go(_operator, self._key(terms), needed)\n    return terms >> RESTITUTION_AT", "    return terms >> RESTITUTION_AT", COVERS),
    _bug("anybody sets a cap", "assert hotkeys._operator_of(_key, hotkeys.RECEIPT, block.timestamp) == msg.sender", "assert hotkeys._operator_of(_key, hotkeys.RECEIPT, block.timestamp) != empty(address)", CAPS),
    # demands
    _bug("anybody asks", '    assert msg.sender in [_config.payer, _config.payerAuthorizer], "compute: not the payer"\n', "", DEMANDS),
    _bug("asked without a cover", '    assert promises._is_open(covers._covers[id]), "compute: no cover"\n', "", DEMANDS),
    _bug("a demand takes another's place", '    assert covers._demands[id].deadline == 0, "compute: demand is open"\n', "", DEMANDS),
    _bug("a fee that was not paid", '    assert total <= convert(claimed, uint256), "compute: fee was not paid"\n', "", DEMANDS),
    _bug("one fee is asked back again and again", "    self.demanded[_channel] = total\n", "", DEMANDS),
    _bug("the deposit counts as paid", "    assert total <= convert(claimed, uint256)", "    assert total <= convert(deposits, uint256)", DEMANDS),
    _bug("the whole restitution for any fee", "        refund = min(refund, convert(_fee, uint256))\n", "        pass\n", DEMANDS),
    _bug("more back than the restitution", "refund = min(refund, convert(_fee, uint256))", "refund = convert(_fee, uint256)", DEMANDS),
    _bug("asked without a bond", "    token_transfers._pull(payouts.token, bond)\n", "", DEMANDS),
    _bug("answered too late", "open.deadline > 0 and block.timestamp <= open.deadline", "open.deadline > 0", DEMANDS),
    _bug("any receipt is the answer", "_shown.receipt.requestHash == open.request and ", "", DEMANDS),
    _bug("any response is the answer", " and _shown.receipt.responseHash == keccak256(_response)", "", DEMANDS),
    _bug("the bond is the caller's", "    payouts.credits[operator] += bond\n", "    payouts.credits[msg.sender] += bond\n", DEMANDS),
    _bug("the bond comes back after the answer", "    covers._demands[id] = empty(IComputeMarket.Demand)\n    payouts.credits[operator] += bond", "    payouts.credits[operator] += bond", DEMANDS),
    _bug("closed before the answer was due", "open.deadline > 0 and block.timestamp > open.deadline", "open.deadline > 0 and block.timestamp >= open.deadline", DEMANDS),
    _bug("a demand takes what a report took", "    if promises._is_reserved(word):\n", "    if word > 0:\n", DEMANDS),
    _bug("the refund is the asker's", "payouts.credits[covers._payer(word)] += refund", "payouts.credits[open.requester] += refund", DEMANDS),
    _bug("a silent operator keeps its penalty", "promises._damages(open.refund), restitution // covers.PENALTY_PART", "promises._damages(open.refund), 0", DEMANDS),
]  # fmt: skip
