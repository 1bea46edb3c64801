# pragma version 0.4.3
"""
@title What an operator sees of a picture
@license MIT
@notice A window over a picture is a strip of lanes in each of its rows. Where a strip stands follows from the descriptor
    and from the lane that is asked about.
"""

from ...interfaces import IInferenceVerifier
from ...interfaces import IPictureVerifier
from . import inference_numbers as numbers
from . import inference_trees as trees

CHUNK: constant(uint256) = 128
LANES_16: constant(int256) = 64
BLOCK: constant(int256) = 32
NO_LANES: constant(bytes32) = 0x8000800080008000800080008000800080008000800080008000800080008000
MAX_SUMS: constant(uint256) = 32
SUM: constant(int256) = 512  # most products of a sum
PART: constant(int256) = 1024
PART_BYTES: constant(uint256) = 2048
TWICE: constant(uint256) = max_value(uint256) // 65535  # a lane, sixteen times
STRIPS_BYTES: constant(uint256) = 2304
STRIP_CHUNKS: constant(uint256) = 17  # of 1,024 lanes that begin anywhere


# A window at one place of the target: `top` and `left` may lie beside the picture.
struct Window:
    height: int256
    width: int256
    depth: int256
    tall: int256
    wide: int256
    top: int256
    left: int256
    beside: uint256  # the lane that stands where the picture has nothing


# Products of a row of weights, from `first` to before `end`, in one part of it.
struct Segment:
    first: int256
    end: int256
    part: uint256


# How far strips were read.
struct Cursor:
    data: uint256
    path: uint256


@internal
@pure
def _low(_numbers: bytes32) -> int256:
    return convert(convert(_numbers, uint256) >> 240, int256) - numbers.HALF_16


@internal
@pure
def _high(_numbers: bytes32) -> int256:
    return convert((convert(_numbers, uint256) >> 224) & 65535, int256) - numbers.HALF_16


