# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Create3Factory
@license MIT
@notice Deploys a contract at an address that depends on the deployer and a salt alone, not on its code.
@dev CREATE3: CREATE2 puts a fixed 16-byte proxy at (factory, guarded salt), and the proxy's first CREATE makes the
    contract. The suite gets the same addresses on every chain although immutables differ, contracts may name each
    other before they exist, and a deployment that was cut off goes on where it stopped. An equal address does NOT
    mean equal code: `verify` compares code.
@custom:security The salt is hashed with the sender, so nobody takes another deployer's address. The factory owns
    nothing and trusts nobody. A constructor sees the proxy as its `msg.sender`: owners are constructor arguments.
@custom:kill Nothing to stop: it holds no state and no value.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import ICreate3Factory

implements: ICreate3Factory


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Init code of the proxy: returns eight bytes that CREATE whatever call data they are given.
PROXY_CODE: constant(Bytes[16]) = x"67363d3d37363d34f03d5260086018f3"
# EIP-3860 limit of init code, bytes.
MAX_INIT_CODE: constant(uint256) = 49_152


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
@payable
def deploy(_salt: bytes32, _init_code: Bytes[MAX_INIT_CODE]) -> address:
    """
    @notice Deploy `_init_code` (creation code and constructor arguments) at `address_of(msg.sender, _salt)`.
    @return The address of the new contract.
    """
    assert len(_init_code) > 0, "create3: no init code"
    deployed: address = self._address_of(msg.sender, _salt)
    assert not deployed.is_contract, "create3: already deployed"
    proxy: address = raw_create(
        PROXY_CODE,
        salt=self._guarded(msg.sender, _salt),
        revert_on_failure=False,
    )
    assert proxy != empty(address), "create3: salt spent"
    log ICreate3Factory.Deployed(deployer=msg.sender, salt=_salt, deployed=deployed)
    ok: bool = raw_call(proxy, _init_code, value=msg.value, revert_on_failure=False)
    assert ok and deployed.is_contract, "create3: constructor failed"
    return deployed


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def address_of(_deployer: address, _salt: bytes32) -> address:
    """
    @notice Where `_deployer` deploys with `_salt`, whether it has done so or not.
    """
    return self._address_of(_deployer, _salt)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _guarded(_deployer: address, _salt: bytes32) -> bytes32:
    return keccak256(abi_encode(_deployer, _salt))


@internal
@view
def _address_of(_deployer: address, _salt: bytes32) -> address:
    proxy: address = convert(
        convert(
            keccak256(
                concat(
                    x"ff",
                    convert(self, bytes20),
                    self._guarded(_deployer, _salt),
                    keccak256(PROXY_CODE),
                )
            ),
            uint256,
        )
        & convert(max_value(uint160), uint256),
        address,
    )
    # RLP of [proxy, nonce 1].
    return convert(
        convert(keccak256(concat(x"d694", convert(proxy, bytes20), x"01")), uint256)
        & convert(max_value(uint160), uint256),
        address,
    )
