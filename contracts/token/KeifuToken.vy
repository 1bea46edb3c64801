# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title KeifuToken
@license MIT
@notice The coin of the suite: ERC-20 of a fixed supply, approvals by signature (EIP-2612) and transfers by signature
    (EIP-3009, which HTTP 402 payments are made of), with the signing domain readable by wallets (EIP-5267).
@dev Nobody is trusted: there is no owner, no minter, no pause, no list. All coins are minted to one account at
    deployment. Functions carry no re-entrancy lock, because none of them calls out before it is done, except the
    static ERC-1271 question of who signed.
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
exports: eip712.eip712Domain


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# ERC-20 metadata; decimals is the exponent of one coin in wei.
name: public(constant(String[5])) = "Keifu"
symbol: public(constant(String[5])) = "KEIFU"
decimals: public(constant(uint8)) = 18

# Version of the signing domain.
VERSION: constant(String[1]) = "1"

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
    eip712.__init__(name, VERSION)
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
    assert block.timestamp <= deadline, "token: permit expired"
    nonce: uint256 = self.nonces[owner]
    self.nonces[owner] = unsafe_add(nonce, 1)
    self._check_signed(owner, keccak256(abi_encode(PERMIT_TYPEHASH, owner, spender, amount, nonce, deadline)), v, r, s)
    self._approve(owner, spender, amount)


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
    self._transfer_authorized(
        TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from_, to, amount, validAfter, validBefore, nonce, v, r, s
    )


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
    assert msg.sender == to, "token: caller is not the receiver"
    self._transfer_authorized(
        RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from_, to, amount, validAfter, validBefore, nonce, v, r, s
    )


@external
@reentrant
def cancelAuthorization(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Spend `nonce` without a transfer, by the signature of `authorizer`.
    """
    assert not self.authorizationState[authorizer][nonce], "token: authorization used or cancelled"
    self.authorizationState[authorizer][nonce] = True
    self._check_signed(authorizer, keccak256(abi_encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)), v, r, s)
    log IKeifuToken.AuthorizationCanceled(authorizer=authorizer, nonce=nonce)


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
def _transfer_authorized(
    _typehash: bytes32,
    _from: address,
    _to: address,
    _value: uint256,
    _valid_after: uint256,
    _valid_before: uint256,
    _nonce: bytes32,
    _v: uint8,
    _r: bytes32,
    _s: bytes32,
):
    assert block.timestamp > _valid_after, "token: authorization not yet valid"
    assert block.timestamp < _valid_before, "token: authorization expired"
    assert not self.authorizationState[_from][_nonce], "token: authorization used or cancelled"
    self.authorizationState[_from][_nonce] = True
    self._check_signed(
        _from, keccak256(abi_encode(_typehash, _from, _to, _value, _valid_after, _valid_before, _nonce)), _v, _r, _s
    )
    log IKeifuToken.AuthorizationUsed(authorizer=_from, nonce=_nonce)
    self._transfer(_from, _to, _value)


@internal
@view
def _check_signed(_signer: address, _struct_hash: bytes32, _v: uint8, _r: bytes32, _s: bytes32):
    digest: bytes32 = eip712._hash_typed_data_v4(_struct_hash)
    assert signatures._signed_vrs(_signer, digest, _v, _r, _s), "token: invalid signature"
