# pragma version 0.4.3
# pragma nonreentrancy on
# pragma experimental-codegen
"""
@title AccountRegistry
@license MIT
@notice ERC-6551's registry: an account for every token, at an address that everybody can compute beforehand.
@dev The account is an ERC-1167 proxy of a fixed implementation with the token's identity behind its code; byte for byte
    what the registry at 0x000000006551c19487814612e58FE06813775758 makes, so use that one where a chain has it. Vyper's
    newer code generator spares 250 gas an account, which is the difference to that registry; tests compare every answer
    of this one with it, and with bytes that Python makes.
@custom:security Nobody is trusted: there is no owner and no state. Whoever creates an account chooses its
    implementation; another implementation is another address.
@custom:kill Nothing to stop: it holds no state and no value.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAccountRegistry

implements: IAccountRegistry


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Creation code up to the implementation's address: copies the 173 bytes behind it into the account's code.
CODE_BEFORE: constant(bytes20) = 0x3d60ad80600a3d3981f3363d3d373d3d3d363d73

# Creation code behind the implementation's address, up to the token's identity.
CODE_AFTER: constant(bytes15) = 0x5af43d82803e903d91602b57fd5bf3

# The part of a hash that is an address.
U160: constant(uint256) = 2**160 - 1


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
@reentrant
def createAccount(
    _implementation: address,
    _salt: bytes32,
    _chain_id: uint256,
    _token_contract: address,
    _token_id: uint256,
) -> address:
    """
    @notice Make the account of a token, unless it is there already.
    @return Its address.
    """
    # Written out here and in `account`: a call of an internal function costs 100 gas.
    code: Bytes[183] = concat(
        CODE_BEFORE,
        convert(_implementation, bytes20),
        CODE_AFTER,
        _salt,
        convert(_chain_id, bytes32),
        convert(_token_contract, bytes32),
        convert(_token_id, bytes32),
    )
    digest: bytes32 = keccak256(concat(0xff, convert(self, bytes20), _salt, keccak256(code)))
    account: address = convert(convert(digest, uint256) & U160, address)
    if account.is_contract:
        return account
    if raw_create(code, salt=_salt, revert_on_failure=False) == empty(address):
        raw_revert(method_id("AccountCreationFailed()"))
    log IAccountRegistry.ERC6551AccountCreated(
        account=account,
        implementation=_implementation,
        salt=_salt,
        chainId=_chain_id,
        tokenContract=_token_contract,
        tokenId=_token_id,
    )
    return account


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def account(
    _implementation: address,
    _salt: bytes32,
    _chain_id: uint256,
    _token_contract: address,
    _token_id: uint256,
) -> address:
    """
    @notice Where the account of a token is, or will be.
    """
    code: Bytes[183] = concat(
        CODE_BEFORE,
        convert(_implementation, bytes20),
        CODE_AFTER,
        _salt,
        convert(_chain_id, bytes32),
        convert(_token_contract, bytes32),
        convert(_token_id, bytes32),
    )
    digest: bytes32 = keccak256(concat(0xff, convert(self, bytes20), _salt, keccak256(code)))
    return convert(convert(digest, uint256) & U160, address)
