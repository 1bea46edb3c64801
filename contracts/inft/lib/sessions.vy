# pragma version 0.4.3
"""
@title Session keys
@license MIT
@notice What a key may do in an account's name: which functions, how often, until when, and how much the account may
    lose in a period. A session ends when the account's token is sold.
@dev For each token with a limit the account's loss is measured: its balance before a call less its balance after it. A
    `transfer` and a call's own coins count at least with the amount that they name, so coins that come in meanwhile hide
    nothing of them. An approval counts when it is given, and again when it is used within a session. Windows of limits
    begin at multiples of the period, so at the boundary of two windows a key can spend twice the limit within moments.
    A token without a limit is not watched: whoever grants a function names each token that it can move.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IAgentAccount


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import identity


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most limits of a session.
MAX_LIMITS: constant(uint256) = 4

# Longest call, bytes.
MAX_DATA: constant(uint256) = 4_096

# Largest limit, and largest approval.
MAX_AMOUNT: constant(uint256) = 2**104 - 1

# Stands for "may be approved" in the place of a selector.
APPROVABLE: constant(bytes4) = 0xffffffff

# A plain payment, which names no function.
PAYMENT: constant(bytes4) = 0x00000000

# Functions that let somebody else take tokens later, up to an amount: approve, increaseAllowance.
APPROVE: constant(bytes4) = 0x095ea7b3
INCREASE_ALLOWANCE: constant(bytes4) = 0x39509351

# Functions that move tokens: transfer, transferFrom, ERC-721's two safeTransferFrom, ERC-1363's transferAndCall.
TRANSFER: constant(bytes4) = 0xa9059cbb
TRANSFER_FROM: constant(bytes4) = 0x23b872dd
SAFE_TRANSFER_FROM: constant(bytes4) = 0x42842e0e
SAFE_TRANSFER_FROM_NOTE: constant(bytes4) = 0xb88d4fde
TRANSFER_AND_CALL: constant(bytes4) = 0x1296ee62
TRANSFER_AND_CALL_NOTE: constant(bytes4) = 0x4000aea0

# A contract that may be called so needs a limit of its own.
MOVING: constant(bytes4[8]) = [
    TRANSFER,
    TRANSFER_FROM,
    SAFE_TRANSFER_FROM,
    SAFE_TRANSFER_FROM_NOTE,
    TRANSFER_AND_CALL,
    TRANSFER_AND_CALL_NOTE,
    APPROVE,
    INCREASE_ALLOWANCE,
]

# Functions whose second argument is the amount that goes, or may go.
NAMING: constant(bytes4[5]) = [TRANSFER, TRANSFER_AND_CALL, TRANSFER_AND_CALL_NOTE, APPROVE, INCREASE_ALLOWANCE]

# Approvals that no limit can hold.
NEVER: constant(bytes4[10]) = [
    0xa22cb465,  # setApprovalForAll(address,bool)
    0xd505accf,  # permit of EIP-2612
    0x9fd5a6cf,  # the same with the signature as bytes
    0x8fcbaf0c,  # DAI's permit
    0x87517c45,  # Permit2's approve
    0xd73dd623,  # increaseApproval(address,uint256)
    0x3177029f,  # approveAndCall(address,uint256)
    0xcae9ca51,  # approveAndCall(address,uint256,bytes)
    0xf242432a,  # ERC-1155's safeTransferFrom
    0x2eb2c2d6,  # ERC-1155's safeBatchTransferFrom
]

# A session's word: valid_after 40 | valid_until 40 | uses 32 | period 32 | low bits of holding 64 | grant 40 | limits 8.
UNTIL_AT: constant(uint256) = 40
USES_AT: constant(uint256) = 80
PERIOD_AT: constant(uint256) = 112
HOLDING_AT: constant(uint256) = 144
GRANT_AT: constant(uint256) = 208
LIMITS_AT: constant(uint256) = 248

# A limit's word: limit 104 | spent 104 | window 48.
SPENT_AT: constant(uint256) = 104
WINDOW_AT: constant(uint256) = 208

# Masks of packed fields.
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
U64: constant(uint256) = 2**64 - 1


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Number of grants so far; each has a number of its own, so nothing of an earlier one of the same key lives on.
grants: uint256

# Key -> its session's word; zero for none.
sessions: HashMap[address, uint256]

# keccak256(grant, holding, target, selector) -> whether it may be called.
allowed: HashMap[bytes32, bool]

# Grant -> place in the list of limits -> the token; the zero address stands for the chain's coin.
limited: HashMap[uint256, address[MAX_LIMITS]]

# Grant -> place in the list of limits -> its word.
limits: HashMap[uint256, uint256[MAX_LIMITS]]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _grant(_grant: IAgentAccount.Grant, _holding: uint256):
    assert _grant.key != empty(address), "account: no session key"
    assert _grant.valid_until > max(block.timestamp, _grant.valid_after), "account: session is over"
    assert _grant.valid_until <= U40, "account: time too large"
    assert 0 < _grant.uses and _grant.uses <= U32, "account: bad number of uses"
    assert 0 < _grant.period and _grant.period <= U32, "account: bad period"
    assert len(_grant.targets) > 0, "account: session without targets"
    number: uint256 = self.grants + 1
    self.grants = number
    self.sessions[_grant.key] = (
        _grant.valid_after
        | _grant.valid_until << UNTIL_AT
        | _grant.uses << USES_AT
        | _grant.period << PERIOD_AT
        | (_holding & U64) << HOLDING_AT
        | number << GRANT_AT
        | len(_grant.limits) << LIMITS_AT
    )
    for i: uint256 in range(len(_grant.limits), bound=MAX_LIMITS):
        limit: IAgentAccount.Limit = _grant.limits[i]
        assert limit.amount <= MAX_AMOUNT, "account: limit too large"
        assert limit.token == empty(address) or limit.token.is_contract, "account: limit on no token"
        for j: uint256 in range(i, bound=MAX_LIMITS):
            assert _grant.limits[j].token != limit.token, "account: two limits of a token"
        self.limited[number][i] = limit.token
        self.limits[number][i] = limit.amount
    for target: IAgentAccount.Target in _grant.targets:
        assert target.target != self, "account: session on itself"
        assert target.target != empty(address), "account: no target"
        assert target.selector not in NEVER, "account: function never granted"
        if target.selector in MOVING:
            assert self._is_limited(_grant.limits, target.target), "account: token without a limit"
        self.allowed[self._right(number, _holding, target.target, target.selector)] = True
    log IAgentAccount.SessionGranted(
        key=_grant.key,
        number=number,
        valid_after=_grant.valid_after,
        valid_until=_grant.valid_until,
        uses=_grant.uses,
        period=_grant.period,
        targets=_grant.targets,
        limits=_grant.limits,
    )


@internal
def _revoke(_key: address):
    assert self.sessions[_key] != 0, "account: no session"
    self.sessions[_key] = 0
    log IAgentAccount.SessionRevoked(key=_key)


@internal
def _run(_key: address, _to: address, _value: uint256, _data: Bytes[MAX_DATA]):
    """
    @dev One call within the session of `_key`.
    """
    word: uint256 = self.sessions[_key]
    assert word != 0, "account: no session"
    holding: uint256 = self._holding()
    assert (word >> HOLDING_AT) & U64 == holding & U64, "account: token has a new owner"
    assert block.timestamp >= word & U40, "account: session has not begun"
    assert block.timestamp < (word >> UNTIL_AT) & U40, "account: session is over"
    left: uint256 = (word >> USES_AT) & U32
    assert left > 0, "account: session used up"
    self.sessions[_key] = word - (1 << USES_AT)
    number: uint256 = (word >> GRANT_AT) & U40
    selector: bytes4 = PAYMENT
    first: uint256 = 0
    second: uint256 = 0
    if len(_data) > 0:
        assert len(_data) >= 4, "account: malformed call"
        selector = convert(slice(_data, 0, 4), bytes4)
        assert selector not in [PAYMENT, APPROVABLE], "account: malformed call"
        if len(_data) >= 68:
            first = extract32(_data, 4, output_type=uint256)
            second = extract32(_data, 36, output_type=uint256)
        else:
            assert selector not in NAMING, "account: malformed call"
    assert self.allowed[self._right(number, holding, _to, selector)], "account: call not granted"
    approves: bool = selector in [APPROVE, INCREASE_ALLOWANCE]
    named: uint256 = 0
    if approves:
        # At least 1: the token with id 0 of an ERC-721 is one token.
        named = max(second, 1)
        assert named <= MAX_AMOUNT, "account: over the limit"
        self._check_spender(number, holding, first)
    elif selector in NAMING:
        named = second

    count: uint256 = word >> LIMITS_AT
    tokens: address[MAX_LIMITS] = empty(address[MAX_LIMITS])
    before: uint256[MAX_LIMITS] = empty(uint256[MAX_LIMITS])
    coin: bool = False
    for i: uint256 in range(count, bound=MAX_LIMITS):
        tokens[i] = self.limited[number][i]
        coin = coin or tokens[i] == empty(address)
        before[i] = self._balance(tokens[i])
    assert _value == 0 or coin, "account: coin without a limit"
    log IAgentAccount.SessionUsed(key=_key, to=_to, value=_value, selector=selector)
    raw_call(_to, _data, value=_value)
    window: uint256 = block.timestamp // ((word >> PERIOD_AT) & U32)
    for i: uint256 in range(count, bound=MAX_LIMITS):
        after: uint256 = self._balance(tokens[i])
        lost: uint256 = before[i] - min(before[i], after)
        if tokens[i] == empty(address):
            lost = max(lost, _value)
        elif tokens[i] == _to:
            if approves:
                lost += named
            else:
                lost = max(lost, named)
        if lost > 0:
            self._spend(number, i, lost, window)


@internal
@view
def _holding() -> uint256:
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    assert owner != empty(address), "account: nobody owns the token"
    return holding


@internal
def _spend(_grant: uint256, _place: uint256, _lost: uint256, _window: uint256):
    word: uint256 = self.limits[_grant][_place]
    limit: uint256 = word & MAX_AMOUNT
    spent: uint256 = 0
    if word >> WINDOW_AT == _window:
        spent = (word >> SPENT_AT) & MAX_AMOUNT
    assert _lost <= limit - spent, "account: over the limit"
    self.limits[_grant][_place] = limit | (spent + _lost) << SPENT_AT | _window << WINDOW_AT


@internal
@view
def _check_spender(_grant: uint256, _holding: uint256, _spender: uint256):
    assert _spender <= convert(max_value(uint160), uint256), "account: malformed call"
    right: bytes32 = self._right(_grant, _holding, convert(_spender, address), APPROVABLE)
    assert self.allowed[right], "account: spender not granted"


@internal
@view
def _balance(_token: address) -> uint256:
    if _token == empty(address):
        return self.balance
    return staticcall IERC20(_token).balanceOf(self)


@internal
@pure
def _is_limited(_limits: DynArray[IAgentAccount.Limit, MAX_LIMITS], _token: address) -> bool:
    for limit: IAgentAccount.Limit in _limits:
        if limit.token == _token:
            return True
    return False


@internal
@pure
def _right(_grant: uint256, _holding: uint256, _target: address, _selector: bytes4) -> bytes32:
    return keccak256(abi_encode(_grant, _holding, _target, _selector))


@internal
@view
def _number(_key: address) -> uint256:
    return (self.sessions[_key] >> GRANT_AT) & U40


@internal
@view
def _allows(_key: address, _target: address, _selector: bytes4) -> bool:
    """
    @dev Whether a key's living session names a function.
    """
    word: uint256 = self.sessions[_key]
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    return word != 0 and self.allowed[self._right((word >> GRANT_AT) & U40, holding, _target, _selector)]


@internal
@view
def _session(_key: address) -> IAgentAccount.Session:
    word: uint256 = self.sessions[_key]
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    return IAgentAccount.Session(
        number=(word >> GRANT_AT) & U40,
        valid_after=word & U40,
        valid_until=(word >> UNTIL_AT) & U40,
        uses=(word >> USES_AT) & U32,
        period=(word >> PERIOD_AT) & U32,
        alive=word != 0 and owner != empty(address) and (word >> HOLDING_AT) & U64 == holding & U64,
    )


@internal
@view
def _spent(_key: address, _token: address) -> (uint256, uint256):
    """
    @dev Spent in this window, and the limit; zeros for a token without one.
    """
    word: uint256 = self.sessions[_key]
    number: uint256 = (word >> GRANT_AT) & U40
    for i: uint256 in range(word >> LIMITS_AT, bound=MAX_LIMITS):
        if self.limited[number][i] == _token:
            limit: uint256 = self.limits[number][i]
            spent: uint256 = 0
            if limit >> WINDOW_AT == block.timestamp // ((word >> PERIOD_AT) & U32):
                spent = (limit >> SPENT_AT) & MAX_AMOUNT
            return spent, limit & MAX_AMOUNT
    return 0, 0
