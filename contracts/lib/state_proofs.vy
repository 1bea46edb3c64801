# pragma version 0.4.3
"""
@title Proofs in the state of an Ethereum chain
@license MIT
@notice What a contract's storage held at a block whose header is given: nodes of Merkle-Patricia tries, as
    `eth_getProof` answers, each hashing to what the node before calls it (Yellow Paper, appendix D).
@dev Whoever calls has compared the header with a hash that it believes. Every byte that is read hangs on that hash, so
    only what an Ethereum chain makes has to be read right; anything else reverts or has another hash. A node shorter
    than 32 bytes stands within its parent and is no node of the list. No node may be left over.
"""

# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# What a header says that is asked for here.
struct Header:
    state_root: bytes32
    number: uint256
    timestamp: uint256  # unix seconds


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest header; longest node (a full branch has 532 bytes); longest value (an account's).
MAX_HEADER: constant(uint256) = 1_024
MAX_NODE: constant(uint256) = 576
MAX_VALUE: constant(uint256) = 128

# Most nodes of a proof: whoever wants a longer one for a key has to find another that hashes to the same 64 bits.
MAX_NODES: constant(uint256) = 16

# Nibbles of a key, and most nodes on a way, those within others included.
NIBBLES: constant(uint256) = 64

# Root of a trie that holds nothing: the hash of an empty string's RLP.
EMPTY_ROOT: constant(bytes32) = keccak256(x"80")

# Where a header's state root stands, and its difficulty, after a prefix of three bytes and items of fixed length.
STATE_ROOT_AT: constant(uint256) = 91
DIFFICULTY_AT: constant(uint256) = 448

# Items from a header's difficulty on: number is the second, timestamp the fifth.
NUMBER: constant(uint256) = 1
TIMESTAMP: constant(uint256) = 4

# RLP: from which first byte on an item is a string, a string whose length has bytes of its own, a list, and such a list.
STRING: constant(uint256) = 128
LONG_STRING: constant(uint256) = 184
LIST: constant(uint256) = 192
LONG_LIST: constant(uint256) = 248

# First byte of a string of 32 bytes.
HASH: constant(uint256) = 160

# From an account's storage root to its end: the root, and the hash of its code with its prefix.
STORAGE_ROOT_TO_END: constant(uint256) = 65


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@pure
def _header(_header: Bytes[MAX_HEADER]) -> Header:
    assert len(_header) > DIFFICULTY_AT, "state proof: bad header"
    header: Header = Header(state_root=extract32(_header, STATE_ROOT_AT), number=0, timestamp=0)
    at: uint256 = DIFFICULTY_AT
    for i: uint256 in range(TIMESTAMP + 1):
        # Behind the timestamp stands more than a word.
        assert at + 32 <= len(_header), "state proof: bad header"
        # A number of up to 31 bytes is the item's own first byte, or follows it.
        word: uint256 = extract32(_header, at, output_type=uint256)
        number: uint256 = word >> 248
        at += 1
        if number >= STRING:
            size: uint256 = number - STRING
            assert size < 32, "state proof: bad header"
            number = ((word << 8) >> 8) >> (248 - 8 * size)
            at += size
        if i == NUMBER:
            header.number = number
        elif i == TIMESTAMP:
            header.timestamp = number
    return header


@internal
@pure
def _storage_root(_state_root: bytes32, _account: address, _nodes: DynArray[Bytes[MAX_NODE], MAX_NODES]) -> bytes32:
    account: Bytes[MAX_VALUE] = self._value(_state_root, keccak256(slice(convert(_account, bytes32), 12, 20)), _nodes)
    assert len(account) > STORAGE_ROOT_TO_END, "state proof: no such account"
    return extract32(account, len(account) - STORAGE_ROOT_TO_END)


@internal
@pure
def _word(_storage_root: bytes32, _slot: bytes32, _nodes: DynArray[Bytes[MAX_NODE], MAX_NODES]) -> uint256:
    """
    @dev What a slot of storage holds; zero where the trie shows that there is nothing.
    """
    value: Bytes[MAX_VALUE] = self._value(_storage_root, keccak256(_slot), _nodes)
    size: uint256 = len(value)
    if size == 0:
        return 0
    assert size <= 33, "state proof: bad word"
    if size == 1:
        return convert(slice(value, 0, 1), uint256)
    return convert(convert(slice(value, 1, size - 1), Bytes[32]), uint256)


@internal
@pure
def _value(_root: bytes32, _path: bytes32, _nodes: DynArray[Bytes[MAX_NODE], MAX_NODES]) -> Bytes[MAX_VALUE]:
    """
    @dev What a trie holds under a hashed key; nothing where the nodes show that there is nothing.
    """
    count: uint256 = len(_nodes)
    if _root == EMPTY_ROOT:
        assert count == 0, "state proof: node too many"
        return b""
    # What is left of the path, from the highest nibble on, and how much.
    path: uint256 = convert(_path, uint256)
    left: uint256 = NIBBLES
    wanted: bytes32 = _root
    used: uint256 = 0
    # The node, with 32 zeros behind it so that a word can be read at each of its bytes, and where it begins.
    node: Bytes[MAX_NODE + 32] = b""
    at: uint256 = 0
    found: Bytes[MAX_VALUE] = b""
    for _: uint256 in range(NIBBLES + 1):
        if wanted != empty(bytes32):
            assert used < count, "state proof: node missing"
            assert keccak256(_nodes[used]) == wanted, "state proof: node does not hash"
            node = concat(_nodes[used], empty(bytes32))
            used += 1
            at = 0
            wanted = empty(bytes32)
        # The list's items begin at `at` and stop at `end`.
        end: uint256 = 0
        first: uint256 = extract32(node, at, output_type=uint256)
        prefix: uint256 = first >> 248
        assert prefix >= LIST, "state proof: node is no list"
        if prefix < LONG_LIST:
            at += 1
            end = at + prefix - LIST
        elif prefix == LONG_LIST:
            end = at + 2 + ((first >> 240) & 255)
            at += 2
        else:
            end = at + 3 + ((first >> 232) & (2**16 - 1))
            at += 3
        # A string's length, its first bytes, and where the item behind it begins.
        word: uint256 = extract32(node, at, output_type=uint256)
        prefix = word >> 248
        size: uint256 = 1
        second: uint256 = at + 1
        if prefix >= LIST:
            # No list is the first of two items: a branch.
            second = end
        elif prefix >= STRING:
            size = prefix - STRING
            second += size
            word = extract32(node, at + 1, output_type=uint256)
        value_at: uint256 = second
        value_size: uint256 = 1
        if second < end:
            prefix = extract32(node, second, output_type=uint256) >> 248
            if prefix >= LIST:
                # A node within this one has less than 32 bytes.
                value_size = prefix - LIST + 1
            elif prefix >= LONG_STRING:
                value_at += 2
                value_size = extract32(node, second + 1, output_type=uint256) >> 248
            elif prefix >= STRING:
                value_at += 1
                value_size = prefix - STRING
        if value_at + value_size == end:
            # Two items, a leaf or an extension: the nibbles that it shares, then a value or a child.
            kind: uint256 = word >> 252
            shared: uint256 = 2 * (size - 1) + (kind & 1)
            nibbles: uint256 = word << 4
            if kind & 1 == 0:
                nibbles = extract32(node, second - size + 1, output_type=uint256)
            if shared > left or (nibbles ^ path) >> (256 - 4 * shared) != 0:
                break
            if kind & 2 != 0:
                assert shared == left, "state proof: leaf too high"
                found = convert(slice(node, value_at, value_size), Bytes[MAX_VALUE])
                break
            path <<= 4 * shared
            left -= shared
            at = second
        else:
            # A branch: skip the children before the one on the path.
            for nibble: uint256 in range(16):
                if nibble == path >> 252:
                    break
                prefix = extract32(node, at, output_type=uint256) >> 248
                at += 1
                if prefix >= LIST:
                    at += prefix - LIST
                else:
                    at += prefix - STRING
            assert left > 0 and at < end, "state proof: bad branch"
            path <<= 4
            left -= 1
        # The child: its hash, nothing, or the node itself.
        prefix = extract32(node, at, output_type=uint256) >> 248
        if prefix == STRING:
            break
        if prefix < LIST:
            assert prefix == HASH, "state proof: bad child"
            wanted = extract32(node, at + 1)
    assert used == count, "state proof: node too many"
    return found
