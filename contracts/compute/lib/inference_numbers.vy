# pragma version 0.4.3
"""
@title Arithmetic of token models
@license MIT
@notice The functions of docs/inference-program.md, for one lane at a time, and dot products of weights that stand so
    that one multiplication adds eight products.
"""

# Lanes are committed with half of their range added.
HALF_16: constant(int256) = 32768
HALF_32: constant(int256) = 2147483648
MASK_32: constant(uint256) = 4294967295
MASK_64: constant(uint256) = 18446744073709551615
EVEN_LANES: constant(uint256) = (max_value(uint256) // MASK_64) * MASK_32
ONES: constant(uint256) = max_value(uint256) // MASK_32  # eight lanes of 32 bits
LANES_16: constant(uint256) = ONES * 65535
LANES_8: constant(uint256) = ONES * 255
LANES_4: constant(uint256) = ONES * 15
HALVES_32: constant(uint256) = ONES * 2147483648
HALVES_16: constant(uint256) = ONES * 32768
HALVES_8: constant(uint256) = ONES * 128
# A part of a row: 1,024 weights, and the scales of its 32 blocks.
LANES: constant(uint256) = 1024
LANE_BYTES: constant(uint256) = 2 * LANES
LINE_BYTES: constant(uint256) = 4 * LANES  # of lanes of 32 bits
PART_BYTES: constant(uint256) = LANES + 64
ROWS_8: constant(uint256) = 0
BLOCKS_4: constant(uint256) = 1
BLOCKS_8: constant(uint256) = 2
MAX_BLOCKS: constant(uint256) = LANES // 32
# As a list stands in calldata: where it begins.
LIST: constant(bytes32) = 0x0000000000000000000000000000000000000000000000000000000000000020
NOTHING: constant(bytes32) = empty(bytes32)
LINE_WORDS: constant(uint256) = LANES // 8
X_WORDS: constant(uint256) = LANES // 16
PART_WORDS: constant(uint256) = LANES // 32 + 3


@internal
@pure
def _clip(_value: int256, _limit: int256) -> int256:
    return max(-_limit, min(_limit, _value))


@internal
@pure
def _rq(_value: int256, _multiplier: int256, _shift: uint256) -> int256:
    return (_value * _multiplier + convert(1 << (_shift - 1), int256)) >> _shift


@internal
@pure
def _near(_value: int256, _by: int256) -> int256:
    """
    @dev The nearest whole number, halves upward.
    """
    twice: int256 = 2 * _value + _by
    by: int256 = 2 * _by
    found: int256 = twice // by
    # Vyper rounds towards zero.
    if twice < 0 and found * by != twice:
        found -= 1
    return found


@internal
@pure
def _exp2n(_d: uint256) -> uint256:
    whole: uint256 = _d >> 16
    part: uint256 = _d & 65535
    found: uint256 = unsafe_sub(630, unsafe_mul(part, 87) >> 16)
    found = unsafe_sub(3637, unsafe_mul(part, found) >> 16)
    found = unsafe_sub(15743, unsafe_mul(part, found) >> 16)
    found = unsafe_sub(45426, unsafe_mul(part, found) >> 16)
    found = unsafe_sub(65536, unsafe_mul(part, found) >> 16)
    return found >> min(whole, 31)


@internal
@pure
def _over_root(_x: int256, _mean: uint256) -> int256:
    """
    @dev A lane over the root of the mean square, before its gain.
    """
    mean: uint256 = _mean
    k: uint256 = 0
    for _: uint256 in range(31):
        if mean >= 1 << 60:
            break
        mean = mean << 2
        k += 1
    inverse: int256 = convert((1 << 61) // isqrt(mean), int256)
    return (_x * inverse) >> (47 - k)


@internal
@pure
def _gated(_g: int256, _u: int256, _multiplier: uint256, _shift: uint256) -> int256:
    e: uint256 = self._exp2n((convert(abs(_g), uint256) * _multiplier) >> _shift)
    above: uint256 = 65536
    if _g < 0:
        above = e
    sigma: int256 = convert((above << 16) // (65536 + e), int256)
    return ((_g * sigma) >> 8) * _u


@internal
@pure
def _lane_16(_chunk: Bytes[128], _lane: uint256) -> int256:
    """
    @dev Lane `_lane` modulo 64.
    """
    word: uint256 = extract32(_chunk, (_lane & 48) << 1, output_type=uint256)
    return convert((word >> (240 - ((_lane & 15) << 4))) & 65535, int256) - HALF_16


@internal
@pure
def _lane_32(_chunk: Bytes[128], _lane: uint256) -> int256:
    """
    @dev Lane `_lane` modulo 32.
    """
    word: uint256 = extract32(_chunk, (_lane & 24) << 2, output_type=uint256)
    return convert((word >> (224 - ((_lane & 7) << 5))) & MASK_32, int256) - HALF_32


@internal
@pure
def _products(_first: Bytes[128], _second: Bytes[128]) -> int256:
    """
    @dev The products of two heads of 64 lanes, added.
    """
    total: int256 = 0
    for word: uint256 in range(4):
        a: uint256 = extract32(_first, word << 5, output_type=uint256)
        b: uint256 = extract32(_second, word << 5, output_type=uint256)
        for _: uint256 in range(16):
            total = unsafe_add(
                total,
                unsafe_mul(
                    unsafe_sub(convert(a & 65535, int256), HALF_16), unsafe_sub(convert(b & 65535, int256), HALF_16)
                ),
            )
            a = a >> 16
            b = b >> 16
    return total


@internal
@pure
def _moments(_row: Bytes[LINE_BYTES]) -> (uint256, int256):
    """
    @dev The squares of residuals, added: of x + 2**31, less what that is too much; and their sum.
    """
    squares: uint256 = 0
    plain: uint256 = 0
    # The row as a list: to read one takes half of what `extract32` does.
    count: bytes32 = convert(len(_row) >> 5, bytes32)
    words: DynArray[uint256, LINE_WORDS] = abi_decode(concat(LIST, count, _row), DynArray[uint256, LINE_WORDS])
    # Here and below, to cut a lane out twice takes less than to give it a name.
    for word: uint256 in words:
        squares = unsafe_add(
            squares,
            unsafe_add(
                unsafe_add(
                    unsafe_add(
                        unsafe_mul(word & MASK_32, word & MASK_32),
                        unsafe_mul((word >> 32) & MASK_32, (word >> 32) & MASK_32),
                    ),
                    unsafe_add(
                        unsafe_mul((word >> 64) & MASK_32, (word >> 64) & MASK_32),
                        unsafe_mul((word >> 96) & MASK_32, (word >> 96) & MASK_32),
                    ),
                ),
                unsafe_add(
                    unsafe_add(
                        unsafe_mul((word >> 128) & MASK_32, (word >> 128) & MASK_32),
                        unsafe_mul((word >> 160) & MASK_32, (word >> 160) & MASK_32),
                    ),
                    unsafe_add(
                        unsafe_mul((word >> 192) & MASK_32, (word >> 192) & MASK_32),
                        unsafe_mul(word >> 224, word >> 224),
                    ),
                ),
            ),
        )
        # Two lanes of 32 bits in each of four of 64: no sum of them overflows.
        plain = unsafe_add(plain, unsafe_add(word & EVEN_LANES, (word >> 32) & EVEN_LANES))
    total: uint256 = unsafe_add(
        unsafe_add(plain & MASK_64, (plain >> 64) & MASK_64), unsafe_add((plain >> 128) & MASK_64, plain >> 192)
    )
    lanes: uint256 = len(_row) >> 2
    squares = unsafe_sub(unsafe_add(squares, unsafe_mul(lanes, 1 << 62)), total << 32)
    return squares, convert(total, int256) - convert(unsafe_mul(lanes, 1 << 31), int256)


@internal
@pure
def _dot(_x: Bytes[LANE_BYTES], _lanes: uint256, _part: Bytes[PART_BYTES], _layout: uint256) -> int256:
    """
    @dev The products of a part of a row with the first `_lanes` of x: eight signed lanes of 32 bits are one number, in
        whose product with another eight the uppermost lane has their products added. Half a lane's range is added to
        each sum, so that none of them borrows from the one above.
    """
    blocks: uint256 = _lanes >> 5
    count: bytes32 = convert(len(_x) >> 5, bytes32)
    x: DynArray[uint256, X_WORDS] = abi_decode(concat(LIST, count, _x), DynArray[uint256, X_WORDS])
    # The last word of scales is filled up.
    count = convert(unsafe_add(len(_part), 31) >> 5, bytes32)
    part: DynArray[uint256, PART_WORDS] = abi_decode(concat(LIST, count, _part, NOTHING), DynArray[uint256, PART_WORDS])
    if _layout == ROWS_8:
        return self._dot_rows(x, blocks, part)
    if _layout == BLOCKS_4:
        return self._dot_blocks_4(x, blocks, part)
    return self._dot_blocks_8(x, blocks, part)


@internal
@pure
def _dot_of_rows(_x: Bytes[LANE_BYTES], _part: Bytes[PART_BYTES]) -> int256:
    """
    @dev The same of whole words of rows of 8 bits, for contracts that have no blocks.
    """
    count: bytes32 = convert(len(_x) >> 5, bytes32)
    x: DynArray[uint256, X_WORDS] = abi_decode(concat(LIST, count, _x), DynArray[uint256, X_WORDS])
    count = convert(len(_part) >> 5, bytes32)
    # Filled up to as many bytes as the longest list may have.
    part: DynArray[uint256, PART_WORDS] = abi_decode(concat(LIST, count, _part, NOTHING), DynArray[uint256, PART_WORDS])
    return self._dot_rows(x, len(part), part)


@internal
@pure
def _dot_rows(_x: DynArray[uint256, X_WORDS], _blocks: uint256, _part: DynArray[uint256, PART_WORDS]) -> int256:
    total: uint256 = HALVES_32
    for number: uint256 in range(_blocks, bound=MAX_BLOCKS):
        first: uint256 = _x[unsafe_mul(number, 2)]
        second: uint256 = _x[unsafe_add(unsafe_mul(number, 2), 1)]
        w: uint256 = _part[number]
        total = unsafe_add(
            total,
            unsafe_add(
                unsafe_add(
                    unsafe_mul(unsafe_sub(first & LANES_16, HALVES_16), unsafe_sub(w & LANES_8, HALVES_8)),
                    unsafe_mul(
                        unsafe_sub((first >> 16) & LANES_16, HALVES_16), unsafe_sub((w >> 8) & LANES_8, HALVES_8)
                    ),
                ),
                unsafe_add(
                    unsafe_mul(unsafe_sub(second & LANES_16, HALVES_16), unsafe_sub((w >> 16) & LANES_8, HALVES_8)),
                    unsafe_mul(
                        unsafe_sub((second >> 16) & LANES_16, HALVES_16), unsafe_sub((w >> 24) & LANES_8, HALVES_8)
                    ),
                ),
            ),
        )
    return convert(total >> 224, int256) - HALF_32


@internal
@pure
def _dot_blocks_4(_x: DynArray[uint256, X_WORDS], _blocks: uint256, _part: DynArray[uint256, PART_WORDS]) -> int256:
    total: uint256 = 0  # modulo 2**256
    scales: uint256 = 0
    w: uint256 = 0
    behind: uint256 = unsafe_add(_blocks, 1) >> 1  # words of weights before those of scales
    for number: uint256 in range(_blocks, bound=MAX_BLOCKS):
        if number & 7 == 0:
            scales = _part[unsafe_add(behind, number >> 3)]
        if number & 1 == 0:
            w = _part[number >> 1]
        first: uint256 = _x[unsafe_mul(number, 2)]
        second: uint256 = _x[unsafe_add(unsafe_mul(number, 2), 1)]
        products: uint256 = (
            unsafe_add(
                unsafe_add(
                    unsafe_mul(unsafe_sub(first & LANES_16, HALVES_16), w & LANES_4),
                    unsafe_mul(unsafe_sub((first >> 16) & LANES_16, HALVES_16), (w >> 4) & LANES_4),
                ),
                unsafe_add(
                    unsafe_mul(unsafe_sub(second & LANES_16, HALVES_16), (w >> 8) & LANES_4),
                    unsafe_mul(unsafe_sub((second >> 16) & LANES_16, HALVES_16), (w >> 12) & LANES_4),
                ),
            )
        )
        lanes: uint256 = unsafe_add(
            unsafe_add(first & LANES_16, (first >> 16) & LANES_16),
            unsafe_add(second & LANES_16, (second >> 16) & LANES_16),
        )
        total = unsafe_add(
            total,
            unsafe_add(
                unsafe_mul(
                    unsafe_sub(unsafe_add(products, HALVES_32) >> 224, 2147483648), unsafe_sub(scales >> 240, 32768)
                ),
                # 32 lanes of 16 bits are half of their range too large each.
                unsafe_mul(
                    unsafe_sub(unsafe_mul(lanes, ONES) >> 224, 1048576), unsafe_sub((scales >> 224) & 65535, 32768)
                ),
            ),
        )
        scales = scales << 32
        w = w >> 16
    return convert(convert(total, bytes32), int256)


@internal
@pure
def _dot_blocks_8(_x: DynArray[uint256, X_WORDS], _blocks: uint256, _part: DynArray[uint256, PART_WORDS]) -> int256:
    total: uint256 = 0  # modulo 2**256
    scales: uint256 = 0
    for number: uint256 in range(_blocks, bound=MAX_BLOCKS):
        if number & 15 == 0:
            scales = _part[unsafe_add(_blocks, number >> 4)]
        first: uint256 = _x[unsafe_mul(number, 2)]
        second: uint256 = _x[unsafe_add(unsafe_mul(number, 2), 1)]
        w: uint256 = _part[number]
        products: uint256 = (
            unsafe_add(
                unsafe_add(
                    unsafe_mul(unsafe_sub(first & LANES_16, HALVES_16), unsafe_sub(w & LANES_8, HALVES_8)),
                    unsafe_mul(
                        unsafe_sub((first >> 16) & LANES_16, HALVES_16), unsafe_sub((w >> 8) & LANES_8, HALVES_8)
                    ),
                ),
                unsafe_add(
                    unsafe_mul(unsafe_sub(second & LANES_16, HALVES_16), unsafe_sub((w >> 16) & LANES_8, HALVES_8)),
                    unsafe_mul(
                        unsafe_sub((second >> 16) & LANES_16, HALVES_16), unsafe_sub((w >> 24) & LANES_8, HALVES_8)
                    ),
                ),
            )
        )
        total = unsafe_add(
            total,
            unsafe_mul(
                unsafe_sub(unsafe_add(products, HALVES_32) >> 224, 2147483648), unsafe_sub(scales >> 240, 32768)
            ),
        )
        scales = scales << 16
    return convert(convert(total, bytes32), int256)


@internal
@pure
def _whole_weight(_part: Bytes[PART_BYTES], _layout: uint256, _lanes: uint256, _lane: uint256) -> int256:
    """
    @dev A weight of a part of `_lanes` lanes times its block's scales.
    """
    number: uint256 = _lane >> 5
    place: uint256 = (_lane & 15) >> 1
    group: uint256 = ((_lane >> 3) & 2) + 1 - (_lane & 1)
    blocks: uint256 = _lanes >> 5
    if _layout == BLOCKS_4:
        w: uint256 = extract32(_part, (number >> 1) << 5, output_type=uint256)
        weight: int256 = convert((w >> (32 * place + 4 * group + 16 * (number & 1))) & 15, int256)
        pair: uint256 = extract32(_part, (((blocks + 1) >> 1) << 5) + 4 * number - 28, output_type=uint256)
        scaled: int256 = weight * (convert((pair >> 16) & 65535, int256) - HALF_16)
        return scaled + convert(pair & 65535, int256) - HALF_16
    word: uint256 = extract32(_part, number << 5, output_type=uint256)
    found: int256 = convert((word >> (32 * place + 8 * group)) & 255, int256) - 128
    if _layout == BLOCKS_8:
        scale: uint256 = extract32(_part, (blocks << 5) + 2 * number - 30, output_type=uint256) & 65535
        found *= convert(scale, int256) - HALF_16
    return found
