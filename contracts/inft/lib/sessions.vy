# pragma version 0.4.3
"""
@title Session keys
@license MIT
@notice What a key may do in an account's name: which functions, how often, until when, and how much the account may
    lose in a period. A session ends when the account's token is sold.
@dev A loss is measured: the account's balance before a call less its balance after it, for each token with a limit.
    Windows of limits begin at multiples of the period, so at the boundary of two windows a key can spend twice the
    limit within moments. An approval counts as spent when it is given.
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

# Stands for "may be approved" in the place of a selector.
APPROVABLE: constant(bytes4) = 0xffffffff

# A plain payment, which names no function.
PAYMENT: constant(bytes4) = 0x00000000

# Functions that let somebody else take tokens later: approve, increaseAllowance, setApprovalForAll, the two permits.
APPROVE: constant(bytes4) = 0x095ea7b3
INCREASE_ALLOWANCE: constant(bytes4) = 0x39509351
SET_APPROVAL_FOR_ALL: constant(bytes4) = 0xa22cb465
PERMIT: constant(bytes4) = 0xd505accf
DAI_PERMIT: constant(bytes4) = 0x8fcbaf0c

# Functions that move tokens: a contract that is called so needs a limit.
TRANSFER: constant(bytes4) = 0xa9059cbb
TRANSFER_FROM: constant(bytes4) = 0x23b872dd

# A session's word: valid_after 40 | valid_until 40 | uses 32 | period 32 | holding 64 | grant 40 | limits 8.
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
U104: constant(uint256) = 2**104 - 1


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Number of grants so far; each has a number of its own, so nothing of an earlier one of the same key lives on.
grants: uint256

# Key -> its session's word; zero for none.
sessions: HashMap[address, uint256]

# keccak256(grant, target, selector) -> whether it may be called.
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
        | _holding << HOLDING_AT
        | number << GRANT_AT
        | len(_grant.limits) << LIMITS_AT
    )
    for i: uint256 in range(len(_grant.limits), bound=MAX_LIMITS):
        limit: IAgentAccount.Limit = _grant.limits[i]
        assert limit.amount <= U104, "account: limit too large"
        for j: uint256 in range(i, bound=MAX_LIMITS):
            assert _grant.limits[j].token != limit.token, "account: two limits of a token"
        self.limited[number][i] = limit.token
        self.limits[number][i] = limit.amount
    for target: IAgentAccount.Target in _grant.targets:
        assert target.target != self, "account: session on itself"
        assert target.target != empty(address), "account: no target"
        if target.selector in [TRANSFER, TRANSFER_FROM, APPROVE, INCREASE_ALLOWANCE]:
            assert self._is_limited(_grant.limits, target.target), "account: token without a limit"
        assert target.selector not in [SET_APPROVAL_FOR_ALL, PERMIT, DAI_PERMIT], "account: function never granted"
        self.allowed[self._right(number, target.target, target.selector)] = True
    log IAgentAccount.SessionGranted(
        key=_grant.key,
        valid_after=_grant.valid_after,
        valid_until=_grant.valid_until,
        uses=_grant.uses,
        period=_grant.period,
    )


@internal
def _revoke(_key: address):
    assert self.sessions[_key] != 0, "account: no session"
    self.sessions[_key] = 0
    log IAgentAccount.SessionRevoked(key=_key)


@internal
def _run(_key: address, _to: address, _value: uint256, _data: Bytes[MAX_DATA], _holding: uint256) -> Bytes[MAX_DATA]:
    """
    @dev One call within the session of `_key`.
    """
    word: uint256 = self.sessions[_key]
    assert word != 0, "account: no session"
    assert (word >> HOLDING_AT) & U64 == _holding, "account: token has a new owner"
    assert block.timestamp >= word & U40, "account: session has not begun"
    assert block.timestamp < (word >> UNTIL_AT) & U40, "account: session is over"
    uses: uint256 = (word >> USES_AT) & U32
    assert uses > 0, "account: session used up"
    self.sessions[_key] = word - (1 << USES_AT)
    number: uint256 = (word >> GRANT_AT) & U40
    selector: bytes4 = self._selector(_data)
    assert self.allowed[self._right(number, _to, selector)], "account: call not granted"

    count: uint256 = word >> LIMITS_AT
    before: uint256[MAX_LIMITS] = empty(uint256[MAX_LIMITS])
    coin: bool = False
    for i: uint256 in range(count, bound=MAX_LIMITS):
        token: address = self.limited[number][i]
        coin = coin or token == empty(address)
        before[i] = self._balance(token)
    assert _value == 0 or coin, "account: coin without a limit"
    approved: uint256 = self._approved(number, selector, _data)
    log IAgentAccount.SessionUsed(key=_key, to=_to, value=_value, selector=selector, uses_left=uses - 1)
    result: Bytes[MAX_DATA] = raw_call(_to, _data, max_outsize=MAX_DATA, value=_value)
    window: uint256 = block.timestamp // ((word >> PERIOD_AT) & U32)
    for i: uint256 in range(count, bound=MAX_LIMITS):
        token: address = self.limited[number][i]
        after: uint256 = self._balance(token)
        lost: uint256 = before[i] - min(before[i], after)
        if token == _to:
            lost += approved
        if lost > 0:
            self._spend(number, i, lost, window)
    return result


@internal
def _spend(_grant: uint256, _place: uint256, _lost: uint256, _window: uint256):
    word: uint256 = self.limits[_grant][_place]
    spent: uint256 = 0
    if word >> WINDOW_AT == _window:
        spent = (word >> SPENT_AT) & U104
    spent += _lost
    assert spent <= word & U104, "account: over the limit"
    self.limits[_grant][_place] = (word & U104) | spent << SPENT_AT | _window << WINDOW_AT


@internal
@view
def _approved(_grant: uint256, _selector: bytes4, _data: Bytes[MAX_DATA]) -> uint256:
    """
    @dev What a call lets somebody else take later; that somebody must be granted.
    """
    if _selector not in [APPROVE, INCREASE_ALLOWANCE]:
        return 0
    assert len(_data) >= 68, "account: malformed approval"
    spender: uint256 = extract32(_data, 4, output_type=uint256)
    assert spender <= convert(max_value(uint160), uint256), "account: malformed approval"
    assert self.allowed[self._right(_grant, convert(spender, address), APPROVABLE)], "account: spender not granted"
    return extract32(_data, 36, output_type=uint256)


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
def _selector(_data: Bytes[MAX_DATA]) -> bytes4:
    if len(_data) == 0:
        return PAYMENT
    assert len(_data) >= 4, "account: malformed call"
    selector: bytes4 = convert(slice(_data, 0, 4), bytes4)
    assert selector not in [PAYMENT, APPROVABLE], "account: malformed call"
    return selector


@internal
@pure
def _right(_grant: uint256, _target: address, _selector: bytes4) -> bytes32:
    return keccak256(abi_encode(_grant, _target, _selector))


@internal
@view
def _allows(_key: address, _target: address, _selector: bytes4) -> bool:
    """
    @dev Whether a key's grant names a function.
    """
    return self.allowed[self._right((self.sessions[_key] >> GRANT_AT) & U40, _target, _selector)]


@internal
@view
def _session(_key: address, _holding: uint256) -> IAgentAccount.Session:
    word: uint256 = self.sessions[_key]
    return IAgentAccount.Session(
        valid_after=word & U40,
        valid_until=(word >> UNTIL_AT) & U40,
        uses=(word >> USES_AT) & U32,
        period=(word >> PERIOD_AT) & U32,
        alive=word != 0 and (word >> HOLDING_AT) & U64 == _holding,
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
                spent = (limit >> SPENT_AT) & U104
            return spent, limit & U104
    return 0, 0
