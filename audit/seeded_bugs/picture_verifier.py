"""Bugs of PictureVerifier, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_operator = seeder("compute/lib/inference_pictures.vy", "PictureVerifier")
_strip = seeder("compute/lib/inference_strips.vy", "PictureVerifier")

BUGS = [
    # lanes
    _operator("another channel's row", '    assert header >> 224 == lane % operator.multiplier, "inference_verifier: row"\n', ""),
    _operator("channel by channel, not place by place", "strips_of._window(descriptor.words[2], lane // operator.multiplier)\n    header", "strips_of._window(descriptor.words[2], lane % (operator.height // operator.multiplier))\n    header"),
    _operator("no bias", "    products += rows._bias(header)\n", ""),
    _operator("one part passes for all", '            assert operator.width <= PART, "inference_verifier: part"\n', ""),
    _operator("no lower bound", "max(strips_of._low(_numbers), min(strips_of._high(_numbers), _found))", "min(strips_of._high(_numbers), _found)"),
    _operator("no upper bound", "max(strips_of._low(_numbers), min(strips_of._high(_numbers), _found))", "max(strips_of._low(_numbers), _found)"),
    _operator("nothing is larger than 0 beside the picture", "    found: int256 = min_value(int256)\n", "    found: int256 = 0\n"),
    _operator("places of the window that nobody showed", '            assert count < len(places), "inference_verifier: places"\n', "            if count >= len(places):\n                continue\n"),
    _operator("more places than the window has", '    assert count == len(places), "inference_verifier: places"\n', ""),
    _operator("the first channel of each place", "* window.depth, uint256) + channel", "* window.depth, uint256)"),
    _operator("lanes beyond the operator's", "    operator: trees.Operator = trees._operator(claim, descriptor, BOUNDED)\n    sums_of._expect_lane(operator, lane)\n", "    operator: trees.Operator = trees._operator(claim, descriptor, BOUNDED)\n"),
    # windows
    _strip("rows and columns of the target", "convert((_place // across) * down, int256)", "convert((_place % across) * down, int256)"),
    _strip("no step to the right", "convert((_place % across) * right, int256)", "convert(_place % across, int256)"),
    _strip("no padding above", " - convert((word >> 104) & 255, int256)", ""),
    _strip("no padding on the left", " - convert((word >> 96) & 255, int256)", ""),
    _strip("padding is 0", "beside=(word >> 208) & 65535", "beside=32768"),
    _strip("a row behind the last one", "_at < 0 or _at >= _size", "_at < 0 or _at > _size"),
    _strip("a window that ends behind the picture", "min(ends, width)", "ends"),
    _strip("a sum begins with its row", "max(_segment.first - number * line, 0)", "0"),
    _strip("a sum ends with its row", "min(_segment.end - number * line, line)", "line"),
    _strip("a sum goes on in the next part", "min(min((first // line + 1) * line, (first // PART + 1) * PART), products)", "min((first // line + 1) * line, products)"),
    _strip("fewer sums than there are", "        count += 1\n", "        count = 1\n"),
    _strip("the next row's strip", "self._bytes(at - chunk * LANES_16), inside)", "0, inside)"),
    _strip("fewer strips than the window has", '        assert used < len(_strips), "inference_verifier: strips"\n', "        if used >= len(_strips):\n            continue\n"),
    _strip("more strips than the window has", '    assert used == len(_strips), "inference_verifier: strips"\n', ""),
    _strip("any strip", '    assert nodes[1] == _claim.record, "inference_verifier: lanes"\n', ""),
    _strip("a strip of any length", '    assert len(_strip.data) == size * CHUNK, "inference_verifier: chunk"\n', ""),
    _strip("more nodes than there are", '    assert used == shown, "inference_verifier: path"\n', ""),
    _strip("a sum stands at the beginning of its part", "slice(nothing, 0, self._bytes(_segment.first % PART))", 'slice(nothing, 0, 0)'),
]  # fmt: skip
