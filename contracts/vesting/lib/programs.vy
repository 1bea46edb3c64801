# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Programmes: money and terms
@license MIT
@notice What is paid in is free, then reserved for a proposal that was carried, then given. Free money goes back to the
    funder after the programme's last day. Given, reserved and free money never exceed what was paid in: each wei is
    moved from one of them to the next.
@dev Two words of 128 bits each hold free and reserved, so that a release writes one.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IGrantProgram

# What an escrow says of itself.
interface IEscrow:
    def token() -> address: view
    def hub() -> address: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import token_transfers


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Terms: notice in seconds (32), basis points that stop (16), last second (40).
BPS_AT: constant(uint256) = 32
LAST_AT: constant(uint256) = 48
U16: constant(uint256) = 2**16 - 1
U32: constant(uint256) = 2**32 - 1

# Widths of an amount.
U128: constant(uint256) = 2**128 - 1
RESERVED_AT: constant(uint256) = 128


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Whether a token can be paid in; and its escrow, empty for none.
listed: public(HashMap[address, bool])
escrow_of: public(HashMap[address, address])

# Programmes so far; the number of the newest one.
program_count: public(uint256)

# programme -> funder, and token.
_funders: HashMap[uint256, address]
_tokens: HashMap[uint256, address]

# programme -> its terms.
_terms: HashMap[uint256, uint256]

# programme -> free wei, and reserved wei from bit 128.
_money: HashMap[uint256, uint256]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _list(_token: address, _escrow: address, _listed: bool):
    """
    @dev The escrow may take a listed token from here: only what `create` asks for, as it pulls from its caller alone.
    """
    assert _token.is_contract, "grants: token is no contract"
    before: address = self.escrow_of[_token]
    # Grants that can be revoked are there.
    assert before in [empty(address), _escrow], "grants: escrow is fixed"
    if _escrow != before:
        assert staticcall IEscrow(_escrow).token() == _token, "grants: escrow of another token"
        assert staticcall IEscrow(_escrow).hub() == empty(address), "grants: escrow has a hub"
        self.escrow_of[_token] = _escrow
        assert extcall IERC20(_token).approve(
            _escrow, max_value(uint256), default_return_value=True
        ), "grants: approval refused"
    self.listed[_token] = _listed
    log IGrantProgram.TokenListed(token=_token, escrow=_escrow, listed=_listed)


@internal
def _fund(_program: uint256, _amount: uint256):
    token: address = self._tokens[_program]
    assert token != empty(address), "grants: no such programme"
    assert self.listed[token], "grants: token is not listed"
    assert _amount > 0, "grants: no amount"
    # Later it could go nowhere but to the funder.
    self._check_runs(_program)
    self._add(_program, _amount)
    log IGrantProgram.Funded(program=_program, payer=msg.sender, amount=_amount)
    token_transfers._pull(IERC20(token), _amount)


@internal
@view
def _check_runs(_program: uint256):
    assert block.timestamp <= self._terms[_program] >> LAST_AT, "grants: programme has ended"


@internal
def _add(_program: uint256, _amount: uint256):
    """
    @dev Free money that came in, or was given and came back.
    """
    money: uint256 = self._money[_program]
    assert (money & U128) + (money >> RESERVED_AT) + _amount <= U128, "grants: amount out of range"
    self._money[_program] = money + _amount


@internal
def _take_back(_program: uint256) -> uint256:
    funder: address = self._funders[_program]
    free: uint256 = self._money[_program] & U128
    assert free > 0, "grants: nothing is free"
    self._money[_program] -= free
    log IGrantProgram.TakenBack(program=_program, funder=funder, amount=free)
    token_transfers._push(IERC20(self._tokens[_program]), funder, free)
    return free


@internal
def _reserve(_program: uint256, _amount: uint256):
    money: uint256 = self._money[_program]
    assert _amount <= money & U128, "grants: not enough in the programme"
    self._money[_program] = money - _amount + (_amount << RESERVED_AT)


@internal
def _free(_program: uint256, _amount: uint256):
    """
    @dev Reserved money that is not given.
    """
    self._money[_program] = self._money[_program] - (_amount << RESERVED_AT) + _amount


@internal
def _give(_program: uint256, _amount: uint256):
    """
    @dev Reserved money that leaves.
    """
    self._money[_program] -= _amount << RESERVED_AT