@internal
@pure
def _window(_numbers: bytes32, _place: uint256) -> Window:
    word: uint256 = convert(_numbers, uint256)
    across: uint256 = (word >> 192) & 65535
    down: uint256 = (word >> 120) & 255
    right: uint256 = (word >> 112) & 255
    return Window(
        height=convert((word >> 176) & 65535, int256),
        width=convert((word >> 160) & 65535, int256),
        depth=convert((word >> 144) & 65535, int256),
        tall=convert((word >> 136) & 255, int256),
        wide=convert((word >> 128) & 255, int256),
        top=convert((_place // across) * down, int256) - convert((word >> 104) & 255, int256),
        left=convert((_place % across) * right, int256) - convert((word >> 96) & 255, int256),
        beside=(word >> 208) & 65535,
    )


@internal
@pure
def _is_beside(_at: int256, _size: int256) -> bool:
    return _at < 0 or _at >= _size


@internal
@pure
def _is_over_an_edge(_window: Window) -> bool:
    is_before: bool = _window.top < 0 or _window.left < 0
    return is_before or _window.top + _window.tall > _window.height or _window.left + _window.wide > _window.width


@internal
@pure
def _blocks(_segment: Segment) -> (uint256, uint256):
    """
    @dev The segment's first block in its part, and how many it has.
    """
    first: int256 = _segment.first // BLOCK
    count: int256 = (_segment.end + BLOCK - 1) // BLOCK - first
    return convert(first % (PART // BLOCK), uint256), convert(count, uint256)


@internal
@pure
def _chunks(_window: Window) -> uint256:
    """
    @dev How many chunks the picture has.
    """
    return convert((_window.height * _window.width * _window.depth + LANES_16 - 1) // LANES_16, uint256)


@internal
@pure
def _places(_window: Window) -> uint256:
    """
    @dev How many places of the picture the window covers.
    """
    down: int256 = min(_window.top + _window.tall, _window.height) - max(_window.top, 0)
    across: int256 = min(_window.left + _window.wide, _window.width) - max(_window.left, 0)
    return convert(down * across, uint256)


@internal
@pure
def _place(_window: Window, _number: uint256) -> uint256:
    """
    @dev The first lane of one of them.
    """
    left: int256 = max(_window.left, 0)
    across: int256 = min(_window.left + _window.wide, _window.width) - left
    number: int256 = convert(_number, int256)
    at: int256 = (max(_window.top, 0) + number // across) * _window.width + left + number % across
    return convert(at * _window.depth, uint256)


@internal
@pure
def _products(_window: Window) -> int256:
    return _window.tall * _window.wide * _window.depth


@internal
@pure
def _segment(_window: Window, _number: uint256) -> Segment:
    """
    @dev What one sum adds: the products of one row of the window, as far as they are in one half of a part.
    """
    products: int256 = self._products(_window)
    line: int256 = _window.wide * _window.depth
    first: int256 = 0
    end: int256 = 0
    assert _number < MAX_SUMS, "inference_verifier: part"
    for _: uint256 in range(_number + 1, bound=MAX_SUMS):
        assert end < products, "inference_verifier: part"
        first = end
        end = min(min((first // line + 1) * line, (first // SUM + 1) * SUM), products)
    return Segment(first=first, end=end, part=convert(first // PART, uint256))


@internal
@pure
def _segments(_window: Window) -> uint256:
    """
    @dev How many sums there are; more than a list has when there are too many.
    """
    products: int256 = self._products(_window)
    line: int256 = _window.wide * _window.depth
    end: int256 = 0
    count: uint256 = 0
    for _: uint256 in range(MAX_SUMS + 1):
        if end >= products:
            break
        end = min((end // line + 1) * line, (end // SUM + 1) * SUM)
        count += 1
    return count


@internal
@pure
def _seen(
    _claim: IInferenceVerifier.Claim,
    _slot: uint256,
    _window: Window,
    _segment: Segment,
    _strips: IPictureVerifier.Strips,
) -> Bytes[PART_BYTES]:
    """
    @dev The lanes that weights are multiplied with: those of the segment, and 0 beside it in its first and last block.
    """
    levels: uint256 = trees._levels(self._chunks(_window))
    line: int256 = _window.wide * _window.depth  # lanes of one row of the window
    width: int256 = _window.width * _window.depth
    left: int256 = _window.left * _window.depth
    beside: Bytes[PART_BYTES] = b""
    if self._is_over_an_edge(_window):
        beside = self._repeated(_window.beside)
    nothing: Bytes[64] = concat(NO_LANES, NO_LANES)
    seen: Bytes[PART_BYTES] = slice(nothing, 0, self._bytes(_segment.first % BLOCK))
    cursor: Cursor = Cursor(data=0, path=0)
    for number: int256 in range(_segment.first // line, (_segment.end - 1) // line + 1, bound=256):
        y: int256 = _window.top + number
        begins: int256 = left + max(_segment.first - number * line, 0)
        ends: int256 = left + min(_segment.end - number * line, line)
        here: int256 = max(begins, 0)
        there: int256 = min(ends, width)
        if self._is_beside(y, _window.height) or here >= there:
            seen = self._joined(seen, slice(beside, 0, self._bytes(ends - begins)))
            continue
        at: int256 = y * width + here
        first: uint256 = convert(at // LANES_16, uint256)
        last: uint256 = convert((y * width + there - 1) // LANES_16, uint256)
        begin: uint256 = cursor.data + self._bytes(at % LANES_16)
        cursor = self._opened(_claim.record, (_slot << levels) | first, last - first + 1, levels, _strips, cursor)
        if here > begins:
            seen = self._joined(seen, slice(beside, 0, self._bytes(here - begins)))
        seen = self._joined(seen, slice(_strips.data, begin, self._bytes(there - here)))
        if ends > there:
            seen = self._joined(seen, slice(beside, 0, self._bytes(ends - there)))
    assert cursor.data == len(_strips.data), "inference_verifier: strips"
    assert cursor.path == len(_strips.path), "inference_verifier: path"
    return self._joined(seen, slice(nothing, 0, self._bytes((BLOCK - _segment.end % BLOCK) % BLOCK)))


@internal
@pure
def _bytes(_lanes: int256) -> uint256:
    return convert(2 * _lanes, uint256)


@internal
@pure
def _joined(_first: Bytes[PART_BYTES], _second: Bytes[STRIPS_BYTES]) -> Bytes[PART_BYTES]:
    return convert(concat(_first, _second), Bytes[PART_BYTES])


@internal
@pure
def _repeated(_lane: uint256) -> Bytes[PART_BYTES]:
    """
    @dev A lane, 1,024 times.
    """
    word: bytes32 = convert(unsafe_mul(_lane, TWICE), bytes32)
    two: Bytes[64] = concat(word, word)
    eight: Bytes[256] = concat(two, two, two, two)
    thirty_two: Bytes[1024] = concat(eight, eight, eight, eight)
    return concat(thirty_two, thirty_two)


@internal
@pure
def _opened(
    _record: bytes32,
    _first: uint256,
    _count: uint256,
    _levels: uint256,
    _strips: IPictureVerifier.Strips,
    _cursor: Cursor,
) -> Cursor:
    """
    @dev Where the next strip begins, behind one of so many chunks in a tensor of so many levels; it is in the record.
    """
    nodes: bytes32[STRIP_CHUNKS + 2] = empty(bytes32[STRIP_CHUNKS + 2])
    end: uint256 = _cursor.data + _count * CHUNK
    assert end <= len(_strips.data), "inference_verifier: strips"
    for number: uint256 in range(_count, bound=STRIP_CHUNKS):
        begin: uint256 = unsafe_add(_cursor.data, unsafe_mul(number, CHUNK))
        nodes[unsafe_add(number, 1)] = keccak256(slice(_strips.data, begin, CHUNK))
    index: uint256 = _first
    size: uint256 = _count
    used: uint256 = _cursor.path
    shown: uint256 = len(_strips.path)
    for _: uint256 in range(_levels + trees.RECORD_LEVELS, bound=trees.MAX_PATH):
        # Nodes begin at 1: what stands before the first of them takes place 0.
        start: uint256 = 1 - (index & 1)
        if start == 0:
            assert used < shown, "inference_verifier: path"
            nodes[0] = _strips.path[used]
            used += 1
            size += 1
        if size & 1 == 1:
            assert used < shown, "inference_verifier: path"
            nodes[start + size] = _strips.path[used]
            used += 1
            size += 1
        size = size >> 1
        for number: uint256 in range(size, bound=STRIP_CHUNKS):
            left: uint256 = unsafe_add(start, unsafe_mul(2, number))
            nodes[unsafe_add(number, 1)] = keccak256(abi_encode(nodes[left], nodes[unsafe_add(left, 1)]))
        index = index >> 1
    assert nodes[1] == _record, "inference_verifier: lanes"
    return Cursor(data=end, path=used)
