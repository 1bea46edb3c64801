"""Bugs of InferenceDisputes and InferenceGame, as somebody else would have written them."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_book = seeder("compute/InferenceDisputes.vy", "InferenceDisputes")
_game = seeder("compute/InferenceGame.vy", "InferenceGame")
_of_game = partial(Bug, contracts=("InferenceGame",))
PROOFS, TREES = "compute/lib/dispute_proofs.vy", "compute/lib/inference_trees.vy"

BUGS = [
    # who opens a dispute, about what
    _book("a receipt of another kind", '    assert receipt.evidence == PROVED_KIND, "disputes: not of the proved kind"\n', ""),
    _book("a receipt that nothing covered", '    assert promises._answers(word, time), "disputes: no cover"\n', ""),
    _book("a cover that began later", "promises._answers(word, time)", "promises._is_open(word)"),
    _book("anybody opens", "    self._check_permitted(covers._payer(word), _permit)\n", ""),
    _book("a permit for anybody", "_permit.watcher == msg.sender and block", "block"),
    _book("a permit for ever", "_permit.watcher == msg.sender and block.timestamp <= convert(_permit.deadline, uint256)", "_permit.watcher == msg.sender"),
    _book("a permit that nobody signed", '    assert signatures._signed(_payer, struct_hash, _permit.signature), "disputes: not the payer"\n', ""),
    _book("no bond", "    token_transfers._pull(payouts.token, bond)\n", ""),
    _book("a receipt of tomorrow", '    assert time <= block.timestamp, "disputes: time has not come"\n', ""),
    _book("a key that was retired speaks on", "operator_of(key, hotkeys.RECEIPT, time), struct_hash", "operator_of(key, hotkeys.RECEIPT, block.timestamp - 10_000), struct_hash"),
    _book("the record that the challenger likes", "at_block > 0 and staticcall registry.record_id(_record) == artefact", "at_block > 0"),
    _book("the promotion after the first", "convert(_receipt.promotionSeq, uint256)", "convert(_receipt.promotionSeq, uint256) + 1"),
    # how it ends
    _book("another channel's cover is taken", '    assert covers._id(_channel, _turn.operator) == _turn.dispute, "disputes: another channel"\n', ""),
    _book("the bond is the caller's", "        payouts.credits[_turn.operator] += bond\n", "        payouts.credits[msg.sender] += bond\n"),
    _book("the bond is nobody's", "        payouts.credits[_turn.operator] += bond\n", ""),
    _book("the challenger's bond stays", "payouts.credits[_turn.challenger] += reward + bond", "payouts.credits[_turn.challenger] += reward"),
    _book("the reward is the caller's", "payouts.credits[_turn.challenger] += reward + bond", "payouts.credits[msg.sender] += reward + bond"),
    _book("the payer gets what it is not owed", "payouts.credits[covers._payer(word)] += restitution", "payouts.credits[covers._payer(word)] += restitution + 1"),
    _book("the payer pays the reward", "reward = arrived - restitution", "reward = arrived"),
    _book("slashed for less", "promises._damages(promised + promised // covers.PROVER_PART)", "promises._damages(promised)"),
    _book("no penalty", "promised // covers.PENALTY_PART", "0"),
    _book("a cover pays twice", "covers._free(_turn.dispute, _turn.operator)", "covers._terms[_turn.dispute] >> covers.RESTITUTION_AT"),
    _book("a released cover pays", "promises._is_reserved(word) and promises._since", "promises._since"),
    _book("a later cover pays for an earlier receipt", "promises._is_reserved(word) and promises._since(word) <= _turn.time", "promises._is_reserved(word)"),
    _book("exit right after the fraud", '        assert staticcall game.turn_of(self, covers._id(channel, _operator)) == empty(bytes32), "disputes: still open"\n', ""),
    _book("unlocked without asking", "extcall promises.hub.unlock(msg.sender, _amount, promises._reserves[msg.sender])", "extcall promises.hub.unlock(msg.sender, _amount, 0)"),
    # turns
    _game("two disputes of one cover", '    assert self._turns[msg.sender][turn.dispute] == empty(bytes32), "game: dispute is open"\n', ""),
    _game("begun anywhere", '    assert trees._climbed(turn.boundary, index, _path) == _case.trace, "game: not in the trace"\n', ""),
    _game("a path of any length", '    assert len(_path) == levels, "game: path"\n', ""),
    _game("a place beyond the answer", "_case.position < positions and ", ""),
    _game("an answer to no prompt", "_case.prompt > 0 and ", ""),
    _game("ended early", "_turn.stage == PROVED or block.timestamp > _turn.deadline", "_turn.stage == PROVED or block.timestamp >= _turn.deadline"),
    _game("a finished dispute goes on", "    self._turns[msg.sender][_turn.dispute] = empty(bytes32)\n", ""),
    _game("who asks loses by silence of the other", "_turn.stage not in [NAMING, ASKING]", "_turn.stage not in [NAMING, ASKING, SUMS]"),
    _game("a silent challenger wins", "_turn.stage not in [NAMING, ASKING]", "_turn.stage not in [NAMING]"),
    _game("any turn", '    assert self._turns[_turn.book][_turn.dispute] == keccak256(abi_encode(_turn)), "game: another turn"\n', '    assert self._turns[_turn.book][_turn.dispute] != empty(bytes32), "game: another turn"\n'),
    _game("answered too late", '    assert _turn.stage == _stage, "game: not its turn"\n    assert block.timestamp <= _turn.deadline, "game: too late"\n    # So', '    assert _turn.stage == _stage, "game: not its turn"\n    # So'),
    _game("answered out of turn", '    assert _turn.stage == _stage, "game: not its turn"\n    assert block.timestamp <= _turn.deadline, "game: too late"\n    # So', '    assert block.timestamp <= _turn.deadline, "game: too late"\n    # So'),
    _game("anybody answers for the provider", '        assert speaks_for == _turn.operator, "game: not the operator"\n', ""),
    _game("a receipt key answers", "msg.sender, hotkeys.TRANSACTION, block.timestamp", "msg.sender, hotkeys.RECEIPT, block.timestamp"),
    _game("anybody asks", '    assert msg.sender == _turn.challenger, "game: not the challenger"\n', ""),
    _game("questions for ever", '    assert turn.asked < QUESTIONS, "game: too many questions"\n', ""),
    _game("questions are not counted", "    turn.asked += 1\n", ""),
    _game("any groups", '    assert self._root(_boundaries, trees._levels(turn.count)) == turn.boundary, "game: other groups"\n', ""),
    _game("a group that was not shown", '    assert trees._climbed(_boundary, _group, _path) == turn.boundary, "game: other groups"\n', ""),
    _game("a record of another boundary", '    assert keccak256(abi_encode(out, kept)) == turn.boundary, "game: another boundary"\n', ""),
    _game("a token that nobody asked for is opened", "turn.slot = 1 if _case.position + 1 < _case.prompt else 0", "turn.slot = 0"),
    _game("nobody answers for a token that was not asked for", "return RECORD if is_made else PROVED", "return RECORD"),
    _game("chunks of anything", "        trees._expect_row(claim, turn.slot, _chunks, turn.part, PART_LEVELS, _data, _path)\n", ""),
    _game("no time after a move", "turn.deadline = block.timestamp + window", "turn.deadline = _turn.deadline + window"),
    # proofs
    _game("a proof about another case", '    assert keccak256(abi_encode(_case)) == _turn.case, "game: another case"\n', ""),
    _game("proved twice", '    assert _turn.stage != PROVED, "game: proved"\n', ""),
    _game("whatever a verifier says", '    assert convert(answer, uint256) == 1, "game: not proved"\n', ""),
    _game("a claim of the caller's own", '        assert keccak256(slice(_call, 4, proofs.CLAIM)) == fixed, "game: another claim"\n', ""),
    _game("a trace of the caller's own", '        assert keccak256(slice(_call, 4, proofs.BOUND)) == fixed, "game: another claim"\n', ""),
    _of_game("any number of sums", PROOFS, '    assert len(_sums) == _count * 8, "game: number of sums"\n', ""),
    _of_game("another chunk's lanes", TREES, '    assert self._climbed(self._node(_row, below), index, _path) == _claim.record, "inference_verifier: lanes"\n', ""),
]  # fmt: skip
