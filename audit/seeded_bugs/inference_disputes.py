"""Bugs of InferenceDisputes and InferenceGame, as somebody else would have written them."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_book = seeder("compute/InferenceDisputes.vy", "InferenceDisputes")
_game = seeder("compute/InferenceGame.vy", "InferenceGame")
_of_game = partial(Bug, contracts=("InferenceGame",))
PROOFS, TREES = "compute/lib/dispute_proofs.vy", "compute/lib/inference_trees.vy"
SHOWN, TURNS = "compute/lib/dispute_shown.vy", "compute/lib/dispute_turns.vy"

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
    _book("a later cover pays for an earlier receipt", "promises._is_reserved(word) and promises._since(word) <= turns._time(_turn)", "promises._is_reserved(word)"),
    _book("exit right after the fraud", '        assert staticcall game.turn_of(self, covers._id(channel, _operator)) == empty(bytes32), "disputes: still open"\n', ""),
    _book("unlocked without asking", "extcall promises.hub.unlock(msg.sender, _amount, promises._reserves[msg.sender])", "extcall promises.hub.unlock(msg.sender, _amount, 0)"),
    # turns
    _game("two disputes of one cover", '    assert self._turns[msg.sender][_opening.dispute] == empty(bytes32), "game: dispute is open"\n', ""),
    _of_game("begun anywhere", SHOWN, '        assert trees._climbed(_opening.boundary, index, _path) == _case.trace, "game: not in the trace"\n', ""),
    _of_game("a path of any length", SHOWN, '        assert len(_path) == levels, "game: path"\n', ""),
    # drawn tokens
    _of_game("drawn by whatever the challenger says", SHOWN, '    assert trees._drawn(tree, _path[levels], scale) == _case.trace, "game: not in the trace"\n', ""),
    _of_game("one position is drawn", SHOWN, '    assert positions > 1, "game: one position"\n', ""),
    _game("drawn tokens are forgotten", "        turn.numbers |= 1 << turns.DRAWN_AT\n", ""),
    _of_game("a question forgets drawn tokens", TURNS, "(MASK_16 << GROUP_AT) | (MASK_16 << POSITION_AT)", "(MASK_16 << GROUP_AT) | (MASK_15 << POSITION_AT)"),
    _of_game("a drawn token is judged as the likeliest", PROOFS, '    assert _function != TOKEN, "game: tokens are drawn"\n', ""),
    _of_game("a proof about any trace", PROOFS, '    assert trees._drawn(tree, extract32(_drawing, 32), scale) == _trace, "game: another drawing"\n', ""),
    _of_game("a drawing of any size", TREES, "slice(convert(_scale & MASK_24, bytes32), 29, 3)", "slice(convert(_scale & MASK_24, bytes32), 30, 2)"),
    _of_game("a place beyond the answer", TURNS, "_case.position < positions and ", ""),
    _of_game("an answer to no prompt", TURNS, '    assert _case.prompt > 0, "game: number of tokens"\n', ""),
    _game("ended early", "stage == PROVED or block.timestamp > turns", "stage == PROVED or block.timestamp >= turns"),
    _game("a finished dispute goes on", "    self._turns[msg.sender][_turn.dispute] = empty(bytes32)\n", ""),
    _game("who asks loses by silence of the other", "stage not in [NAMING, ASKING]", "stage not in [NAMING, ASKING, SUMS]"),
    _game("a silent challenger wins", "stage not in [NAMING, ASKING]", "stage not in [NAMING]"),
    _game("any turn", '    assert self._turns[_turn.book][_turn.dispute] == keccak256(abi_encode(_turn)), "game: another turn"\n', '    assert self._turns[_turn.book][_turn.dispute] != empty(bytes32), "game: another turn"\n'),
    _game("too late is early enough", '    assert block.timestamp <= turns._deadline(_turn.numbers), "game: too late"\n', ""),
    _game("out of turn", '    assert turns._byte(_turn.numbers, turns.STAGE_AT) == _stage, "game: not its turn"\n', ""),
    _game("anybody answers for the provider", '        assert speaks_for == _turn.operator, "game: not the operator"\n', ""),
    _game("a receipt key answers", "msg.sender, hotkeys.TRANSACTION, block.timestamp", "msg.sender, hotkeys.RECEIPT, block.timestamp"),
    _game("anybody asks", '    assert msg.sender == _turn.challenger, "game: not the challenger"\n', ""),
    _of_game("questions for ever", TURNS, '    assert self._byte(_numbers, ASKED_AT) < QUESTIONS, "game: too many questions"\n', ""),
    _of_game("questions are not counted", TURNS, "((_numbers & ASKING) + (1 << ASKED_AT))", "(_numbers & ASKING)"),
    _of_game("any groups", SHOWN, '    assert self._root(_boundaries, trees._levels(count)) == _turn.boundary, "game: other groups"\n', ""),
    _of_game("a group that was not shown", SHOWN, '    assert trees._climbed(_boundary, _group, _path) == _turn.boundary, "game: other groups"\n', ""),
    _of_game("a record of another boundary", SHOWN, '    assert keccak256(abi_encode(out, kept)) == _turn.boundary, "game: another boundary"\n', ""),
    _of_game("a token that nobody asked for is opened", TURNS, "1 if _case.position + 1 < _case.prompt else 0", "0"),
    _of_game("nobody answers for a token that was not asked for", TURNS, "return RECORD if is_made else PROVED", "return RECORD"),
    _of_game("chunks of anything", SHOWN, "        trees._expect_row(claim, slot, _chunks, part, LIST_LEVELS, _data, _path)\n", ""),
    _game("no time after a move", "until: uint256 = block.timestamp + window", "until: uint256 = turns._deadline(turn.numbers) + window"),
    # marks, and what is shown with a record
    _game("marks of the provider's own", '    assert keccak256(abi_encode(_marks)) == turn.extra, "game: other marks"\n', ""),
    _of_game("the tensor of the marks is any one", SHOWN, '        assert trees._node(_data, levels) == _tensor, "game: other chunks"\n', ""),
    _of_game("marks lead one tensor too far", SHOWN, "_numbers | (slot << turns.SLOT_AT), _chunks", "_numbers | ((slot + 1) << turns.SLOT_AT), _chunks"),
    _of_game("marks lead to no tensor", SHOWN, "            return slot\n", "            return 0\n"),
    _game("marks stay in the turn", "    turn.extra = empty(bytes32)\n    turn.record", "    turn.record"),
    # sums within a sum
    _of_game("a block of other sums", TURNS, '    assert is_of_blocks and keccak256(_sums) == _turn.sums, "game: other sums"\n', ""),
    _of_game("sums of any stride are narrowed", TURNS, "assert is_of_blocks and keccak256", "assert keccak256"),
    _of_game("a block beyond the positions", TURNS, '    assert is_there, "game: no such sums"\n', ""),
    _of_game("narrowing is no question", TURNS, "asked: uint256 = self._asked(_numbers, self._byte(_numbers, SLOT_AT), self._part(_numbers))", "asked: uint256 = self._asked(_numbers - (1 << ASKED_AT), self._byte(_numbers, SLOT_AT), self._part(_numbers))"),
    _of_game("a block ends where the provider says", TURNS, "_turn.numbers, COUNT_AT) - within), ", "_turn.numbers, COUNT_AT)), "),
    _game("who narrows need not be the challenger", "    self._question(_turn, ASKING)\n    turn: IInferenceGame.Turn = _turn\n    turn.extra", "    self._check_time(_turn, ASKING)\n    turn: IInferenceGame.Turn = _turn\n    turn.extra"),
    _game("sums stay when something else is asked", "    turn.sums = empty(bytes32)\n    turn.extra = empty(bytes32)\n", "    turn.extra = empty(bytes32)\n"),
    # proofs
    _game("a proof about another case", '    assert keccak256(abi_encode(_case)) == _turn.case, "game: another case"\n', ""),
    _game("proved twice", '    assert turns._byte(_turn.numbers, turns.STAGE_AT) != PROVED, "game: proved"\n', ""),
    _game("whatever a verifier says", '    assert convert(answer, uint256) == 1, "game: not proved"\n', ""),
    _of_game("a claim about any position", PROOFS, "        position=_case.position,\n        positions", "        position=0,\n        positions"),
    _of_game("a claim without its record", PROOFS, "        record=_turn.record,\n        group=turns._byte(_turn.numbers, turns.GROUP_AT),\n        position=_case", "        record=_case.trace,\n        group=turns._byte(_turn.numbers, turns.GROUP_AT),\n        position=_case"),
    _of_game("any number of sums", TURNS, '    assert len(_sums) == 8 * (self._byte(_turn.numbers, COUNT_AT) - within), "game: number of sums"\n', ""),
    _of_game("another chunk's lanes", TREES, '    assert self._climbed(self._node(_row, below), index, _path) == _claim.record, "inference_verifier: lanes"\n', ""),
]  # fmt: skip
