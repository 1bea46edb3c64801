# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Who owns which token
@license MIT
@notice ERC-721 in one word a token: owner, whether its data is private, how often it moved, and what its data items
    are.
@dev An approval names the move that it was given at, so a transfer ends it without touching it. A burned token keeps
    its count: its number is never given again.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC721
from ...interfaces import IIntelligentNFT


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# A token's word: owner 160 | private 1 | moves 48 | items 4 | kinds 8 x 4 bits.
OWNER: constant(uint256) = 2**160 - 1
PRIVATE: constant(uint256) = 1 << 160
MOVES_AT: constant(uint256) = 161
ONE_MOVE: constant(uint256) = 1 << MOVES_AT
MOVES: constant(uint256) = 2**48 - 1
ITEMS_AT: constant(uint256) = 209
ITEMS: constant(uint256) = 15
KINDS_AT: constant(uint256) = 213

# What a receiver answers, and how much it is told.
RECEIVED: constant(bytes4) = 0x150b7a02
MAX_DATA: constant(uint256) = 1_024


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# token -> its word.
words: HashMap[uint256, uint256]

# account -> number of tokens.
balances: HashMap[address, uint256]

# token -> approved account 160 | moves at that time 48.
approvals: HashMap[uint256, uint256]

# owner -> operator -> may do with all its tokens what the owner may.
isApprovedForAll: public(reentrant(HashMap[address, HashMap[address, bool]]))


# ############################################################## #
#                            ERC-721                             #
# ############################################################## #

@external
def approve(_to: address, _token_id: uint256):
    """
    @notice Let `_to` move one token, until it has moved.
    """
    word: uint256 = self._existing(_token_id)
    owner: address = convert(word & OWNER, address)
    assert owner == msg.sender or self.isApprovedForAll[owner][msg.sender], "inft: not the owner or an operator"
    self.approvals[_token_id] = convert(_to, uint256) | self._moves(word) << 160
    log IERC721.Approval(owner=owner, approved=_to, token_id=_token_id)


@external
def setApprovalForAll(_operator: address, _approved: bool):
    """
    @notice Let `_operator` act for all tokens of the caller, or no longer.
    """
    self.isApprovedForAll[msg.sender][_operator] = _approved
    log IERC721.ApprovalForAll(owner=msg.sender, operator=_operator, approved=_approved)


@external
def transferFrom(_from: address, _to: address, _token_id: uint256):
    """
    @notice Move a token whose data is public. One with private data moves by `iTransfer` only.
    """
    self._transfer_plain(_from, _to, _token_id)


@external
def safeTransferFrom(_from: address, _to: address, _token_id: uint256, _data: Bytes[MAX_DATA] = b""):
    """
    @notice The same; a contract is asked whether it takes the token.
    """
    self._transfer_plain(_from, _to, _token_id)
    self._ask_receiver(_from, _to, _token_id, _data)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def ownerOf(_token_id: uint256) -> address:
    """
    @notice Whose token it is.
    """
    return convert(self._existing(_token_id) & OWNER, address)


@external
@view
@reentrant
def balanceOf(_owner: address) -> uint256:
    """
    @notice How many tokens an account has.
    """
    assert _owner != empty(address), "inft: zero address"
    return self.balances[_owner]


@external
@view
@reentrant
def getApproved(_token_id: uint256) -> address:
    """
    @notice Who may move the token beside its owner and the owner's operators.
    """
    return self._approved(_token_id, self._existing(_token_id))


@external
@view
@reentrant
def transfer_count(_token_id: uint256) -> uint256:
    """
    @notice How often the token changed hands. What is given for one owner's time is bound to it.
    """
    return self._moves(self._existing(_token_id))


@external
@view
@reentrant
def is_private(_token_id: uint256) -> bool:
    """
    @notice Whether the token moves only with its data encrypted anew.
    """
    return self._existing(_token_id) & PRIVATE != 0


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _existing(_token_id: uint256) -> uint256:
    word: uint256 = self.words[_token_id]
    assert word & OWNER != 0, "inft: no such token"
    return word


@internal
@pure
def _moves(_word: uint256) -> uint256:
    return (_word >> MOVES_AT) & MOVES


@internal
@pure
def _items(_word: uint256) -> uint256:
    return (_word >> ITEMS_AT) & ITEMS


@internal
@view
def _approved(_token_id: uint256, _word: uint256) -> address:
    approval: uint256 = self.approvals[_token_id]
    if approval >> 160 != self._moves(_word):
        return empty(address)
    return convert(approval & OWNER, address)


@internal
@view
def _may_act(_account: address, _token_id: uint256, _word: uint256) -> bool:
    """
    @dev Whether an account is a token's owner, or may do with the token what that may.
    """
    owner: address = convert(_word & OWNER, address)
    return (
        _account == owner
        or self.isApprovedForAll[owner][_account]
        or (_account != empty(address) and _account == self._approved(_token_id, _word))
    )


@internal
@view
def _check_may_move(_token_id: uint256, _word: uint256) -> address:
    """
    @dev The owner, if the caller is that or may act for it.
    """
    assert self._may_act(msg.sender, _token_id, _word), "inft: not the owner or approved"
    return convert(_word & OWNER, address)


@internal
def _create(_to: address, _token_id: uint256, _word: uint256):
    """
    @dev Make a token; `_word` is without the owner.
    """
    assert _to != empty(address), "inft: no receiver"
    assert self.words[_token_id] == 0, "inft: token was minted before"
    self.words[_token_id] = _word | convert(_to, uint256)
    self.balances[_to] = unsafe_add(self.balances[_to], 1)
    log IERC721.Transfer(sender=empty(address), receiver=_to, token_id=_token_id)


@internal
def _transfer_plain(_from: address, _to: address, _token_id: uint256):
    word: uint256 = self._existing(_token_id)
    assert self._check_may_move(_token_id, word) == _from, "inft: not the owner's token"
    assert word & PRIVATE == 0, "inft: private data moves by iTransfer"
    self._move(_from, _to, _token_id, word)


@internal
def _move(_from: address, _to: address, _token_id: uint256, _word: uint256):
    assert _to != empty(address), "inft: no receiver"
    self.words[_token_id] = (_word & ~OWNER) + ONE_MOVE | convert(_to, uint256)
    # Every token has one owner: the balances sum up to the number of tokens.
    self.balances[_from] = unsafe_sub(self.balances[_from], 1)
    self.balances[_to] = unsafe_add(self.balances[_to], 1)
    log IERC721.Transfer(sender=_from, receiver=_to, token_id=_token_id)


@internal
def _destroy(_owner: address, _token_id: uint256, _word: uint256):
    # Of a burned token the count stays.
    self.words[_token_id] = (self._moves(_word) + 1) << MOVES_AT
    self.balances[_owner] = unsafe_sub(self.balances[_owner], 1)
    log IERC721.Transfer(sender=_owner, receiver=empty(address), token_id=_token_id)


@internal
def _ask_receiver(_from: address, _to: address, _token_id: uint256, _data: Bytes[MAX_DATA]):
    if not _to.is_contract:
        return
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        _to,
        abi_encode(msg.sender, _from, _token_id, _data, method_id=RECEIVED),
        max_outsize=32,
        revert_on_failure=False,
    )
    assert ok and len(answer) == 32 and convert(answer, bytes32) == convert(RECEIVED, bytes32), "inft: receiver refuses"
