# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Demands: a paid request without an answer
@license MIT
@notice The payer of a covered channel asks on the chain, with a bond. Who answers in time gets the bond; who does not
    gives the fee back, and its cover is over.
@dev One demand a cover is open at a time: an operator owes no more answers at once than it has signed covers, and no
    demand takes another's place.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IChannels
from ...interfaces import IComputeMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import payouts
from ...lib import token_transfers
from . import covers
from . import promises
from . import receipts

uses: covers
uses: payouts
uses: promises
uses: receipts


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Seconds from a demand to the last answer.
answer_window: public(immutable(uint256))

# Wei that a demand brings: one and a half times the gas of an answer, and the work.
bond: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# channel -> fees of all its demands, in its token.
demanded: public(HashMap[bytes32, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_answer_window: uint256, _bond: uint256):
    assert _answer_window > 0, "compute: no time to answer"
    assert _bond > 0, "compute: no bond"
    answer_window = _answer_window
    bond = _bond


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def demand(
    _config: IChannels.ChannelConfig, _operator: address, _fee: uint128, _request: Bytes[2048]
) -> uint256:
    """
    @notice Ask for the answer to a request that was paid, in the log. The caller, payer of a covered channel or its
        authorizer, brings the bond.
    @param _fee What was paid for it, in the channel's token.
    @return Unix seconds at which the answer is due.
    """
    channel: bytes32 = staticcall covers.channels.getChannelId(_config)
    assert msg.sender in [_config.payer, _config.payerAuthorizer], "compute: not the payer"
    id: bytes32 = covers._id(channel, _operator)
    assert promises._is_open(covers._covers[id]), "compute: no cover"
    assert covers._demands[id].deadline == 0, "compute: demand is open"
    self._count(channel, _fee)
    refund: uint256 = covers._terms[id] >> covers.RESTITUTION_AT
    # The chain knows no rate of another token.
    if _config.token == payouts.token.address:
        refund = min(refund, convert(_fee, uint256))
    deadline: uint256 = block.timestamp + answer_window
    covers._demands[id] = IComputeMarket.Demand(
        requester=msg.sender, deadline=deadline, request=keccak256(_request), refund=refund
    )
    log IComputeMarket.Demanded(
        channel=channel,
        operator=_operator,
        requester=msg.sender,
        fee=_fee,
        refund=refund,
        deadline=deadline,
        request=_request,
    )
    token_transfers._pull(payouts.token, bond)
    return deadline


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def answer(_shown: IComputeMarket.SignedReceipt, _response: Bytes[4096]):
    """
    @notice Answer a demand in the log. The bond is the operator's, whoever calls.
    @param _shown The receipt of request and response, signed by the operator's key.
    """
    operator: address = receipts._signed(_shown)[0]
    channel: bytes32 = _shown.receipt.channelId
    id: bytes32 = covers._id(channel, operator)
    open: IComputeMarket.Demand = covers._demands[id]
    assert open.deadline > 0 and block.timestamp <= open.deadline, "compute: no answer is due"
    assert (
        _shown.receipt.requestHash == open.request and _shown.receipt.responseHash == keccak256(_response)
    ), "compute: not the answer"
    covers._demands[id] = empty(IComputeMarket.Demand)
    payouts.credits[operator] += bond
    log IComputeMarket.Answered(
        channel=channel, operator=operator, number=_shown.receipt.number, response=_response
    )


@external
def close(_channel: bytes32, _operator: address):
    """
    @notice End a demand that was not answered in time: bond and fee go back, and the cover is over.
    """
    id: bytes32 = covers._id(_channel, _operator)
    open: IComputeMarket.Demand = covers._demands[id]
    assert open.deadline > 0 and block.timestamp > open.deadline, "compute: no answer is overdue"
    covers._demands[id] = empty(IComputeMarket.Demand)
    payouts.credits[open.requester] += bond
    refund: uint256 = 0
    word: uint256 = covers._covers[id]
    # A report may have taken the cover meanwhile.
    if promises._is_reserved(word):
        restitution: uint256 = covers._free(id, _operator)
        refund = promises._slash(
            _operator, promises._damages(open.refund), restitution // covers.PENALTY_PART
        )
        payouts.credits[covers._payer(word)] += refund
    log IComputeMarket.Unanswered(channel=_channel, operator=_operator, refund=refund)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def demand_of(_channel: bytes32, _operator: address) -> IComputeMarket.Demand:
    """
    @notice What a channel's payer asks an operator for; zeros when it asks for nothing.
    """
    return covers._demands[covers._id(_channel, _operator)]


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _count(_channel: bytes32, _fee: uint128):
    """
    @dev All fees that a channel demands were claimed from it.
    """
    assert _fee > 0, "compute: no fee"
    total: uint256 = self.demanded[_channel] + convert(_fee, uint256)
    deposits: uint128 = 0
    claimed: uint128 = 0
    deposits, claimed = staticcall covers.channels.channels(_channel)
    assert total <= convert(claimed, uint256), "compute: fee was not paid"
    self.demanded[_channel] = total
