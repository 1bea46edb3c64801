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
NOTHING: constant(uint256) = 32768  # lane 0
MAX_SUMS: constant(uint256) = 32
PART: constant(int256) = 1024
PART_BYTES: constant(uint256) = 2048
TWICE: constant(uint256) = max_value(uint256) // 65535  # a lane, sixteen times
MAX_STRIPS: constant(uint256) = 8
STRIP_CHUNKS: constant(uint256) = 17  # of 1,024 lanes that begin anywhere
STRIP_BYTES: constant(uint256) = STRIP_CHUNKS * CHUNK


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
def _chunks(_window: Window) -> uint256:
    """
    @dev How many chunks the picture has.
    """
    return convert((_window.height * _window.width * _window.depth + LANES_16 - 1) // LANES_16, uint256)


@internal
@pure
def _products(_window: Window) -> int256:
    return _window.tall * _window.wide * _window.depth


@internal
@pure
def _segment(_window: Window, _number: uint256) -> Segment:
    """
    @dev What one sum adds: the products of one row of the window, as far as they are in one part.
    """
    products: int256 = self._products(_window)
    line: int256 = _window.wide * _window.depth
    first: int256 = 0
    end: int256 = 0
    assert _number < MAX_SUMS, "inference_verifier: part"
    for _: uint256 in range(_number + 1, bound=MAX_SUMS):
        assert end < products, "inference_verifier: part"
        first = end
        end = min(min((first // line + 1) * line, (first // PART + 1) * PART), products)
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
        end = min((end // line + 1) * line, (end // PART + 1) * PART)
        count += 1
    return count


@internal
@pure
def _seen(
    _claim: IInferenceVerifier.Claim,
    _slot: uint256,
    _window: Window,
    _segment: Segment,
    _lanes: uint256,
    _strips: DynArray[IPictureVerifier.Strip, MAX_STRIPS],
) -> Bytes[PART_BYTES]:
    """
    @dev The lanes that a part of a row is multiplied with: those of the segment, and 0 before and behind it.
    """
    chunks: uint256 = self._chunks(_window)
    line: int256 = _window.wide * _window.depth  # lanes of one row of the window
    width: int256 = _window.width * _window.depth
    left: int256 = _window.left * _window.depth
    beside: Bytes[PART_BYTES] = self._repeated(_window.beside)
    nothing: Bytes[PART_BYTES] = self._repeated(NOTHING)
    seen: Bytes[PART_BYTES] = slice(nothing, 0, self._bytes(_segment.first % PART))
    used: uint256 = 0
    for number: int256 in range(_segment.first // line, (_segment.end - 1) // line + 1, bound=256):
        y: int256 = _window.top + number
        begins: int256 = left + max(_segment.first - number * line, 0)
        ends: int256 = left + min(_segment.end - number * line, line)
        here: int256 = max(begins, 0)
        there: int256 = min(ends, width)
        if self._is_beside(y, _window.height) or here >= there:
            seen = self._joined(seen, slice(beside, 0, self._bytes(ends - begins)))
            continue
        assert used < len(_strips), "inference_verifier: strips"
        at: int256 = y * width + here
        chunk: int256 = at // LANES_16
        last: int256 = (y * width + there - 1) // LANES_16
        self._expect_strip(_claim, _slot, chunks, convert(chunk, uint256), convert(last, uint256), _strips[used])
        seen = self._joined(seen, slice(beside, 0, self._bytes(here - begins)))
        inside: uint256 = self._bytes(there - here)
        seen = self._joined(seen, slice(_strips[used].data, self._bytes(at - chunk * LANES_16), inside))
        seen = self._joined(seen, slice(beside, 0, self._bytes(ends - there)))
        used += 1
    assert used == len(_strips), "inference_verifier: strips"
    return self._joined(seen, slice(nothing, 0, 2 * _lanes - len(seen)))


@internal
@pure
def _bytes(_lanes: int256) -> uint256:
    return convert(2 * _lanes, uint256)


@internal
@pure
def _joined(_first: Bytes[PART_BYTES], _second: Bytes[STRIP_BYTES]) -> Bytes[PART_BYTES]:
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
def _expect_strip(
    _claim: IInferenceVerifier.Claim,
    _slot: uint256,
    _count: uint256,
    _first: uint256,
    _last: uint256,
    _strip: IPictureVerifier.Strip,
):
    """
    @dev Chunks `_first` to `_last` of a tensor of `_count` in the claim's record.
    """
    nodes: bytes32[STRIP_CHUNKS + 2] = empty(bytes32[STRIP_CHUNKS + 2])
    size: uint256 = _last - _first + 1
    assert len(_strip.data) == size * CHUNK, "inference_verifier: chunk"
    for number: uint256 in range(size, bound=STRIP_CHUNKS):
        nodes[number + 1] = keccak256(slice(_strip.data, number * CHUNK, CHUNK))
    levels: uint256 = trees._levels(_count) + trees.RECORD_LEVELS
    index: uint256 = (_slot << trees._levels(_count)) | _first
    used: uint256 = 0
    shown: uint256 = len(_strip.path)
    for _: uint256 in range(levels, bound=trees.MAX_PATH):
        # Nodes begin at 1: what stands before the first of them takes place 0.
        from_: uint256 = 1 - (index & 1)
        if from_ == 0:
            assert used < shown, "inference_verifier: path"
            nodes[0] = _strip.path[used]
            used += 1
            size += 1
        if size & 1 == 1:
            assert used < shown, "inference_verifier: path"
            nodes[from_ + size] = _strip.path[used]
            used += 1
            size += 1
        size = size >> 1
        for number: uint256 in range(size, bound=STRIP_CHUNKS):
            left: uint256 = from_ + 2 * number
            nodes[number + 1] = keccak256(abi_encode(nodes[left], nodes[left + 1]))
        index = index >> 1
    assert used == shown, "inference_verifier: path"
    assert nodes[1] == _claim.record, "inference_verifier: lanes"
