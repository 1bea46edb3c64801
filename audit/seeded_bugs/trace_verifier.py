"""Bugs of TraceVerifier, as somebody else would have written them."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_bug = seeder("compute/lib/trace_links.vy", "TraceVerifier")
_drawing = seeder("compute/lib/inference_drawing.vy", "TraceVerifier")
_of_trees = partial(Bug, file="compute/lib/inference_trees.vy", contracts=("TraceVerifier",))

BUGS = [
    _bug("any node", '    assert trees._climbed(_node.hash, _index, _node.path) == _root, "trace_verifier: node"\n', ""),
    _bug("a node of any height", '    assert len(_node.path) == _depth, "trace_verifier: path"\n', ""),
    _bug("the group itself is its source", "self._expect_out(bound, bound.group - 1, before)", "self._expect_out(bound, bound.group, before)"),
    _bug("the first group has a source", '    assert bound.group > 0, "trace_verifier: group"\n', ""),
    _bug("every group is given a token", '    assert bound.group == 0, "trace_verifier: group"\n', ""),
    _bug("the prompt has one token more", "    if bound.position < bound.prompt:", "    if bound.position <= bound.prompt:"),
    _bug("the reply begins a position later", "bound.position + 1 - bound.prompt, ids", "bound.position - bound.prompt, ids"),
    _bug("a token behind the reply", '    assert _place < _count, "trace_verifier: position"\n', ""),
    _bug("keys for values", "VALUES if kind == ATTENDED else KEYS", "KEYS if kind == ATTENDED else VALUES"),
    _bug("anybody keeps", '    assert kind in [SCORES, ATTENDED, POOLING], "trace_verifier: type"\n', ""),
    _bug("any operator is the last", '        assert next.hash == empty(bytes32), "trace_verifier: not the last"\n', ""),
    _bug("what nobody said is wrong", '    assert bound.shown > 0, "trace_verifier: no tensor was shown"\n', ""),
    _bug("the size of another tensor", '    assert operator.slot == bound.slot, "trace_verifier: slot"\n', ""),
    _bug("an exponent without a chunk", "(1 if _type == GATED else 0)", "0"),
    _bug("scores of earlier positions alone", "LANES_32) * LANES_32) >= seen", "LANES_32) * LANES_32) + 1 >= seen"),
    _bug("an exponent is filling", "        if _lane == exponent or _lane == exponent + 1:\n            return False\n", ""),
    _bug("lanes of 16 bits everywhere", "return _type in [EMBEDDING, RESIDUAL, SCORES, SOFTMAX, TOKEN, ADD, PLACE]", "return _type in [EMBEDDING, RESIDUAL, SCORES, SOFTMAX, ADD, PLACE]"),
    _bug("a picture of any size", "    if bound.prompt != operator.height or bound.reply != 1:\n        return True\n", "    if bound.reply != 1:\n        return True\n"),
    _bug("a picture with any number of labels", "    if bound.prompt != operator.height or bound.reply != 1:\n        return True\n", "    if bound.prompt != operator.height:\n        return True\n"),
    _bug("values of any picture", "    self._expect_id(bound.inputs, bound.prompt, lane, values)\n", ""),
    _bug("any record's picture", "    self._expect_chunk(bound, operator.slot, sums_of._chunks(operator.height, LANES_16), lane // LANES_16, out)\n", ""),
    _bug("a value behind the picture", '    assert lane < operator.height, "trace_verifier: lane"\n    self._expect_chunk', "    self._expect_chunk"),
    _drawing("any drawing", '    assert trees._drawn(drawing.tree, drawing.seed, drawing.scale) == bound.trace, "trace_verifier: drawing"\n', ""),
    _drawing("any row is the committed one", '    assert self._number(chosen.leaf) == number, "trace_verifier: row"\n', ""),
    _drawing("the higher of equals is drawn", "(found == size and other < number)", "(found == size and other > number)"),
    _drawing("a token that is none", "    if number < 0 or number >= convert(operator.height, int256):\n        return True\n", ""),
    _drawing("noise of the token before", "convert(_number + 1, uint256)", "convert(_number, uint256)"),
    _drawing("noise of every position", "self._start(drawing.seed, bound.position)", "self._start(drawing.seed, 0)"),
    _drawing("any noise", '    assert trees._climbed(_shown[0], entry >> 3, path) == NOISE, "trace_verifier: noise"\n', ""),
    _drawing("half of the mixing", "z ^ (z >> 27)", "z ^ (z >> 28)"),
    _drawing("sharpness of 8 bits", "convert(_scale & MASK_16, int256)", "convert(_scale & 255, int256)"),
    _drawing("a shift of 5 bits", "((_scale >> 16) & 255)", "((_scale >> 16) & 31)"),
    _of_trees("any descriptor", old='    assert root == _claim.program, "inference_verifier: descriptor"\n', new=""),
]  # fmt: skip
