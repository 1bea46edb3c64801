# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title AccountRegistry
@license MIT
@notice ERC-6551's registry: an account for every token, at an address that everybody can compute beforehand.
@dev The account is an ERC-1167 proxy of a fixed implementation with the token's identity behind its code; byte for byte
    what the registry at 0x000000006551c19487814612e58FE06813775758 makes, so use that one where a chain has it.
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
CODE_BEFORE: constant(Bytes[20]) = x"3d60ad80600a3d3981f3363d3d373d3d3d363d73"

# Creation code behind the implementation's address, up to the token's identity.
CODE_AFTER: constant(Bytes[15]) = x"5af43d82803e903d91602b57fd5bf3"


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
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
    code: Bytes[183] = self._creation_code(_implementation, _salt, _chain_id, _token_contract, _token_id)
    account: address = self._address_of(code, _salt)
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
    return self._address_of(
        self._creation_code(_implementation, _salt, _chain_id, _token_contract, _token_id),
        _salt,
    )


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _creation_code(
    _implementation: address,
    _salt: bytes32,
    _chain_id: uint256,
    _token_contract: address,
    _token_id: uint256,
) -> Bytes[183]:
    return concat(
        CODE_BEFORE,
        convert(_implementation, bytes20),
        CODE_AFTER,
        _salt,
        convert(_chain_id, bytes32),
        convert(convert(_token_contract, uint256), bytes32),
        convert(_token_id, bytes32),
    )


@internal
@view
def _address_of(_code: Bytes[183], _salt: bytes32) -> address:
    digest: bytes32 = keccak256(concat(x"ff", convert(self, bytes20), _salt, keccak256(_code)))
    return convert(convert(digest, uint256) & convert(max_value(uint160), uint256), address)
