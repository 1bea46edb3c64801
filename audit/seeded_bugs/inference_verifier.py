"""Bugs of InferenceVerifier and AttentionVerifier, as somebody else would have written them."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_layer = seeder("compute/lib/inference_layers.vy", "InferenceVerifier")
_of_layers = partial(Bug, contracts=("InferenceVerifier",))
_attention = seeder("compute/lib/inference_attention.vy", "AttentionVerifier")
_of_attention = partial(Bug, contracts=("AttentionVerifier",))
NUMBERS, ROWS, SUMS, TREES, GATES = (
    f"compute/lib/inference_{name}.vy" for name in ("numbers", "rows", "sums", "trees", "gates")
)

BUGS = [
    # openings
    _of_layers("any descriptor", TREES, '    assert root == _claim.program, "inference_verifier: descriptor"\n', ""),
    _of_layers("an operator of another group", TREES, '    assert word >> 240 == _claim.group, "inference_verifier: group"\n', ""),
    _of_layers("an operator of another type", TREES, '    assert (word >> 224) & 255 == _type, "inference_verifier: type"\n', ""),
    _of_attention("any lanes", TREES, '    assert self._climbed(keccak256(_lanes.data), _index, _lanes.path) == _root, "inference_verifier: lanes"\n', ""),
    _of_attention("a chunk of any length", TREES, '    assert len(_lanes.data) == CHUNK, "inference_verifier: chunk"\n', ""),
    _of_layers("any row", ROWS, '    assert root == _operator.weights, "inference_verifier: row"\n', ""),
    _of_layers("any part of a row", ROWS, '    assert keccak256(_data) == extract32(_leaf, 32 + 32 * _part), "inference_verifier: part"\n', ""),
    _of_layers("lanes beyond the operator's", SUMS, '    assert _lane < _operator.height, "inference_verifier: lane"\n', "    pass\n"),
    _layer("another lane's row", '    assert header >> 224 == lane, "inference_verifier: row"\n', ""),
    _layer("another token's row", '    assert convert(header >> 224, int256) == number, "inference_verifier: row"\n    part', "    part"),
    # arithmetic
    _of_layers("rounded down", NUMBERS, "(_value * _multiplier + convert(1 << (_shift - 1), int256)) >> _shift", "(_value * _multiplier) >> _shift"),
    _of_layers("clipped at the top alone", NUMBERS, "max(-_limit, min(_limit, _value))", "min(_limit, _value)"),
    _of_layers("a bias without its sign", ROWS, "    if found >= 2**63:\n        found -= 2**64\n", ""),
    _of_layers("a sum borrows from the one above it", NUMBERS, "    total: uint256 = HALVES_32\n", "    total: uint256 = 1 << 255\n"),
    _of_layers("scales of blocks without their sign", NUMBERS, "unsafe_sub((scales >> 224) & 65535, 32768)", "((scales >> 224) & 65535)"),
    _layer("no exponent of the source", "        down -= convert(numbers._lane_16(exponent.data, 0), uint256)\n", ""),
    _layer("a norm without its floor", "operator.width + operator.multiplier", "operator.width"),
    _layer("of equal logits the last one wins", "found == logit and convert(header >> 224, int256) < number", "found == logit and convert(header >> 224, int256) > number"),
    _layer("an id that is no token is nobody's fault", "    if number < 0 or number >= convert(operator.multiplier, int256):\n        return True\n", ""),
    _layer("an id below 0 passes", "if number < 0 or number >= convert(operator.multiplier, int256):", "if number >= convert(operator.multiplier, int256):"),
    _layer("one id more than there are tokens", "number >= convert(operator.multiplier, int256)", "number > convert(operator.multiplier, int256)"),
    _layer("a token that is not in the table", "    if number < 0 or number >= convert(operator.height, int256):\n        return True\n", "    if number < 0 or number >= convert(operator.height, int256):\n        return False\n"),
    _of_attention("weights fall without end", NUMBERS, "found >> min(whole, 31)", "found >> min(whole, 3)"),
    _of_attention("halves downward", NUMBERS, "    if twice < 0 and found * by != twice:\n        found -= 1\n", ""),
    _attention("the sine's sign", "found: int256 = a * c - b * s", "found: int256 = a * c + b * s"),
    _attention("angles of a position that the model has not", "    if claim.position >= operator.multiplier:\n        return True\n", ""),
    _attention("one position more than there are angles", "if claim.position >= operator.multiplier:", "if claim.position > operator.multiplier:"),
    _attention("every head has a key of its own", "head: uint256 = _head // _operator.shared", "head: uint256 = _head % (_operator.heads // _operator.shared)"),
    _attention("of equal scores the last one counts", "(found == largest and at < where)", "(found == largest and at > where)"),
    _attention("a largest score that stands nowhere", "(at == where and found != largest)", "False"),
    _of_attention("an exponent that is too large", GATES, "(not is_large and at == witness)", "False"),
    _of_attention("an exponent that is too small", GATES, "    if size >> convert(committed, uint256) > LARGEST:\n        return True\n", ""),
    # sums
    _of_layers("sums that nobody named", SUMS, '    assert keccak256(_sums.data) == _claim.sums, "inference_verifier: sums"\n', ""),
    _of_attention("a total of some parts", SUMS, "is_whole and count == self._chunks(_terms, _stride)", "is_whole"),
    _of_attention("a part of another stride", SUMS, "_claim.stride == _stride and _claim.first", "_claim.first"),
    _of_layers("each part begins at nothing", TREES, "    return self._sum(_sums, _part - 1)\n", "    return _claim.base\n"),
    _layer("sums of a norm of one part", '    assert claim.sums == NO_SUMS or operator.width > PART, "inference_verifier: sums"\n', ""),
    _layer("squares that pass what can be shown", "min(reached, LARGEST_SUM)", "reached"),
    _layer("one part passes for all", '            assert operator.width <= PART, "inference_verifier: part"\n', "            pass\n"),
]  # fmt: skip
