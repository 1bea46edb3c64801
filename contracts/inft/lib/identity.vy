# pragma version 0.4.3
"""
@title Which token an account belongs to, and who owns that
@license MIT
@notice ERC-6551 writes the token behind the account's code, where nothing can change it.
"""

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# An account's code: the proxy, salt, chain id, token contract and token id, bytes.
CODE_SIZE: constant(uint256) = 173

# Where the last three of these begin.
IDENTITY_AT: constant(uint256) = 77

# `ownerOf(uint256)` and `transfer_count(uint256)`.
OWNER_OF: constant(bytes4) = 0x6352211e
TRANSFER_COUNT: constant(bytes4) = method_id("transfer_count(uint256)", output_type=bytes4)

# Stands for an answer that did not come: neither an address nor a number of transfers.
NO_ANSWER: constant(uint256) = max_value(uint256)

# What a token's contract may spend on an answer, gas.
ANSWER_GAS: constant(uint256) = 100_000


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _token() -> (uint256, address, uint256):
    """
    @dev Chain id, contract and id of the token; zeros for the implementation itself.
    """
    account: address = self
    if account.codesize != CODE_SIZE:
        return 0, empty(address), 0
    chain_id: uint256 = 0
    contract: uint256 = 0
    id: uint256 = 0
    chain_id, contract, id = self._footer()
    return chain_id, convert(contract, address), id


@internal
@view
def _footer() -> (uint256, uint256, uint256):
    """
    @dev What stands behind the code of an account; anything for what is none.
    """
    # By an address variable, so that it is EXTCODECOPY: CODECOPY would read the implementation's code.
    account: address = self
    return abi_decode(slice(account.code, IDENTITY_AT, 96), (uint256, uint256, uint256))


@internal
@view
def _owner() -> address:
    """
    @dev Who owns the token; zero when nobody does, or when it is on another chain. Every call of an owner pays for this, so
        the code is read unchecked: the implementation's own names no chain that there is.
    """
    chain_id: uint256 = 0
    contract: uint256 = 0
    id: uint256 = 0
    chain_id, contract, id = self._footer()
    if chain_id != chain.id:
        return empty(address)
    return self._owner_of(convert(contract, address), id)


@internal
@view
def _owner_of(_contract: address, _id: uint256) -> address:
    """
    @dev Zero for a burned token, and for a contract that does not answer with an address.
    """
    word: uint256 = self._ask(_contract, OWNER_OF, _id)
    if word >> 160 != 0:
        return empty(address)
    return convert(word, address)


@internal
@view
def _holding() -> (address, uint256):
    """
    @dev The owner, and a number for this time of its owning: a hash of owner and of how often the token was
        transferred. For tokens that do not count transfers it is the same again when a former owner buys back. Zeros
        when nobody owns the token.
    """
    chain_id: uint256 = 0
    word: uint256 = 0
    id: uint256 = 0
    chain_id, word, id = self._footer()
    if chain_id != chain.id:
        return empty(address), 0
    contract: address = convert(word, address)
    owner: address = self._owner_of(contract, id)
    if owner == empty(address):
        return empty(address), 0
    return owner, convert(keccak256(abi_encode(owner, self._ask(contract, TRANSFER_COUNT, id))), uint256)


@internal
@view
def _ask(_contract: address, _function: bytes4, _id: uint256) -> uint256:
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        _contract,
        concat(_function, convert(_id, bytes32)),
        max_outsize=32,
        gas=ANSWER_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    # An address without code answers with nothing.
    if not ok or len(answer) != 32:
        return NO_ANSWER
    return convert(answer, uint256)
