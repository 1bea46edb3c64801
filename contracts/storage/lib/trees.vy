# pragma version 0.4.3
"""
@title The storage network's trees
@license MIT
@notice Hashes of leaves, shards, deals and sequences, as docs/storage-format.md says to the bit.
@dev What is hashed ends with its domain. An entry of a sequence is 192 bits of a hash and a sum of leaves in 64 bits.
"""

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Domains; 0 is a leaf's.
NODE: constant(uint256) = 1
SEQUENCE_LEAF: constant(uint256) = 2
SEQUENCE_NODE: constant(uint256) = 3
DEAL_LEAF: constant(uint256) = 4
DEAL_NODE: constant(uint256) = 5
DRAW: constant(uint256) = 6
REPAIR_DRAW: constant(uint256) = 7
DEAL: constant(uint256) = 8

# A leaf's data, bytes, and the leaves that a challenge opens.
LEAF_BYTES: constant(uint256) = 256
DRAWS: constant(uint256) = 5

# Leaves of a shard and shards of a deal, at most.
MAX_LEAVES: constant(uint256) = 2**32
MAX_SHARDS: constant(uint256) = 32

# Words that open five leaves: header, 32 in the shard, 8 in the sequence, each.
MAX_WORDS: constant(uint256) = 205

# The sum in an entry.
SUM: constant(uint256) = 2**64 - 1


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _leaf(_data: Bytes[LEAF_BYTES], _index: uint256) -> bytes32:
    # Eight bytes of the index, and the domain, which is 0.
    return keccak256(concat(_data, slice(convert(_index << 8, bytes32), 23, 9)))


@internal
@pure
def _climb(
    _node: bytes32,
    _index: uint256,
    _count: uint256,
    _words: DynArray[uint256, MAX_WORDS],
    _at: uint256,
    _domain: uint256,
) -> (bytes32, uint256):
    """
    @dev From leaf `_index` of `_count` up to the root, along the words from `_at` on. The last of an odd level rises
        unchanged.
    @return The root, and the place after the path; nothing where words are missing.
    """
    node: bytes32 = _node
    index: uint256 = _index
    count: uint256 = _count
    at: uint256 = _at
    for _: uint256 in range(33):
        if count == 1:
            break
        if index ^ 1 < count:
            if at == len(_words):
                return empty(bytes32), at
            beside: uint256 = _words[at]
            at += 1
            if index & 1 == 1:
                node = keccak256(abi_encode(beside, node, _domain))
            else:
                node = keccak256(abi_encode(node, beside, _domain))
        index >>= 1
        count = (count + 1) >> 1
    return node, at


@internal
@pure
def _deal_leaf(_index: uint256, _provider: address, _shard: bytes32, _leaves: uint256) -> bytes32:
    return keccak256(abi_encode(_index, _provider, _shard, _leaves, DEAL_LEAF))


@internal
@pure
def _deal_root(_hashes: DynArray[bytes32, MAX_SHARDS]) -> bytes32:
    """
    @dev The root over all shards of a deal.
    """
    nodes: DynArray[bytes32, MAX_SHARDS] = _hashes
    count: uint256 = len(_hashes)
    for _: uint256 in range(5):
        if count == 1:
            break
        for pair: uint256 in range(count >> 1, bound=MAX_SHARDS // 2):
            nodes[pair] = keccak256(abi_encode(nodes[2 * pair], nodes[2 * pair + 1], DEAL_NODE))
        if count & 1 == 1:
            nodes[count >> 1] = nodes[count - 1]
        count = (count + 1) >> 1
    return nodes[0]


@internal
@pure
def _entry(_shard: bytes32, _leaves: uint256) -> uint256:
    return (convert(keccak256(abi_encode(_shard, _leaves, SEQUENCE_LEAF)), uint256) & ~SUM) | _leaves


@internal
@pure
def _join(_left: uint256, _right: uint256) -> uint256:
    hashed: uint256 = convert(keccak256(abi_encode(_left, _right, SEQUENCE_NODE)), uint256)
    # Sums of leaves that are stored stay below 2^64.
    return (hashed & ~SUM) | unsafe_add(_left & SUM, _right & SUM)


@internal
@pure
def _draw(_seed: bytes32, _epoch: uint256, _provider: address, _number: uint256, _total: uint256) -> uint256:
    return convert(keccak256(abi_encode(_seed, _epoch, _provider, _number, DRAW)), uint256) % _total


@internal
@pure
def _repair_draw(
    _seed: bytes32, _deal: bytes32, _index: uint256, _repairer: address, _number: uint256, _leaves: uint256
) -> uint256:
    return convert(keccak256(abi_encode(_seed, _deal, _index, _repairer, _number, REPAIR_DRAW)), uint256) % _leaves
