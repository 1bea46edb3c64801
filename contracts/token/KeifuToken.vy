# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title KeifuToken
@license MIT
@notice The coin of the suite: ERC-20 of a fixed supply, approvals by signature (EIP-2612) and transfers by signature
    (EIP-3009, which HTTP 402 payments are made of), with the signing domain readable by wallets (EIP-5267). Each call
    with a signature takes it as (v, r, s) or, as USDC 2.2 does, as bytes: those of a contract account have any length.
@dev Nobody is trusted: there is no owner, no minter, no pause, no list. All coins are minted to one account at
    deployment. Functions carry no re-entrancy lock, because none of them calls out before it is done, except the
    static ERC-1271 question of who signed. Vyper has no two functions of one name, so `__default__` answers the
    selectors that take bytes, and `contracts/abi_names.toml` adds them to the published ABI.
@custom:security `approve` has ERC-20's known race: use `permit`, or set to zero first. A signature of a contract
    account is as good as that contract's word at the time. Send to a contract by `receiveWithAuthorization`, else
    whoever sees the signature first may bring it in without the contract noticing.
@custom:kill Cannot be stopped.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ..interfaces import IKeifuToken

implements: IERC20
implements: IERC20Detailed
implements: IKeifuToken


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import constants
from ..lib import signatures

initializes: eip712
initializes: signatures[eip712 := eip712]
exports: eip712.eip712Domain


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# ERC-20 metadata; decimals is the exponent of one coin in wei.
name: public(constant(String[5])) = "Keifu"
symbol: public(constant(String[5])) = "KEIFU"
decimals: public(constant(uint8)) = 18

# Version of the signing domain.
version: public(constant(String[1])) = "1"

# EIP-712 types of EIP-2612 and EIP-3009.
PERMIT_TYPEHASH: public(constant(bytes32)) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
TRANSFER_WITH_AUTHORIZATION_TYPEHASH: public(constant(bytes32)) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
RECEIVE_WITH_AUTHORIZATION_TYPEHASH: public(constant(bytes32)) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL_AUTHORIZATION_TYPEHASH: public(constant(bytes32)) = keccak256(
    "CancelAuthorization(address authorizer,bytes32 nonce)"
)

# Selectors that `__default__` answers: the same functions with the signature as bytes.
PERMIT_BYTES: constant(bytes4) = method_id("permit(address,address,uint256,uint256,bytes)", output_type=bytes4)
TRANSFER_BYTES: constant(bytes4) = method_id(
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)", output_type=bytes4
)
RECEIVE_BYTES: constant(bytes4) = method_id(
    "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)", output_type=bytes4
)
CANCEL_BYTES: constant(bytes4) = method_id("cancelAuthorization(address,bytes32,bytes)", output_type=bytes4)

# What one of them has to carry at the most, bytes: its words, then offset, length and padded bytes of a signature.
SIGNATURE_SIZE: constant(uint256) = 2 * 32 + 1_312
CANCEL_SIZE: constant(uint256) = 2 * 32 + SIGNATURE_SIZE
PERMIT_SIZE: constant(uint256) = 4 * 32 + SIGNATURE_SIZE
TRANSFER_SIZE: constant(uint256) = 6 * 32 + SIGNATURE_SIZE

# The precompile that gives back what it is given.
IDENTITY: constant(address) = 0x0000000000000000000000000000000000000004


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Coins of an account, wei.
balanceOf: public(reentrant(HashMap[address, uint256]))

# owner -> spender -> wei that the spender may still move; the largest number means any amount and is not counted down.
allowance: public(reentrant(HashMap[address, HashMap[address, uint256]]))

# Permits that an account has used.
nonces: public(reentrant(HashMap[address, uint256]))

# authorizer -> EIP-3009 nonce -> used or cancelled.
authorizationState: public(reentrant(HashMap[address, HashMap[bytes32, bool]]))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_holder: address):
    """
    @param _holder Gets the whole supply.
    """
    assert _holder != empty(address), "token: no holder"
    eip712.__init__(name, version)
    self.balanceOf[_holder] = constants.TOKEN_SUPPLY
    log IERC20.Transfer(sender=empty(address), receiver=_holder, value=constants.TOKEN_SUPPLY)


# ############################################################## #
#                             ERC-20                             #
# ############################################################## #

