"""Bugs of PictureVerifier, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import Bug, seeder

__all__ = ["BUGS"]

_operator = seeder("compute/lib/inference_pictures.vy", "PictureVerifier")
_strip = seeder("compute/lib/inference_strips.vy", "PictureVerifier")

BUGS: list[Bug] = [
    # convolutions
    _operator("another channel's row", '    assert header >> 224 == lane % operator.multiplier, "inference_verifier: row"\n', ""),
    _operator("channel by channel, not place by place", "lane // operator.multiplier)\n    header", "lane % (operator.height // operator.multiplier))\n    header"),
    _operator("no bias", "    products += rows._bias(header)\n", ""),
    _operator("the first part passes for all", '            assert operator.width <= PART, "inference_verifier: part"\n', ""),
    _operator("the first sum passes for all", "            segment.end = strips_of._products(window)\n", ""),
    _operator("the first weights of a part", "slice(row.part, first * BLOCK, blocks * BLOCK)", "slice(row.part, 0, blocks * BLOCK)"),
    # largest of a window
    _operator("nothing is larger than 0 beside the picture", "    found: int256 = min_value(int256)\n    if sums", "    found: int256 = 0\n    if sums"),
    _operator("more places than the window has", '        assert len(places) == count, "inference_verifier: places"\n', ""),
    _operator("the first channel of each place", "_place(window, first + number) + lane % operator.multiplier", "_place(window, first + number)"),
    _operator("the first place for each", "_place(window, first + number)", "_place(window, number)"),
    _operator("each largest one begins anew", "                found = trees._sum_before(claim, sums.data, sums.part)\n", "                pass\n"),
    _operator("the first largest one is 0 or more", "            if first > 0:\n                found = trees._sum_before(claim, sums.data, sums.part)\n", "            found = trees._sum_before(claim, sums.data, sums.part)\n"),
    _operator("a place behind the window", '            assert first < count, "inference_verifier: part"\n', ""),
    # bounds
    _operator("no lower bound", "max(strips_of._low(_numbers), min(strips_of._high(_numbers), _found))", "min(strips_of._high(_numbers), _found)"),
    _operator("no upper bound", "max(strips_of._low(_numbers), min(strips_of._high(_numbers), _found))", "max(strips_of._low(_numbers), _found)"),
    _operator("lanes beyond the operator's", "_operator(claim, descriptor, BOUNDED)\n    sums_of._expect_lane(operator, lane)\n", "_operator(claim, descriptor, BOUNDED)\n"),
    # windows
    _strip("rows and columns of the target", "convert((_place // across) * down, int256)", "convert((_place % across) * down, int256)"),
    _strip("no step to the right", "convert((_place % across) * right, int256)", "convert(_place % across, int256)"),
    _strip("no padding above", " - convert((word >> 104) & 255, int256)", ""),
    _strip("no padding on the left", " - convert((word >> 96) & 255, int256)", ""),
    _strip("padding is 0", "beside=(word >> 208) & 65535", "beside=32768"),
    _strip("a row behind the last one", "_at < 0 or _at >= _size", "_at < 0 or _at > _size"),
    _strip("a window that ends behind the picture", "there: int256 = min(ends, width)", "there: int256 = ends"),
    _strip("no padding below", " or _window.top + _window.tall > _window.height or ", " or "),
    # sums
    _strip("a sum begins with its row", "max(_segment.first - number * line, 0)", "0"),
    _strip("a sum ends with its row", "min(_segment.end - number * line, line)", "line"),
    _strip("a sum of any length", "min(min((first // line + 1) * line, (first // SUM + 1) * SUM), products)", "min((first // line + 1) * line, products)"),
    _strip("one sum more or fewer", "        count += 1\n", "        count = 1\n"),
    _strip("a sum stands at the beginning of its block", "slice(nothing, 0, self._bytes(_segment.first % BLOCK))", 'b""'),
    # strips
    _strip("each strip begins with its chunk", "cursor.data + self._bytes(at % LANES_16)", "cursor.data"),
    _strip("more chunks than the window has", '    assert cursor.data == len(_strips.data), "inference_verifier: strips"\n', ""),
    _strip("more nodes than there are", '    assert cursor.path == len(_strips.path), "inference_verifier: path"\n', ""),
    _strip("any strip", '    assert nodes[1] == _record, "inference_verifier: lanes"\n', ""),
    _operator("any sums, while no total is asked for", '    assert keccak256(_sums.data) == _claim.sums, "inference_verifier: sums"\n', ""),
    _strip("a strip on the right has no neighbour", "        if size & 1 == 1:\n", "        if size == 1:\n"),
]  # fmt: skip
