"""Bugs of EncoderVerifier, and of attention that sees all positions, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_operator = seeder("compute/lib/inference_encoders.vy", "EncoderVerifier")
_attention = seeder("compute/lib/inference_attention.vy", "AttentionVerifier")

BUGS: list[Bug] = [
    # norms
    _operator("no mean is taken off", "numbers._lane_32(slice(row.data, lane // LANES_32 * 128, 128), lane) - middle", "numbers._lane_32(slice(row.data, lane // LANES_32 * 128, 128), lane)"),
    _operator("the mean is rounded down", "numbers._near(sum, count)", "sum // count"),
    _operator("the variance is that around 0", " - 2 * middle * sum + count * middle * middle", ""),
    _operator("the square of the mean once", " + count * middle * middle", " + middle * middle"),
    _operator("no epsilon", "// operator.width + operator.multiplier", "// operator.width"),
    _operator("no bias", "found + numbers._lane_32(bias.data, lane)", "found"),
    _operator("any bias", "    trees._expect_table(descriptor.words[2], chunks, lane // LANES_32, bias)\n", ""),
    _operator("any gain", "    trees._expect_table(operator.weights, chunks, lane // LANES_32, gain)\n", ""),
    _operator("the first chunk's lanes", "slice(row.data, lane // LANES_32 * 128, 128)", "slice(row.data, 0, 128)"),
    # tables
    _operator("a table from 0 on", "numbers._lane_16(x.data, lane) + convert(ENTRIES // 2, int256)", "abs(numbers._lane_16(x.data, lane))"),
    _operator("a source beyond the table", '    assert place >= 0 and place < convert(ENTRIES, int256), "inference_verifier: entry"\n', '    assert place >= 0 and place <= convert(ENTRIES, int256), "inference_verifier: entry"\n'),
    _operator("any entry", "    trees._expect_table(operator.weights, ENTRIES // LANES_16, number // LANES_16, entry)\n", ""),
    # additions
    _operator("the second source is not looked at", "    trees._expect_own(claim, operator.second, chunks, lane // LANES_16, y)\n", ""),
    _operator("the first source twice", "numbers._lane_16(x.data, lane) + numbers._lane_16(y.data, lane)", "2 * numbers._lane_16(x.data, lane)"),
    _operator("sums of 16 bits", "operator.slot, sums_of._chunks(operator.height, LANES_32), lane // LANES_32, out)\n    sum: int256 = numbers._lane_16", "operator.slot, chunks, lane // LANES_16, out)\n    sum: int256 = numbers._lane_16"),
    # places
    _operator("the first position's place for all", "claim.position * operator.height + lane", "lane"),
    _operator("a place behind the table", "    if claim.position >= operator.multiplier:\n        return True\n", ""),
    _operator("one place behind the table", "if claim.position >= operator.multiplier:", "if claim.position > operator.multiplier:"),
    _operator("the last place of the table", "if claim.position >= operator.multiplier:", "if claim.position + 1 >= operator.multiplier:"),
    _operator("no place is added", "numbers._lane_32(x.data, lane) + numbers._lane_32(entry.data, number)", "numbers._lane_32(x.data, lane)"),
    # means
    _operator("a mean of the positions so far", "convert(claim.positions, int256)) != numbers", "convert(claim.position + 1, int256)) != numbers"),
    _operator("a sum for a mean", "numbers._near(found, convert(claim.positions, int256))", "found"),
    _operator("the first position's value for all", "operator.group_levels, place, KEPT", "operator.group_levels, 0, KEPT"),
    _operator("a term passes for all", '        assert claim.positions == 1, "inference_verifier: part"\n', ""),
    _operator("fewer sums than positions", "claim.positions, max(claim.stride, 1)", "32, max(claim.stride, 1)"),
    # attention
    _attention("no position behind its own", "return trees._seen(_operator, _claim.position, _claim.positions)", "return _claim.position + 1"),
    _attention("the place of the largest stands before", "convert(self._seen(claim, operator), int256)", "convert(claim.position + 1, int256)"),
]  # fmt: skip