@external
@reentrant
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Move `amount` wei of the caller's coins to `to`.
    """
    self._transfer(msg.sender, to, amount)
    return True


@external
@reentrant
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Move `amount` wei from `owner` to `to` out of what `owner` allowed the caller.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "token: insufficient allowance"
        self.allowance[owner][msg.sender] = unsafe_sub(allowed, amount)
    self._transfer(owner, to, amount)
    return True


@external
@reentrant
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let `spender` move up to `amount` wei of the caller's coins, in place of what it was allowed before.
    """
    self._approve(msg.sender, spender, amount)
    return True


# ############################################################## #
#                            EIP-2612                            #
# ############################################################## #

@external
@reentrant
def permit(owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Set an allowance by the owner's signature over it, its nonce and the deadline (unix seconds, inclusive).
    """
    self._permit(owner, spender, amount, deadline, self._joined(v, r, s))


# ############################################################## #
#                            EIP-3009                            #
# ############################################################## #

@external
@reentrant
def transferWithAuthorization(
    from_: address,
    to: address,
    amount: uint256,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Carry out a transfer that `from_` signed; anyone may bring it, once, in the open interval of the two times.
    """
    self._transfer_authorized(from_, to, amount, validAfter, validBefore, nonce, self._joined(v, r, s))


@external
@reentrant
def receiveWithAuthorization(
    from_: address,
    to: address,
    amount: uint256,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice The same, brought by the receiver only, so that a contract can count what it gets.
    """
    self._receive_authorized(from_, to, amount, validAfter, validBefore, nonce, self._joined(v, r, s))


@external
@reentrant
def cancelAuthorization(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Spend `nonce` without a transfer, by the signature of `authorizer`.
    """
    self._cancel(authorizer, nonce, self._joined(v, r, s))


# ############################################################## #
#                         USDC FUNCTIONS                         #
# ############################################################## #

@external
@payable
@reentrant
def __default__():
    assert msg.value == 0, "token: takes no ether"
    assert len(msg.data) >= 4, "token: no such function"
    selector: bytes4 = convert(slice(msg.data, 0, 4), bytes4)
    owner: address = empty(address)
    other: address = empty(address)
    amount: uint256 = 0
    start: uint256 = 0
    end: uint256 = 0
    nonce: bytes32 = empty(bytes32)
    signature: Bytes[signatures.MAX_SIGNATURE] = b""
    # `abi_decode` refuses what a decoder has to: short data, offsets and lengths that lead beyond it, dirty addresses.
    if selector in [TRANSFER_BYTES, RECEIVE_BYTES]:
        owner, other, amount, start, end, nonce, signature = abi_decode(
            self._arguments(TRANSFER_SIZE),
            (address, address, uint256, uint256, uint256, bytes32, Bytes[signatures.MAX_SIGNATURE]),
        )
        if selector == TRANSFER_BYTES:
            self._transfer_authorized(owner, other, amount, start, end, nonce, signature)
        else:
            self._receive_authorized(owner, other, amount, start, end, nonce, signature)
    elif selector == CANCEL_BYTES:
        owner, nonce, signature = abi_decode(
            self._arguments(CANCEL_SIZE), (address, bytes32, Bytes[signatures.MAX_SIGNATURE])
        )
        self._cancel(owner, nonce, signature)
    else:
        assert selector == PERMIT_BYTES, "token: no such function"
        owner, other, amount, end, signature = abi_decode(
            self._arguments(PERMIT_SIZE),
            (address, address, uint256, uint256, Bytes[signatures.MAX_SIGNATURE]),
        )
        self._permit(owner, other, amount, end, signature)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def totalSupply() -> uint256:
    """
    @notice Wei in existence, for ever.
    """
    return constants.TOKEN_SUPPLY


@external
@view
@reentrant
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The EIP-712 domain of the signatures that this contract accepts.
    """
    return eip712._domain_separator_v4()


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _transfer(_from: address, _to: address, _amount: uint256):
    assert _to != empty(address) and _to != self, "token: invalid receiver"
    balance: uint256 = self.balanceOf[_from]
    assert balance >= _amount, "token: insufficient balance"
    self.balanceOf[_from] = unsafe_sub(balance, _amount)
    # The supply bounds every balance.
    self.balanceOf[_to] = unsafe_add(self.balanceOf[_to], _amount)
    log IERC20.Transfer(sender=_from, receiver=_to, value=_amount)


@internal
def _approve(_owner: address, _spender: address, _amount: uint256):
    assert _spender != empty(address), "token: invalid spender"
    self.allowance[_owner][_spender] = _amount
    log IERC20.Approval(owner=_owner, spender=_spender, value=_amount)


@internal
def _permit(
    _owner: address,
    _spender: address,
    _amount: uint256,
    _deadline: uint256,
    _signature: Bytes[signatures.MAX_SIGNATURE],
):
    assert block.timestamp <= _deadline, "token: permit expired"
    nonce: uint256 = self.nonces[_owner]
    self.nonces[_owner] = unsafe_add(nonce, 1)
    self._check_signed(
        _owner, keccak256(abi_encode(PERMIT_TYPEHASH, _owner, _spender, _amount, nonce, _deadline)), _signature
    )
    self._approve(_owner, _spender, _amount)


@internal
def _transfer_authorized(
    _from: address,
    _to: address,
    _amount: uint256,
    _valid_after: uint256,
    _valid_before: uint256,
    _nonce: bytes32,
    _signature: Bytes[signatures.MAX_SIGNATURE],
):
    self._use_authorization(
        TRANSFER_WITH_AUTHORIZATION_TYPEHASH, _from, _to, _amount, _valid_after, _valid_before, _nonce, _signature
    )


@internal
def _receive_authorized(
    _from: address,
    _to: address,
    _amount: uint256,
    _valid_after: uint256,
    _valid_before: uint256,
    _nonce: bytes32,
    _signature: Bytes[signatures.MAX_SIGNATURE],
):
    assert msg.sender == _to, "token: caller is not the receiver"
    self._use_authorization(
        RECEIVE_WITH_AUTHORIZATION_TYPEHASH, _from, _to, _amount, _valid_after, _valid_before, _nonce, _signature
    )


@internal
def _use_authorization(
    _typehash: bytes32,
    _from: address,
    _to: address,
    _amount: uint256,
    _valid_after: uint256,
    _valid_before: uint256,
    _nonce: bytes32,
    _signature: Bytes[signatures.MAX_SIGNATURE],
):
    assert block.timestamp > _valid_after, "token: authorization not yet valid"
    assert block.timestamp < _valid_before, "token: authorization expired"
    self._spend_nonce(_from, _nonce)
    self._check_signed(
        _from, keccak256(abi_encode(_typehash, _from, _to, _amount, _valid_after, _valid_before, _nonce)), _signature
    )
    log IKeifuToken.AuthorizationUsed(authorizer=_from, nonce=_nonce)
    self._transfer(_from, _to, _amount)


@internal
def _cancel(_authorizer: address, _nonce: bytes32, _signature: Bytes[signatures.MAX_SIGNATURE]):
    self._spend_nonce(_authorizer, _nonce)
    self._check_signed(
        _authorizer, keccak256(abi_encode(CANCEL_AUTHORIZATION_TYPEHASH, _authorizer, _nonce)), _signature
    )
    log IKeifuToken.AuthorizationCanceled(authorizer=_authorizer, nonce=_nonce)


@internal
def _spend_nonce(_authorizer: address, _nonce: bytes32):
    assert not self.authorizationState[_authorizer][_nonce], "token: authorization used or cancelled"
    self.authorizationState[_authorizer][_nonce] = True


@internal
@view
def _check_signed(_signer: address, _struct_hash: bytes32, _signature: Bytes[signatures.MAX_SIGNATURE]):
    assert signatures._signed(_signer, _struct_hash, _signature), "token: invalid signature"


@internal
@pure
def _joined(_v: uint8, _r: bytes32, _s: bytes32) -> Bytes[65]:
    return concat(_r, _s, slice(convert(_v, bytes32), 31, 1))


@internal
@view
def _arguments(_most: uint256) -> Bytes[TRANSFER_SIZE]:
    """
    @dev The call's data after the selector. What wallets append behind the arguments is cut off after `_most` bytes.
    """
    call: Bytes[4 + TRANSFER_SIZE] = raw_call(IDENTITY, msg.data, max_outsize=4 + TRANSFER_SIZE, is_static_call=True)
    return convert(slice(call, 4, min(len(call) - 4, _most)), Bytes[TRANSFER_SIZE])
