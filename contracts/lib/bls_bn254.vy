# pragma version 0.4.3
"""
@title BLS signatures on BN254, the curve that the EVM can pair
@license MIT
@notice Signatures are points of G1, keys are points of G2. A message is hashed to G1 as RFC 9380 says: expand_message_xmd
    over keccak256, two elements of the field, each mapped by Shallue and van de Woestijne's map, and their sum.
@dev Points are pairs below P; G1 has no cofactor, so that every point of the curve is in the group. A key has the order
    of EIP-197, imaginary part first: x imaginary, x real, y imaginary, y real.
"""

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Order of the field; the curve is y**2 = x**3 + 3.
P: constant(uint256) = 21888242871839275222246405745257275088696311157297823662689037894645226208583

# P - 2: the power that inverts.
INVERSE: constant(uint256) = P - 2

# (P + 1) / 4: the power that is a root, if there is one, as P % 4 == 3.
ROOT: constant(uint256) = (P + 1) // 4

# The map's constants for Z = 1 (RFC 9380, 6.6.1): g(Z), -Z / 2, the even root of -12, -16 / 3.
C1: constant(uint256) = 4
C2: constant(uint256) = (P - 1) // 2
C3: constant(uint256) = 8815841940592487685674414971303048083897117035520822607866
C4: constant(uint256) = 7296080957279758407415468581752425029565437052432607887563012631548408736189

# The generator of G1.
G1: constant(uint256[2]) = [1, 2]

# The generator of G2, negated, in the order of a key.
MINUS_G2: constant(uint256[4]) = [
    11559732032986387107991004021392285783925812861821192530917403151452391805634,
    10857046999023057135944570762232829481370756359578518086990519993285655852781,
    17805874995975841540914202342111839520379459829704422454583296818431106115052,
    13392588948715843804641432497768002650278120570034223513918757245338268106653,
]

# Domain separation tag of drand's scheme and, as the last byte, its length of 43.
TAG: constant(Bytes[44]) = b"BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_\x2b"

# Powers of two that put the parts of 48 bytes in their place; the second is 2**256 below P.
SHIFT_128: constant(uint256) = 2**128
SHIFT_256: constant(uint256) = 6350874878119819312338956282401532409788428879151445726012394534686998597021

# Precompiled contracts.
MODEXP: constant(address) = 0x0000000000000000000000000000000000000005
PAIRING: constant(address) = 0x0000000000000000000000000000000000000008


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _signed(_key: uint256[4], _message: bytes32, _signature: uint256[2]) -> bool:
    """
    @dev Whether `_signature`, a point of the curve, is `_key`'s for `_message`. Reverts for a bad key.
    """
    return self._pair(_signature, MINUS_G2, self._hash_to_curve(_message), _key)


@internal
@view
def _is_key(_key: uint256[4]) -> bool:
    """
    @dev Whether `_key` is a point of G2 other than its zero: pairing takes no other.
    """
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        PAIRING,
        abi_encode(G1, _key),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    # Paired with the generator, only zero gives one.
    return ok and convert(answer, uint256) == 0


@internal
@pure
def _on_curve(_point: uint256[2]) -> bool:
    """
    @dev Whether it is a point in the one form that is allowed, and not zero, which (0, 0) stands for.
    """
    x: uint256 = _point[0]
    y: uint256 = _point[1]
    return x < P and y < P and uint256_mulmod(y, y, P) == self._curve(x)


@internal
@view
def _hash_to_curve(_message: bytes32) -> uint256[2]:
    u: uint256[2] = self._hash_to_field(_message)
    return ecadd(self._map(u[0]), self._map(u[1]))


@internal
@pure
def _hash_to_field(_message: bytes32) -> uint256[2]:
    """
    @dev 96 bytes from `_message`, after a block of keccak256 (136 bytes) of zeros; each half is an element.
    """
    first: bytes32 = keccak256(
        concat(
            empty(bytes32),
            empty(bytes32),
            empty(bytes32),
            empty(bytes32),
            empty(bytes8),
            _message,
            b"\x00\x60\x00",
            TAG,
        )
    )
    b1: bytes32 = keccak256(concat(first, b"\x01", TAG))
    b2: bytes32 = keccak256(concat(first ^ b1, b"\x02", TAG))
    b3: bytes32 = keccak256(concat(first ^ b2, b"\x03", TAG))
    middle: uint256 = convert(b2, uint256)
    return [
        uint256_addmod(uint256_mulmod(convert(b1, uint256), SHIFT_128, P), middle >> 128, P),
        uint256_addmod(uint256_mulmod(middle & (SHIFT_128 - 1), SHIFT_256, P), convert(b3, uint256), P),
    ]


@internal
@view
def _map(_u: uint256) -> uint256[2]:
    """
    @dev One of three candidates always is the x of a point; the first that is counts. Its y has the parity of `_u`.
    """
    square: uint256 = uint256_mulmod(uint256_mulmod(_u, _u, P), C1, P)
    plus: uint256 = uint256_addmod(1, square, P)
    minus: uint256 = uint256_addmod(1, P - square, P)
    inverse: uint256 = self._power(uint256_mulmod(plus, minus, P), INVERSE)
    step: uint256 = uint256_mulmod(uint256_mulmod(uint256_mulmod(_u, minus, P), inverse, P), C3, P)
    x: uint256 = uint256_addmod(C2, P - step, P)
    y: uint256 = self._y(x)
    if y == 0:
        x = uint256_addmod(C2, step, P)
        y = self._y(x)
    if y == 0:
        ratio: uint256 = uint256_mulmod(uint256_mulmod(plus, plus, P), inverse, P)
        x = uint256_addmod(1, uint256_mulmod(C4, uint256_mulmod(ratio, ratio, P), P), P)
        y = self._y(x)
    if _u % 2 != y % 2:
        y = P - y
    return [x, y]


@internal
@view
def _y(_x: uint256) -> uint256:
    """
    @dev A y for `_x`; 0 when there is none (the curve has no point with a y of 0).
    """
    square: uint256 = self._curve(_x)
    y: uint256 = self._power(square, ROOT)
    return y if uint256_mulmod(y, y, P) == square else 0


@internal
@pure
def _curve(_x: uint256) -> uint256:
    return uint256_addmod(uint256_mulmod(uint256_mulmod(_x, _x, P), _x, P), 3, P)


@internal
@view
def _power(_base: uint256, _exponent: uint256) -> uint256:
    length: uint256 = 32
    answer: Bytes[32] = raw_call(
        MODEXP,
        abi_encode(length, length, length, _base, _exponent, P),
        max_outsize=32,
        is_static_call=True,
    )
    return convert(answer, uint256)


@internal
@view
def _pair(_a: uint256[2], _b: uint256[4], _c: uint256[2], _d: uint256[4]) -> bool:
    """
    @dev Whether e(a, b) * e(c, d) is one.
    """
    answer: Bytes[32] = raw_call(PAIRING, abi_encode(_a, _b, _c, _d), max_outsize=32, is_static_call=True)
    return convert(answer, uint256) == 1
