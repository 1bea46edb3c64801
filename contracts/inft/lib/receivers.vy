# pragma version 0.4.3
"""
@title Receiving tokens
@license MIT
@notice An account takes every token but one that it belongs to itself, by however many steps: nobody could act for it
    any more. A plain `transferFrom` asks nobody.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import identity


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest chain of accounts that own accounts that is followed to find a circle.
MAX_DEPTH: constant(uint256) = 8

# Longest note that may come with a token, bytes.
MAX_NOTE: constant(uint256) = 1_024

# Most kinds of ERC-1155 tokens that may come at once.
MAX_KINDS: constant(uint256) = 64


# ############################################################## #
#                       RECEIVER FUNCTIONS                       #
# ############################################################## #

@external
@view
def onERC721Received(_operator: address, _from: address, _id: uint256, _note: Bytes[MAX_NOTE]) -> bytes4:
    """
    @notice ERC-721: takes a token, unless owners would form a circle.
    """
    found: bool = True
    chain_id: uint256 = 0
    contract: address = empty(address)
    id: uint256 = 0
    chain_id, contract, id = identity._token()
    for _: uint256 in range(MAX_DEPTH):
        if not found or chain_id != chain.id:
            return 0x150b7a02
        assert contract != msg.sender or id != _id, "account: circle of owners"
        found, chain_id, contract, id = self._token_of(identity._owner_of(contract, id))
    raise "account: chain of owners too long"


@external
@pure
def onERC1155Received(
    _operator: address, _from: address, _id: uint256, _amount: uint256, _note: Bytes[MAX_NOTE]
) -> bytes4:
    """
    @notice ERC-1155: takes every token.
    """
    return 0xf23a6e61


@external
@pure
def onERC1155BatchReceived(
    _operator: address,
    _from: address,
    _ids: DynArray[uint256, MAX_KINDS],
    _amounts: DynArray[uint256, MAX_KINDS],
    _note: Bytes[MAX_NOTE],
) -> bytes4:
    """
    @notice ERC-1155: takes every batch of tokens.
    """
    return 0xbc197c81


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _token_of(_account: address) -> (bool, uint256, address, uint256):
    """
    @dev The token that an account belongs to, when it is one.
    """
    ok: bool = False
    answer: Bytes[96] = b""
    ok, answer = raw_call(
        _account,
        method_id("token()"),
        max_outsize=96,
        gas=identity.ANSWER_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not ok or len(answer) != 96:
        return False, 0, empty(address), 0
    contract: uint256 = extract32(answer, 32, output_type=uint256)
    if contract > convert(max_value(uint160), uint256):
        return False, 0, empty(address), 0
    return (
        True,
        extract32(answer, 0, output_type=uint256),
        convert(contract, address),
        extract32(answer, 64, output_type=uint256),
    )
