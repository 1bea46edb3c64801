# pragma version 0.4.3
"""
@title Keys sealed to a public key, opened on chain
@license MIT
@notice A sealed key is a point E of its sealer (33 bytes, compressed) and 32 bytes: the key XOR
    keccak256(S, data hash), where S = x E for the receiver's private key x, and so also the sealer's secret times the
    receiver's public key.
@dev `ecrecover` of the hash zero multiplies a point by a number and gives the address of the product: that is enough to
    check a product that somebody shows. The hash of the data in the mask lets one E serve several items.
"""

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Order of secp256k1, and its generator: x, and y's parity.
ORDER: constant(uint256) = 115792089237316195423570985008687907852837564279074904382605163141518161494337
GENERATOR: constant(uint256) = 55066263022277343669578718895168534326250603453777594175500187360389116729240
GENERATOR_PREFIX: constant(uint256) = 2

# `v` of a point whose compressed form begins with 2; with 3 it is one more.
V_OF_PREFIX: constant(uint256) = 25


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _is_form(_sealed: Bytes[65]) -> bool:
    """
    @dev Whether it has the form of a sealed key; E may still be no point.
    """
    return len(_sealed) == 65 and (convert(slice(_sealed, 0, 1), uint256) in [2, 3])


@internal
@pure
def _address_of(_public_key: Bytes[64]) -> address:
    """
    @dev Of a point, or public key, as x and y.
    """
    return convert(convert(keccak256(_public_key), uint256) & convert(max_value(uint160), uint256), address)


@internal
@pure
def _product(_x: uint256, _prefix: uint256, _times: uint256) -> address:
    """
    @dev Address of a point times a number; zero where there is no such point.
    """
    return ecrecover(empty(bytes32), _prefix + V_OF_PREFIX, _x, uint256_mulmod(_times, _x, ORDER))


@internal
@pure
def _is_private_key(_private_key: uint256, _public_key: Bytes[64]) -> bool:
    product: address = self._product(GENERATOR, GENERATOR_PREFIX, _private_key)
    return product != empty(address) and product == self._address_of(_public_key)


@internal
@pure
def _shared(_sealed: Bytes[65], _private_key: uint256) -> address:
    """
    @dev Address of S; zero where E is no point.
    """
    return self._product(
        extract32(_sealed, 1, output_type=uint256), convert(slice(_sealed, 0, 1), uint256), _private_key
    )


@internal
@pure
def _opened(_sealed: Bytes[65], _shared: Bytes[64], _data_hash: bytes32) -> bytes32:
    """
    @dev The key.
    """
    mask: uint256 = convert(keccak256(concat(_shared, _data_hash)), uint256)
    return convert(extract32(_sealed, 33, output_type=uint256) ^ mask, bytes32)
